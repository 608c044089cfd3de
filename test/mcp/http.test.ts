/** Raw requests that no client library would send: they are refused, and no command runs. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REQUEST_BYTES_MAX, CONCURRENT_REQUESTS_MAX } from "../../src/mcp/http.ts";
import { type McpHarness, type RawRequest, mcpHarness, newClient } from "../support/mcp-harness.ts";

let harness: McpHarness;
let ran: string[];
let token: string;
beforeEach(async () => {
  ran = [];
  harness = await mcpHarness(async (command) => {
    ran.push(command);
    return { up: true };
  });
  token = harness.token();
});
afterEach(() => harness.close());

const STATUS = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "qoc_status", arguments: {} } };
const MODERN = {
  ...STATUS,
  params: {
    ...STATUS.params,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    },
  },
};
const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  host: "127.0.0.1",
};
function withToken(more: Record<string, string> = {}): Record<string, string> {
  return { ...HEADERS, authorization: `Bearer ${token}`, ...more };
}
function post(headers: Record<string, string>, body: unknown = STATUS, more: RawRequest = {}) {
  return harness.raw({ headers, body: JSON.stringify(body), ...more });
}

describe("POST /mcp", () => {
  it("runs a call of either protocol era if its headers are valid", async () => {
    expect((await post(withToken())).status).toBe(200);
    const modern = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "qoc_status" };
    expect((await post(withToken(modern), MODERN)).status).toBe(200);
    expect(ran).toEqual(["status", "status"]);
    expect(harness.audits.map(({ era, client }) => `${era} ${client}`)).toEqual(["legacy unknown", "modern raw 1"]);
  });

  it.each([
    ["*/*", 200],
    ["text/html, */*;q=0.8", 200],
    [undefined, 200],
    ["application/json", 406],
    ["text/html, */*;q=0", 406],
  ])("answers %j in the Accept header with %d", async (accept, status) => {
    const { accept: _, ...headers } = withToken();
    expect((await post(accept === undefined ? headers : { ...headers, accept })).status).toBe(status);
  });

  it.each(["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]", "0.0.0.0"])(
    "H2 refuses the host %j",
    async (host) => {
      const response = await post(withToken({ host }));
      expect(response.status).toBe(403);
      expect(ran).toEqual([]);
    },
  );

  it.each(["http://evil.example", "https://127.0.0.1.evil.example", "null", "file://"])(
    "H3 refuses the origin %j",
    async (origin) => {
      expect((await post(withToken({ origin }))).status).toBe(403);
      expect(ran).toEqual([]);
    },
  );

  it("H3 accepts the origin of a page on this machine", async () => {
    expect((await post(withToken({ origin: `http://127.0.0.1:${harness.port}` }))).status).toBe(200);
  });

  it.each([
    ["none", undefined],
    ["an unknown one", "Bearer qoc_0000"],
    ["another scheme", "Basic dXNlcjpwYXNz"],
    ["an empty one", "Bearer "],
    ["one that is far too long", `Bearer ${"a".repeat(5_000)}`],
    ["two in one", "Bearer a, Bearer b"],
  ])("H4 answers 401 to a token that is %s", async (_name, authorization) => {
    const response = await post(authorization === undefined ? HEADERS : { ...HEADERS, authorization });
    expect(response.status).toBe(401);
    expect(response.headers["www-authenticate"]).toMatch(/^Bearer realm="qoc"/);
    expect(ran).toEqual([]);
  });

  it("H4 does not accept a token in the URL", async () => {
    expect((await post(HEADERS, STATUS, { path: `/mcp?token=${token}` })).status).toBe(404);
    expect(ran).toEqual([]);
  });

  it("H4 answers 401 from the next request on once a run is revoked", async () => {
    expect((await post(withToken())).status).toBe(200);
    expect(harness.tokens.revoke("r1")).toBe(true);
    const response = await post(withToken());
    expect(response.status).toBe(401);
    expect(response.headers["www-authenticate"]).toContain('error="invalid_token"');
  });

  it.each([
    ["said in its length", true],
    ["found while it is read", false],
  ])("H5 answers 413 to a body that is too large, %s", async (_name, isSaid) => {
    const body = JSON.stringify({
      ...STATUS,
      params: { ...STATUS.params, arguments: { x: "a".repeat(REQUEST_BYTES_MAX) } },
    });
    const length: Record<string, string> = isSaid
      ? { "content-length": String(Buffer.byteLength(body)) }
      : { "transfer-encoding": "chunked" };
    // The server may close the connection before the whole body is sent; then there is no response.
    const status = await harness.raw({ headers: withToken(length), body }).then(
      (response) => response.status,
      () => "closed",
    );
    expect(isSaid ? [413, "closed"] : [413]).toContain(status);
    expect(ran).toEqual([]);
  });

  it("keeps the connection open after a GET without a body, and closes it after a request whose body was not read", async () => {
    const get = await harness.raw({ method: "GET" });
    expect([get.status, get.headers.connection]).toEqual([405, "keep-alive"]);
    const put = await harness.raw({ method: "PUT", body: "x" });
    expect([put.status, put.headers.connection]).toEqual([405, "close"]);
  });

  it.each(["GET", "DELETE", "PUT", "OPTIONS", "HEAD"])("H6 answers 405 to %s", async (method) => {
    const response = await harness.raw({ method, headers: withToken() });
    expect(response.status).toBe(405);
    expect(response.headers.allow).toBe("POST");
  });

  it.each(["/", "/mcp/", "/mcp/x", "/sse", "//mcp"])("H6 answers 404 at %s", async (path) => {
    expect((await post(withToken(), STATUS, { path })).status).toBe(404);
  });

  it.each([
    ["another tool", { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "qoc_snapshot" }],
    ["another method", { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list", "mcp-name": "qoc_status" }],
    ["no method", { "mcp-protocol-version": "2026-07-28", "mcp-name": "qoc_status" }],
    ["no tool", { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call" }],
  ])("H7 refuses headers that name %s than the body", async (_name, headers) => {
    const response = await post(withToken(headers as Record<string, string>), MODERN);
    expect(response.status).toBe(400);
    expect(response.text).toContain("-32020");
    expect(ran).toEqual([]);
  });

  it("H8 sends no CORS header, not even to a page on this machine", async () => {
    const response = await post(withToken({ origin: "http://localhost" }));
    expect(Object.keys(response.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it.each(["not json", "[]", '"x"', "{}", '{"jsonrpc":"2.0"}'])("refuses the body %j", async (body) => {
    expect((await harness.raw({ headers: withToken(), body })).status).toBe(400);
  });

  it("refuses a body without the JSON content type", async () => {
    expect((await post(withToken({ "content-type": "text/plain" }))).status).toBe(415);
  });
});

describe("the requests of one run", () => {
  it("H5 are limited in an hour, whatever they ask for, without an effect on another run", async () => {
    const at = await mcpHarness(() => Promise.resolve({ up: true }), undefined, 3);
    const ask = async (token: string, method: string): Promise<number> =>
      (
        await at.raw({
          headers: { ...HEADERS, authorization: `Bearer ${token}` },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
        })
      ).status;
    const [mine, other] = [at.token("mine"), at.token("other")];
    for (const method of ["tools/list", "ping", "prompts/list"]) expect(await ask(mine, method)).toBe(200);
    expect(await ask(mine, "tools/list")).toBe(429);
    expect(await ask(other, "tools/list")).toBe(200);
    await at.close();
  });
});

describe("the open requests of one run", () => {
  it("H5 are limited, without an effect on another run", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const busy = await mcpHarness(() => gate.then(() => ({ up: true })));
    const mine = busy.token("mine");
    const headers = (of: string): Record<string, string> => ({ ...HEADERS, authorization: `Bearer ${of}` });
    const ask = (of: string) => busy.raw({ headers: headers(of), body: JSON.stringify(STATUS) });
    let refused = 0;
    let tellRefused: () => void = () => undefined;
    const areRefused = new Promise<void>((resolve) => (tellRefused = resolve));
    const held = Array.from({ length: CONCURRENT_REQUESTS_MAX + 4 }, async () => {
      const { status } = await ask(mine);
      if (status === 429 && ++refused === 4) tellRefused();
      return status;
    });
    await areRefused;
    const other = ask(busy.token("other"));
    release();
    expect((await other).status).toBe(200);
    expect((await Promise.all(held)).filter((status) => status === 200)).toHaveLength(CONCURRENT_REQUESTS_MAX);
    expect((await ask(mine)).status).toBe(200);
    await busy.close();
  });

  it("H4 L4 are closed, and their commands aborted, when the run is revoked", async () => {
    let started: () => void = () => undefined;
    const isRunning = new Promise<void>((resolve) => (started = resolve));
    let stopped: unknown;
    const slow = await mcpHarness((_command, _input, _session, signal) => {
      started();
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => {
          stopped = signal.reason;
          reject(signal.reason as Error);
        }),
      );
    });
    const client = await newClient(slow, slow.token("mine"), "auto");
    const call = client.callTool({ name: "qoc_status", arguments: {} }).then(
      () => "answered",
      () => "cut",
    );
    await isRunning;
    slow.tokens.revoke("mine");
    expect(await call).toBe("cut");
    expect(stopped).toBeInstanceOf(Error);
    await client.close();
    await slow.close();
  });
});
