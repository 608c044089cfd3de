/** The kit's proxy forwards everything unchanged, recognises the request of an order, and applies faults to it. */
import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../../../src/app/system.ts";
import { carriesId } from "../../../src/conformance/carries-id.ts";
import type { Fault } from "../../../src/conformance/venue/fake-venue-faults.ts";
import { ProxyVenue } from "../../../src/conformance/venue/proxy-venue.ts";
import { addressesSchema } from "../../../src/conformance/venue/venue-hooks.ts";

const ID = "q00abcde000001xyz";
let received: { method: string; url: string; body: string; headers: IncomingMessage["headers"] }[];
let proxy: ProxyVenue;
let upstream: ReturnType<typeof createServer>;
let sockets: WebSocketServer;

beforeEach(async () => {
  received = [];
  upstream = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      received.push({ method: request.method ?? "", url: request.url ?? "", body, headers: request.headers });
      response.writeHead(201, { "content-type": "application/json", "x-limit": "7" });
      response.end(JSON.stringify({ order: `number ${received.length}` }));
    });
  });
  sockets = new WebSocketServer({ server: upstream });
  sockets.on("connection", (socket, request) => {
    socket.send(`hello ${request.url}`);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  proxy = new ProxyVenue(systemClock, { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v2/` });
  await proxy.listen();
});

afterEach(async () => {
  await proxy.close();
  for (const socket of sockets.clients) socket.terminate();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

async function send(path: string, body?: string): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${proxy.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "x-key": "k" },
    signal: AbortSignal.timeout(500),
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Sends the order while `placeOrder` runs; returns the status and the body, or that the request failed. */
async function place(fault: Fault): Promise<string> {
  proxy.expectOrder(ID);
  proxy.armFault("place", fault);
  const end = proxy.begin("placeOrder");
  const outcome = await send("/orders", JSON.stringify({ id: ID })).then(
    ({ status, text }) => `${status} ${text}`,
    () => "no response",
  );
  end();
  return outcome;
}

/** Sends a request line as it is, and returns the status. */
function sendTarget(target: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(proxy.url);
    const outgoing = request({ host: "127.0.0.1", port, path: target, headers, agent: false }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("the proxy", () => {
  it.each([
    ["//127.0.0.2:9/orders", "//127.0.0.2:9/orders", 201],
    ["/\\127.0.0.2:9/orders", "//127.0.0.2:9/orders", 201],
    ["http://127.0.0.2:9/orders", undefined, 400],
  ])("reaches no other host by the request target %s", async (target, path, status) => {
    expect(await sendTarget(target)).toBe(status);
    expect(received.map(({ url }) => url)).toEqual(path === undefined ? [] : [path]);
  });

  it("forwards method, path, query, headers and body, and the response", async () => {
    const { status, text, headers } = await send("/orders?a=1", "x=1&y=2");
    expect({ status, text, limit: headers.get("x-limit") }).toEqual({
      status: 201,
      text: '{"order":"number 1"}',
      limit: "7",
    });
    expect(received).toMatchObject([
      { method: "POST", url: "/v2/orders?a=1", body: "x=1&y=2", headers: { "x-key": "k" } },
    ]);
  });

  it.each<readonly [Fault, string, number]>([
    [{ kind: "hang" }, "no response", 0],
    [{ kind: "hang", isDone: true }, "no response", 1],
    [{ kind: "reset" }, "no response", 0],
    [{ kind: "reset", isDone: true }, "no response", 1],
    [{ kind: "500" }, '500 {"error":"internal error"}', 0],
    [{ kind: "502", isDone: true }, "502 <html><body><h1>502 Bad Gateway</h1></body></html>", 1],
    [{ kind: "504", isDone: true }, "504 <html><body><h1>504 Gateway Timeout</h1></body></html>", 1],
    [{ kind: "html", isDone: true }, "503 <html><body><h1>503 Service Unavailable</h1></body></html>", 1],
    [{ kind: "429" }, '429 {"error":"slow down"}', 0],
    [{ kind: "malformed", isDone: true }, '201 {"order":"', 1],
    [{ kind: "empty" }, "200 {}", 0],
    [{ kind: "slow", ms: 100 }, '201 {"order":"number 1"}', 1],
    [{ kind: "duplicate" }, '201 {"order":"number 2"}', 2],
  ])("the fault %j answers %s", async (fault, answer, reached) => {
    expect(await place(fault)).toBe(answer);
    expect(received).toHaveLength(reached);
    expect(proxy.requests).toMatchObject([{ route: "place", carries: ID }]);
  });

  it("applies a fault of an order only to the request with the client order id, while placeOrder runs", async () => {
    proxy.expectOrder(ID);
    proxy.armFault("place", { kind: "500" }, 9);
    expect((await send(`/orders?id=${ID}`)).status).toBe(201);
    const end = proxy.begin("placeOrder");
    expect((await send("/quotes")).status).toBe(201);
    expect((await send(`/orders?id=${ID}`)).status).toBe(500);
    end();
    expect(proxy.requests.map(({ route }) => route)).toEqual(["background", "unknown", "place"]);
  });

  it("attributes other requests to the method that runs", async () => {
    const end = proxy.begin("getFills");
    proxy.armFault("fills", { kind: "500" }, 9);
    expect((await send("/trades")).status).toBe(500);
    end();
    expect((await send("/trades")).status).toBe(201);
  });

  it("answers with a closed connection if the upstream does not respond", async () => {
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    await expect(send("/orders")).rejects.toThrow("fetch failed");
  });

  it("refuses a stream whose subprotocols are invalid, and goes on", async () => {
    const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-protocol": "a, a" };
    expect(await sendTarget("/feed", headers)).toBe(400);
    expect(await sendTarget("/orders")).toBe(201);
  });

  it("ends with a client that keeps the connection of a refused stream", async () => {
    proxy.armFault("stream", { kind: "reset" });
    const socket = connect({ port: Number(new URL(proxy.url).port), host: "127.0.0.1", allowHalfOpen: true });
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    expect(String(await once(socket, "data"))).toContain("503");
    await proxy.close();
    socket.destroy();
  });

  it.each(["ftp://127.0.0.1:1/", "file:///tmp/x.sock", "ws+unix:/tmp/x.sock:/"])(
    "takes no address of another protocol from a fake venue: %s",
    (address) => {
      expect(addressesSchema.safeParse({ url: address }).success).toBe(false);
      expect(addressesSchema.safeParse({ url: "http://127.0.0.1:1", stream: address }).success).toBe(false);
      expect(addressesSchema.safeParse({ url: "http://127.0.0.1:1", stream: "ws://127.0.0.1:1" }).success).toBe(true);
    },
  );

  it("forwards a stream both ways, pushes texts, cuts it, and refuses one", async () => {
    const messages: string[] = [];
    const socket = new WebSocket(`${proxy.stream}/feed?token=t`);
    socket.on("message", (data) => messages.push(String(data)));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send("ping");
    await expect.poll(() => messages).toEqual(["hello /v2/feed?token=t", "ping"]);
    proxy.push("{");
    await expect.poll(() => messages.at(-1)).toBe("{");
    expect(proxy.streams).toBe(1);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    proxy.dropStreams();
    await closed;
    await expect.poll(() => proxy.streams).toBe(0);
    await expect.poll(() => sockets.clients.size).toBe(0);
    proxy.armFault("stream", { kind: "reset" });
    const refused = new WebSocket(proxy.stream);
    const reason = await new Promise((resolve) => refused.once("error", (error) => resolve(error.message)));
    expect(reason).toContain("503");
    expect(proxy.streamsOpened).toBe(1);
  });
});

describe("carriesId", () => {
  it.each([
    ["in the address", [`/orders?id=${ID}`], true],
    ["in a body", ["/", undefined, `{"cl":"${ID}"}`], true],
    ["inside base64, as in a signed payload", [Buffer.from(JSON.stringify({ id: ID, n: 1 })).toString("base64")], true],
    ["another id", ["/orders?id=q00abcde000002xyz", "text"], false],
  ] as const)("%s", (_, texts, expected) => {
    expect(carriesId(texts, ID)).toBe(expected);
  });
});
