/**
 * `net` as an adapter meets it: a socket of our own around the real one, which leads to an address of `grant` and nowhere
 * else. The real socket stays private: its class could open a file descriptor, a unix path, or any address.
 */
import { Socket as RealSocket, isIP, isIPv4, isIPv6 } from "node:net";
import { Duplex } from "node:stream";

type Listener = (...args: unknown[]) => void;
interface Target {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = "127.0.0.1";

/** Each part is read once and made a plain value: an object could answer differently the next time. */
function targetOf([first, second]: readonly unknown[]): Target {
  if (typeof first !== "object" || first === null)
    return { host: typeof second === "string" ? second : LOOPBACK, port: Number(first) };
  const { host, port } = first as { host?: unknown; port?: unknown };
  return { host: typeof host === "string" ? host : LOOPBACK, port: Number(port) };
}

/** As `grant` spells it; an IPv6 address with or without brackets. */
function isGranted(tcp: readonly string[], { host, port }: Target): boolean {
  const name = host.toLowerCase();
  return tcp.some((grant) => grant.toLowerCase() === `${name}:${port}` || grant.toLowerCase() === `[${name}]:${port}`);
}

function refusal({ host, port }: Target): Error {
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

/** A path or a descriptor has no grant that could allow it. */
function assertAddress(options: unknown): void {
  if (typeof options === "string" && !/^\d+$/.test(options))
    throw new Error(`${options} is a path: a connector connects to host and port`);
  if (typeof options !== "object" || options === null) return;
  for (const name of ["path", "fd", "handle"])
    if (name in options) throw new Error(`a socket of a connector takes no ${name}: it connects to host and port`);
}

/** The whole module. The class is made in here, so that nothing an adapter can reach takes a list of grants. */
export function grantedNet(tcp: readonly string[]): object {
  const granted = [...tcp];

  class Socket extends Duplex {
    #real: RealSocket | undefined;
    #isConnecting = false;
    #idleMs = 0;

    constructor(options: unknown = {}) {
      assertAddress(options);
      const { allowHalfOpen } = options as { allowHalfOpen?: unknown };
      super({ allowHalfOpen: allowHalfOpen === true, emitClose: false });
    }

    connect(...args: readonly unknown[]): this {
      // `connect(options, listener)` and `connect(port, host, listener)`; Node itself also hands over both as one list.
      const given = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
      assertAddress(given[0]);
      const target = targetOf(given);
      const listener = given.findLast((arg) => typeof arg === "function");
      if (listener !== undefined) this.once("connect", listener as Listener);
      if (this.#real !== undefined || this.destroyed)
        throw new Error("this socket was connected before: make a new one");
      if (isGranted(granted, target)) this.#open(target);
      else this.destroy(refusal(target));
      return this;
    }

    #open(target: Target): void {
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
      real.connect(target);
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

  const connect = (...args: readonly unknown[]): Socket => {
    const socket = new Socket(typeof args[0] === "object" && args[0] !== null ? args[0] : {});
    const { timeout } = (typeof args[0] === "object" && args[0] !== null ? args[0] : {}) as { timeout?: unknown };
    if (typeof timeout === "number") socket.setTimeout(timeout);
    return socket.connect(...args);
  };
  const refuseServer = function (): never {
    throw new Error("a connector listens on no port: net.Server is not available");
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
