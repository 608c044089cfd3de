/** The stream of an account: signs in or subscribes, notices a dead connection, and opens again after a cut. */
import { type RawData, WebSocket } from "ws";
import { parseJson } from "./exact-json.ts";

const SUBSCRIBE_MS = 4_000;
const PONG_MS = 5_000;
const RETRY_MS = { min: 500, max: 64_000 };
/** The same failure is logged again after this time. */
const SAME_FAILURE_MS = 10 * 60_000;
/** Messages of a burst that were not read yet. Past this the connection is given up, and the fills are read instead. */
const BACKLOG_MAX = 10_000;

/** What a message means for the connection. */
export type StreamStep =
  | { readonly kind: "other" | "subscribed" }
  | { readonly kind: "refused"; readonly words: string }
  | { readonly kind: "reply"; readonly message: string };

export interface AccountStreamOptions {
  /** Begins sentences: `the stream of trade updates`. */
  readonly name: string;
  readonly url: string;
  readonly pingEveryMs: number;
  /** The first messages of a connection. */
  readonly opening: () => readonly string[] | Promise<readonly string[]>;
  /** Reads the message, and takes the events in it. */
  readonly read: (message: unknown) => StreamStep | Promise<StreamStep>;
  /** Called when the stream was cut. */
  readonly onDown: () => void;
  /** Called when the stream works again; if it rejects, the stream is opened again. */
  readonly onRestored: () => Promise<void>;
  /** Called when a message was not understood, which may have been a fill. */
  readonly onLost?: () => void;
  readonly warn: (message: string, error: unknown) => void;
}

export class AccountStream {
  readonly #options: AccountStreamOptions;
  readonly #connect: (url: string) => WebSocket;
  #socket: WebSocket | undefined;
  #isClosed = false;
  #retryMs = RETRY_MS.min;
  /** The next attempt to open the stream. */
  #retry: NodeJS.Timeout | undefined;
  #attempts = 0;
  /** When each failure of this outage was logged. */
  readonly #logged = new Map<string, number>();

  constructor(options: AccountStreamOptions, connect = (url: string): WebSocket => new WebSocket(url)) {
    this.#options = options;
    this.#connect = connect;
  }

  /** Resolves when the venue has confirmed the subscription. */
  async open(): Promise<void> {
    const messages = await this.#options.opening();
    const { name, url, pingEveryMs } = this.#options;
    if (this.#isClosed) throw new Error(`${name} was closed`);
    const socket = this.#connect(url);
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => socket.terminate(), SUBSCRIBE_MS);
      let stopPings = (): void => undefined;
      let refusal: string | undefined;
      let isSubscribed = false;
      socket.on("error", (error) => (refusal ??= error.message));
      socket.on("open", () => {
        for (const message of messages) socket.send(message);
      });
      this.#readInOrder(socket, (step) => {
        if (step.kind === "reply") socket.send(step.message);
        else if (step.kind === "refused") {
          refusal = step.words;
          socket.close();
        } else if (step.kind === "subscribed" && !isSubscribed) {
          isSubscribed = true;
          clearTimeout(late);
          stopPings = keepAlive(socket, pingEveryMs);
          resolve();
        }
      });
      socket.on("close", () => {
        clearTimeout(late);
        stopPings();
        reject(new Error(`${name} was closed${refusal === undefined ? "" : `: ${refusal}`}`));
        if (this.#isClosed || this.#socket !== socket || !isSubscribed) return;
        this.#options.onDown();
        this.#openLater();
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  /** A message may need a request before it is understood; the messages after it wait. */
  #readInOrder(socket: WebSocket, take: (step: StreamStep) => void): void {
    let reading = Promise.resolve();
    let backlog = 0;
    socket.on("message", (data) => {
      backlog += 1;
      if (backlog > BACKLOG_MAX) socket.terminate();
      reading = reading
        .then(async () => {
          if (socket === this.#socket && !this.#isClosed) await this.#readOne(textOf(data), take);
        })
        .finally(() => (backlog -= 1));
    });
  }

  /** A message that cannot be read must not end the stream. */
  async #readOne(text: string, take: (step: StreamStep) => void): Promise<void> {
    let message: unknown;
    try {
      message = parseJson(text);
      take(await this.#options.read(message));
    } catch (error) {
      this.#options.warn(`a message of ${this.#options.name} cannot be read`, error);
      if (message !== undefined) this.#options.onLost?.();
    }
  }

  #openLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#reopen();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
  }

  #warnRarely(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (Date.now() - (this.#logged.get(message) ?? Number.NEGATIVE_INFINITY) < SAME_FAILURE_MS) return;
    this.#logged.set(message, Date.now());
    this.#options.warn(`${this.#options.name} is not back`, error);
  }

  async #reopen(): Promise<void> {
    this.#attempts += 1;
    const attempt = this.#attempts;
    // The stream may be cut, and even be opened again, while what it missed is read.
    const isOver = (): boolean => attempt !== this.#attempts || this.#retry !== undefined;
    try {
      await this.open();
      await this.#options.onRestored();
      if (isOver()) return;
      this.#retryMs = RETRY_MS.min;
      this.#logged.clear();
    } catch (error) {
      if (this.#isClosed) return;
      this.#warnRarely(error);
      if (isOver()) return;
      // The close of this socket must not open a second one.
      const socket = this.#socket;
      this.#socket = undefined;
      socket?.terminate();
      this.#openLater();
    }
  }
}

/** Alpaca's paper host sends binary messages. */
export function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString("utf8");
}

/** Ends a connection that no longer answers: it would look like a quiet day. Returns the function that stops this. */
export function keepAlive(socket: WebSocket, everyMs: number): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const pings = setInterval(() => {
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.terminate(), PONG_MS);
    socket.ping();
  }, everyMs);
  socket.on("pong", () => clearTimeout(deadline));
  return () => {
    clearInterval(pings);
    clearTimeout(deadline);
  };
}
