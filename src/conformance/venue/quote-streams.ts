/** The open streams of quotes of the kit's fake venue, and what each is subscribed to. */
import type { RawData, WebSocket } from "ws";
import type { FakeQuote, Secrets } from "../../domain/sdk-kit.ts";
import type { QuoteChannel } from "../dialects/dialect.ts";
import { sendTo, textOf } from "./fake-venue-http.ts";

export class QuoteStreams {
  readonly #channel: QuoteChannel;
  readonly #secrets: Secrets;
  readonly #onChange: () => void;
  /** The names of the symbols that each stream gets. */
  readonly #streams = new Map<WebSocket, Set<string>>();
  /** Streams that are open and on which nothing comes any more. */
  readonly #halfOpen = new WeakSet<WebSocket>();
  /** Streams that were opened. */
  opened = 0;
  #sequence = 0;
  /** Frames that are lost, of those that come next. */
  #lost = 0;

  constructor(channel: QuoteChannel, secrets: Secrets, onChange: () => void) {
    this.#channel = channel;
    this.#secrets = secrets;
    this.#onChange = onChange;
  }

  /** Number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  isSubscribed(symbol: string): boolean {
    const name = this.#channel.nameOf(symbol);
    return [...this.#streams.values()].some((names) => names.has(name));
  }

  add(stream: WebSocket): void {
    this.#streams.set(stream, new Set());
    this.opened += 1;
    stream.on("error", () => undefined);
    stream.on("close", () => {
      this.#streams.delete(stream);
      this.#onChange();
    });
    stream.on("message", (data: RawData) => this.#converse(stream, textOf(data)));
    this.#converse(stream, undefined);
    this.#onChange();
  }

  #converse(stream: WebSocket, message: string | undefined): void {
    const { send, isRefused, subscribes = [], unsubscribes = [] } = this.#channel.converse(message, this.#secrets);
    for (const each of send) sendTo(stream, each);
    const names = this.#streams.get(stream);
    for (const name of subscribes) names?.add(name);
    for (const name of unsubscribes) names?.delete(name);
    if (isRefused === true) stream.close();
    this.#onChange();
  }

  /** Sends a quote to the streams that are subscribed to its symbol. */
  send(symbol: string, quote: FakeQuote, now: number): void {
    const name = this.#channel.nameOf(symbol);
    const message = this.#channel.message({ symbol, quote, sequence: this.#sequence, now });
    this.#sequence += 1;
    if (this.#lost > 0) this.#lost -= 1;
    else
      for (const [stream, names] of this.#streams)
        if (names.has(name) && !this.#halfOpen.has(stream)) sendTo(stream, message);
  }

  /** The frame of the next quote is lost on its way. */
  loseNext(): void {
    this.#lost += 1;
  }

  /** The streams that are open now stay open, send nothing, and answer no ping until the function is called. */
  halfOpen(): () => void {
    const streams = [...this.#streams.keys()];
    for (const stream of streams) {
      this.#halfOpen.add(stream);
      stream.pause();
    }
    return () => {
      for (const stream of streams) {
        this.#halfOpen.delete(stream);
        stream.resume();
      }
    };
  }

  /** Terminates every stream without a closing handshake. */
  drop(): void {
    for (const stream of this.#streams.keys()) stream.terminate();
    this.#streams.clear();
  }
}
