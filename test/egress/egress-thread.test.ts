/**
 * A real egress thread, used by raw messages as a hostile connector would: limits, credit, and the end of a
 * connection.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type ServerResponse, createServer as createHttp } from "node:http";
import { type AddressInfo, type Server, type Socket, createServer as createTcp } from "node:net";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { serveConnector } from "../../src/egress/connector-network.ts";
import { threadPort } from "../../src/egress/connector-port.ts";
import { type EgressConnection, openEgress } from "../../src/host/egress.ts";
import { RateBucket } from "../../src/lib/rate-bucket.ts";
import { EGRESS_LIMITS, type NetworkPolicy } from "../../src/protocol/egress-messages.ts";
import { fakeClock } from "../support/fake-clock.ts";

const execute = promisify(execFile);
const FILE = fileURLToPath(new URL("../../dist/sandbox/egress-thread.cjs", import.meta.url));
const egress = openEgress(FILE);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => egress.close());

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
function connect(policy: Partial<NetworkPolicy> = {}): EgressConnection {
  const connection = egress.connect({ hosts: ["127.0.0.1"], tcp: [], ...policy });
  closers.push(() => connection.close());
  return connection;
}
async function reply(port: MessagePort): Promise<Record<string, unknown>> {
  const [message] = (await once(port, "message")) as [Record<string, unknown>];
  return message;
}
function fetchMessage(id: number, url: string, more: object = {}) {
  return { type: "fetch", id, url, method: "GET", headers: [], redirect: "follow", ...more };
}
function endOf(connection: EgressConnection): Promise<string> {
  return new Promise((resolve) => connection.onEnd(resolve));
}

describe("a message that violates the protocol", () => {
  it.each([
    ["no object", "x"],
    ["an unknown type", { type: "listen", id: 1 }],
    ["no id", { type: "abort" }],
    ["an additional member of an open id", { type: "abort", id: -1, path: "/tmp/x.sock" }],
  ])("ends the connection: %s", async (_name, message) => {
    const connection = connect();
    const ended = endOf(connection);
    connection.port.postMessage(message, []);
    expect(await ended).toContain("its network messages were invalid");
  });

  it("ends the connection: more bytes than its credit", async () => {
    const server = createTcp(() => undefined);
    const port = await portOf(server);
    const connection = connect({ tcp: [`127.0.0.1:${port}`] });
    const ended = endOf(connection);
    connection.port.postMessage({ type: "tcp", id: 1, host: "127.0.0.1", port }, []);
    expect((await reply(connection.port))["type"]).toBe("connected");
    for (let sent = 0; sent < 100; sent++) {
      const d = new Uint8Array(EGRESS_LIMITS.windowBytes);
      connection.port.postMessage({ type: "data", id: 1, d }, []);
    }
    expect(await ended).toContain("more bytes than it had credit for");
  });

  it("ends the connection: more messages a second than the limit", async () => {
    const connection = connect();
    const reasons: string[] = [];
    void endOf(connection).then((reason) => reasons.push(reason));
    // After a stall of its thread the connection may send as much as it could have sent meanwhile.
    while (reasons.length === 0) {
      for (let sent = 0; sent <= EGRESS_LIMITS.messagesPerSecond * 2; sent++)
        connection.port.postMessage({ type: "abort", id: 1 }, []);
      await new Promise(setImmediate);
    }
    expect(reasons[0]).toContain("messages a second");
  });

  it("ends the connection: an id that is in use", async () => {
    const connection = connect();
    const ended = endOf(connection);
    const port = await portOf(createHttp(() => undefined));
    for (let sent = 0; sent < 2; sent++) connection.port.postMessage(fetchMessage(1, `http://127.0.0.1:${port}/`), []);
    expect(await ended).toContain("id 1 is in use");
  });
});

describe("a request that is refused", () => {
  it.each([
    ["another host", { url: "http://127.0.0.2/" }, "is not among hosts"],
    ["another protocol", { url: "file:///etc/passwd" }, "file: is not allowed"],
    ["CONNECT", { method: "CONNECT" }, "method CONNECT is not allowed"],
    ["TRACE", { method: "TRACE" }, "method TRACE is not allowed"],
    ["an invalid header", { headers: [["a b", "c"]] }, "Header name must be a valid HTTP token"],
    ["a line break in a header", { headers: [["a", "b\r\nc: d"]] }, "Invalid character in header content"],
    [
      "too many characters of headers",
      { headers: [["a", "x".repeat(EGRESS_LIMITS.headerChars)]] },
      "headers have more",
    ],
    [
      "a list of holes for headers",
      { headers: Object.assign([], { length: 2 ** 32 - 1 }) },
      "must be a list of at most",
    ],
    ["too long a URL", { url: `http://127.0.0.1/${"x".repeat(EGRESS_LIMITS.urlChars)}` }, "request is invalid: url"],
    ["shared memory", { d: new Uint8Array(new SharedArrayBuffer(4)) }, "memory that is not shared"],
  ])("gets an error and frees its id: %s", async (_name, more, message) => {
    const { port } = connect();
    port.postMessage(fetchMessage(1, "http://127.0.0.1:1/", more), []);
    expect(await reply(port)).toMatchObject({
      type: "error",
      id: 1,
      message: expect.stringContaining(message) as string,
    });
  });

  it("gets an error: more requests than may be open", async () => {
    const web = await portOf(createHttp(() => undefined));
    const { port } = connect();
    for (let id = 0; id <= EGRESS_LIMITS.openIds; id++)
      port.postMessage(fetchMessage(id, `http://127.0.0.1:${web}/`), []);
    expect(await reply(port)).toMatchObject({ type: "error", id: EGRESS_LIMITS.openIds, code: "EAGAIN" });
  });
});

describe("a socket that is no longer needed", () => {
  it("is closed at a redirect with an endless body", async () => {
    let redirects: Promise<unknown> | undefined;
    const server = createHttp((request, response) => {
      if (request.url === "/end") return void response.end("done");
      redirects = once(request.socket, "close");
      response.writeHead(302, { location: "/end" });
      response.write("the first part of a body that never ends");
    });
    const port = await portOf(server);
    const connection = connect();
    connection.port.postMessage(fetchMessage(1, `http://127.0.0.1:${port}/`), []);
    expect(await reply(connection.port)).toMatchObject({ type: "response", status: 200, redirected: true });
    await redirects;
  });

  it("is closed after a response that came before the end of the request", async () => {
    let closed: Promise<unknown> | undefined;
    // The server itself closes no idle connection.
    const server = createHttp({ keepAliveTimeout: 0 }, (request, response) => {
      closed = new Promise((resolve) => request.socket.on("error", () => undefined).once("close", resolve));
      response.writeHead(413).end("too large");
    });
    const port = await portOf(server);
    const connection = connect();
    connection.port.postMessage(fetchMessage(1, `http://127.0.0.1:${port}/`, { method: "POST", bodyLength: -1 }), []);
    connection.port.postMessage({ type: "data", id: 1, d: new Uint8Array(10) }, []);
    let message = await reply(connection.port);
    while (message["type"] === "credit") message = await reply(connection.port);
    expect(message).toMatchObject({ type: "response", status: 413, isLast: true });
    await closed;
  });
});

describe("headers", () => {
  it("that change the connection are dropped, and credentials are dropped at a redirect to another origin", async () => {
    const seen: Record<string, unknown>[] = [];
    const second = await portOf(
      createHttp((request, response) => {
        seen.push(request.headers);
        response.end("b");
      }),
    );
    const first = await portOf(
      createHttp((request, response) => {
        seen.push(request.headers);
        response.writeHead(302, { location: `http://127.0.0.1:${second}/` });
        response.end();
      }),
    );
    const { port } = connect();
    const headers = [
      "host",
      "connection",
      "upgrade",
      "te",
      "transfer-encoding",
      "proxy-authorization",
      "sec-websocket-key",
    ];
    const sent = [...headers, "authorization", "cookie", "x-key"].map((name) => [name, "evil"]);
    port.postMessage(fetchMessage(1, `http://127.0.0.1:${first}/`, { headers: sent }), []);
    expect(await reply(port)).toMatchObject({ type: "response", status: 200, redirected: true, isLast: true });
    expect(seen[0]).toMatchObject({
      host: `127.0.0.1:${first}`,
      authorization: "evil",
      cookie: "evil",
      "x-key": "evil",
    });
    for (const name of headers) expect(seen[0]?.[name]).not.toBe("evil");
    expect(seen[1]).toMatchObject({ "x-key": "evil" });
    expect(Object.keys(seen[1] ?? {})).not.toContain("authorization");
    expect(Object.keys(seen[1] ?? {})).not.toContain("cookie");
  });
});

describe("a request body in parts", () => {
  it.each([303, 302])("is dropped by a redirect with status %d, which becomes GET", async (status) => {
    const seen: string[] = [];
    const server = createHttp((request, response) => {
      seen.push(`${request.method ?? ""} ${String(request.headers["content-type"])}`);
      if (request.url === "/end") return void response.end("done");
      // Responds before the body is complete.
      response.writeHead(status, { location: "/end" }).end();
    });
    const port = await portOf(server);
    const connection = connect();
    const headers = [["content-type", "text/plain"]];
    const message = fetchMessage(1, `http://127.0.0.1:${port}/`, { method: "POST", headers, bodyLength: -1 });
    connection.port.postMessage(message, []);
    const replies: Record<string, unknown>[] = [];
    const responded = new Promise<void>((resolve) => {
      connection.port.on("message", (received: Record<string, unknown>) => {
        replies.push(received);
        if (received["type"] !== "credit") resolve();
        else connection.port.postMessage({ type: "data", id: 1, d: new Uint8Array(10) }, []);
      });
    });
    connection.port.postMessage({ type: "data", id: 1, d: new Uint8Array(10) }, []);
    await responded;
    expect(replies.at(-1)).toMatchObject({ type: "response", status: 200, redirected: true });
    expect(seen).toEqual(["POST text/plain", "GET undefined"]);
  });

  it.each([
    ["more", 40, "has 40 bytes; 30 were announced"],
    ["fewer", 20, "has 20 bytes; 30 were announced"],
  ])("of %s bytes than announced ends its connection, so that no request is taken for another", async (...row) => {
    const [, sent, message] = row;
    const server = createTcp((socket) => void socket.on("error", () => undefined).resume());
    const closed = once(server, "connection").then(([socket]) => once(socket as Socket, "close"));
    const port = await portOf(server);
    const connection = connect();
    const request = fetchMessage(1, `http://127.0.0.1:${port}/`, { method: "POST", bodyLength: 30 });
    const replies: Record<string, unknown>[] = [];
    const failed = new Promise<void>((resolve) => {
      connection.port.on("message", (received: Record<string, unknown>) => {
        replies.push(received);
        if (received["type"] === "error") resolve();
        // The head and the first bytes are with the server.
        else connection.port.postMessage({ type: "data", id: 1, d: new Uint8Array(sent - 10) }, []);
        if (received["type"] === "credit") connection.port.postMessage({ type: "end", id: 1 }, []);
      });
    });
    connection.port.postMessage(request, []);
    connection.port.postMessage({ type: "data", id: 1, d: new Uint8Array(10) }, []);
    await failed;
    expect(replies.at(-1)).toMatchObject({ type: "error", message: expect.stringContaining(message) as string });
    await closed;
  });
});

describe("pings of a server", () => {
  it("use up the credit as its messages do", async () => {
    const web = createHttp();
    new WebSocketServer({ server: web }).on("connection", (socket) => {
      socket.on("error", () => undefined);
      // One after the other: the client itself ends a connection with many pings that it has not answered.
      socket.on("pong", () => socket.ping(Buffer.alloc(125)));
      socket.ping(Buffer.alloc(125));
    });
    web.on("request", (_request, response) => response.end());
    const port = await portOf(web);
    const connection = connect();
    let received = 0;
    connection.port.on("message", ({ type }: { type: string }) => (received += type === "ping" ? 1 : 0));
    const url = `ws://127.0.0.1:${port}/`;
    connection.port.postMessage({ type: "websocket", id: 1, url, protocols: [], headers: [], deflate: false }, []);
    const allowed = Math.ceil(EGRESS_LIMITS.windowBytes / (125 + EGRESS_LIMITS.messageOverhead));
    await expect.poll(() => received).toBeGreaterThanOrEqual(allowed);
    // What the thread had read before these requests has arrived after them.
    for (let id = 2; id < 12; id++) {
      const responded = new Promise<void>((resolve) => {
        connection.port.on("message", (message: { id: number }) => message.id === id && resolve());
      });
      connection.port.postMessage(fetchMessage(id, `http://127.0.0.1:${port}/`), []);
      await responded;
    }
    expect(received).toBeLessThan(allowed + 100);
  });
});

describe("a server that is silent", () => {
  it.each([
    ["before its response", () => undefined],
    ["in the middle of its body", (response: ServerResponse) => void response.write("first")],
  ])("%s ends the request with an error, and its id is free", async (_when, respond) => {
    const web = await portOf(createHttp((_request, response) => respond(response)));
    const { port1, port2 } = new MessageChannel();
    closers.push(() => port2.close());
    serveConnector({
      port: threadPort(port1),
      policy: { hosts: ["127.0.0.1"], tcp: [] },
      messagesRate: new RateBucket({ clock: fakeClock(), limit: 1_000, windowMs: 1_000, stalledMs: () => 0 }),
      responseMs: 100,
      heldBytes: 1_000,
      onViolation: () => undefined,
    });
    port2.postMessage(fetchMessage(1, `http://127.0.0.1:${web}/`));
    let message = await reply(port2);
    while (message["type"] !== "error") message = await reply(port2);
    expect(message).toMatchObject({ code: "ETIMEDOUT", message: "the server sent nothing for 0.1 s" });
    port2.postMessage(fetchMessage(1, "http://127.0.0.2/"));
    expect(await reply(port2)).toMatchObject({ type: "error", id: 1, code: "EACCES" });
  });
});

describe("the end of a connection", () => {
  it("ends its sockets", async () => {
    let closed: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (closed = resolve));
    const port = await portOf(
      createTcp((peer) => {
        peer.on("error", () => undefined);
        peer.on("close", () => closed());
      }),
    );
    const connection = connect({ tcp: [`127.0.0.1:${port}`] });
    connection.port.postMessage({ type: "tcp", id: 1, host: "127.0.0.1", port }, []);
    await reply(connection.port);
    connection.close();
    await ended;
  });

  it("a response without a reader is held back by its credit", async () => {
    let written = 0;
    const web = await portOf(
      createHttp((_request, response) => {
        const chunk = Buffer.alloc(65_536);
        const write = (): void => {
          while (response.write(chunk) && written < 2_000) written += 1;
          response.once("drain", write);
        };
        write();
      }),
    );
    const { port } = connect();
    let received = 0;
    port.on("message", ({ d }: { d?: Uint8Array }) => (received += d?.byteLength ?? 0));
    port.postMessage(fetchMessage(1, `http://127.0.0.1:${web}/`), []);
    await expect.poll(() => received).toBeGreaterThanOrEqual(EGRESS_LIMITS.windowBytes);
    expect(received).toBeLessThan(EGRESS_LIMITS.windowBytes * 2);
    expect(written).toBeLessThan(2_000);
  });
});

it("does not keep the process of the host from ending", async () => {
  const host = fileURLToPath(new URL("../../src/host/egress.ts", import.meta.url));
  const program = `
    import { openEgress } from ${JSON.stringify(host)};
    const connection = openEgress(${JSON.stringify(FILE)}).connect({ hosts: [], tcp: [] });
    connection.onEnd((reason) => console.log(reason));
    console.log("last statement");`;
  const { stdout } = await execute(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
    timeout: 110_000,
  });
  expect(stdout).toBe("last statement\n");
});
