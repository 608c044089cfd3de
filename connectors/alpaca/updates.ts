/** The stream `trade_updates`: signs in by a message, notices a dead connection, and opens again after a cut. */
import { type RawData, WebSocket } from "ws";
import { parseJson } from "../exact-json.ts";

const SIGN_IN_MS = 4_000;
const PING_EVERY_MS = 10_000;
const PONG_MS = 5_000;
const RETRY_MS = { min: 500, max: 64_000 };

export interface UpdateStreamOptions {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
  /** Called with `data` of each message of `trade_updates`. */
  readonly onUpdate: (data: unknown) => void;
  /** Called when the stream was cut. */
  readonly onDown: () => void;
  /** Called when the stream works again; if it rejects, the stream is opened again. */
  readonly onRestored: () => Promise<void>;
  readonly warn: (message: string, error: unknown) => void;
}

export class UpdateStream {
  readonly #options: UpdateStreamOptions;
  #socket: WebSocket | undefined;
  #isClosed = false;
  #retryMs = RETRY_MS.min;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: UpdateStreamOptions) {
    this.#options = options;
  }

  /** Resolves when Alpaca has confirmed the subscription. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.#options.url);
      this.#socket = socket;
      const late = setTimeout(() => socket.terminate(), SIGN_IN_MS);
      let stopPings = (): void => undefined;
      let refusal: string | undefined;
      let isListening = false;
      socket.on("error", (error) => (refusal ??= error.message));
      socket.on("open", () =>
        this.#say(socket, { action: "auth", key: this.#options.key, secret: this.#options.secret }),
      );
      socket.on("message", (data) => {
        const step = this.#receive(textOf(data));
        if (step === "authorized") this.#say(socket, { action: "listen", data: { streams: ["trade_updates"] } });
        else if (step === "unauthorized") {
          refusal = "Alpaca refused the keys on its stream";
          socket.close();
        } else if (step === "listening" && !isListening) {
          isListening = true;
          clearTimeout(late);
          stopPings = keepAlive(socket);
          resolve();
        }
      });
      socket.on("close", () => {
        clearTimeout(late);
        stopPings();
        reject(new Error(refusal ?? "Alpaca closed the stream"));
        if (this.#isClosed || this.#socket !== socket || !isListening) return;
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

  #openLater(): void {
    this.#retry = setTimeout(() => void this.#reopen(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
  }

  async #reopen(): Promise<void> {
    try {
      await this.open();
      await this.#options.onRestored();
      this.#retryMs = RETRY_MS.min;
    } catch (error) {
      if (this.#isClosed) return;
      this.#options.warn("the stream of trade updates is not back", error);
      // The close of this socket must not open a second one.
      const socket = this.#socket;
      this.#socket = undefined;
      socket?.terminate();
      this.#openLater();
    }
  }

  #say(socket: WebSocket, message: object): void {
    socket.send(JSON.stringify(message));
  }

  /** Returns the step of the sign-in that a message is. A message that cannot be read must not end the stream. */
  #receive(text: string): string | undefined {
    try {
      const { stream, data } = parseJson(text) as { stream?: string; data?: { status?: string } };
      if (stream === "authorization") return data?.status;
      if (stream === "trade_updates") this.#options.onUpdate(data);
      return stream;
    } catch (error) {
      this.#options.warn("Alpaca sent a message that cannot be read", error);
      return undefined;
    }
  }
}

/** The paper host sends binary messages, the live host text. */
function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString("utf8");
}

/** Ends a connection that no longer answers: it would look like a quiet day. Returns the function that stops this. */
function keepAlive(socket: WebSocket): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const pings = setInterval(() => {
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.terminate(), PONG_MS);
    socket.ping();
  }, PING_EVERY_MS);
  socket.on("pong", () => clearTimeout(deadline));
  return () => {
    clearInterval(pings);
    clearTimeout(deadline);
  };
}
