/**
 * Quotes by a venue's stream, for the symbols that the desk asks for. A symbol is streamed from its first quote until
 * the desk has not asked for it for ten minutes; without such symbols there is no connection. A quote is emitted when
 * its message arrives and is kept nowhere, so that nothing of before a cut is emitted after it. Without the stream the
 * desk asks for each quote.
 */
import type { Quote } from "@qoc-app/sdk";
import { WebSocket } from "ws";
import { keepAlive, textOf } from "./account-stream.ts";
import { parseJson } from "./exact-json.ts";

/** A quote that is streamed is not asked for again, so this is also how long a stream runs unasked. */
const IDLE_MS = 10 * 60_000;
const OPEN_MS = 4_000;
const PING_EVERY_MS = 20_000;
/** Exchanges end a connection that sends more than a few messages a second. */
const CHANGE_EVERY_MS = 1_000;
const RETRY_MS = { min: 1_000, max: 64_000 };
/** What the venue refuses by its rules, such as a second connection, it refuses at once again. */
const REFUSED_MS = 15 * 60_000;
/** The same kind of failure is logged again after this time. */
const SAME_FAILURE_MS = 60 * 60_000;

/** What a message means. */
export type QuoteStep =
  | { readonly kind: "other" }
  /** Symbols can be subscribed to. */
  | { readonly kind: "ready" }
  | { readonly kind: "quote"; readonly quote: Quote }
  /** The venue ends this connection. */
  | { readonly kind: "failed"; readonly words: string }
  /** The venue does not give this connection to this account. */
  | { readonly kind: "refused"; readonly words: string };

export interface SymbolChange {
  readonly action: "subscribe" | "unsubscribe";
  readonly symbols: readonly string[];
}

/** A venue's stream of quotes. */
export interface QuoteFeed {
  /** Begins sentences: `the stream of quotes`. */
  readonly name: string;
  readonly url: string;
  /** The most symbols of one connection. Past it the symbols asked for last are streamed. */
  readonly symbolsMax: number;
  /** The first messages of a connection. Without any, symbols can be subscribed to at once. */
  opening(): readonly string[];
  change(change: SymbolChange): readonly string[];
  read(message: unknown): readonly QuoteStep[];
}

export interface QuoteSink {
  readonly emit: (quote: Quote) => void;
  readonly warn: (message: string) => void;
}

export class QuoteStream {
  readonly #feed: QuoteFeed;
  readonly #sink: QuoteSink;
  readonly #connect: (url: string) => WebSocket;
  readonly #random: () => number;
  /** When the desk asked for each symbol, the longest ago first. */
  readonly #wanted = new Map<string, number>();
  /** What the open connection is subscribed to. */
  readonly #subscribed = new Set<string>();
  #socket: WebSocket | undefined;
  #isReady = false;
  #openedAt = 0;
  #retryMs = RETRY_MS.min;
  #retry: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  /** Until it fires, changes of the subscription wait. */
  #pace: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** When each kind of failure was logged. */
  readonly #logged = new Map<string, number>();

  constructor(
    feed: QuoteFeed,
    sink: QuoteSink,
    {
      connect = (url: string): WebSocket => new WebSocket(url),
      random = Math.random,
    }: { readonly connect?: (url: string) => WebSocket; readonly random?: () => number } = {},
  ) {
    this.#feed = feed;
    this.#sink = sink;
    this.#connect = connect;
    this.#random = random;
  }

  /** Call after the venue has answered for the symbol: a name that it does not list is not subscribed to. */
  want(symbol: string): void {
    if (this.#isClosed) return;
    this.#wanted.delete(symbol);
    this.#wanted.set(symbol, Date.now());
    const [oldest] = this.#wanted.keys();
    if (this.#wanted.size > this.#feed.symbolsMax && oldest !== undefined) this.#wanted.delete(oldest);
    this.#follow();
  }

  close(): void {
    this.#isClosed = true;
    this.#wanted.clear();
    this.#follow();
  }

  /** Brings the connection to what is wanted now. */
  #follow(): void {
    this.#expireLater();
    if (this.#wanted.size === 0) this.#end();
    else if (this.#socket === undefined && this.#retry === undefined) this.#open();
    else if (this.#isReady) this.#subscribe();
  }

  #expireLater(): void {
    clearTimeout(this.#expiry);
    const [oldest] = this.#wanted.values();
    if (oldest === undefined) return;
    this.#expiry = setTimeout(() => this.#expire(), Math.max(0, oldest + IDLE_MS - Date.now()));
  }

  #expire(): void {
    for (const [symbol, askedAt] of this.#wanted) if (Date.now() - askedAt >= IDLE_MS) this.#wanted.delete(symbol);
    this.#follow();
  }

  /** The symbols that are dropped go first: the venue counts those of both messages. */
  #subscribe(): void {
    if (this.#pace !== undefined) return;
    const dropped = [...this.#subscribed].filter((symbol) => !this.#wanted.has(symbol));
    const added = [...this.#wanted.keys()].filter((symbol) => !this.#subscribed.has(symbol));
    for (const symbol of dropped) this.#subscribed.delete(symbol);
    for (const symbol of added) this.#subscribed.add(symbol);
    if (dropped.length > 0) this.#send(this.#feed.change({ action: "unsubscribe", symbols: dropped }));
    if (added.length > 0) this.#send(this.#feed.change({ action: "subscribe", symbols: added }));
    if (dropped.length + added.length > 0)
      this.#pace = setTimeout(() => {
        this.#pace = undefined;
        this.#subscribe();
      }, CHANGE_EVERY_MS);
  }

  #send(messages: readonly string[]): void {
    for (const message of messages) this.#socket?.send(message);
  }

  #open(): void {
    try {
      this.#listen(this.#connect(this.#feed.url));
    } catch (error) {
      // The table's own hosts may leave out the stream.
      this.#lose({ kind: "refused", words: error instanceof Error ? error.message : String(error) });
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket;
    const late = setTimeout(() => socket.terminate(), OPEN_MS);
    let stopPings = (): void => undefined;
    let reason = "the connection ended";
    socket.on("error", (error) => (reason = error.message));
    socket.on("open", () => {
      if (socket !== this.#socket) return;
      stopPings = keepAlive(socket, PING_EVERY_MS);
      const opening = this.#feed.opening();
      this.#send(opening);
      if (opening.length === 0) this.#becomeReady(late);
    });
    socket.on("message", (data) => {
      if (socket !== this.#socket) return;
      for (const step of this.#read(textOf(data))) {
        if (step.kind === "ready") this.#becomeReady(late);
        else if (step.kind === "quote") this.#emit(step.quote);
        else if (step.kind !== "other") {
          this.#lose(step);
          socket.terminate();
          return;
        }
      }
    });
    socket.on("close", () => {
      clearTimeout(late);
      stopPings();
      if (socket === this.#socket) this.#lose({ kind: "failed", words: reason });
    });
  }

  #becomeReady(late: NodeJS.Timeout): void {
    if (this.#isReady) return;
    clearTimeout(late);
    this.#isReady = true;
    this.#openedAt = Date.now();
    this.#subscribe();
  }

  /** A message that cannot be read is a quote less, and no end of the stream. */
  #read(text: string): readonly QuoteStep[] {
    try {
      return this.#feed.read(parseJson(text));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warnRarely("unreadable", `a message of ${this.#feed.name} cannot be read: ${reason}`);
      return [];
    }
  }

  /** A message that was on its way when its symbol was dropped is not emitted. */
  #emit(quote: Quote): void {
    if (this.#subscribed.has(quote.symbol)) this.#sink.emit(quote);
  }

  /** The connection is lost, or was never made. A venue that ends each one soon is asked less and less often. */
  #lose({ kind, words }: { readonly kind: "failed" | "refused"; readonly words: string }): void {
    const lasted = this.#isReady ? Date.now() - this.#openedAt : 0;
    this.#forget();
    if (lasted > RETRY_MS.max) this.#retryMs = RETRY_MS.min;
    this.#warnRarely(kind, `${this.#feed.name} does not work, so the desk asks for each quote: ${words}`);
    // Up to a quarter shorter or longer: desks that were cut off together do not come back together.
    const pause = (kind === "refused" ? REFUSED_MS : this.#retryMs) * (0.75 + this.#random() / 2);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#follow();
    }, pause);
  }

  #warnRarely(kind: string, words: string): void {
    if (Date.now() - (this.#logged.get(kind) ?? Number.NEGATIVE_INFINITY) < SAME_FAILURE_MS) return;
    this.#logged.set(kind, Date.now());
    this.#sink.warn(words);
  }

  #forget(): void {
    this.#socket = undefined;
    this.#isReady = false;
    this.#subscribed.clear();
    clearTimeout(this.#pace);
    this.#pace = undefined;
  }

  /** A pause after a refusal goes on: the next question must not try again at once. */
  #end(): void {
    const socket = this.#socket;
    this.#forget();
    socket?.terminate();
    if (this.#isClosed) clearTimeout(this.#retry);
  }
}
