/** Access of the operator's own agent: granted by name, used, kept over a restart, expired, revoked. */
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operatorCalls } from "../../src/app/daemon.ts";
import { HUMAN_FIRST_MS } from "../../src/app/open-agent-services.ts";
import { systemClock } from "../../src/app/system.ts";
import { tokenDigest } from "../../src/domain/authority/agent-access.ts";
import { tokenKey } from "../../src/trading/keys/token-key.ts";
import { callAsAgent } from "../support/agent-call.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

interface Setup {
  readonly agent: string;
  readonly file: string;
  readonly written: boolean;
  readonly config: string;
  readonly command: string;
  readonly expiresAt: string | null;
}

let desk: TempDesk;
let outside: string;
beforeEach(async () => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), "qoc-outside-")));
  desk = await tempDesk();
});
afterEach(async () => {
  await desk.stop();
  await discard(desk);
  rmSync(outside, { recursive: true, force: true });
});

function setup(input: Record<string, unknown> = {}): Promise<Setup> {
  return desk.call("agents setup", { client: "claude", http: true, ...input });
}
function setupStdio(input: Record<string, unknown> = {}): Promise<Setup> {
  return setup({ http: false, ...input });
}
function tokenIn(text: string): string {
  return /qoc_[0-9a-f]{64}/.exec(text)?.[0] ?? "";
}
function url(): URL {
  const endpoint = desk.agents.endpoint.open("run-probe", 1_000);
  endpoint.close();
  return new URL(endpoint.url);
}
async function come(token: string): Promise<Client> {
  const client = new Client({ name: "operators-own", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(
    new StreamableHTTPClientTransport(url(), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  );
  return client;
}

describe("agents setup", () => {
  it("grants an agent access under its own name, with exactly the tools of an agent", async () => {
    const made = await setup();
    expect(made).toMatchObject({ agent: "claude", file: ".mcp.json", written: false });
    expect(tokenIn(made.command)).toBe(tokenIn(made.config));
    const client = await come(tokenIn(made.config));
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain("qoc_orders_propose");
    expect(names.filter((name) => /approve|cancel|agent|connectors/.test(name))).toEqual([]);
    const terms = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "own agent" };
    const draft = (await client.callTool({ name: "qoc_orders_propose", arguments: terms })) as {
      structuredContent?: { id: string };
    };
    expect(desk.open.desk.state.orders.get(draft.structuredContent?.id as never)).toMatchObject({
      state: "proposed",
      proposedBy: "agent:claude",
    });
    await client.close();
  });

  it("H4 stores the digest of a token for HTTP or the public half of its key, and not the token", async () => {
    const token = tokenIn((await setup()).config);
    await (await come(token)).close();
    const proved = tokenIn((await setupStdio({ name: "own" })).config);
    await callAsAgent(desk, { command: "status", token: proved });
    await desk.open.logs.flush();
    const whole = readdirSync(desk.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
      .join("\n");
    expect(whole).toContain(tokenDigest(token));
    expect(whole).toContain(JSON.stringify(tokenKey(proved).publicPem));
    for (const text of [token.slice(4), proved.slice(4), tokenDigest(proved)]) expect(whole).not.toContain(text);
  });

  it("configures a program that starts qoc mcp of this desk, whose token has no end and is not accepted over HTTP", async () => {
    const { config, command, expiresAt } = await setupStdio();
    const { qoc } = (JSON.parse(config) as { mcpServers: { qoc: Record<string, unknown> } }).mcpServers;
    expect(qoc).toMatchObject({ type: "stdio", command: process.execPath });
    expect(qoc?.["args"]).toEqual([expect.stringMatching(/bin\/qoc\.mjs$/), "mcp", "-C", desk.root]);
    expect(qoc?.["env"]).toEqual({ QOC_TOKEN: tokenIn(config), XDG_RUNTIME_DIR: join(desk.home, "run") });
    expect([tokenIn(command), expiresAt]).toEqual([tokenIn(config), null]);
    expect(await callAsAgent(desk, { command: "status", token: tokenIn(config) })).toMatchObject({ up: true });
    await expect(come(tokenIn(config))).rejects.toThrow("401");
  });

  it("writes the token into the program's file outside the desk, and does not print it", async () => {
    const made = await setup({ write: true, to: outside });
    expect(made).toEqual({
      agent: "claude",
      client: "claude",
      file: join(outside, ".mcp.json"),
      written: true,
      config: null,
      command: null,
      expiresAt: expect.stringMatching(/Z$/) as string,
    });
    await (await come(tokenIn(readFileSync(made.file, "utf8")))).close();
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["into the desk's own folder", { write: true }, "CLIENT_FILE_REFUSED"],
    ["into a folder that agents write", { write: true, to: "research" }, "CLIENT_FILE_REFUSED"],
    ["a place for an entry that is only printed", { to: "/somewhere" }, "INVALID_INPUT"],
    ["for an unknown program", { client: "emacs" }, "INVALID_INPUT"],
    ["under a run's name", { name: "run-1" }, "INVALID_INPUT"],
    ["under the name of the agent without a token", { name: "interactive" }, "INVALID_INPUT"],
    ["under a name that hides", { name: "cl\u202eaude" }, "INVALID_INPUT"],
  ])("refuses %s, and grants no access", async (_what, input, code) => {
    await expect(setup(input)).rejects.toMatchObject({ code });
    expect(desk.open.desk.state.agents.size).toBe(0);
  });

  it("grants a token for HTTP for 12 hours; then it is refused with the command that renews it", async () => {
    let ahead = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    await desk.stop();
    desk = await tempDesk({ again: desk, clock });
    const { config, expiresAt } = await setup({ name: "web" });
    const end = Date.parse(expiresAt ?? "");
    expect(Math.abs(end - clock.now() - 12 * 3_600_000)).toBeLessThan(60_000);
    expect(await desk.call("agents list")).toMatchObject([{ agent: "web", expiresAt }]);
    await (await come(tokenIn(config))).close();
    ahead = end - systemClock.now();
    const refused = await fetch(url(), {
      method: "POST",
      headers: { authorization: `Bearer ${tokenIn(config)}` },
      body: "{}",
    });
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringMatching(/the token of web expired at .*qoc agents setup claude --http --name web/),
    ]);
    // The command of the message works, and its token replaces the old one.
    const renewed = await setup({ name: "web" });
    await (await come(tokenIn(renewed.config))).close();
    await expect(come(tokenIn(config))).rejects.toThrow("401");
  });

  it("a token of an earlier version is valid over HTTP for 12 hours from its grant", async () => {
    let ahead = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    await desk.stop();
    desk = await tempDesk({ again: desk, clock });
    const token = `qoc_${"9".repeat(64)}`;
    const old = { tokenDigest: tokenDigest(token), palette: "default", actor: "human" } as const;
    await desk.open.desk.commit({ type: "agent.granted", agent: "old", client: "codex", ...old });
    await (await come(token)).close();
    await expect(callAsAgent(desk, { command: "status", token })).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
    ahead = 12 * 3_600_000;
    await expect(come(token)).rejects.toThrow("401");
  });

  it("refuses a name that is taken", async () => {
    await setup();
    await expect(setup()).rejects.toMatchObject({ code: "AGENT_EXISTS" });
    expect(await setup({ name: "second" })).toMatchObject({ agent: "second" });
  });

  it.each(["agents setup", "agents list", "agents revoke"])("S2 %s is not available to agents", async (command) => {
    const input = { client: "claude", name: "x", http: false };
    await expect(desk.call(command, input, { actor: "agent:claude", channel: "mcp" })).rejects.toMatchObject({
      code: "NOT_PERMITTED",
    });
  });
});

/** A command of the operator that waits for its reader, and then ends. */
function slowCommand(stopping: AbortSignal) {
  let reached: () => void = () => undefined;
  let goOn: () => void = () => undefined;
  const isRunning = new Promise<void>((resolve) => (reached = resolve));
  const isRead = new Promise<void>((resolve) => (goOn = resolve));
  const value = (): Promise<void> => {
    reached();
    return isRead;
  };
  const request = { command: "logs", input: { tail: 1 }, cwd: desk.root, caller: undefined };
  const reply = { progress: { line: () => undefined }, value, signal: stopping };
  return { ended: operatorCalls(desk.agents, stopping)(request, reply, {}), isRunning, goOn };
}

describe("calls of agents", () => {
  it("that wait start after a command of the operator that came later, however many they are", async () => {
    // The time for which one command goes first does not pass.
    const after = (ms: number, run: () => void): (() => void) =>
      ms === HUMAN_FIRST_MS ? () => undefined : systemClock.after(ms, run);
    await desk.stop();
    desk = await tempDesk({ again: desk, clock: { ...systemClock, after } });
    const tokens = await Promise.all(["a", "b", "c"].map(async (name) => tokenIn((await setupStdio({ name })).config)));
    const { signal } = new AbortController();
    const ended: string[] = [];
    desk.open.logs.watch(({ decision }) => typeof decision === "string" && ended.push("agent"));
    const slow = slowCommand(signal);
    await slow.isRunning;
    const calls = Array.from({ length: 40 }, (_, n) => callAsAgent(desk, { command: "status", token: tokens[n % 4] }));
    const halt = { command: "halt", input: { reason: "stop" }, cwd: desk.root, caller: undefined };
    const reply = { progress: { line: () => undefined }, value: () => Promise.resolve(), signal };
    await operatorCalls(desk.agents, signal)(halt, reply, {});
    // In the time of these, calls of agents would end.
    for (let n = 0; n < 8; n++) await desk.call("status");
    ended.push("halted");
    slow.goOn();
    await slow.ended;
    await Promise.all(calls);
    expect(ended).toEqual(["halted", ...Array.from({ length: 40 }, () => "agent")]);
  });
});

describe("the token of a granted agent", () => {
  it("is valid after a restart of the desk", async () => {
    const token = tokenIn((await setup()).config);
    await desk.stop();
    desk = await tempDesk({ again: desk });
    const client = await come(token);
    expect(await client.callTool({ name: "qoc_status", arguments: {} })).toMatchObject({
      structuredContent: { up: true },
    });
    await client.close();
  });

  it("H4 is refused once the agent is revoked, and its open streams are closed", async () => {
    const token = tokenIn((await setup()).config);
    const listening = await fetch(url(), {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: {
          notifications: { toolsListChanged: true },
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
          },
        },
      }),
    });
    expect(listening.status).toBe(200);
    const closed = listening.text().then(
      () => "ended",
      () => "cut",
    );
    expect(await desk.call("agents revoke", { name: "claude" })).toEqual({ agent: "claude", revoked: true });
    expect(await closed).toMatch(/ended|cut/);
    await expect(come(token)).rejects.toThrow();
    const refused = await fetch(url(), { method: "POST", headers: { authorization: `Bearer ${token}` }, body: "{}" });
    expect(refused.status).toBe(401);
    await desk.stop();
    desk = await tempDesk({ again: desk });
    await expect(come(token)).rejects.toThrow();
    await expect(desk.call("agents revoke", { name: "claude" })).rejects.toMatchObject({ code: "AGENT_UNKNOWN" });
  });

  it("has the time of its last use in the list of agents", async () => {
    const token = tokenIn((await setup({ name: "night-watch" })).config);
    expect(await desk.call("agents list")).toMatchObject([
      { agent: "night-watch", client: "claude", lastSeenAt: null },
    ]);
    await (await come(token)).close();
    expect(await desk.call("agents list")).toMatchObject([
      { agent: "night-watch", lastSeenAt: expect.stringMatching(/Z$/) as string },
    ]);
    const agents = [{ agent: "night-watch", client: "claude", lastSeenAt: expect.stringMatching(/Z$/) as string }];
    expect(await desk.call("status")).toMatchObject({ agents });
    expect(await desk.call("status", {}, { actor: "agent:run-1", channel: "mcp" })).toMatchObject({ agents: [] });
  });
});
