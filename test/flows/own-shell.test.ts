/**
 * An agent with its own shell is a process of the operator's user. Each test is a row of SECURITY.md: what such a
 * process can and cannot do without the operator's passphrase.
 */
import { type ExecFileException, execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readLine, writeLine } from "../../src/bus/journal-record.ts";
import { createKey, protectKey } from "../../src/trading/operator-key.ts";
import type { DeskEvent, OrderApproved } from "../../src/domain/event.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { runtimePaths } from "../../src/workspace/runtime-folder.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { freePort } from "../support/free-port.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));
const PASSPHRASE = "correct horse battery";
const GUESS = "hunter2 hunter2";
function venue(mode: string): string {
  return adapterSource(`static capabilities = { ${mode === "unstated" ? "" : `mode: "${mode}"`} };
  async getQuote(symbol: string) { return { symbol, bid: 99, ask: 101, timestamp: Date.now() }; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }
  async placeOrder(order: any): Promise<any> { this.ctx.logger.info("placed " + order.clientOrderId); return { venueOrderId: "v-1", status: "acknowledged" }; }`);
}

interface Answer {
  readonly code: number;
  readonly json: any;
  readonly error: any;
}

let home: string;
let desk: string;
let env: Record<string, string>;

/** Runs qoc as any process of the user can: without a terminal on any of its streams. */
function qoc(...args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      const last = stderr.trim().split("\n").at(-1) ?? "";
      const parse = (text: string): unknown => (/^[[{]/.test(text) ? JSON.parse(text) : text);
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), json: parse(stdout.trim()), error: parse(last) });
    };
    execFile(process.execPath, [BIN, ...args, "--json", "-C", desk], { env }, done);
  });
}
function keyFile(): string {
  const folder = join(home, ".qoc/keys");
  return join(folder, readdirSync(folder).find((name) => !name.endsWith(".pub")) ?? "");
}

async function start(): Promise<void> {
  home = mkdtempSync(join(tmpdir(), "qoc-shell-"));
  desk = join(home, "desk");
  env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  await new Promise((resolve) => execFile(process.execPath, [BIN, "init", desk], { env }, resolve));
  await protectKey(nodeDisk(), keyFile(), PASSPHRASE);
  for (const mode of ["live", "unstated"]) writeFileSync(join(desk, `${mode}.ts`), venue(mode));
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\n`;
  const toml = readFileSync(join(desk, "desk.toml"), "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`);
  writeFileSync(join(desk, "desk.toml"), `${toml}${connector("live")}${connector("unstated")}`);
  expect((await qoc("up", "--detach")).code).toBe(0);
}
async function end(): Promise<void> {
  await qoc("down");
  rmSync(home, { recursive: true, force: true });
}

const TERMS = [
  "--side",
  "buy",
  "--symbol",
  "X",
  "--quantity",
  "1",
  "--type",
  "limit",
  "--limit-price",
  "100",
  "--rationale",
  "test",
];
async function draft(
  connector: string,
  symbol = connector === "paper" ? "SPX" : "X",
): Promise<{ id: string; digest: string }> {
  const terms = TERMS.map((word) => (word === "X" ? symbol : word));
  const { json, error } = await qoc("orders", "propose", "--connector", connector, ...terms);
  expect(error, JSON.stringify(error)).toBe("");
  return json as { id: string; digest: string };
}
async function stateOf(id: string): Promise<string> {
  return ((await qoc("orders", "show", id)).json as { state: string }).state;
}
async function placed(): Promise<number> {
  const lines = readFileSync(join(desk, ".qoc/logs/desk.log"), "utf8");
  return lines.split("\n").filter((line) => line.includes("placed q") && line.includes('"connector":"live"')).length;
}
/** Sends messages to the operator's socket directly, without any program of the desk. */
function overSocket(request: object): Promise<any> {
  return new Promise((resolve, reject) => {
    const socket = connect(runtimePaths(desk, { env, home, uid: process.getuid?.() ?? 0 }).socket);
    let said = "";
    socket.on("data", (chunk: Buffer) => {
      said += String(chunk);
      const answer = said.split("\n").find((line) => /"kind":"(result|error)"/.test(line));
      if (answer === undefined) return;
      socket.destroy();
      resolve(JSON.parse(answer));
    });
    socket.once("error", reject);
    socket.write(`${JSON.stringify({ id: "1", cwd: desk, ...request })}\n`);
  });
}
/** Each test starts processes, one after another. */
const SLOW = { timeout: 90_000 };

/** The journal's only segment and its last line. */
function journal(): { path: string; text: string; last: { seq: number; at: number; epoch: number; hash: string } } {
  const path = join(desk, ".qoc/journal/000001.ndjson");
  const text = readFileSync(path, "utf8");
  const read = readLine(Buffer.from(text.trimEnd().split("\n").at(-1) ?? ""));
  if (typeof read === "string") throw new Error(read);
  return { path, text, last: { ...read.recorded, hash: read.hash } };
}

describe("a process of the same user, without the operator's passphrase", SLOW, () => {
  beforeAll(start, SLOW.timeout);
  afterAll(end, SLOW.timeout);

  it.each(["paper", "unstated"])(
    "a process without the passphrase approves a paper order with its digest, and not without it: %s",
    async (connector) => {
      const { id, digest } = await draft(connector);
      expect(await qoc("approve", id)).toMatchObject({ code: 2, error: { code: "DIGEST_REQUIRED" } });
      expect(await stateOf(id)).toBe("proposed");
      expect(await qoc("approve", id, "--digest", digest)).toMatchObject({ code: 0 });
      expect(await stateOf(id)).toMatch(/accepted|filled|partially_filled/);
    },
  );

  it("a process without the passphrase approves no live order: by digest, guess, --yes, or over the socket", async () => {
    const { id, digest } = await draft("live");
    const tries = [
      await qoc("approve", id, "--digest", digest),
      await qoc("approve", id, "--digest", digest, "--yes", "--no-input"),
      await qoc("run", "approve", id, "--digest", digest),
    ];
    for (const { code, error } of tries) expect([code, error.code]).toEqual([1, "KEY_REQUIRED"]);
    for (const channel of ["cli", "tty"]) {
      for (const passphrase of [undefined, "", GUESS]) {
        const answer = await overSocket({
          command: "approve",
          channel,
          input: { id, digest, ...(passphrase === undefined ? {} : { passphrase }) },
        });
        expect(answer).toMatchObject({ kind: "error", error: { code: "KEY_REQUIRED" } });
      }
    }
    expect([await stateOf(id), await placed()]).toEqual(["proposed", 0]);
  });

  it("a process without the passphrase cannot approve all proposals at once", async () => {
    await draft("paper");
    expect(await qoc("run", "approve", "--all")).toMatchObject({ code: 2, error: { code: "NO_BULK_APPROVAL" } });
    expect(await qoc("approve", "--all", "--yes")).toMatchObject({ code: 2, error: { code: "NO_BULK_APPROVAL" } });
  });

  it("a file that the process puts into orders/approved is not sent", async () => {
    const { id } = await draft("live");
    const text = readFileSync(join(desk, `orders/pending/${id}.toml`), "utf8");
    writeFileSync(join(desk, "orders/approved/forged.toml"), `${text}\nstatus = "approved"\n`);
    await expect.poll(() => existsSync(join(desk, "orders/proposed/forged.toml")), { timeout: 10_000 }).toBe(true);
    await expect.poll(() => stateOf("forged"), { timeout: 10_000 }).toBe("proposed");
    expect(await placed()).toBe(0);
  });

  it("a process on the operator's socket acts as the operator, and as no other actor", async () => {
    const { id, digest } = await draft("unstated", "Z");
    for (const channel of ["host", "http"]) {
      expect(await overSocket({ command: "approve", channel, input: { id, digest } })).toMatchObject({
        error: { code: "INVALID_INPUT" },
      });
    }
    expect(await overSocket({ command: "approve", channel: "mcp", input: { id, digest } })).toMatchObject({
      error: { code: "NOT_PERMITTED" },
    });
    expect(await overSocket({ command: "approve", channel: "cli", input: { id, digest } })).toMatchObject({
      kind: "result",
    });
    expect(await overSocket({ command: "halt", channel: "cli", input: {} })).toMatchObject({
      value: { trading: "halted" },
    });
    expect(await overSocket({ command: "resume", channel: "cli", input: {} })).toMatchObject({
      value: { trading: "active" },
    });
  });

  it("a process grants access with qoc agents setup, which gives an agent's commands only", async () => {
    const { json } = await qoc("agent", "setup", "claude");
    const token = /qoc_[0-9a-f]{64}/.exec(json.config)?.[0] ?? "";
    const open = async (QOC_TOKEN: string): Promise<Client> => {
      const client = new Client({ name: "own", version: "1" });
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [BIN, "mcp", "-C", desk],
        env: { ...env, QOC_TOKEN },
        stderr: "ignore",
      });
      await client.connect(transport);
      return client;
    };
    const client = await open(token);
    const { id, digest } = await draft("paper");
    await expect(client.callTool({ name: "qoc_approve", arguments: { id, digest } })).rejects.toThrow("Unknown tool");
    expect(await client.callTool({ name: "qoc_orders_show", arguments: { id } })).toMatchObject({
      structuredContent: { state: "proposed" },
    });
    await client.close();
    expect((await qoc("agent", "list")).json).toMatchObject([
      { agent: "claude", lastSeenAt: expect.any(String) as string },
    ]);
    await qoc("agent", "revoke", "claude");
    const late = await open(token);
    const answer = (await late.callTool({ name: "qoc_status", arguments: {} })) as unknown as {
      isError: boolean;
      content: { text: string }[];
    };
    expect([answer.isError, JSON.parse(answer.content[0]?.text ?? "{}")]).toMatchObject([
      true,
      { code: "TOKEN_REFUSED" },
    ]);
    await late.close();
  });
});

describe("a journal that such a process changed", SLOW, () => {
  beforeEach(start, SLOW.timeout);
  afterEach(end, SLOW.timeout);

  it("an edited journal is detected, and the desk is read-only from then on", async () => {
    await draft("live");
    await qoc("down");
    const { path, text } = journal();
    writeFileSync(path, text.replace('"quantity":"1"', '"quantity":"9"'));
    expect(await qoc("journal", "verify")).toMatchObject({
      json: { ok: false, problem: expect.stringContaining("does not match its hash") as string },
    });
    expect((await qoc("up", "--detach")).code).toBe(0);
    expect((await qoc("status")).json.readOnly).toMatch(/does not match its hash/);
    expect(await qoc("orders", "propose", "--connector", "paper", ...TERMS)).toMatchObject({ code: 1 });
  });

  it.each<[string, (key: string, consented: object) => Promise<string | undefined>]>([
    ["no signature", async () => undefined],
    ["an invalid signature", async () => Buffer.from("signed").toString("base64")],
    [
      "the signature of a key of its own",
      async (key, consented) => {
        const { loadKey } = await import("../../src/trading/operator-key.ts");
        await createKey(nodeDisk(), `${key}.own`);
        const signature = (await loadKey(nodeDisk(), `${key}.own`)).sign(consented);
        rmSync(`${key}.own`);
        rmSync(`${key}.own.pub`);
        return signature;
      },
    ],
  ])(
    "a forged approval in a valid chain with %s sends nothing, and qoc journal verify reports it",
    async (_what, sign) => {
      const { id, digest } = await draft("live");
      const { json: shown } = await qoc("orders", "show", id);
      await qoc("down");
      const { path, last } = journal();
      const consented = {
        id,
        digest,
        terms: shown.terms,
        clientOrderId: "q-forged",
        actor: "human",
        channel: "tty",
        expiresAt: last.at + 900_000,
      };
      const signature = await sign(keyFile(), consented);
      const event = {
        type: "order.approved",
        ...consented,
        ...(signature === undefined ? {} : { signature }),
      } as unknown as OrderApproved;
      appendFileSync(
        path,
        writeLine({ seq: last.seq + 1, at: last.at + 1, epoch: last.epoch, event: event as DeskEvent }, last.hash).text,
      );
      expect((await qoc("journal", "verify")).json).toMatchObject({
        ok: false,
        problem: `the approval of ${id} is not signed by the operator's key`,
      });
      expect((await qoc("up", "--detach")).code).toBe(0);
      expect((await qoc("journal", "verify")).json).toMatchObject({ ok: false });
      expect([await placed(), ["accepted", "filled", "submitting"].includes(await stateOf(id))]).toEqual([0, false]);
    },
  );
});

describe("a documented limitation", SLOW, () => {
  beforeAll(start, SLOW.timeout);
  afterAll(end, SLOW.timeout);

  it("a process can replace the operator's key and restart the desk; qoc journal verify then rejects earlier approvals", async () => {
    const first = await draft("live");
    const operator = await overSocket({
      command: "approve",
      channel: "tty",
      input: { id: first.id, digest: first.digest, passphrase: PASSPHRASE },
    });
    expect(operator).toMatchObject({ kind: "result" });
    await expect.poll(placed).toBe(1);
    expect((await qoc("journal", "verify")).json).toMatchObject({ ok: true, signatures: 1 });
    await qoc("down");
    const key = keyFile();
    for (const file of [key, `${key}.pub`]) rmSync(file);
    await createKey(nodeDisk(), key, GUESS);
    await qoc("up", "--detach");
    const second = await draft("live", "Y");
    const swapped = await overSocket({
      command: "approve",
      channel: "tty",
      input: { id: second.id, digest: second.digest, passphrase: GUESS },
    });
    expect(swapped, JSON.stringify(swapped)).toMatchObject({ kind: "result" });
    expect((await qoc("journal", "verify")).json).toMatchObject({
      ok: false,
      problem: `the approval of ${first.id} is not signed by the operator's key`,
    });
  });
});
