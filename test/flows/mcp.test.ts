/** `qoc mcp` as a client starts it: a process on pipes that forwards an agent's commands to the running desk. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { systemIds } from "../../src/app/system.ts";
import type { ServerIdentity } from "../../src/cli/handshake.ts";
import { hostSigner, readPublicKeys } from "../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { fakeDesk } from "../support/desk-socket.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "qoc-mcp-"));
const env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
const desk = join(home, "desk");
function qoc(...args: readonly string[]): string {
  return execFileSync(process.execPath, [BIN, ...args, "-C", desk], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}
async function open(): Promise<Client> {
  const client = new Client({ name: "operators-own", version: "1" });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [BIN, "mcp", "-C", desk], env, stderr: "ignore" }),
  );
  return client;
}

let socket = "";

/** The keys of this desk. */
async function identityOf(client: "operator" | "agent"): Promise<ServerIdentity> {
  const id = readFileSync(join(desk, ".qoc/desk-id"), "utf8").trim();
  const path = keyPath(home, id);
  const { desk: deskPem } = await readPublicKeys(nodeDisk(), path, id);
  const operatorPem = client === "operator" ? deskPem : undefined;
  return { desk: id, operatorPem, sign: await hostSigner(nodeDisk(), path), random: systemIds.random };
}

beforeAll(() => {
  execFileSync(process.execPath, [BIN, "init", desk], { env });
  ({ socket } = JSON.parse(qoc("up", "--detach", "--json")) as { socket: string });
});
afterAll(() => {
  qoc("down");
  rmSync(home, { recursive: true, force: true });
});

describe("qoc mcp", () => {
  it("a client of qoc mcp drafts an order that waits for a human, and sees no operator command", async () => {
    const client = await open();
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain("qoc_orders_propose");
    expect(names.filter((name) => /approve|reject|cancel|halt|connectors|init|down/.test(name))).toEqual([]);
    const draft = (await client.callTool({
      name: "qoc_orders_propose",
      arguments: {
        side: "buy",
        symbol: "SPX",
        quantity: "1",
        type: "limit",
        limitPrice: "2500",
        rationale: "over stdio",
      },
    })) as unknown as { structuredContent: { id: string; digest: string } };
    const { id, digest } = draft.structuredContent;
    await expect(client.callTool({ name: "qoc_approve", arguments: { id, digest } })).rejects.toThrow(
      "Unknown tool: qoc_approve",
    );
    await client.close();
    const [line] = readFileSync(join(desk, ".qoc/journal/000001.ndjson"), "utf8")
      .split("\n")
      .filter((text) => text.includes("proposal.seen"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ actor: "agent:interactive", id });
    expect(JSON.parse(qoc("orders", "show", id, "--json"))).toMatchObject({ state: "proposed" });
    expect(JSON.parse(qoc("approve", id, "--digest", digest, "--json"))).toMatchObject({
      state: expect.stringMatching(/accepted|filled|partially_filled/) as string,
    });
  });

  it("qoc mcp answers every call that a script pipes in", () => {
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "script", version: "1" } };
    const messages = [
      { id: 1, method: "initialize", params },
      { method: "notifications/initialized" },
      ...[2, 3].map((id) => ({ id, method: "tools/call", params: { name: "qoc_status", arguments: {} } })),
    ];
    const input = messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join("");
    const lines = execFileSync(process.execPath, [BIN, "mcp", "-C", desk], {
      env,
      encoding: "utf8",
      input,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const answers = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number; result: { isError?: boolean } });
    expect(answers.map(({ id }) => id).toSorted()).toEqual([1, 2, 3]);
    expect(answers.some(({ result }) => result.isError)).toBe(false);
  });

  it("qoc mcp returns a retryable tool error if the desk is down", async () => {
    qoc("down");
    const client = await open();
    const answer = (await client.callTool({ name: "qoc_status", arguments: {} })) as unknown as {
      isError?: boolean;
      content: { text: string }[];
    };
    expect(answer.isError).toBe(true);
    expect(JSON.parse(answer.content[0]?.text ?? "{}")).toMatchObject({ code: "DESK_DOWN", retrySafe: true });
    await expect(client.readResource({ uri: "desk://workspace/desk.toml" })).rejects.toThrow(
      "DESK_DOWN: the desk is not up",
    );
    await client.close();
    qoc("up", "--detach");
  });

  it("qoc mcp reports that the desk went down during a call, and whether the call may be retried", async () => {
    qoc("down");
    const dying = [
      await fakeDesk(socket, (caller) => void caller.destroy(), await identityOf("operator")),
      await fakeDesk(
        join(dirname(socket), "agents.sock"),
        (caller) => void caller.destroy(),
        await identityOf("agent"),
      ),
    ];
    onTestFinished(() => {
      for (const fake of dying) fake.close();
      qoc("up", "--detach");
    });
    const client = await open();
    const errorOf = async (name: string, input: Record<string, string>): Promise<unknown> => {
      const { content } = (await client.callTool({ name, arguments: input })) as unknown as {
        content: { text: string }[];
      };
      return JSON.parse(content[0]?.text ?? "{}");
    };
    const lost = { code: "DESK_DOWN", message: expect.stringContaining("connection lost before a reply") as string };
    expect(await errorOf("qoc_status", {})).toMatchObject({ ...lost, retrySafe: true });
    expect(await errorOf("qoc_inbox_write", { title: "a", text: "b" })).toMatchObject({ ...lost, retrySafe: false });
    await expect(client.readResource({ uri: "desk://workspace/desk.toml" })).rejects.toThrow("connection lost");
    await client.close();
    const run = spawn(process.execPath, [BIN, "run", "001", "-C", desk], { env, stdio: ["ignore", "ignore", "pipe"] });
    const [words, [code]] = await Promise.all([text(run.stderr), once(run, "exit")]);
    expect([code, words]).toEqual([
      5,
      expect.stringMatching(/the desk is not up: connection lost.*may have completed\ncode DESK_DOWN/),
    ]);
  });
});
