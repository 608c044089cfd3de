/** The `WebSocket` class of an adapter: the same on every Node version, with its real socket kept private. */
import { EventEmitter } from "node:events";
import { type ClientOptions, WebSocket as WsSocket } from "ws";

type Handler = ((event: unknown) => void) | null;
type EventName = "open" | "message" | "close" | "error";
/** Options that cannot redirect the connection to another socket. */
const SAFE_OPTIONS = [
  "headers",
  "handshakeTimeout",
  "maxPayload",
  "origin",
  "perMessageDeflate",
  "protocolVersion",
] as const;

/**
 * A client with the listener APIs of browsers (`onmessage`, `addEventListener`) and of the `ws` package (`on`). A
 * connection error without a listener is ignored; it does not end the worker.
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
    const requested =
      typeof protocols === "object" && !Array.isArray(protocols) ? (protocols as ClientOptions) : options;
    const safe = Object.fromEntries(
      SAFE_OPTIONS.flatMap((name) =>
        requested?.[name as keyof ClientOptions] === undefined ? [] : [[name, requested[name as keyof ClientOptions]]],
      ),
    );
    const address = new URL(String(url));
    if (address.protocol !== "ws:" && address.protocol !== "wss:")
      throw new SyntaxError(`${address.protocol} is not a WebSocket protocol: the address must begin with ws: or wss:`);
    const subprotocols = typeof protocols === "string" || Array.isArray(protocols) ? protocols : undefined;
    this.#socket = new WsSocket(address, subprotocols, { ...safe, followRedirects: false });
    this.#socket.on("open", () => this.#dispatch("open", {}, []));
    this.#socket.on("message", (data: Buffer, isBinary: boolean) =>
      this.#dispatch("message", { data: this.#payload(data, isBinary) }, [data, isBinary]),
    );
    this.#socket.on("close", (code: number, reason: Buffer) =>
      this.#dispatch("close", { code, reason: String(reason), wasClean: code === 1000 }, [code, reason]),
    );
    this.#socket.on("error", (error: Error) => this.#dispatch("error", { error, message: error.message }, [error]));
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

  send(data: string | Uint8Array | ArrayBuffer, ...args: readonly unknown[]): void {
    const done = args.find((item) => typeof item === "function") as ((error?: Error) => void) | undefined;
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

  #dispatch(name: EventName, members: object, args: readonly unknown[]): void {
    const event = { type: name, target: this, ...members };
    this[`on${name}`]?.(event);
    this.emit(`dom:${name}`, event);
    if (name !== "error" || this.listenerCount("error") > 0) this.emit(name, ...args);
  }
}
