/** `WebSocket` as an adapter meets it: the same on every Node, by either way of listening, with its socket kept private. */
import { EventEmitter } from "node:events";
import { type ClientOptions, WebSocket as WsSocket } from "ws";

type Handler = ((event: unknown) => void) | null;
type EventName = "open" | "message" | "close" | "error";
/** Options that reach no other socket than the one of the address. */
const SAFE_OPTIONS = [
  "headers",
  "handshakeTimeout",
  "maxPayload",
  "origin",
  "perMessageDeflate",
  "protocolVersion",
] as const;

/**
 * A client for both ways of listening, the browser's (`onmessage`, `addEventListener`) and the `ws` package's (`on`). The
 * socket underneath stays private; a failure that nobody listens for is an event and not the end of the worker.
 */
export class SandboxWebSocket extends EventEmitter {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly #socket: WsSocket;
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;
  binaryType: "nodebuffer" | "arraybuffer" | "blob" = "nodebuffer";

  constructor(url: string | URL, protocols?: string | string[], options?: ClientOptions) {
    super();
    const known = typeof protocols === "object" && !Array.isArray(protocols) ? (protocols as ClientOptions) : options;
    const safe = Object.fromEntries(
      SAFE_OPTIONS.flatMap((name) =>
        known?.[name as keyof ClientOptions] === undefined ? [] : [[name, known[name as keyof ClientOptions]]],
      ),
    );
    const address = new URL(String(url));
    if (address.protocol !== "ws:" && address.protocol !== "wss:")
      throw new SyntaxError(`${address.protocol} is not a WebSocket address`);
    const names = typeof protocols === "string" || Array.isArray(protocols) ? protocols : undefined;
    this.#socket = new WsSocket(address, names, { ...safe, followRedirects: false });
    this.#socket.on("open", () => this.#tell("open", {}, []));
    this.#socket.on("message", (data: Buffer, isBinary: boolean) =>
      this.#tell("message", { data: this.#payload(data, isBinary) }, [data, isBinary]),
    );
    this.#socket.on("close", (code: number, reason: Buffer) =>
      this.#tell("close", { code, reason: String(reason), wasClean: code === 1000 }, [code, reason]),
    );
    this.#socket.on("error", (error: Error) => this.#tell("error", { error, message: error.message }, [error]));
    this.#socket.on("ping", (data: Buffer) => this.emit("ping", data));
    this.#socket.on("pong", (data: Buffer) => this.emit("pong", data));
  }

  get readyState(): number {
    return this.#socket.readyState;
  }
  get url(): string {
    return this.#socket.url;
  }
  get protocol(): string {
    return this.#socket.protocol;
  }
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: string | Uint8Array | ArrayBuffer, ...rest: readonly unknown[]): void {
    const done = rest.find((item) => typeof item === "function") as ((error?: Error) => void) | undefined;
    this.#socket.send(data, (error) => done?.(error ?? undefined));
  }
  ping(data?: string): void {
    this.#socket.ping(data);
  }
  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
  terminate(): void {
    this.#socket.terminate();
  }
  addEventListener(name: EventName, listener: (event: unknown) => void): void {
    this.on(`dom:${name}`, listener);
  }
  removeEventListener(name: EventName, listener: (event: unknown) => void): void {
    this.off(`dom:${name}`, listener);
  }

  #payload(data: Buffer, isBinary: boolean): unknown {
    if (!isBinary) return data.toString("utf8");
    return this.binaryType === "arraybuffer"
      ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
      : data;
  }

  #tell(name: EventName, facts: object, args: readonly unknown[]): void {
    const event = { type: name, target: this, ...facts };
    this[`on${name}`]?.(event);
    this.emit(`dom:${name}`, event);
    if (name !== "error" || this.listenerCount("error") > 0) this.emit(name, ...args);
  }
}
