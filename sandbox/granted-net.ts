/**
 * The `net` module of an adapter: a socket class of our own for addresses of `grant`. The real socket is in the egress
 * thread, because its class could open a file descriptor, a unix path or any address.
 */
import { isIP, isIPv4, isIPv6 } from "node:net";
import { Duplex } from "node:stream";
import type { EgressReply, SocketAddresses } from "../src/protocol/egress-messages.ts";
import { CreditSender, type EgressLink, copyBytes } from "./egress-link.ts";

type Listener = (...args: unknown[]) => void;
interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = "127.0.0.1";

/** Reads each part once and makes it a plain value: an object could return another value the next time. */
function parseAddress([first, second]: readonly unknown[]): SocketAddress {
  if (typeof first !== "object" || first === null)
    return { host: typeof second === "string" ? second : LOOPBACK, port: Number(first) };
  const { host, port } = first as { host?: unknown; port?: unknown };
  return { host: typeof host === "string" ? host : LOOPBACK, port: Number(port) };
}

/** Compares with the entries of `grant`. An IPv6 address may have brackets or not. */
function isGranted(tcp: readonly string[], { host, port }: SocketAddress): boolean {
  const name = host.toLowerCase();
  return tcp.some((grant) => grant.toLowerCase() === `${name}:${port}` || grant.toLowerCase() === `[${name}]:${port}`);
}

function socketError({ message, code, syscall }: Extract<EgressReply, { type: "error" }>): Error {
  return Object.assign(
    new Error(message),
    code === undefined ? {} : { code },
    syscall === undefined ? {} : { syscall },
  );
}

function refusal({ host, port }: SocketAddress): Error {
  return Object.assign(
    new Error(
      `${host}:${port} is not granted to this connector: add grant = ["tcp:${host}:${port}"] to it in desk.toml`,
    ),
    {
      code: "EACCES",
      syscall: "connect",
    },
  );
}

/** @throws Error for a unix path or a file descriptor: no grant can allow these. */
function assertHostAndPort(options: unknown): void {
  if (typeof options === "string" && !/^\d+$/.test(options))
    throw new Error(`${options} is a path: a connector can connect to a host and port only`);
  if (typeof options !== "object" || options === null) return;
  for (const name of ["path", "fd", "handle"])
    if (name in options)
      throw new Error(`option ${name} is not available for sockets of a connector: connect to a host and port`);
}

/** Opens the connection. Not a method, so that adapters cannot call it without the check of the grants. */
let openConnection: (socket: GrantedConnection, link: EgressLink, address: SocketAddress) => void;
let hasConnection: (socket: GrantedConnection) => boolean;

const PART_BYTES = 64 * 1024;

/** Everything of a socket except `connect`. An adapter can reach this class, but cannot connect with it. */
class GrantedConnection extends Duplex {
  readonly #sender = new CreditSender();
  #link: EgressLink | undefined;
  #id = 0;
  #isConnecting = false;
  #idleMs = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #addresses: SocketAddresses = {};
  /** Bytes that were received and not yet read. */
  #unread = 0;
  #bytesRead = 0;
  #bytesWritten = 0;
  #options: { noDelay?: boolean; keepAliveMs?: number } = {};
  #afterConnect: (() => void)[] = [];

  static {
    openConnection = (socket, link, address) => socket.#open(link, address);
    hasConnection = (socket) => socket.#link !== undefined;
  }

  constructor(options: unknown = {}) {
    assertHostAndPort(options);
    const { allowHalfOpen } = options as { allowHalfOpen?: unknown };
    super({ allowHalfOpen: allowHalfOpen === true, emitClose: false });
  }

  #open(link: EgressLink, { host, port }: SocketAddress): void {
    this.#link = link;
    this.#isConnecting = true;
    this.#restartIdleTimer();
    this.#id = link.open({ type: "tcp", host, port }, (reply) => this.#receive(reply));
  }

  #receive(reply: EgressReply): void {
    this.#restartIdleTimer();
    if (reply.type === "connected") {
      this.#isConnecting = false;
      this.#addresses = reply.addresses;
      this.#sendOptions();
      for (const run of this.#afterConnect.splice(0)) run();
      this.emit("connect");
      this.emit("ready");
    } else if (reply.type === "data") {
      this.#bytesRead += reply.d.byteLength;
      this.#unread += reply.d.byteLength;
      if (this.push(Buffer.from(reply.d.buffer, reply.d.byteOffset, reply.d.byteLength))) this.#returnCredit();
    } else if (reply.type === "end") this.push(null);
    else if (reply.type === "credit") this.#sender.addCredit(reply.n);
    else if (reply.type === "closed") void this.destroy();
    else if (reply.type === "error") void this.destroy(socketError(reply));
  }

  #returnCredit(): void {
    if (this.#unread === 0) return;
    this.#link?.send({ type: "credit", id: this.#id, n: this.#unread });
    this.#unread = 0;
  }

  #whenConnected(run: () => void): void {
    if (this.#isConnecting) this.#afterConnect.push(run);
    else run();
  }

  override _read(): void {
    this.#returnCredit();
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#link === undefined) {
      done(new Error("this socket is not connected"));
      return;
    }
    this.#whenConnected(() => {
      for (let at = 0; at < chunk.byteLength || at === 0; at += PART_BYTES) {
        const d = copyBytes(chunk.subarray(at, at + PART_BYTES));
        const isLast = at + PART_BYTES >= chunk.byteLength;
        const post = (bytes: Uint8Array): void => this.#link?.send({ type: "data", id: this.#id, d: bytes });
        this.#sender.send(d, post, () => {
          this.#bytesWritten += d.byteLength;
          if (isLast) done();
        });
      }
    });
  }
  override _final(done: (error?: Error | null) => void): void {
    if (this.#link === undefined) done();
    else
      this.#whenConnected(() => {
        this.#link?.send({ type: "end", id: this.#id });
        done();
      });
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isConnecting = false;
    clearTimeout(this.#idleTimer);
    this.#link?.abort(this.#id);
    done(error);
    setImmediate(() => this.emit("close", error !== null));
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    if (this.#idleMs > 0 && !this.destroyed)
      this.#idleTimer = setTimeout(() => this.emit("timeout"), this.#idleMs).unref();
  }

  #sendOptions(): void {
    if (this.#link !== undefined && !this.#isConnecting)
      this.#link.send({ type: "options", id: this.#id, ...this.#options });
  }

  setTimeout(ms: number, listener?: Listener): this {
    this.#idleMs = Number(ms);
    this.#restartIdleTimer();
    if (listener === undefined) return this;
    return this.#idleMs === 0 ? this.off("timeout", listener) : this.once("timeout", listener);
  }
  setNoDelay(on = true): this {
    this.#options.noDelay = on;
    this.#sendOptions();
    return this;
  }
  setKeepAlive(on = false, delayMs = 0): this {
    this.#options.keepAliveMs = on ? Math.max(0, Math.trunc(Number(delayMs) || 0)) : -1;
    this.#sendOptions();
    return this;
  }
  /** Without effect: a connector runs until the desk ends it. */
  ref(): this {
    return this;
  }
  /** Without effect, like `ref`. */
  unref(): this {
    return this;
  }
  destroySoon(): void {
    this.end(() => void this.destroy());
  }
  address(): object {
    const { localAddress, localPort, remoteFamily } = this.#addresses;
    return localAddress === undefined ? {} : { address: localAddress, port: localPort, family: remoteFamily };
  }

  get connecting(): boolean {
    return this.#isConnecting;
  }
  get pending(): boolean {
    return this.#link === undefined || this.#isConnecting;
  }
  get readyState(): string {
    if (this.#isConnecting) return "opening";
    if (this.#link === undefined || this.destroyed) return "closed";
    return this.writableEnded
      ? this.readableEnded
        ? "closed"
        : "readOnly"
      : this.readableEnded
        ? "writeOnly"
        : "open";
  }
  get remoteAddress(): string | undefined {
    return this.#addresses.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#addresses.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.#addresses.remoteFamily;
  }
  get localAddress(): string | undefined {
    return this.#addresses.localAddress;
  }
  get localPort(): number | undefined {
    return this.#addresses.localPort;
  }
  get bytesRead(): number {
    return this.#bytesRead;
  }
  get bytesWritten(): number {
    return this.#bytesWritten;
  }
}

/** Returns the module. The class with `connect` is created here: no function that an adapter can reach takes grants. */
export function grantedNet(tcp: readonly string[], link: EgressLink): object {
  const granted = [...tcp];

  class Socket extends GrantedConnection {
    connect(...args: readonly unknown[]): this {
      // `connect(options, listener)` and `connect(port, host, listener)`; Node also passes both as one list.
      const list = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
      assertHostAndPort(list[0]);
      const address = parseAddress(list);
      const listener = list.findLast((arg) => typeof arg === "function");
      if (listener !== undefined) this.once("connect", listener as Listener);
      if (hasConnection(this) || this.destroyed)
        throw new Error("this socket was already connected or destroyed: create a new socket");
      if (isGranted(granted, address)) openConnection(this, link, address);
      else this.destroy(refusal(address));
      return this;
    }
  }

  const connect = (...args: readonly unknown[]): Socket => {
    const options = typeof args[0] === "object" && args[0] !== null ? args[0] : {};
    const socket = new Socket(options);
    const { timeout } = options as { timeout?: unknown };
    if (typeof timeout === "number") socket.setTimeout(timeout);
    return socket.connect(...args);
  };
  const refuseServer = function (): never {
    throw new Error("net.Server is not available inside a connector: a connector cannot listen on a port");
  };
  return {
    Socket,
    Stream: Socket,
    connect,
    createConnection: connect,
    isIP,
    isIPv4,
    isIPv6,
    Server: refuseServer,
    createServer: refuseServer,
  };
}
