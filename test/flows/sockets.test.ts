/**
 * The sockets of a running desk: nothing is answered before the proof of a key, the host states the channel, and a
 * program in the desk's place gets no request.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { systemIds } from "../../src/app/system.ts";
import { agentCredentials, operatorCredentials } from "../../src/app/client-credentials.ts";
import { callDaemon } from "../../src/cli/client.ts";
import type { ClientCredentials } from "../../src/cli/handshake.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { AGENT_SOCKET, OPERATOR_SOCKET, STRANGER, fakeDesk } from "../support/desk-socket.ts";
import { freePort } from "../support/free-port.ts";
import { type Answer, BIN, qocJson } from "../support/qoc-json.ts";

let home: string;
let desk: string;
let env: Record<string, string>;
let socket: string;
let agentSocket: string;
let pid: number;
/** What the desk writes to standard error. */
let output: string;

function qoc(...args: readonly string[]): Promise<Answer> {
  return qocJson({ args, desk, env });
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "qoc-sockets-"));
  desk = join(home, "desk");
  env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  await new Promise((resolve) => execFile(process.execPath, [BIN, "init", desk], { env }, resolve));
  const toml = readFileSync(join(desk, "desk.toml"), "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`);
  writeFileSync(join(desk, "desk.toml"), toml);
  const up = await qoc("up", "--detach");
  ({ socket, pid, log: output } = up.json as { socket: string; pid: number; log: string });
  agentSocket = join(dirname(socket), "agents.sock");
});
afterAll(async () => {
  await qoc("down");
  rmSync(home, { recursive: true, force: true });
});

/** Connects without any program of the desk, sends lines at once, and returns all that the desk says. */
async function send(path: string, ...lines: readonly object[]): Promise<string> {
  const raw = connect(path);
  raw.on("error", () => undefined);
  raw.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  let said = "";
  raw.on("data", (chunk: Buffer) => (said += String(chunk)));
  await once(raw, "close");
  return said;
}

const ROOT = () => ({ disk: nodeDisk(), ids: systemIds, home, root: desk });

async function call(socketPath: string, request: object, credentials: () => Promise<ClientCredentials>): Promise<any> {
  return callDaemon({
    address: { socketPath, credentials },
    request: { command: "status", input: {}, cwd: desk, ...request },
    progress: { line: () => undefined },
    onValue: () => Promise.resolve(),
    signal: AbortSignal.timeout(10_000),
  });
}

function operator(): Promise<ClientCredentials> {
  return operatorCredentials(ROOT(), process.getuid?.() ?? 0);
}
/** Calls a command as the operator, without a process of its own. */
function ask(command: string, input: object = {}): Promise<any> {
  return call(socket, { command, input }, operator);
}

const TERMS = { connector: "paper", side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "test" };
async function draft(): Promise<{ id: string; digest: string }> {
  return (await ask("orders propose", TERMS)) as { id: string; digest: string };
}

function journalLine(part: string): string {
  const lines = readFileSync(join(desk, ".qoc/journal/000001.ndjson"), "utf8").split("\n");
  return lines.find((line) => line.includes(part)) ?? "";
}

function keyFile(): string {
  return keyPath(home, readFileSync(join(desk, ".qoc/desk-id"), "utf8").trim());
}

describe("desk.sock", () => {
  it("answers nothing to a process that forges a decision of the human at the terminal", async () => {
    const { id, digest } = await draft();
    const forged = { id: "1", command: "approve", input: { id, digest }, channel: "tty", actor: "human", cwd: desk };
    expect(await send(socket, forged)).toMatch(/^\{"protocol":1,"nonce":"[0-9a-f]{64}"\}\n$/);
    expect(await ask("orders show", { id })).toMatchObject({ state: "proposed", approvals: [] });
    await expect
      .poll(() => readFileSync(join(desk, ".qoc/logs/desk.log"), "utf8"))
      .toContain("desk.sock: a connection was refused: its first line is not a proof");
  });

  it("takes the proof of the desk key, and states the channel itself", async () => {
    const { id } = await draft();
    const forged = { command: "approve", input: { id, review: true }, channel: "tty", actor: "agent:x" };
    expect(await call(socket, forged, operator)).toMatchObject({ id });
    const reviewed = journalLine('"type":"order.reviewed"');
    expect(reviewed).toContain('"actor":"human"');
    expect(reviewed).toContain('"channel":"cli"');
  });

  it("is that of a process that opens no inspector at a signal of another program", async () => {
    process.kill(pid, "SIGUSR1");
    for (let n = 0; n < 3; n++) expect(await qoc("status")).toMatchObject({ code: 0 });
    expect(readFileSync(output, "utf8")).not.toMatch(/\bws:|inspector/i);
  });

  it("serves a command while 130 connections say nothing", async () => {
    const alone = await timed(() => qoc("status"));
    const silent: Socket[] = [];
    for (const path of [socket, agentSocket]) {
      for (let n = 0; n < 130; n++) silent.push(connect(path).on("error", () => undefined));
    }
    const crowded = await timed(() => qoc("status"));
    for (const one of silent) one.destroy();
    expect([alone.answer.code, crowded.answer.code]).toEqual([0, 0]);
    process.stderr.write(`qoc status: ${alone.ms} ms alone, ${crowded.ms} ms with 260 silent connections\n`);
  });

  it("refuses a client whose keys are missing, of another desk, or readable by others", async () => {
    const key = keyFile();
    renameSync(key, `${key}.kept`);
    onTestFinished(() => renameSync(`${key}.kept`, key));
    expect(await qoc("status")).toMatchObject({ code: 1, error: { code: "KEY_MISSING" } });
    await new Promise((resolve) => execFile(process.execPath, [BIN, "init", join(home, "other")], { env }, resolve));
    const other = readFileSync(join(home, "other/.qoc/desk-id"), "utf8").trim();
    writeFileSync(key, readFileSync(keyPath(home, other)), { mode: 0o600 });
    expect(await qoc("status")).toMatchObject({ code: 1, error: { code: "PROOF_REFUSED" } });
    expect(await qoc("halt")).toMatchObject({ code: 1, error: { code: "PROOF_REFUSED" } });
    chmodSync(key, 0o644);
    const { error } = await qoc("status");
    expect(error).toMatchObject({ code: "KEY_FILE_UNSAFE", hint: `type: chmod 600 ${key}` });
    await new Promise((resolve) => execFile("/bin/sh", ["-c", String(error.hint).slice("type: ".length)], resolve));
    expect(statSync(key).mode & 0o777).toBe(0o600);
  });
});

describe("agents.sock", () => {
  const agent = (token?: string) => () => agentCredentials(ROOT(), token);

  it("gives an agent's commands only, whatever the connection says", async () => {
    const { id, digest } = await draft();
    const human = { channel: "tty", actor: "human", audience: "human" };
    for (const command of ["approve", "halt", "down", "run approve"]) {
      const forged = { ...human, command, input: { id, digest } };
      await expect(call(agentSocket, forged, agent())).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    }
    const made = await call(agentSocket, { ...human, command: "orders propose", input: TERMS }, agent());
    expect(await ask("orders show", { id: made.id })).toMatchObject({ proposedBy: "agent:interactive" });
    expect(await ask("orders show", { id })).toMatchObject({ state: "proposed" });
  });

  it("refuses the operator's own proof", async () => {
    await expect(call(agentSocket, {}, operator)).rejects.toMatchObject({ code: "PROOF_REFUSED" });
  });

  it("does not take what the journal has of a grant for the token", async () => {
    const { config } = await ask("agents setup", { client: "claude", name: "journaled" });
    const token = /qoc_[0-9a-f]{64}/.exec(config)?.[0] ?? "";
    const publicPem = JSON.parse(/"publicPem":("[^"]*")/.exec(journalLine('"agent":"journaled"'))?.[1] ?? "") as string;
    const forged = async (): Promise<ClientCredentials> => ({
      ...(await agentCredentials(ROOT(), undefined)),
      key: { prover: "agent", publicPem, sign: STRANGER.sign },
    });
    await expect(call(agentSocket, {}, forged)).rejects.toMatchObject({ code: "PROOF_REFUSED" });
    expect(await call(agentSocket, {}, agent(token))).toMatchObject({ up: true });
    await ask("agents revoke", { name: "journaled" });
    await expect(call(agentSocket, {}, agent(token))).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
  });

  it("serves the entry of qoc agents setup in a program that passes only a few variables", async () => {
    const { config } = await ask("agents setup", { client: "claude", name: "own" });
    const entry = (JSON.parse(config) as { mcpServers: { qoc: any } }).mcpServers.qoc;
    const client = new Client({ name: "own", version: "1" });
    const { command, args } = entry;
    const passed = { HOME: home, PATH: env["PATH"] ?? "", ...entry.env };
    await client.connect(new StdioClientTransport({ command, args, env: passed, cwd: "/", stderr: "ignore" }));
    const made = (await client.callTool({ name: "qoc_orders_propose", arguments: TERMS })) as any;
    await client.close();
    expect(await ask("orders show", { id: made.structuredContent.id })).toMatchObject({ proposedBy: "agent:own" });
  });
});

describe("a program in the place of a desk that is down", () => {
  it("gets no request of the operator or of an agent", async () => {
    await qoc("down");
    const requests: string[] = [];
    const sign = STRANGER.sign;
    const deskId = readFileSync(join(desk, ".qoc/desk-id"), "utf8").trim();
    const identity = { ...AGENT_SOCKET, desk: deskId, sign };
    const operatorPem = readFileSync(`${keyFile()}.pub`, "utf8");
    const fakes = [
      await fakeDesk(socket, () => void requests.push("operator"), { ...OPERATOR_SOCKET, ...identity, operatorPem }),
      await fakeDesk(agentSocket, () => void requests.push("agent"), identity),
    ];
    onTestFinished(async () => {
      for (const fake of fakes) fake.close();
      await qoc("up", "--detach");
    });
    const refused = { code: 1, error: { code: "DESK_NOT_PROVEN", message: expect.stringContaining("proof is wrong") } };
    expect(await qoc("status")).toMatchObject(refused);
    expect(await qoc("halt")).toMatchObject(refused);
    const agent = () => agentCredentials(ROOT(), `qoc_${"1".repeat(64)}`);
    await expect(call(agentSocket, {}, agent)).rejects.toMatchObject({ code: "DESK_NOT_PROVEN" });
    expect(requests).toEqual([]);
  });
});

async function timed<T>(run: () => Promise<T>): Promise<{ readonly answer: T; readonly ms: number }> {
  const started = performance.now();
  const answer = await run();
  return { answer, ms: Math.round(performance.now() - started) };
}
