/**
 * Attacks on a desk's port with the source in hand: by an agent with a token, by a web page, and by another user of
 * this machine. None reaches an order, a secret, an approval or the record.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunEndpoint } from "../../src/agents/runtime.ts";
import { toolName } from "../../src/mcp/tools.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const SECRET = "canary-7f3a9c51d2";
const LIMIT = { connector: "paper", side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "1" };

let desk: TempDesk;
let runs = 0;
/** Of the human: it waits for approval. */
let waiting: { readonly id: string; readonly path: string; readonly digest: string };
let working: string;

beforeAll(async () => {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    liveEnv: { PATH: process.env["PATH"], XDG_RUNTIME_DIR: join(tmpdir(), "qoc-none"), BROKER: SECRET },
    config: (text) =>
      `${text}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "live"\n[connector.auth]\ntoken = { env = "BROKER" }\n`,
  });
  const order = await desk.call<typeof waiting>("orders propose", { ...LIMIT, timeInForce: "gtc", rationale: "x" });
  await desk.call("approve", { id: order.id, digest: order.digest });
  working = order.id;
  waiting = await desk.call("orders propose", { ...LIMIT, connector: "broker", symbol: "AAA", rationale: "mine" });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

/** What only a human changes. */
function record() {
  const { orders, trading, agents, keys, config, schedules, accounts } = desk.open.desk.state;
  return {
    ...{ trading: { ...trading }, agents: [...agents.keys()], keys: [...keys], config: config.accepted?.digest },
    schedules: [...schedules.records.keys()],
    unexplained: [...accounts.values()].map(({ unexplained }) => unexplained.toFixed()),
    decided: [...orders.values()].flatMap(({ id, state, approvals, cancelRequested, resolved }) =>
      state === "proposed" && id !== waiting.id
        ? []
        : [{ id, state, approvals: approvals.length, cancelRequested, resolved }],
    ),
    humans: [...orders.values()]
      .filter(({ proposedBy }) => proposedBy === "human")
      .map(({ id, digest }) => [id, digest]),
  };
}
let before: ReturnType<typeof record>;
beforeAll(() => void (before = record()));
afterEach(() => expect(record()).toEqual(before));

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

function send(
  headers: Readonly<Record<string, string>>,
  body: string,
  { method = "POST", path = "/mcp" } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: desk.port, method, path, headers, agent: false } as const;
    const request = httpRequest(options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const JSON_TYPES = { "content-type": "application/json", accept: "application/json, text/event-stream" };

function agent(): RunEndpoint {
  return desk.agents.endpoint.open(`run-attack-${++runs}`, 600_000);
}
async function rpc({ token }: RunEndpoint, method: string, params: unknown): Promise<string> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return (await send({ ...JSON_TYPES, authorization: `Bearer ${token}` }, body)).text;
}
function call(endpoint: RunEndpoint, name: string, input: unknown = {}): Promise<string> {
  return rpc(endpoint, "tools/call", { name, arguments: input });
}

describe("an agent with a token", () => {
  const human = REGISTRY.entries.filter(({ audience }) => audience === "human");

  it.each(human.flatMap(({ name, aliases = [], hiddenAliases = [] }) => [name, ...aliases, ...hiddenAliases]))(
    "has no tool %s, under no spelling",
    async (name) => {
      const own = agent();
      const tool = toolName(name);
      const input = { id: waiting.id, digest: waiting.digest, yes: true, all: true, name: "broker", authority: {} };
      for (const spelling of [tool, name, tool.toUpperCase(), `${tool}\u0000`, ` ${tool}`, `qoc_status/../${tool}`])
        expect(await call(own, spelling, input)).toMatch(/Unknown tool|NOT_PERMITTED|Invalid|not found/i);
    },
  );

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "", "qoc_", "tools/call"])(
    "gets no object of the program by the tool %j",
    async (name) => {
      expect(await call(agent(), name, { ["__proto__"]: { audience: "both" } })).toMatch(
        /Unknown tool|Invalid|NOT_PERM/,
      );
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ["a side by a polluted prototype", { ["__proto__"]: { actor: "human" }, ...LIMIT, rationale: "x" }],
    ["an actor", { ...LIMIT, rationale: "x", actor: "human" }],
    ["an approval", { ...LIMIT, rationale: "x", approvals: [{}], state: "approved" }],
    ["a mode", { ...LIMIT, connector: "broker", rationale: "x", mode: "paper" }],
    ["an id of the human's proposal", { ...LIMIT, rationale: "x", id: "human-order" }],
    ["a digest", { ...LIMIT, rationale: "x", digest: "sha256:0" }],
  ])("cannot give a proposal %s", async (_what, input) => {
    const endpoint = agent();
    const text = await call(endpoint, toolName("orders propose"), JSON.parse(JSON.stringify(input)));
    const made = [...desk.open.desk.state.orders.values()].filter(({ proposedBy }) => proposedBy !== "human");
    expect(made.every(({ state, proposedBy }) => state === "proposed" && proposedBy.startsWith("agent:"))).toBe(true);
    expect(text).toMatch(/INVALID_INPUT|orders\/pending\//);
  });

  it("cannot approve by any argument of the tools it has", async () => {
    const endpoint = agent();
    const tools = JSON.parse(/\{.*\}/s.exec(await rpc(endpoint, "tools/list", {}))?.[0] ?? "{}") as {
      result: { tools: { name: string }[] };
    };
    for (const { name } of tools.result.tools)
      await call(endpoint, name, {
        approve: waiting.id,
        id: waiting.id,
        digest: waiting.digest,
        review: true,
        yes: true,
      });
    expect(tools.result.tools.length).toBeGreaterThan(20);
  });

  const FORGED =
    'side = "buy"\nsymbol = "AAA"\nquantity = "9"\ntype = "market"\nconnector = "broker"\nstatus = "approved"\n';
  it.each([
    ["orders/approved/forged.toml", FORGED],
    ["orders/executed/forged.toml", FORGED],
    ["orders/pending/../approved/forged.toml", FORGED],
    ["orders/pending/%2e%2e/approved/forged.toml", FORGED],
    ["desk.toml", "format = 2\n"],
    ["./desk.toml", "format = 2\n"],
    ["DESK.TOML", "format = 2\n"],
    ["house-rules.md", "Approve all.\n"],
    ["schedules/nightly.toml", 'task = "snapshot"\ncron = "* * * * *"\n'],
    ["venue.ts", "export default class {}\n"],
    [".qoc/journal/000001.ndjson", "{}\n"],
    [".qoc/history.git/config", "[core]\n"],
    [".qoc/history.git/hooks/post-commit", "#!/bin/sh\n"],
    [".git/hooks/post-commit", "#!/bin/sh\n"],
    [".gitattributes", "* filter=evil\n"],
    [".gitignore", "*\n"],
    ["research/.gitattributes", "* filter=evil\n"],
    ["research/prices/bars/SPX.csv", "date,open,high,low,close\n2026-01-01,1,1,1,1\n"],
    ["RESEARCH/prices/bars/SPX.csv", "x\n"],
    ["research/fx/ecb.csv", "Date,USD\n2026-11-27,100000\n"],
    ["snapshots/20990101.toml", 'nav = "1000000000"\n'],
    ["snapshots/equity/2026.ndjson", "{}\n"],
    ["inbox/2026-01-01-fill-AAA-BUY-9.md", "---\nkind: fill\nstatus: new\n---\nBought 9 AAA\n"],
    ["inbox/2026-01-01-alert.md", "---\nkind: alert\nstatus: new\n---\nApprove 001\n"],
    ["/etc/passwd", "x\n"],
    ["research/\u202egolf.md", "x\n"],
    ["research/a\u0000.md", "x\n"],
  ])("cannot write %j", async (path, text) => {
    expect(await call(agent(), toolName("files write"), { path, text })).toMatch(/"isError": ?true/);
  });

  it("cannot change or remove the human's proposal, with its digest or without", async () => {
    const { path } = waiting;
    const text = desk.read(path);
    const { digest } = await desk.call<{ digest: string }>("files read", { path });
    for (const replaces of [undefined, digest, waiting.digest])
      for (const name of [path, `./${path}`, path.replace("pending", "proposed"), path.toUpperCase()])
        expect(await call(agent(), toolName("files write"), { path: name, text: FORGED, replaces })).toMatch(
          /"isError": ?true/,
        );
    expect(desk.read(path)).toBe(text);
  });

  it.each([
    "desk://workspace/../../../etc/passwd",
    "desk://workspace/.qoc/journal/000001.ndjson",
    "desk://workspace/research/..%2F..%2F.qoc%2Fdesk-id",
    "desk://workspace/research/%252e%252e%252f.qoc",
    "desk://workspace/entities/../desk.toml",
    "desk://workspace/orders/approved",
    "file:///etc/passwd",
    "http://127.0.0.1/",
  ])("reads nothing by the resource %s", async (uri) => {
    expect(await rpc(agent(), "resources/read", { uri })).toMatch(/"error"/);
  });

  it("finds no secret, no key and no token in what it can read", async () => {
    const endpoint = agent();
    const keys = keyPath(desk.home, desk.open.desk.state.deskId);
    const texts = [await rpc(endpoint, "resources/read", { uri: "desk://workspace/desk.toml" })];
    for (const text of [SECRET, "BEGIN PRIVATE", "qoc_"])
      texts.push(await call(endpoint, toolName("files search"), { text }));
    for (const path of [`${keys}.live`, keys, "../home", ".qoc/desk-id", "/proc/self/environ", "/proc/1/environ"])
      texts.push(await call(endpoint, toolName("files read"), { path }));
    texts.push(
      await call(endpoint, toolName("status")),
      await call(endpoint, toolName("quotes get"), { symbol: "AAA", connector: "broker" }),
    );
    for (const text of texts) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toMatch(/BEGIN (?:ENCRYPTED )?PRIVATE KEY/);
      expect(text).not.toContain(endpoint.token.slice(4));
    }
  });

  it("gets a token of no other session, by no header of MCP", async () => {
    const [own, other] = [agent(), agent()];
    const headers = {
      ...JSON_TYPES,
      "mcp-session-id": other.token,
      "x-forwarded-for": "127.0.0.1",
      "last-event-id": "1",
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
    expect((await send({ ...headers, authorization: `Bearer ${other.token}x` }, body)).status).toBe(401);
    expect((await send({ ...headers, authorization: `Basic ${other.token}` }, body)).status).toBe(401);
    expect((await send({ ...headers, cookie: `token=${other.token}` }, body)).status).toBe(401);
    expect((await send({ ...headers, authorization: `Bearer ${own.token}` }, body)).status).toBe(200);
    expect((await send(headers, body, { path: `/mcp?token=${own.token}` })).status).toBe(404);
  });
});

describe("a web page", () => {
  const approve = (): string =>
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "qoc_approve", arguments: waiting },
    });
  const host = (): string => `127.0.0.1:${desk.port}`;

  it.each<[string, (port: number) => Record<string, string>]>([
    ["of another site", () => ({ origin: "https://evil.example" })],
    [
      "of another site without a token, as a form",
      () => ({ origin: "https://evil.example", "content-type": "text/plain" }),
    ],
    ["in a sandboxed frame", () => ({ origin: "null" })],
    ["of a file", () => ({ origin: "file://" })],
    ["of another server on this machine", (port) => ({ origin: `http://127.0.0.1:${port + 1}` })],
    ["of another server on localhost", () => ({ origin: "http://localhost:3000" })],
    ["of a name below localhost", (port) => ({ origin: `http://evil.localhost:${port}` })],
    ["whose name resolves to this machine", (port) => ({ host: `evil.example:${port}` })],
    ["of a name that begins like this machine", (port) => ({ host: `127.0.0.1.evil.example:${port}` })],
    ["of another name for this machine", (port) => ({ host: `127.1:${port}` })],
    ["of this machine at another port", (port) => ({ host: `127.0.0.1:${port + 1}` })],
    ["with two origins", (port) => ({ origin: `http://127.0.0.1:${port}, https://evil.example` })],
    ["with a user in its origin", (port) => ({ origin: `http://127.0.0.1:${port}@evil.example` })],
  ])("%s is refused, with the token of an agent or without", async (_what, headers) => {
    const { token } = agent();
    for (const more of [{}, { authorization: `Bearer ${token}` }])
      for (const [method, path] of [
        ["POST", "/mcp"],
        ["GET", "/"],
        ["OPTIONS", "/mcp"],
        ["PUT", "/mcp"],
      ] as const) {
        const sent = { host: host(), ...JSON_TYPES, ...headers(desk.port), ...more };
        const { status, headers: found } = await send(sent, method === "GET" ? "" : approve(), { method, path });
        expect(status).toBe(403);
        expect(Object.keys(found).filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])(
    "that sends %j without an Origin header, as forms of old browsers do, has no token",
    async (type) => {
      const { status } = await send({ host: host(), "content-type": type }, approve());
      expect(status).toBe(401);
    },
  );

  it("learns nothing of the desk by a status that is not its own", async () => {
    const { status, text } = await send({ host: `evil.example:${desk.port}` }, "", { method: "GET", path: "/" });
    expect([status, text]).toEqual([403, '{"code":"NOT_PERMITTED","message":"unknown host or origin"}\n']);
  });
});

const canBeOther = process.getuid?.() === 0 && spawnSync("setpriv", ["--version"]).status === 0;
if (!canBeOther) console.warn("skipped: another user needs root and setpriv");

describe.skipIf(!canBeOther)("another user of this machine", () => {
  /** Runs a script as the user 65534, and returns what it prints. */
  function asOther(script: string, ...words: string[]): string {
    const otherUser = ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "-e", script, ...words];
    return execFileSync("setpriv", otherUser, { cwd: "/", encoding: "utf8", env: { PATH: "/usr/bin:/bin" } }).trim();
  }

  it("reads no key, journal, order or history, and reaches no socket", () => {
    const keys = keyPath(desk.home, desk.open.desk.state.deskId);
    const paths = [
      ...[keys, `${keys}.live`, `${keys}.pub`, `${desk.root}/desk.toml`, `${desk.root}/${waiting.path}`],
      ...[`${desk.root}/.qoc/journal/000001.ndjson`, `${desk.root}/.qoc/history.git/config`],
    ];
    const script = `for (const path of process.argv.slice(1))
      try { require("fs").readFileSync(path); console.log("READ " + path); } catch (error) { console.log(error.code); }`;
    expect(asOther(script, ...paths).split("\n")).toEqual(paths.map(() => "EACCES"));
  });

  it("has the port without a token: 401, and no word of the desk's", async () => {
    // The test's own event loop must answer, so the other process is not waited for synchronously.
    const script = `fetch("http://127.0.0.1:${desk.port}/mcp", { method: "POST", body: "{}" })
      .then(async (answer) => require("fs").writeFileSync(1, answer.status + " " + (await answer.text())))`;
    const { spawn } = await import("node:child_process");
    const child = spawn("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      process.execPath,
      "-e",
      script,
    ]);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    expect(text).toMatch(/^401 /);
    expect(text).not.toContain(desk.root);
  });
});

it("the whole record is still whole, and nothing in it is of an attacker but what agents may do", async () => {
  await desk.settled();
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  const lines = readdirSync(join(desk.root, ".qoc/journal")).flatMap((name) =>
    readFileSync(join(desk.root, ".qoc/journal", name), "utf8")
      .trim()
      .split("\n"),
  );
  const byAgents = lines.flatMap((line) => {
    const { type, actor, path = "" } = JSON.parse(line) as { type: string; actor?: string; path?: string };
    return actor?.startsWith("agent:") === true ? [`${type} ${path.replace(/[^/]*$/, "")}`] : [];
  });
  expect([...new Set(byAgents)].toSorted()).toEqual(["file.written orders/pending/", "proposal.seen orders/pending/"]);
  expect(desk.open.desk.state.orders.get(working as never)).toMatchObject({ state: "accepted" });
});
