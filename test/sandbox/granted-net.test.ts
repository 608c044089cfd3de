/** The sandbox's socket class: works like Node's for libraries, and connects only to granted addresses. */
import type * as NodeNet from "node:net";
import { type AddressInfo, type Server, type Socket as RealSocket, Socket as NodeSocket, createServer } from "node:net";
import { once } from "node:events";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EgressLink, type EgressPort } from "../../sandbox/egress-link.ts";
import { grantedNet as netModule } from "../../sandbox/granted-net.ts";
import { sharedEgress } from "../support/adapter-harness.ts";

type Net = typeof NodeNet;

/** The module with a connection of its own to a real egress thread. */
function grantedNet(tcp: readonly string[]): object {
  const { port } = sharedEgress.connect({ tcp });
  const egressPort: EgressPort = {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on("message", listener),
  };
  return netModule(tcp, new EgressLink(egressPort));
}

let server: Server;
let other: Server;
let port = 0;
let otherPort = 0;
let otherConnections = 0;
let onPeer: (peer: RealSocket) => void = () => undefined;
let net: Net;

async function startServer(onConnection: (peer: RealSocket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    peer.on("error", () => undefined);
    onConnection(peer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function errorOf(socket: RealSocket): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => socket.once("error", resolve));
}

beforeAll(async () => {
  server = await startServer((peer) => onPeer(peer));
  other = await startServer((peer) => {
    otherConnections += 1;
    peer.destroy();
  });
  port = (server.address() as AddressInfo).port;
  otherPort = (other.address() as AddressInfo).port;
});

beforeEach(() => {
  onPeer = (peer) => void peer.pipe(peer);
  net = grantedNet([`127.0.0.1:${port}`, "localhost:1", "[::1]:2"]) as Net;
});

afterAll(() => {
  server.close();
  other.close();
});

describe("a granted socket", () => {
  it.each([
    ["options", () => net.connect({ port, host: "127.0.0.1" })],
    ["port and host", () => net.createConnection(port, "127.0.0.1")],
    ["port alone", () => net.connect(port)],
    ["port as text", () => (net.connect as (port: string) => RealSocket)(String(port))],
    ["a socket that was created before", () => new net.Socket().connect(port, "127.0.0.1")],
  ])("connects with %s, and transfers bytes in both directions", async (_name, connect) => {
    const socket = connect();
    expect(socket.connecting).toBe(true);
    expect(socket.readyState).toBe("opening");
    socket.write("before ");
    await once(socket, "connect");
    expect([socket.connecting, socket.readyState, socket.remoteAddress, socket.remotePort]).toEqual([
      false,
      "open",
      "127.0.0.1",
      port,
    ]);
    socket.end("after");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [hadError] = (await once(socket, "close")) as [boolean];
    expect(Buffer.concat(chunks).toString()).toBe("before after");
    expect([hadError, socket.destroyed, socket.readyState]).toEqual([false, true, "closed"]);
  });

  it("calls the connect listener, and has the setter methods that libraries use", async () => {
    const socket = await new Promise<RealSocket>((resolve) => {
      const connecting = net.connect({ port, host: "127.0.0.1" }, () => resolve(connecting));
    });
    expect(socket.setKeepAlive(true, 1_000).setNoDelay().ref().unref().ref()).toBe(socket);
    expect(socket.bytesWritten).toBe(0);
    socket.destroy();
    await once(socket, "close");
  });

  it("transfers more data than one buffer holds, complete and in order", async () => {
    const sent = Buffer.alloc(3_000_000, "0123456789");
    const socket = net.connect(port, "127.0.0.1");
    socket.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it("ends when the peer ends", async () => {
    onPeer = (peer) => peer.end("bye");
    const socket = net.connect(port, "127.0.0.1");
    const data = once(socket, "data");
    const ended = once(socket, "end");
    const closed = once(socket, "close");
    expect(String((await data)[0])).toBe("bye");
    await Promise.all([ended, closed]);
  });

  it("emits an error and closes after a reset or a refused connection", async () => {
    onPeer = (peer) => peer.resetAndDestroy();
    const reset = net.connect(port, "127.0.0.1");
    const closed = new Promise((resolve) => reset.once("close", resolve));
    expect(await errorOf(reset)).toMatchObject({ code: "ECONNRESET" });
    expect(await closed).toBe(true);
    const spare = await startServer(() => undefined);
    const free = (spare.address() as AddressInfo).port;
    await new Promise((resolve) => spare.close(resolve));
    const refused = (grantedNet([`127.0.0.1:${free}`]) as Net).connect(free, "127.0.0.1");
    expect(await errorOf(refused)).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("emits timeout when it is idle", async () => {
    onPeer = () => undefined;
    const socket = net.connect({ port, host: "127.0.0.1", timeout: 20 } as never);
    await once(socket, "timeout");
    socket.setTimeout(0);
    socket.destroy();
    await once(socket, "close");
  });

  it("fails to write before it is connected", async () => {
    const socket = new net.Socket();
    socket.write("x");
    expect(await errorOf(socket)).toMatchObject({ message: "this socket is not connected" });
  });

  it("comes with isIP, isIPv4 and isIPv6, but without a server", () => {
    expect([net.isIP("::1"), net.isIPv4("1.2.3.4"), net.isIPv6("1.2.3.4")]).toEqual([6, true, false]);
    expect(() => net.createServer()).toThrow("a connector cannot listen on a port");
    expect(() => new net.Server()).toThrow("a connector cannot listen on a port");
  });
});

describe("an address that is not granted", () => {
  it.each([
    ["another port", () => net.connect(otherPort, "127.0.0.1"), () => `tcp:127.0.0.1:${otherPort}`],
    ["another host", () => net.connect({ port, host: "localhost" }), () => `tcp:localhost:${port}`],
    [
      "another host, with a socket that was created before",
      () => new net.Socket().connect({ port, host: "0.0.0.0" }),
      () => `tcp:0.0.0.0:${port}`,
    ],
    ["a missing port", () => net.connect({ host: "127.0.0.1" } as never), () => "tcp:127.0.0.1:NaN"],
    ["a host in another notation", () => net.connect(port, "0x7f.1"), () => `tcp:0x7f.1:${port}`],
  ])("gives an error that names the grant: %s", async (_name, connect, grant) => {
    const socket = connect();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const error = await errorOf(socket);
    expect(error.code).toBe("EACCES");
    expect(error.message).toContain(`add grant = ["${grant()}"]`);
    expect(await closed).toBe(true);
    expect(otherConnections).toBe(0);
  });

  it("is not reached by a port getter that returns another port the second time", async () => {
    let reads = 0;
    const socket = net.connect({
      host: "127.0.0.1",
      get port() {
        reads += 1;
        return reads === 1 ? port : otherPort;
      },
    });
    await once(socket, "connect");
    expect([reads, socket.remotePort, otherConnections]).toEqual([1, port, 0]);
    socket.destroy();
  });

  it("is not reached by a lookup function of the adapter", async () => {
    const local = grantedNet([`localhost:${port}`]) as Net;
    let isCalled = false;
    const lookup = (): void => void (isCalled = true);
    const socket = local.connect({ host: "localhost", port, lookup, family: 4, localAddress: "127.0.0.3" } as never);
    await once(socket, "connect");
    expect([isCalled, socket.localAddress]).toEqual([false, "127.0.0.1"]);
    socket.destroy();
  });
});

describe("an attack on the real socket", () => {
  const open = async (): Promise<RealSocket> => {
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  type Constructor = new (options?: unknown) => RealSocket;

  it.each([
    ["constructor({ fd: 1 })", (socket: RealSocket) => new (socket.constructor as Constructor)({ fd: 1 })],
    ["constructor({ handle })", (socket: RealSocket) => new (socket.constructor as Constructor)({ handle: {} })],
    [
      "constructor() without new",
      (socket: RealSocket) => (socket.constructor as (options: unknown) => unknown)({ fd: 1 }),
    ],
    ["new net.Socket({ fd: 1 })", () => new net.Socket({ fd: 1 })],
    ["connect({ path })", () => net.connect({ path: "/var/run/docker.sock" })],
    ["connect(path)", () => net.connect("/var/run/docker.sock")],
    ["connect({ fd })", () => net.connect({ fd: 1, port, host: "127.0.0.1" } as never)],
    ["Socket.connect({ path })", () => new net.Socket().connect({ path: "/tmp/x" })],
    [
      "Socket.connect([{ path }])",
      () => (new net.Socket().connect as (list: unknown) => unknown)([{ path: "/tmp/x" }]),
    ],
    ["connect again, to another address", (socket: RealSocket) => socket.connect(otherPort, "127.0.0.1")],
  ])("%s throws", async (_name, attack) => {
    const socket = await open();
    expect(() => attack(socket)).toThrow();
    socket.destroy();
  });

  it("finds no real socket, handle or class of these in any property or by inspect", async () => {
    const socket = await open();
    const values = new Set<unknown>();
    for (
      let at: object | null = socket;
      at !== null && at !== Object.prototype;
      at = Object.getPrototypeOf(at) as object | null
    ) {
      for (const key of Reflect.ownKeys(at)) {
        let value: unknown;
        try {
          value = (socket as unknown as Record<PropertyKey, unknown>)[key];
        } catch {
          continue;
        }
        values.add(value);
        if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) values.add(inner);
      }
    }
    expect([...values].filter((value) => value instanceof NodeSocket || value === NodeSocket)).toEqual([]);
    expect("_handle" in socket).toBe(false);
    expect(socket instanceof NodeSocket).toBe(false);
    expect(inspect(socket, { showHidden: true, depth: 4 })).not.toMatch(/TCP \{|_handle|\[Symbol\(kHandle\)\]/);
    socket.destroy();
  });

  it("does not get the real socket as `this` of a listener", async () => {
    const socket = net.connect(port, "127.0.0.1");
    const receivers: unknown[] = [];
    const record = function (this: unknown): void {
      receivers.push(this);
    };
    for (const name of ["connect", "ready", "data", "end", "close", "timeout"]) socket.on(name, record);
    await once(socket, "connect");
    await new Promise<void>((resolve) =>
      socket.write("x", function (this: unknown) {
        receivers.push(this);
        resolve();
      }),
    );
    socket.end();
    await once(socket, "close");
    expect(receivers.filter((value) => value instanceof NodeSocket)).toEqual([]);
    expect(receivers.length).toBeGreaterThan(3);
  });

  it("cannot pass other grants to the class or to its parent class", async () => {
    const Parent = Object.getPrototypeOf(net.Socket) as new (options?: unknown) => RealSocket;
    expect((Object.getPrototypeOf(Parent) as { name: string }).name).toBe("Duplex");
    // The parent class has no static members and cannot connect.
    expect(Reflect.ownKeys(Parent).toSorted()).toEqual(["length", "name", "prototype"]);
    expect("connect" in Parent.prototype).toBe(false);
    const unconnected = new Parent([`127.0.0.1:${otherPort}`]);
    expect(unconnected.pending).toBe(true);
    (net.Socket.prototype.connect as (...args: unknown[]) => unknown).call(unconnected, otherPort, "127.0.0.1");
    expect(await errorOf(unconnected)).toMatchObject({ code: "EACCES" });
    class Sub extends (net.Socket as unknown as new (...args: unknown[]) => RealSocket) {}
    const socket = new Sub([`127.0.0.1:${otherPort}`]).connect(otherPort, "127.0.0.1");
    expect(await errorOf(socket)).toMatchObject({ code: "EACCES" });
    expect(otherConnections).toBe(0);
  });
});
