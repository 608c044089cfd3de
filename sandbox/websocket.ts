/** `WebSocket` and `fetch` as an adapter meets them: the same on every Node, and narrowed to the hosts that were granted. */
import { EventEmitter } from "node:events";
import { type ClientOptions, WebSocket as WsSocket } from "ws";

type Handler = ((event: unknown) => void) | null;
type EventName = "open" | "message" | "close" | "error";
/** Options that reach no other socket than the one of the address. */
const SAFE_OPTIONS = ["headers", "handshakeTimeout", "maxPayload", "origin", "perMessageDeflate", "protocolVersion"] as const;

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
    if (address.protocol !== "ws:" && address.protocol !== "wss:") throw new SyntaxError(`${address.protocol} is not a WebSocket address`);
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
    return this.binaryType === "arraybuffer" ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data;
  }

  #tell(name: EventName, facts: object, args: readonly unknown[]): void {
    const event = { type: name, target: this, ...facts };
    this[`on${name}`]?.(event);
    this.emit(`dom:${name}`, event);
    if (name !== "error" || this.listenerCount("error") > 0) this.emit(name, ...args);
  }
}

type Fetch = (input: unknown, init?: unknown) => Promise<Response>;

/** The address once, as text: an object could answer differently each time it is asked. */
const addressOf = (target: unknown): URL =>
  new URL(typeof target === "object" && target !== null && "url" in target ? String(target.url) : String(target));

const assertHost = (hosts: readonly string[], { hostname }: URL): void => {
  if (!hosts.includes(hostname))
    throw new Error(`${hostname} is not among hosts = [${hosts.map((name) => JSON.stringify(name)).join(", ")}] of this connector`);
};

export const openWeb = (hosts: readonly string[] | undefined): { WebSocket: unknown; fetch: unknown } => {
  const Native = (globalThis as { WebSocket?: unknown }).WebSocket ?? SandboxWebSocket;
  const plainFetch = globalThis.fetch as Fetch;
  if (hosts === undefined) return { WebSocket: Native, fetch: plainFetch };
  // A redirect could lead elsewhere: it is an error, and the adapter may follow it by hand.
  const narrowFetch: Fetch = async (input, init) => {
    const address = addressOf(input);
    assertHost(hosts, address);
    const asked = typeof init === "object" && init !== null ? init : {};
    const redirect = (asked as { redirect?: unknown }).redirect === "manual" ? "manual" : "error";
    return plainFetch(input instanceof Request ? new Request(address, input) : address.href, { ...asked, redirect });
  };
  return { WebSocket: narrowed(Native, hosts), fetch: narrowFetch };
};

/** The `ws` package's client, for adapters that import it by name. */
export const wsModule = (hosts: readonly string[] | undefined): unknown => {
  const Client = hosts === undefined ? SandboxWebSocket : narrowed(SandboxWebSocket, hosts);
  return { WebSocket: Client, default: Client, __esModule: true };
};

const narrowed = (Base: unknown, hosts: readonly string[]): unknown =>
  new Proxy(Base as new (...args: unknown[]) => object, {
    construct: (target, [url, ...rest], newTarget) => {
      const address = addressOf(url);
      assertHost(hosts, address);
      return Reflect.construct(target, [address.href, ...(rest as unknown[])], newTarget) as object;
    },
  });
