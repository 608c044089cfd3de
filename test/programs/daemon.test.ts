/** The real CLI and the real daemon: starts, kill -9 with a working order, a port in use, no git, invalid files. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runtimePaths } from "../../src/workspace/runtime-folder.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { freePort } from "../support/free-port.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));

interface Answer {
  code: number;
  json: any;
  error: any;
}
let home: string;
let desk: string;
let env: Record<string, string>;
let children: ChildProcess[] = [];

function qoc(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [BIN, ...args, "--json", ...(args[0] === "init" ? [] : ["-C", desk])],
      { env },
      (error, stdout, stderr) => {
        const parse = (text: string): unknown => {
          try {
            return JSON.parse(text);
          } catch {
            return text;
          }
        };
        resolve({
          code: error === null ? 0 : Number(error.code ?? 1),
          json: parse(stdout),
          error: parse(stderr.trim().split("\n").at(-1) ?? ""),
        });
      },
    );
  });
}

/** Starts `qoc up` in the foreground and resolves when it reports that it is ready. */
function up(...flags: readonly string[]): Promise<ChildProcess> {
  return upFrom(BIN, ...flags);
}

function upFrom(bin: string, ...flags: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, "up", "--json", "-C", desk, ...flags], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (String(chunk).includes("readyMs")) resolve(child);
    });
    child.stderr.on("data", (chunk: Buffer) => (said += String(chunk)));
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) =>
    child.exitCode !== null || child.signalCode !== null ? resolve() : child.once("exit", () => resolve()),
  );
}

function config(change: (text: string) => string): void {
  return writeFileSync(join(desk, "desk.toml"), change(readFileSync(join(desk, "desk.toml"), "utf8")));
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "qoc-daemon-"));
  desk = join(home, "desk");
  env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  await qoc("init", desk);
  const port = await freePort();
  config((text) => text.replace(/^port = \d+$/m, `port = ${port}`));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(ended));
  children = [];
});

const LIMIT = [
  "--connector",
  "paper",
  "--side",
  "buy",
  "--symbol",
  "SPX",
  "--quantity",
  "10",
  "--type",
  "limit",
  "--limit-price",
  "2000",
  "--rationale",
  "TEXT",
];

describe("kill -9", () => {
  it("after kill -9 with a working order nothing is lost or sent twice, and the stale lock is taken over", async () => {
    const first = await up();
    const proposed = await qoc("orders", "propose", ...LIMIT);
    expect(proposed.json.verdict).toEqual({ decision: "allow", reasons: [] });
    const approved = await qoc("approve", proposed.json.id, "--digest", proposed.json.digest);
    expect(approved).toMatchObject({ code: 0, json: { state: "accepted" } });
    first.kill("SIGKILL");
    await ended(first);
    expect((await qoc("status")).json).toMatchObject({
      up: false,
      orders: [{ id: proposed.json.id, state: "accepted" }],
    });
    expect((await qoc("approve", proposed.json.id)).code).toBe(5);
    await up();
    const shown = await qoc("orders", "show", proposed.json.id);
    expect(shown.json).toMatchObject({ state: "accepted", venueOrderId: approved.json.venueOrderId });
    expect((await qoc("journal", "verify")).json).toMatchObject({ ok: true, signatures: 1 });
    expect((await qoc("cancel", proposed.json.id)).json.state).toBe("cancelled");
    const store = JSON.stringify((await qoc("orders", "list")).json);
    expect(store.match(/P-00000/g)).toHaveLength(1);
  });

  it("between the cancel of a replacement and its new order: the new order is not sent after the restart", async () => {
    writeFileSync(join(desk, "v.ts"), adapterFixture("cancelling-venue"));
    const options = '[connector.options]\ncancel = "pending"\n';
    const connector = '\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "paper"\n';
    config((text) => `${text}${connector}${options}`);
    const first = await up();
    const terms = ["--connector", "v", ...LIMIT.slice(2).map((word) => (word === "2000" ? "99" : word))];
    const old = (await qoc("orders", "propose", ...terms)).json;
    await qoc("approve", old.id, "--digest", old.digest);
    const replacement = (await qoc("orders", "propose", "--replace", old.id, "--limit-price", "98")).json;
    const approving = qoc("approve", replacement.id, "--digest", replacement.digest);
    await expect
      .poll(async () => (await qoc("orders", "show", old.id)).json)
      .toMatchObject({
        cancelRequested: true,
      });
    first.kill("SIGKILL");
    await ended(first);
    expect((await approving).code).not.toBe(0);
    await up();
    expect((await qoc("orders", "show", replacement.id)).json).toMatchObject({
      state: "cancelled",
      venueOrderId: null,
    });
    expect((await qoc("orders", "show", old.id)).json.state).toBe("accepted");
    await expect
      .poll(async () => JSON.stringify((await qoc("inbox", "list")).json))
      .toContain(`${replacement.id} was not sent, and ${old.id} was accepted then`);
    expect((await qoc("journal", "verify")).json).toMatchObject({ ok: true });
  });
});

describe("a failing start", () => {
  it("a start of a desk that is up says so, with its process and what to type", async () => {
    await up();
    const answer = await qoc("up", "--detach");
    expect(answer.error).toMatchObject({
      code: "LOCKED",
      message: expect.stringMatching(/^this desk is up already \(pid \d+, since 2\d{3}-/) as string,
      hint: expect.stringMatching(/^qoc status -C .*; to start it again: qoc down -C .*, then qoc up -C /) as string,
    });
  });

  it("a start fails and says so if the port is in use", async () => {
    const port = Number(/^port = (\d+)$/m.exec(readFileSync(join(desk, "desk.toml"), "utf8"))?.[1]);
    const blocker = createServer((socket) => socket.resume()).listen(port, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const taken = await qoc("up", "--detach");
    expect(taken).toMatchObject({ code: 1, error: { code: "PORT_TAKEN" } });
    // The hint is a command that works.
    const free = /^qoc up --port (\d+), or/.exec(taken.error.hint)?.[1] ?? "";
    if (process.platform === "linux") expect(taken.error.message).toContain(`in use by process ${process.pid} (`);
    expect((await qoc("up", "--detach", "--port", free)).json).toMatchObject({ port: Number(free) });
    expect((await qoc("status")).json.port).toEqual({ open: Number(free), configured: port });
    await qoc("down");
    await new Promise((resolve) => blocker.close(resolve));
  });

  it("a start on the port of another desk names that desk", async () => {
    await up();
    const port = Number(/^port = (\d+)$/m.exec(readFileSync(join(desk, "desk.toml"), "utf8"))?.[1]);
    const first = desk;
    desk = join(home, "second");
    await qoc("init", desk);
    const second = await qoc("up", "--detach", "--port", String(port));
    expect(second.error.message).toMatch(`port ${port} of this machine is in use by the desk "desk" (qoc `);
    desk = first;
  });

  it("a start without a usable socket path ends and releases port and lock", async () => {
    const { socket } = runtimePaths(realpathSync(desk), { env, home, uid: process.getuid?.() ?? 0 });
    mkdirSync(join(socket, "in the way"), { recursive: true });
    await expect(up()).rejects.toThrow(/ended with 1: .*INTERNAL/s);
    rmSync(socket, { recursive: true });
    await up();
  });

  it("a start with an invalid desk.toml names file, line and key, and trades nothing", async () => {
    config((text) => text.replace("max_pct = 5.0", 'max_pct = "5%"'));
    const answer = await qoc("up", "--detach");
    expect(answer).toMatchObject({ code: 1, error: { code: "CONFIG_INVALID" } });
    expect(answer.error.message).toMatch(/desk\.toml:\d+:1: guard\[0\]\.max_pct/);
    // Reads go on with the settings that were accepted last.
    expect((await qoc("status")).json.config).toMatchObject([{ kind: "unreadable" }]);
  });
});

describe("a connector that cannot start leaves the desk up", () => {
  const custom = (adapter: string, more = ""): void =>
    config((text) => `${text}\n[[connector]]\nname = "mine"\ntype = "custom"\nadapter = "${adapter}"\n${more}`);
  const stateOf = async (): Promise<{ state: string; lastError: string }> => {
    await up();
    const list = await qoc("connectors", "list");
    expect(list.json.find((row: { name: string }) => row.name === "paper").state).toBe("ready");
    return list.json.find((row: { name: string }) => row.name === "mine");
  };
  it.each([
    ["a missing adapter", "./nowhere.ts", "", undefined, "does not exist"],
    [
      "a missing secret",
      "./mine.ts",
      '  [connector.auth]\n  api_key = { env = "NOT_SET_ANYWHERE" }\n',
      "export default class {}",
      "secret api_key is not set (environment variable NOT_SET_ANYWHERE)",
    ],
    ["no default export", "./mine.ts", "", "export const x = 1;", "no default export"],
    [
      "a missing method",
      "./mine.ts",
      "",
      "export default class { async connect() {} }",
      "method disconnect, getQuote, getPositions, getBuyingPower, placeOrder, cancelOrder is missing",
    ],
    ["a throw on import", "./mine.ts", "", 'throw new Error("at import");\nexport default class {}', "at import"],
  ])(
    "a connector with %s does not start, and the desk and the other connector do",
    async (_name, adapter, more, source, words) => {
      if (source !== undefined) writeFileSync(join(desk, "mine.ts"), source);
      custom(adapter, more);
      const found = await stateOf();
      expect(["quarantined", "restarting"]).toContain(found.state);
      expect(found.lastError).toContain(words);
    },
  );
});

describe("a desk that cannot watch folders", () => {
  it("a desk that cannot watch folders starts, logs it, and still finds proposals", async () => {
    const preload = join(home, "no-watchers.cjs");
    writeFileSync(
      preload,
      'require("node:fs").watch = () => { throw new Error("ENOSPC: no watchers left"); };\nrequire("node:module").syncBuiltinESMExports();\n',
    );
    env["NODE_OPTIONS"] = `--require ${preload}`;
    await up();
    delete env["NODE_OPTIONS"];
    const logged = (await qoc("logs", "--tail", "200")).json;
    expect(JSON.stringify(logged)).toMatch(/orders\/pending cannot be watched; it is checked every 2 s: ENOSPC/);
    expect((await qoc("orders", "propose", ...LIMIT)).code).toBe(0);
  });
});

describe("a desk without git", () => {
  it("a desk without git trades, and doctor reports that git is missing", async () => {
    env["PATH"] = dirname(process.execPath);
    if (existsSync(join(env["PATH"], "git"))) env["PATH"] = join(home, "empty");
    await up();
    const proposed = await qoc("orders", "propose", ...LIMIT);
    expect((await qoc("approve", proposed.json.id, "--digest", proposed.json.digest)).code).toBe(0);
    const check = async (): Promise<object> =>
      (await qoc("doctor")).json.checks.find(({ name }: { name: string }) => name === "history");
    const message = "git is not installed; the desk trades but keeps no file history";
    const missing = { name: "history", status: "warn", message, fix: "install git, then qoc doctor" };
    expect(await check()).toEqual(missing);
    await qoc("down");
    expect(await check()).toEqual(missing);
    const elsewhere = join(desk, ".qoc/history.git");
    symlinkSync(home, elsewhere);
    const linked = { ...missing, message: expect.stringContaining(`${elsewhere} is a link`) };
    expect(await check()).toEqual({ ...linked, fix: expect.stringContaining(`rm ${elsewhere}`) });
  });
});

describe("a connector that takes its time to connect", () => {
  it("up --detach waits for it and says so; a stop meanwhile ends the desk at once", async () => {
    writeFileSync(join(desk, "slow.ts"), adapterFixture("slow-connect"));
    const table = '[[connector]]\nname = "slow"\ntype = "custom"\nadapter = "./slow.ts"\nmode = "paper"\n';
    config((text) => `${text}\n${table}[connector.options]\nstart = "wait"\nms = 2500\n`);
    const child = spawn(process.execPath, [BIN, "up", "--detach", "-C", desk], { env });
    children.push(child);
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += String(chunk)));
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => (printed += String(chunk)));
    await ended(child);
    expect(said).toMatch(/the desk answers; waiting for .*slow/);
    expect(printed).toContain("✓ slow  PAPER  ready");
    await qoc("down");
    config((text) => text.replace('start = "wait"', 'start = "hang"'));
    const waiting = qoc("up", "--detach");
    await expect.poll(async () => (await qoc("status")).json.up).toBe(true);
    expect((await qoc("down")).code).toBe(0);
    expect(await waiting).toMatchObject({
      code: 1,
      error: { code: "START_FAILED", message: "the desk did not start: it was stopped before it was ready" },
    });
  });
});

describe("a desk in the foreground", () => {
  it("prints one line an event on its own terminal, and why trading is halted", async () => {
    const child = spawn(process.execPath, [BIN, "up", "--halted", "-C", desk], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += String(chunk)));
    const prints = (line: RegExp): Promise<void> => expect.poll(() => said).toMatch(line);
    await prints(/^trading\thalted: started with --halted$/m);
    await prints(/^\d\d:\d\d:\d\d paper is ready$/m);
    await qoc("resume");
    await prints(/^\d\d:\d\d:\d\d trading is active$/m);
    const sent = (await qoc("orders", "propose", ...LIMIT)).json;
    await prints(
      new RegExp(`^[\\d:]+ ${sent.id} proposed by human: buy 10 SPX limit 2000 day at\\s+paper \\(paper\\)$`, "m"),
    );
    await qoc("approve", sent.id, "--digest", sent.digest);
    await prints(new RegExp(`^[\\d:]+ ${sent.id} approved by human \\(cli\\): buy 10 SPX`, "m"));
    await prints(new RegExp(`^[\\d:]+ ${sent.id} accepted by the venue as P-000001$`, "m"));
    const again = (await qoc("orders", "propose", ...LIMIT)).json;
    await qoc("approve", again.id, "--digest", again.digest);
    await prints(new RegExp(`^[\\d:]+ ${again.id} blocked at approve by duplicate-order: the same order`, "m"));
    const logged = JSON.stringify((await qoc("logs", "--tail", "50")).json);
    expect(logged).toContain(`${again.id} blocked at approve by duplicate-order: the same order`);
    await qoc("cancel", sent.id);
    await prints(new RegExp(`^[\\d:]+ ${sent.id} cancelled at the venue$`, "m"));
    const market = LIMIT.slice(0, -4).map((word) => ({ limit: "market", "10": "1" })[word] ?? word);
    const filled = (await qoc("orders", "propose", ...market, "--rationale", "TEXT")).json;
    await qoc("approve", filled.id, "--digest", filled.digest);
    await prints(new RegExp(`^[\\d:]+ ${filled.id} bought 1 SPX at [\\d,.]+ \\(filled\\)$`, "m"));
    config((text) => text.replace("max_pct = 5.0", "max_pct = 4.0"));
    await prints(/^[\d:]+ desk\.toml changed at \d\d:\d\d and is not in force: /m);
    await qoc("halt", "gone", "home");
    await prints(/^[\d:]+ trading is halted: gone home$/m);
    expect((await qoc("down")).code).toBe(0);
    await ended(child);
    expect(said.trimEnd().split("\n").at(-1)).toBe("the desk is down");
  });
});

describe("stopping", () => {
  it("qoc down and SIGTERM both release the lock", async () => {
    const first = await up();
    expect((await qoc("down")).json).toEqual({ stopped: true, working: [] });
    await ended(first);
    const second = await up();
    second.kill("SIGTERM");
    await ended(second);
    expect(second.exitCode).not.toBeNull();
    await up();
  });
});

describe("a connector that floods the desk with fills", () => {
  it("does not delay the end at SIGTERM, and the journal is whole", async () => {
    writeFileSync(join(desk, "flood.ts"), adapterFixture("flooding-venue"));
    config((text) => `${text}\n[[connector]]\nname = "flood"\ntype = "custom"\nadapter = "./flood.ts"\n`);
    const child = await up();
    await expect.poll(async () => (await qoc("quotes", "get", "AAA", "--connector", "flood")).code).toBe(0);
    await qoc("quotes", "get", "FLOOD:stray:140000", "--connector", "flood");
    const journal = join(desk, ".qoc/journal/000001.ndjson");
    await expect.poll(() => readFileSync(journal, "utf8").split('"fill.received"').length).toBeGreaterThan(100);
    const started = performance.now();
    child.kill("SIGTERM");
    await ended(child);
    // Two seconds on a free core; a flood once delayed it for half an hour.
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(child.signalCode).toBeNull();
    expect((await qoc("journal", "verify")).json).toMatchObject({ ok: true });
  });
});

describe("a halt of a desk that is down", () => {
  it("is a file outside the workspace that halts the next start, once, and also a running desk", async () => {
    const down = await qoc("halt", "venue", "is", "odd");
    expect(down).toMatchObject({
      code: 0,
      json: { trading: "halted", up: false, reason: "venue is odd", working: [] },
    });
    const deskId = readFileSync(join(desk, ".qoc", "desk-id"), "utf8").trim();
    const file = join(home, ".qoc", "keys", `${deskId}.halt`);
    expect(existsSync(file)).toBe(true);
    await up();
    expect((await qoc("status")).json).toMatchObject({ trading: { state: "halted", reason: "venue is odd" } });
    expect(existsSync(file)).toBe(false);
    expect((await qoc("resume")).json).toMatchObject({ trading: "active" });
    writeFileSync(file, "while it runs", { mode: 0o600 });
    await expect
      .poll(async () => (await qoc("status")).json)
      .toMatchObject({
        trading: { state: "halted", reason: "while it runs" },
      });
  });

  it("doctor, approve, halt, rebuild and new keys with another HOME say that the desk runs elsewhere", async () => {
    await up();
    const own = env;
    const elsewhere = mkdtempSync(join(tmpdir(), "qoc-home-"));
    env = { ...env, HOME: elsewhere, XDG_RUNTIME_DIR: "" };
    const [doctor, approval] = [await qoc("doctor"), await qoc("approve", "20260101-001")];
    const [halt, rebuild, keys] = [
      await qoc("halt"),
      await qoc("journal", "rebuild"),
      await qoc("keys", "new", "--yes"),
    ];
    env = own;
    // The desk would never read a halt file there, and would go on trading.
    expect(halt.error).toMatchObject({ code: "DESK_ELSEWHERE" });
    expect((await qoc("status")).json.trading.state).toBe("active");
    expect(rebuild.error).toMatchObject({ code: "DESK_ELSEWHERE" });
    expect(keys.error).toMatchObject({ code: "DESK_ELSEWHERE" });
    expect(existsSync(join(elsewhere, ".qoc/keys"))).toBe(false);
    const { checks } = doctor.json ?? doctor.error;
    expect(checks.find((check: { name: string }) => check.name === "desk")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("was started with another HOME") as unknown,
    });
    expect(approval.error).toMatchObject({ code: "DESK_ELSEWHERE" });
  });

  it("up --halted starts halted, and the end names the orders that still work", async () => {
    const child = await up();
    const { json } = await qoc("orders", "propose", ...LIMIT, "--time-in-force", "gtc");
    await qoc("approve", json.id, "--digest", json.digest);
    child.kill("SIGINT");
    await ended(child);
    const log = readFileSync(join(desk, ".qoc", "logs", "desk.log"), "utf8");
    for (const words of ["proposed by human", "approved by human (cli)", "accepted by the venue as", "paper is ready"])
      expect(log).toContain(words);
    const file = join(desk, "orders", "approved", `${json.id}.toml`);
    rmSync(file);
    const doctor = await qoc("doctor");
    expect(JSON.stringify(doctor.json)).toContain(`orders/approved/${json.id}.toml is missing`);
    const again = await up("--halted");
    expect((await qoc("status")).json.trading).toMatchObject({ state: "halted", reason: "started with --halted" });
    // The file follows the journal.
    await expect.poll(() => existsSync(file)).toBe(true);
    expect((await qoc("down")).json.working).toMatchObject([{ id: json.id, state: "accepted" }]);
    await ended(again);
    await qoc("halt", "prices", "are", "odd");
    const halted = await up("--halted");
    expect((await qoc("status")).json.trading).toMatchObject({ state: "halted", reason: "prices are odd" });
    await qoc("down");
    await ended(halted);
  });
});

it("a desk whose program was updated halts, cancels and stops, and says so of what it cannot do any more", async () => {
  const copy = join(home, "program");
  const root = dirname(dirname(BIN));
  for (const part of ["bin", "dist", "connectors", "package.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const child = await upFrom(join(copy, "bin/qoc.mjs"));
  const { json: order } = await qoc("orders", "propose", ...LIMIT, "--time-in-force", "gtc");
  await qoc("approve", order.id, "--digest", order.digest);
  rmSync(join(copy, "dist"), { recursive: true });
  expect((await qoc("fills", "list")).error).toMatchObject({ code: "PROGRAM_REPLACED" });
  expect(await qoc("halt", "an", "update")).toMatchObject({ code: 0, json: { trading: "halted" } });
  expect(await qoc("cancel", order.id)).toMatchObject({ code: 0 });
  expect(await qoc("down")).toMatchObject({ code: 0 });
  await ended(child);
});
