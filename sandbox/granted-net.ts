/**
 * The `net` module of an adapter: our own socket class around a real socket that connects to addresses of `grant` only.
 * The real socket stays private, because its class could open a file descriptor, a unix path or any address.
 */
import { Socket as RealSocket, isIP, isIPv4, isIPv6 } from "node:net";
import { Duplex } from "node:stream";

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

/** Opens the real socket. Not a method, so that adapters cannot call it without the check of the grants. */
let openRealSocket: (socket: SandboxSocket, address: SocketAddress) => void;
let hasRealSocket: (socket: SandboxSocket) => boolean;

/** Everything of a socket except `connect`. An adapter can reach this class, but cannot connect with it. */
class SandboxSocket extends Duplex {
  #real: RealSocket | undefined;
  #isConnecting = false;
  #idleMs = 0;

  static {
    openRealSocket = (socket, address) => socket.#open(address);
    hasRealSocket = (socket) => socket.#real !== undefined;
  }

  constructor(options: unknown = {}) {
    assertHostAndPort(options);
    const { allowHalfOpen } = options as { allowHalfOpen?: unknown };
    super({ allowHalfOpen: allowHalfOpen === true, emitClose: false });
  }

  #open(address: SocketAddress): void {
    const real = new RealSocket({ allowHalfOpen: true });
    this.#real = real;
    this.#isConnecting = true;
    real.setTimeout(this.#idleMs);
    real.on("connect", () => {
      this.#isConnecting = false;
      this.emit("connect");
      this.emit("ready");
    });
    real.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) real.pause();
    });
    real.on("end", () => void this.push(null));
    real.on("timeout", () => this.emit("timeout"));
    real.on("error", (error: Error) => void this.destroy(error));
    real.on("close", () => void this.destroy());
    real.connect(address);
  }

  override _read(): void {
    this.#real?.resume();
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#real === undefined) done(new Error("this socket is not connected"));
    else this.#real.write(chunk, (error) => done(error));
  }
  override _final(done: (error?: Error | null) => void): void {
    if (this.#real === undefined) done();
    else this.#real.end(() => done());
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isConnecting = false;
    this.#real?.destroy();
    done(error);
    setImmediate(() => this.emit("close", error !== null));
  }

  setTimeout(ms: number, listener?: Listener): this {
    this.#idleMs = Number(ms);
    this.#real?.setTimeout(this.#idleMs);
    if (listener === undefined) return this;
    return this.#idleMs === 0 ? this.off("timeout", listener) : this.once("timeout", listener);
  }
  setNoDelay(on = true): this {
    this.#real?.setNoDelay(on);
    return this;
  }
  setKeepAlive(on = false, delayMs = 0): this {
    this.#real?.setKeepAlive(on, delayMs);
    return this;
  }
  ref(): this {
    this.#real?.ref();
    return this;
  }
  unref(): this {
    this.#real?.unref();
    return this;
  }
  destroySoon(): void {
    this.end(() => void this.destroy());
  }
  address(): object {
    return { ...this.#real?.address() };
  }

  get connecting(): boolean {
    return this.#isConnecting;
  }
  get pending(): boolean {
    return this.#real === undefined || this.#isConnecting;
  }
  get readyState(): string {
    if (this.#isConnecting) return "opening";
    if (this.#real === undefined || this.destroyed) return "closed";
    return this.writableEnded
      ? this.readableEnded
        ? "closed"
        : "readOnly"
      : this.readableEnded
        ? "writeOnly"
        : "open";
  }
  get remoteAddress(): string | undefined {
    return this.#real?.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#real?.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.#real?.remoteFamily;
  }
  get localAddress(): string | undefined {
    return this.#real?.localAddress;
  }
  get localPort(): number | undefined {
    return this.#real?.localPort;
  }
  get bytesRead(): number {
    return this.#real?.bytesRead ?? 0;
  }
  get bytesWritten(): number {
    return this.#real?.bytesWritten ?? 0;
  }
}

/** Returns the module. The class with `connect` is created here: no function that an adapter can reach takes grants. */
export function grantedNet(tcp: readonly string[]): object {
  const granted = [...tcp];

  class Socket extends SandboxSocket {
    connect(...args: readonly unknown[]): this {
      // `connect(options, listener)` and `connect(port, host, listener)`; Node also passes both as one list.
      const list = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
      assertHostAndPort(list[0]);
      const address = parseAddress(list);
      const listener = list.findLast((arg) => typeof arg === "function");
      if (listener !== undefined) this.once("connect", listener as Listener);
      if (hasRealSocket(this) || this.destroyed)
        throw new Error("this socket was already connected or destroyed: create a new socket");
      if (isGranted(granted, address)) openRealSocket(this, address);
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
