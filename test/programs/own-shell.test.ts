/**
 * An agent with its own shell is a process of the operator's user. Each test is a row of SECURITY.md: what such a
 * process can and cannot do without the operator's passphrase.
 */
import { execFile } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readLine } from "../../src/bus/journal-record.ts";
import { journalLine } from "../support/journal-line.ts";
import { createKeys, createLiveKey, deskSigner } from "../../src/trading/keys/operator-keys.ts";
import { statementText } from "../../src/domain/authority/authority.ts";
import { operatorCredentials } from "../../src/app/client-credentials.ts";
import { systemIds } from "../../src/app/system.ts";
import { callDaemon } from "../../src/cli/client.ts";
import type { DeskEvent, OrderApproved } from "../../src/domain/event.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { runtimePaths } from "../../src/workspace/runtime-folder.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { freePort } from "../support/free-port.ts";
import { type Answer, BIN, qocJson } from "../support/qoc-json.ts";

const PASSPHRASE = "correct horse battery";
const GUESS = "hunter2 hunter2";
function venue(mode: string): string {
  return adapterSource(`static capabilities = { ${mode === "unstated" ? "" : `mode: "${mode}"`} };
  async getQuote(symbol: string) { return { symbol, bid: 99, ask: 101, timestamp: Date.now() }; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }
  async placeOrder(order: any): Promise<any> { this.ctx.logger.info("placed " + order.clientOrderId); return { venueOrderId: "v-1", status: "acknowledged" }; }`);
}

let home: string;
let desk: string;
let env: Record<string, string>;

/** Runs qoc as any process of the user can. */
function qoc(...args: readonly string[]): Promise<Answer> {
  return qocJson({ args, desk, env });
}
/** Runs qoc with a passphrase on descriptor 3. */
function qocWith(passphrase: string, ...args: readonly string[]): Promise<Answer> {
  const file = join(home, "passphrase");
  writeFileSync(file, passphrase);
  const command = `exec "$0" "$@" --passphrase-fd 3 3< '${file}'`;
  return qocJson({ args, desk, env, program: ["/bin/sh", "-c", command, process.execPath] });
}
function keyFile(): string {
  const folder = join(home, ".qoc/keys");
  return join(folder, readdirSync(folder).find((name) => /^[0-9a-f]{32}$/.test(name)) ?? "");
}

/** Makes the live key. */
function protect(passphrase: string): Promise<void> {
  const deskId = readFileSync(join(desk, ".qoc/desk-id"), "utf8").trim();
  return createLiveKey({ disk: nodeDisk(), ids: systemIds }, keyFile(), { deskId, passphrase });
}

async function start(): Promise<void> {
  home = mkdtempSync(join(tmpdir(), "qoc-shell-"));
  desk = join(home, "desk");
  env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  await new Promise((resolve) => execFile(process.execPath, [BIN, "init", desk], { env }, resolve));
  await protect(PASSPHRASE);
  for (const mode of ["live", "unstated"]) writeFileSync(join(desk, `${mode}.ts`), venue(mode));
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\n${LIVE_LINES}`;
  const toml = readFileSync(join(desk, "desk.toml"), "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`);
  writeFileSync(join(desk, "desk.toml"), `${toml}${connector("live")}${connector("unstated")}${LIVE_GUARD}`);
  expect((await qoc("up", "--detach")).code).toBe(0);
  await allReady();
}
/** The live connector starts again, in a process of its own, once its adapter has said that it is live. */
async function allReady(): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const { json } = await qoc("connectors", "list");
    if (json.every(({ state }: { state: string }) => state === "ready")) return;
  }
  throw new Error("a connector did not become ready");
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
/** Calls the operator's socket directly, without any program of the desk, with the proof of the desk key. */
async function overSocket(request: { readonly command: string; readonly input: object }): Promise<any> {
  const uid = process.getuid?.() ?? 0;
  const signal = AbortSignal.timeout(10_000);
  return callDaemon({
    address: {
      socketPath: runtimePaths(desk, { env, home, uid }).socket,
      credentials: () => operatorCredentials({ disk: nodeDisk(), ids: systemIds, home, root: desk }, uid),
    },
    request: { cwd: desk, ...request },
    progress: { line: () => undefined },
    onValue: () => Promise.resolve(),
    signal,
  }).then(
    (value) => ({ value }),
    (error: { readonly data: unknown }) => ({ error, data: error.data }),
  );
}
/** Each test starts processes, one after another. */

/** The journal's only segment and its last line. */
function journal(): { path: string; text: string; last: { seq: number; at: number; epoch: number; hash: string } } {
  const path = join(desk, ".qoc/journal/000001.ndjson");
  const text = readFileSync(path, "utf8");
  const read = readLine(Buffer.from(text.trimEnd().split("\n").at(-1) ?? ""));
  if (typeof read === "string") throw new Error(read);
  return { path, text, last: { ...read.recorded, hash: read.hash } };
}

describe("a process of the same user, without the operator's passphrase", () => {
  beforeAll(start);
  afterAll(end);

  it("a process without the passphrase approves a paper order with its digest, and not without it", async () => {
    const { id, digest } = await draft("paper");
    expect(await qoc("approve", id)).toMatchObject({ code: 2, error: { code: "DIGEST_REQUIRED" } });
    expect(await stateOf(id)).toBe("proposed");
    expect(await qoc("approve", id, "--digest", digest)).toMatchObject({ code: 0 });
    expect(await stateOf(id)).toMatch(/accepted|filled|partially_filled/);
  });

  it.each(["live", "unstated"])(
    "a process without the passphrase approves no order by digest, guess, --yes, or over the socket: %s",
    async (connector) => {
      const { id, digest } = await draft(connector);
      const tries = [
        await qoc("approve", id, "--digest", digest),
        await qoc("approve", id, "--digest", digest, "--yes", "--no-input"),
        await qoc("run", "approve", id, "--digest", digest),
        await qocWith(GUESS, "approve", id, "--digest", digest),
      ];
      for (const { code, error } of tries) expect([code, error.code]).toEqual([1, "KEY_REQUIRED"]);
      const call = { command: "approve" };
      const { signing } = (await overSocket({ ...call, input: { id, digest } })).data;
      expect(signing).toMatchObject({ key: "live", statement: { id, digest, mode: connector } });
      // The desk key is readable; its signature has no authority over an order that is not paper.
      const statement = { ...signing.statement, expiresAt: Date.now() + 60_000 };
      const { epoch, head } = signing.statement;
      const signature = (await deskSigner(nodeDisk(), keyFile()))(statementText(statement));
      for (const [key, code] of [
        ["desk", "SIGNATURE_REQUIRED"],
        ["live", "SIGNATURE_INVALID"],
      ]) {
        const authority = { key, epoch, head, expiresAt: statement.expiresAt, signature };
        expect(await overSocket({ ...call, input: { id, digest, authority } })).toMatchObject({ error: { code } });
      }
      expect([await stateOf(id), await placed()]).toEqual(["proposed", 0]);
    },
  );

  it("a process without the passphrase cannot approve all proposals at once", async () => {
    await draft("paper");
    expect(await qoc("run", "approve", "--all")).toMatchObject({ code: 2, error: { code: "NO_BULK_APPROVAL" } });
    expect(await qoc("approve", "--all", "--yes")).toMatchObject({ code: 2, error: { code: "NO_BULK_APPROVAL" } });
  });

  it("a file that the process puts into orders/approved is not sent", async () => {
    const { id } = await draft("live");
    const text = readFileSync(join(desk, `orders/pending/${id}.toml`), "utf8");
    writeFileSync(join(desk, "orders/approved/forged.toml"), `${text}\nstatus = "approved"\n`);
    await expect.poll(() => existsSync(join(desk, "orders/proposed/forged.toml"))).toBe(true);
    await expect.poll(() => stateOf("forged")).toBe("proposed");
    expect(await placed()).toBe(0);
  });

  it("a process on the operator's socket acts as the operator, and as no other actor", async () => {
    const { id } = await draft("paper");
    const forged = { channel: "tty", actor: "host", command: "approve", input: { id, review: true } };
    expect(await overSocket(forged)).toMatchObject({ value: { id } });
    const reviewed = journal()
      .text.split("\n")
      .findLast((line) => line.includes('"order.reviewed"'));
    expect([reviewed?.includes('"actor":"human"'), reviewed?.includes('"channel":"cli"')]).toEqual([true, true]);
    expect(await overSocket({ command: "halt", input: {} })).toMatchObject({
      value: { trading: "halted" },
    });
    expect(await overSocket({ command: "resume", input: {} })).toMatchObject({
      error: { code: "SIGNATURE_REQUIRED" },
    });
    expect(await stateOf(id)).toBe("proposed");
    expect(await qoc("resume")).toMatchObject({ code: 1, error: { code: "KEY_REQUIRED" } });
    expect(await qocWith(PASSPHRASE, "resume")).toMatchObject({ code: 0, json: { trading: "active" } });
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

describe("a journal that such a process changed", () => {
  /** The home folder of a stopped desk with one proposal; each test has a copy of it at the same path. */
  let saved: string;
  let proposal: { id: string; digest: string; terms: unknown };
  beforeAll(async () => {
    await start();
    const { id, digest } = await draft("live");
    proposal = { id, digest, terms: (await qoc("orders", "show", id)).json.terms };
    await qoc("down");
    saved = `${home}.saved`;
    cpSync(home, saved, { recursive: true, preserveTimestamps: true });
  });
  beforeEach(() => {
    rmSync(home, { recursive: true, force: true });
    cpSync(saved, home, { recursive: true, preserveTimestamps: true });
  });
  afterEach(end);
  afterAll(() => rmSync(saved, { recursive: true, force: true }));

  it("an edited journal is detected, and the desk is read-only from then on", async () => {
    const { path, text } = journal();
    writeFileSync(path, text.replace('"quantity":"1"', '"quantity":"9"'));
    expect(await qoc("journal", "verify")).toMatchObject({
      json: { ok: false, problem: expect.stringContaining("does not match its hash") as string },
    });
    const up = await qoc("up", "--detach");
    expect(up.code).toBe(0);
    for (const { json } of [up, await qoc("status")]) expect(json.readOnly).toMatch(/does not match its hash/);
    expect(await qoc("orders", "propose", "--connector", "paper", ...TERMS)).toMatchObject({ code: 1 });
  });

  it.each<[string, (path: string, text: string) => Promise<string | undefined>]>([
    ["no signature", async () => undefined],
    ["an invalid signature", async () => Buffer.from("signed").toString("base64")],
    ["the signature of the desk key", async (path, text) => (await deskSigner(nodeDisk(), path))(text)],
    [
      "the signature of a key of its own",
      async (path, text) => {
        await createKeys(nodeDisk(), `${path}.own`, "0".repeat(32));
        return (await deskSigner(nodeDisk(), `${path}.own`))(text);
      },
    ],
  ])(
    "a forged approval in a valid chain with %s sends nothing, and qoc journal verify reports it",
    async (what, sign) => {
      const code = what === "no signature" ? "SIGNATURE_MISSING" : "SIGNATURE_INVALID";
      const { id, digest } = proposal;
      const { path, last } = journal();
      const { epoch, hash } = last;
      const head = { seq: last.seq, hash };
      const expiresAt = last.at + 900_000;
      const deskId = readFileSync(join(desk, ".qoc/desk-id"), "utf8").trim();
      const subject = { action: "approve", id, digest, shown: "", mode: "live" } as const;
      const signature = await sign(keyFile(), statementText({ desk: deskId, epoch, head, expiresAt, ...subject }));
      const authority = signature === undefined ? undefined : { key: "live", epoch, head, expiresAt, signature };
      const terms = { terms: proposal.terms, clientOrderId: "q-forged", actor: "human", channel: "tty" };
      const event = { type: "order.approved", id, digest, ...terms, expiresAt, authority } as unknown as OrderApproved;
      appendFileSync(
        path,
        journalLine({ seq: last.seq + 1, at: last.at + 1, epoch, event: event as DeskEvent }, hash).text,
      );
      expect((await qoc("journal", "verify")).json).toMatchObject({
        ok: false,
        problems: expect.arrayContaining([expect.objectContaining({ code })]) as unknown,
      });
      expect((await qoc("up", "--detach")).code).toBe(0);
      expect((await qoc("journal", "verify")).json).toMatchObject({ ok: false });
      expect([await placed(), ["accepted", "filled", "submitting"].includes(await stateOf(id))]).toEqual([0, false]);
    },
  );
});

describe("a documented limitation", () => {
  beforeAll(start);
  afterAll(end);

  it("a process can replace the keys and the journal's names of them, but the next start refuses other keys", async () => {
    const first = await draft("live");
    expect(await qocWith(PASSPHRASE, "approve", first.id, "--digest", first.digest)).toMatchObject({ code: 0 });
    await expect.poll(placed).toBe(1);
    expect((await qoc("journal", "verify")).json).toMatchObject({ ok: true, signatures: 1 });
    await qoc("down");
    const key = keyFile();
    for (const end of ["", ".pub", ".live", ".host", ".certificates.json"]) rmSync(`${key}${end}`);
    await createKeys(nodeDisk(), key, readFileSync(join(desk, ".qoc/desk-id"), "utf8").trim());
    await protect(GUESS);
    expect(await qoc("up", "--detach")).toMatchObject({
      code: 1,
      error: { message: expect.stringContaining("the journal names another") as string },
    });
    expect((await qoc("journal", "verify")).json).toMatchObject({
      ok: false,
      code: "KEY_INVALID",
    });
  });
});
