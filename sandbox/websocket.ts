/** The `WebSocket` class of an adapter, also exported as `ws`. The connection itself is in the egress thread. */
import { EventEmitter } from "node:events";
import { EGRESS_LIMITS, type EgressReply, type HeaderList } from "../src/protocol/egress-messages.ts";
import { CreditSender, type EgressLink, copyBytes } from "./egress-link.ts";
import { type Hosts, assertHost } from "./hosts-check.ts";
import { createWebSocketStream } from "./websocket-stream.ts";

type Handler = ((event: unknown) => void) | null;
type EventListenerLike = ((event: unknown) => void) | { handleEvent(event: unknown): void };
type Done = (error?: Error) => void;
type BinaryType = "nodebuffer" | "arraybuffer" | "blob";

/** The options of the `ws` package that have an effect. */
interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly origin?: unknown;
  readonly handshakeTimeout?: unknown;
  readonly maxPayload?: unknown;
  readonly perMessageDeflate?: unknown;
}

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
const ABNORMAL = 1006;
const CREDIT_BATCH_BYTES = EGRESS_LIMITS.windowBytes / 4;

function headersOf({ headers = {}, origin }: WebSocketOptions): HeaderList {
  const list = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return origin === undefined ? list : [...list, ["origin", String(origin)]];
}

function positiveInteger(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return copyBytes(data);
  return undefined;
}

interface ClassNetwork {
  readonly link: EgressLink;
  readonly hosts: Hosts;
}

/** One worker runs one adapter, so its class has one connection to the egress thread. */
let network: ClassNetwork | undefined;

function requireNetwork(): ClassNetwork {
  if (network === undefined) throw new Error("the worker has no network yet");
  return network;
}

/** Returns the class, connected to the network of the adapter. Call once. */
export function webSocketClass(link: EgressLink, hosts: Hosts): typeof SandboxWebSocket {
  network = { link, hosts };
  return SandboxWebSocket;
}

/**
 * A client with the listener APIs of browsers (`onmessage`, `addEventListener`) and of the `ws` package (`on`). A
 * connection error without a listener is ignored; it does not end the worker.
 */
export class SandboxWebSocket extends EventEmitter {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;
  readonly #link: EgressLink;
  readonly #id: number;
  readonly #sender: CreditSender;
  readonly #url: string;
  readonly #domListeners = new Map<EventListenerLike, Map<string, (event: unknown) => void>>();
  readonly #paused: EgressReply[] = [];
  /** Credit that is not yet returned. */
  #owedCredit = 0;
  #isPaused = false;
  #readyState = CONNECTING;
  #protocol = "";
  #extensions = "";
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;
  binaryType: BinaryType = "nodebuffer";

  constructor(url: string | URL, protocols?: unknown, options?: WebSocketOptions) {
    super();
    const isList = typeof protocols === "string" || Array.isArray(protocols);
    const requested = (isList ? options : ((protocols as WebSocketOptions | undefined) ?? options)) ?? {};
    const address = new URL(String(url));
    if (address.protocol === "http:") address.protocol = "ws:";
    if (address.protocol === "https:") address.protocol = "wss:";
    if (address.protocol !== "ws:" && address.protocol !== "wss:")
      throw new SyntaxError(`${address.protocol} is not a WebSocket protocol: the address must begin with ws: or wss:`);
    const { link, hosts } = requireNetwork();
    assertHost(hosts, address);
    this.#link = link;
    this.#url = address.href;
    this.#sender = new CreditSender(EGRESS_LIMITS.messageOverhead);
    this.#id = this.#link.open(
      {
        type: "websocket",
        url: address.href,
        protocols: isList ? [protocols].flat().map(String) : [],
        headers: headersOf(requested),
        deflate: requested.perMessageDeflate !== false,
        handshakeMs: positiveInteger(requested.handshakeTimeout),
        maxPayload: positiveInteger(requested.maxPayload),
      },
      (reply) => this.#receive(reply),
    );
  }

  get readyState(): number {
    return this.#readyState;
  }
  get url(): string {
    return this.#url;
  }
  get protocol(): string {
    return this.#protocol;
  }
  get extensions(): string {
    return this.#extensions;
  }
  get bufferedAmount(): number {
    return this.#sender.bufferedBytes;
  }
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** @throws Error while the connection is being opened; afterwards an error is passed to the callback. */
  send(data: unknown, ...args: readonly unknown[]): void {
    const done = args.find((item) => typeof item === "function") as Done | undefined;
    const options = args.find((item) => typeof item === "object" && item !== null) as { binary?: boolean } | undefined;
    if (this.#readyState === CONNECTING) throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
    if (this.#readyState !== OPEN) {
      done?.(new Error(`WebSocket is not open: readyState ${this.#readyState}`));
      return;
    }
    if (data instanceof Blob) {
      void data.arrayBuffer().then((buffer) => this.send(buffer, ...args));
      return;
    }
    const bytes = bytesOf(data);
    const isText = options?.binary === undefined ? bytes === undefined : !options.binary;
    const payload = bytes ?? new TextEncoder().encode(String(data));
    if (payload.byteLength > EGRESS_LIMITS.frameBytes)
      throw new RangeError(`a message has at most ${EGRESS_LIMITS.frameBytes} bytes`);
    this.#sender.send(
      payload,
      (d) => this.#link.send({ type: "data", id: this.#id, d, isText }),
      () => done?.(),
    );
  }
  ping(data: unknown = ""): void {
    this.#control("ping", data);
  }
  pong(data: unknown = ""): void {
    this.#control("pong", data);
  }
  /** Stops the events of arriving messages; at most the credit of this connection is stored. */
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused) {
      const reply = this.#paused.shift();
      if (reply === undefined) return;
      this.#receive(reply);
    }
  }
  close(code?: number, reason?: string | Uint8Array): void {
    if (this.#readyState === CLOSING || this.#readyState === CLOSED) return;
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999))
      throw new TypeError("First argument must be a valid error code number");
    if (this.#readyState === CONNECTING) {
      this.#abandon("WebSocket was closed before the connection was established");
      return;
    }
    this.#readyState = CLOSING;
    const text = reason === undefined ? undefined : Buffer.from(reason as Uint8Array).toString();
    this.#sender.afterQueue(() => this.#link.send({ type: "close", id: this.#id, code, reason: text }));
  }
  terminate(): void {
    if (this.#readyState === CLOSED) return;
    if (this.#readyState === CONNECTING) {
      this.#abandon("WebSocket was closed before the connection was established");
      return;
    }
    this.#readyState = CLOSING;
    this.#link.abort(this.#id);
    setImmediate(() => this.#onClosed(ABNORMAL, ""));
  }

  addEventListener(name: string, listener: EventListenerLike, options?: { once?: boolean } | boolean): void {
    const byName = this.#domListeners.get(listener) ?? new Map<string, (event: unknown) => void>();
    if (byName.has(name)) return;
    const isOnce = typeof options === "object" && options.once === true;
    const wrapped = (event: unknown): void => {
      if (isOnce) this.removeEventListener(name, listener);
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    };
    this.#domListeners.set(listener, byName.set(name, wrapped));
    this.on(`dom:${name}`, wrapped);
  }
  removeEventListener(name: string, listener: EventListenerLike): void {
    const byName = this.#domListeners.get(listener);
    const wrapped = byName?.get(name);
    if (byName === undefined || wrapped === undefined) return;
    byName.delete(name);
    if (byName.size === 0) this.#domListeners.delete(listener);
    this.off(`dom:${name}`, wrapped);
  }

  #control(type: "ping" | "pong", data: unknown): void {
    if (this.#readyState === CONNECTING) throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
    const d = bytesOf(data) ?? new TextEncoder().encode(String(data));
    if (d.byteLength > EGRESS_LIMITS.controlBytes)
      throw new RangeError("The data size must not be greater than 125 bytes");
    if (this.#readyState !== OPEN) return;
    const post = (bytes: Uint8Array): void => this.#link.send({ type, id: this.#id, d: bytes });
    this.#sender.send(copyBytes(d), post, () => undefined);
  }

  #receive(reply: EgressReply): void {
    if (this.#isPaused && reply.type !== "credit") {
      this.#paused.push(reply);
      return;
    }
    if (reply.type === "data") this.#onMessage(reply.d, reply.isText === true);
    else if (reply.type === "credit") this.#sender.addCredit(reply.n);
    else if (reply.type === "open") {
      [this.#readyState, this.#protocol, this.#extensions] = [OPEN, reply.protocol, reply.extensions];
      this.#dispatch("open", {}, []);
    } else if (reply.type === "closed") this.#onClosed(reply.code ?? ABNORMAL, reply.reason ?? "");
    else if (reply.type === "ping" || reply.type === "pong") {
      this.#returnCredit(reply.d);
      this.emit(reply.type, bufferOf(reply.d));
    } else if (reply.type === "error")
      this.#onError(Object.assign(new Error(reply.message), reply.code === undefined ? {} : { code: reply.code }));
  }

  /** Returns the credit of many small messages at once: each message to the egress thread counts against a limit. */
  #returnCredit({ byteLength }: Uint8Array): void {
    this.#owedCredit += byteLength + EGRESS_LIMITS.messageOverhead;
    if (this.#owedCredit < CREDIT_BATCH_BYTES) return;
    this.#link.send({ type: "credit", id: this.#id, n: this.#owedCredit });
    this.#owedCredit = 0;
  }

  #onMessage(d: Uint8Array, isText: boolean): void {
    this.#returnCredit(d);
    if (this.#readyState === CLOSED) return;
    const buffer = bufferOf(d);
    const data = isText ? buffer : this.#binary(buffer);
    // The text is decoded only for listeners that get it.
    const event = { data: isText ? "" : data };
    if (isText && (this.onmessage !== null || this.listenerCount("dom:message") > 0)) event.data = buffer.toString();
    this.#dispatch("message", event, [data, !isText]);
  }

  #binary(buffer: Buffer): unknown {
    if (this.binaryType === "arraybuffer")
      return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
    return this.binaryType === "blob" ? new Blob([buffer as Uint8Array<ArrayBuffer>]) : buffer;
  }

  #abandon(message: string): void {
    this.#readyState = CLOSING;
    this.#link.abort(this.#id);
    setImmediate(() => this.#onError(new Error(message)));
  }

  #onError(error: Error): void {
    this.#dispatch("error", { error, message: error.message }, [error]);
    this.#onClosed(ABNORMAL, "");
  }

  #onClosed(code: number, reason: string): void {
    if (this.#readyState === CLOSED) return;
    this.#link.release(this.#id);
    this.#readyState = CLOSED;
    this.#dispatch("close", { code, reason, wasClean: code !== ABNORMAL }, [code, Buffer.from(reason)]);
  }

  #dispatch(name: "open" | "message" | "close" | "error", members: object, args: readonly unknown[]): void {
    const event = { type: name, target: this, currentTarget: this, ...members };
    this[`on${name}`]?.(event);
    this.emit(`dom:${name}`, event);
    if (name !== "error" || this.listenerCount("error") > 0) this.emit(name, ...args);
  }
}

function bufferOf(d: Uint8Array): Buffer {
  return Buffer.from(d.buffer, d.byteOffset, d.byteLength);
}

/** What `require("ws")` returns: the class itself. Servers are not available. */
export function wsModule(WebSocketClass: typeof SandboxWebSocket): unknown {
  const refuse = (name: string) =>
    function () {
      throw new Error(`ws.${name} is not available inside a connector`);
    };
  return Object.assign(WebSocketClass, {
    WebSocket: WebSocketClass,
    default: WebSocketClass,
    Server: refuse("Server"),
    WebSocketServer: refuse("WebSocketServer"),
    createWebSocketStream,
    __esModule: true,
  });
}
