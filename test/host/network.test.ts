/**
 * What `fetch`, `WebSocket` and TCP do for an adapter, at both levels: bodies, headers, compression, proxy,
 * certificates.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp, request as httpRequest } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, type Server, connect as connectTcp, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openEgress } from "../../src/host/egress.ts";
import {
  type AdapterHarness,
  type AdapterHarnessOptions,
  adapterHarness,
  adapterSource,
} from "../support/adapter-harness.ts";

const THREAD_FILE = fileURLToPath(new URL("../../dist/sandbox/egress-thread.cjs", import.meta.url));
const closers: (() => void)[] = [];
const harnesses: AdapterHarness[] = [];
let web = 0;
let tcp = 0;

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const CODED: Readonly<Record<string, readonly [string, Buffer]>> = {
  "/gzip": ["gzip", gzipSync("compressed")],
  "/deflate": ["deflate", deflateSync("compressed")],
  "/raw": ["deflate", deflateRawSync("compressed")],
  "/br": ["br", brotliCompressSync("compressed")],
};

beforeAll(async () => {
  const server = createHttp((request, response) => {
    const path = request.url ?? "";
    const [encoding, body] = CODED[path] ?? [];
    if (encoding !== undefined) response.setHeader("content-encoding", encoding).end(body);
    else if (path === "/echo") {
      response.setHeader("x-request", JSON.stringify(request.headers));
      request.pipe(response);
    } else if (path === "/cookies") response.setHeader("set-cookie", ["a=1", "b=2"]).end();
    else if (path === "/redirect") response.writeHead(302, { location: "/empty" }).end();
    else if (path === "/empty") response.writeHead(204).end();
    else if (path === "/large") response.end(Buffer.alloc(3_000_000, "x"));
    else if (path === "/broken") {
      response.writeHead(200, { "content-length": 100 });
      response.write("abc", () => request.socket.destroy());
    } else if (path === "/parts") response.write("first", () => undefined);
    else response.writeHead(404, "No such page").end("missing");
  });
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: true,
    handleProtocols: (names) => [...names][0] ?? false,
  });
  sockets.on("connection", (socket, request) => {
    socket.send(String(request.headers["x-key"]));
    socket.on("message", (data, isBinary) => {
      if (String(data) === "close") socket.close(4001, "as asked");
      else if (String(data) === "cut") socket.terminate();
      else socket.send(data, { binary: isBinary });
    });
  });
  web = await portOf(server);
  tcp = await portOf(createTcp({ allowHalfOpen: true }, (peer) => void peer.on("error", () => undefined).pipe(peer)));
});
afterEach(async () => {
  await Promise.all(harnesses.splice(0).map(({ connector }) => connector.stop()));
});
afterAll(() => {
  for (const close of closers.splice(0)) close();
});

const HEAD = `// @ts-nocheck
import net from "node:net"; import WS from "ws";`;

async function start(body: string, options: AdapterHarnessOptions = {}): Promise<AdapterHarness> {
  const source = adapterSource(
    `async cancelOrder(): Promise<any> { const { web, tcp } = this.ctx.options; const base = "http://127.0.0.1:" + web; const stream = "ws://127.0.0.1:" + web; ${body} }`,
    HEAD,
  );
  const harness = await adapterHarness(source, {
    hosts: ["127.0.0.1"],
    tcp: [`127.0.0.1:${tcp}`],
    options: { web, tcp },
    memoryMb: 128,
    ...options,
  });
  harnesses.push(harness);
  await harness.connector.start();
  return harness;
}
async function run(body: string, options: AdapterHarnessOptions = {}): Promise<unknown> {
  const { connector } = await start(body, options);
  const response = await connector.invoke("cancelOrder", ["1"]);
  return response.ok ? response.value : `${response.message}\n${response.stack ?? ""}`;
}

describe.each(["worker", "process"] as const)("at the %s level", (isolation) => {
  it.each([
    ["decompresses gzip", `return await (await fetch(base + "/gzip")).text();`, "compressed"],
    ["decompresses deflate", `return await (await fetch(base + "/deflate")).text();`, "compressed"],
    ["decompresses raw deflate", `return await (await fetch(base + "/raw")).text();`, "compressed"],
    ["decompresses brotli", `return await (await fetch(base + "/br")).text();`, "compressed"],
    [
      "returns each set-cookie header",
      `return (await fetch(base + "/cookies")).headers.getSetCookie();`,
      ["a=1", "b=2"],
    ],
    [
      "returns status and text",
      `const r = await fetch(base + "/x"); return [r.status, r.statusText, r.ok, await r.text()];`,
      [404, "No such page", false, "missing"],
    ],
    [
      "follows a redirect",
      `const r = await fetch(base + "/redirect"); return [r.status, r.redirected, r.url === base + "/empty", r.body];`,
      [204, true, true, null],
    ],
    [
      "returns a redirect as it is",
      `const r = await fetch(base + "/redirect", { redirect: "manual" }); return [r.status, r.headers.get("location")];`,
      [302, "/empty"],
    ],
    [
      "refuses a redirect",
      `return await fetch(base + "/redirect", { redirect: "error" }).then(() => "", (e) => e.cause.message);`,
      "unexpected redirect",
    ],
    ["reads a long body", `return (await (await fetch(base + "/large")).arrayBuffer()).byteLength;`, 3_000_000],
    [
      "reads a body by its stream",
      `let n = 0; for await (const part of (await fetch(base + "/large")).body) n += part.byteLength; return n;`,
      3_000_000,
    ],
    [
      "reads the first part before the last",
      `const reader = (await fetch(base + "/parts")).body.getReader(); const { value } = await reader.read(); await reader.cancel(); return new TextDecoder().decode(value);`,
      "first",
    ],
    [
      "sends JSON with its length",
      `const r = await fetch(base + "/echo", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ a: 1 }) }); const h = JSON.parse(r.headers.get("x-request")); return [await r.json(), h["content-type"], h["content-length"]];`,
      [{ a: 1 }, "application/json", "7"],
    ],
    [
      "sends a form",
      `const form = new FormData(); form.set("a", "b"); return (await (await fetch(base + "/echo", { method: "POST", body: form })).text()).includes('name="a"');`,
      true,
    ],
    [
      "sends URL parameters",
      `const r = await fetch(base + "/echo", { method: "PUT", body: new URLSearchParams({ a: "b" }) }); return [await r.text(), JSON.parse(r.headers.get("x-request"))["content-type"]];`,
      ["a=b", "application/x-www-form-urlencoded;charset=UTF-8"],
    ],
    [
      "sends a Request object",
      `return await (await fetch(new Request(base + "/echo", { method: "POST", body: "abc" }))).text();`,
      "abc",
    ],
    [
      "sends a long body",
      `return (await (await fetch(base + "/echo", { method: "POST", body: new Uint8Array(3_000_000) })).arrayBuffer()).byteLength;`,
      3_000_000,
    ],
    [
      "sends a streamed body",
      `const body = new ReadableStream({ start(c) { for (let i = 0; i < 30; i++) c.enqueue(new Uint8Array(20_000)); c.close(); } }); return (await (await fetch(base + "/echo", { method: "POST", body, duplex: "half" })).arrayBuffer()).byteLength;`,
      600_000,
    ],
    [
      "fails for a refused connection",
      `return await fetch("http://127.0.0.1:1/").then(() => "", (e) => [e.name, e.message, e.cause.code]);`,
      ["TypeError", "fetch failed", "ECONNREFUSED"],
    ],
    [
      "fails for a body that ends early",
      `return await fetch(base + "/broken").then((r) => r.text()).then(() => "", (e) => e.name);`,
      "TypeError",
    ],
    [
      "ends a request by its signal",
      `return await fetch(base + "/parts", { signal: AbortSignal.timeout(50) }).then((r) => r.text()).then(() => "", (e) => e.name);`,
      "TimeoutError",
    ],
    [
      "makes more requests at once than may be open",
      `const all = await Promise.all(Array.from({ length: 150 }, async () => (await (await fetch(base + "/gzip")).text()))); return all.every((text) => text === "compressed");`,
      true,
    ],
  ])("fetch %s", async (_name, body, expected) => {
    expect(await run(body, { isolation })).toEqual(expected);
  });

  it.each([
    [
      "text, binary, headers, close code and reason",
      `return await new Promise((resolve, reject) => { const got = []; const w = new WS(stream, ["p1"], { headers: { "X-Key": "k" } }); w.on("error", reject); w.on("open", () => w.send(Buffer.from([1, 2]))); w.on("message", (d, isBinary) => { got.push(isBinary ? [...d] : String(d)); if (isBinary) w.send("close"); }); w.on("close", (code, reason) => resolve([got, code, String(reason), w.protocol, w.extensions, w.readyState])); });`,
      [["k", [1, 2]], 4001, "as asked", "p1", "permessage-deflate", 3],
    ],
    [
      "the events of browsers",
      `return await new Promise((resolve) => { const w = new WebSocket(stream); w.binaryType = "arraybuffer"; w.addEventListener("open", () => w.send(new Uint8Array([9]).buffer), { once: true }); w.onmessage = (e) => { if (e.data instanceof ArrayBuffer) w.send("cut"); }; w.onclose = (e) => resolve([e.code, e.wasClean]); });`,
      [1006, false],
    ],
    [
      "pings",
      `return await new Promise((resolve) => { const w = new WS(stream); w.on("open", () => w.ping("hi")); w.on("pong", (d) => { resolve(String(d)); w.terminate(); }); });`,
      "hi",
    ],
    [
      "many long messages with the callback of each",
      `return await new Promise((resolve, reject) => { const w = new WS(stream, { perMessageDeflate: false }); let sent = 0, got = 0; w.on("error", reject); w.on("open", () => { for (let i = 0; i < 100; i++) w.send(Buffer.alloc(50_000), () => sent++); }); w.on("message", (d, isBinary) => { if (isBinary && ++got === 100) { resolve([sent, got, w.bufferedAmount, w.extensions]); w.close(); } }); });`,
      [100, 100, 0, ""],
    ],
    [
      "an error and close code 1006 for a server that is not there",
      `return await new Promise((resolve) => { const got = []; const w = new WS("ws://127.0.0.1:1"); w.on("error", (e) => got.push(e.code)); w.on("close", (code) => resolve([got, code])); });`,
      [["ECONNREFUSED"], 1006],
    ],
  ])("a WebSocket has %s", async (_name, body, expected) => {
    expect(await run(body, { isolation })).toEqual(expected);
  });

  it("a feed of more messages a second than the adapter may send does not end the connector", async () => {
    const count = 25_000;
    const feed = createHttp();
    new WebSocketServer({ server: feed }).on("connection", (socket) => {
      socket.on("error", () => undefined);
      for (let sent = 0; sent < count; sent++) socket.send("tick");
    });
    const port = await portOf(feed);
    const body = `return await new Promise((resolve, reject) => { let got = 0; const w = new WS("ws://127.0.0.1:${port}"); w.on("error", reject); w.on("close", () => reject(new Error("closed"))); w.on("message", () => { got += 1; if (got === ${count}) resolve(got); }); });`;
    expect(await run(body, { isolation })).toBe(count);
  });

  it("TCP transfers bytes in both directions", async () => {
    const body = `return await new Promise((resolve, reject) => { const chunks = []; const s = net.connect(tcp, "127.0.0.1"); s.on("error", reject); s.on("data", (d) => chunks.push(d)); s.on("close", () => resolve(Buffer.concat(chunks).length)); s.end(Buffer.alloc(1_000_000)); });`;
    expect(await run(body, { isolation })).toBe(1_000_000);
  });

  it("fetch and WebSocket use the proxy, which gets names and no private address", async () => {
    const seen: string[] = [];
    const proxy = createHttp((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const { pathname } = new URL(request.url ?? "");
      request.pipe(
        httpRequest({ port: web, host: "127.0.0.1", path: pathname }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    proxy.on("connect", (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      const target = connectTcp(web, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(target).pipe(socket);
      });
      for (const end of [socket, target]) end.on("error", () => undefined);
    });
    const address = `http://127.0.0.1:${await portOf(proxy)}`;
    const body = `const text = await (await fetch("http://venue.example/gzip")).text(); const opened = await new Promise((resolve) => { const w = new WS("ws://venue.example/"); w.on("message", (d) => { resolve(String(d)); w.close(); }); w.on("error", (e) => resolve(e.message)); }); const other = await fetch("http://other.example/").catch((e) => e.message.slice(0, 31)); return [text, opened, other];`;
    const result = await run(body, { isolation, proxy: address, hosts: ["venue.example"] });
    expect(result).toEqual(["compressed", "undefined", "other.example is not among host"]);
    expect(seen).toEqual(["GET http://venue.example/gzip", "CONNECT venue.example:80"]);
  });

  it("a body of unknown length is no further request to the server, whatever the method", async () => {
    const seen: string[] = [];
    const proxy = createHttp((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      request.resume().once("end", () => response.end(`answer to ${request.url}`));
    });
    const address = `http://127.0.0.1:${await portOf(proxy)}`;
    const body = `const hidden = new TextEncoder().encode("GET http://10.0.0.1/secret HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n"); const answers = []; for (const method of ["DELETE", "OPTIONS"]) { const stream = new ReadableStream({ start(c) { c.enqueue(hidden); c.close(); } }); for (const request of [{ method, body: stream, duplex: "half" }, {}]) answers.push(await fetch("http://venue.example/" + method, request).then((r) => r.text(), (e) => e.cause.message)); } return answers;`;
    const result = await run(body, { isolation, proxy: address, hosts: ["venue.example"] });
    const answers = ["DELETE", "DELETE", "OPTIONS", "OPTIONS"].map((path) => `answer to http://venue.example/${path}`);
    expect(result).toEqual(answers);
    expect(seen.filter((line) => !line.includes("venue.example"))).toEqual([]);
  });

  it("fetch trusts the certificates that are passed for the connector, and no others", async () => {
    const dir = mkdtempSync(join(tmpdir(), "qoc-ca-"));
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    ];
    execFileSync("openssl", [...args, "-keyout", join(dir, "key.pem"), "-out", join(dir, "ca.pem")], {
      stdio: "ignore",
    });
    const [key, cert] = [readFileSync(join(dir, "key.pem"), "utf8"), readFileSync(join(dir, "ca.pem"), "utf8")];
    const port = await portOf(createHttps({ key, cert }, (_request, response) => response.end("secure")));
    const body = `return await fetch("https://127.0.0.1:${port}/").then((r) => r.text(), (e) => e.cause.code);`;
    expect(await run(body, { isolation, certificates: [cert] })).toBe("secure");
    expect(await run(body, { isolation })).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  });
});

describe("the egress thread", () => {
  it.each(["worker", "process"] as const)(
    "that ends is a restart of each connector at the %s level",
    async (isolation) => {
      const file = join(mkdtempSync(join(tmpdir(), "qoc-egress-")), "thread.cjs");
      const ending = `require("node:worker_threads").parentPort.on("message", ({ policy }) => { if (policy.tcp.includes("end")) process.exit(7); });`;
      writeFileSync(file, `${ending} require(${JSON.stringify(THREAD_FILE)});`);
      const egress = openEgress(file);
      const body = `return await (await fetch(base + "/gzip")).text();`;
      const { connector, reached, states } = await start(body, { isolation, egress });
      expect(await connector.invoke("cancelOrder", ["1"])).toMatchObject({ ok: true, value: "compressed" });
      egress.connect({ tcp: ["end"] });
      await reached("restarting");
      expect(states.at(-1)?.reason).toContain("the egress thread ended: code 7");
      await reached("ready");
      expect(await connector.invoke("cancelOrder", ["1"])).toMatchObject({ ok: true, value: "compressed" });
      await egress.close();
    },
  );
});
