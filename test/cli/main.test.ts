import type { Review, ReviewedOrder, TargetView } from "../../src/domain/orders/review-view.ts";
import type { SigningRequest } from "../../src/domain/authority/authority.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArgumentEntry, CommandEntry } from "../../src/commands/command-entry.ts";
import { createRegistry } from "../../src/commands/command-index.ts";
import type { Command } from "../../src/commands/command.ts";
import { renderFields } from "../../src/commands/rendering/fields.ts";
import type { Authority } from "../../src/domain/authority/authority.ts";
import { reviewDigest } from "../../src/trading/orders/review.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { gapDigest } from "../../src/domain/authority/journal-head.ts";
import { ERRORS, type ErrorCode, QocError } from "../../src/domain/errors/error.ts";
import { main } from "../../src/cli/main.ts";
import { type SocketHandler, createSocketServer } from "../../src/cli/server.ts";
import type { IpcRequest } from "../../src/cli/ipc-protocol.ts";
import type { CliDeps, LocalCall } from "../../src/cli/cli-deps.ts";
import type { DeskProcess } from "../../src/workspace/lock.ts";
import { systemClock } from "../../src/app/system.ts";
import { type BufferIo, type BufferIoOptions, bufferIo } from "../support/buffer-io.ts";
import { OPERATOR_SOCKET, addressOf, fakeDesk } from "../support/desk-socket.ts";
import { quietLog } from "../support/quiet-log.ts";

function positional(name: string, value: string, summary: string, required = true): ArgumentEntry {
  return { name, kind: "positional", type: "string", value, summary, required };
}
function flag(name: string, value: string, summary: string, required = false): ArgumentEntry {
  return { name, kind: "flag", type: "string", value, summary, required };
}
function toggle(name: string, summary: string): ArgumentEntry {
  return { name, kind: "flag", type: "boolean", summary };
}

function entryOf(name: string, fields: Partial<CommandEntry> = {}): CommandEntry {
  return {
    name,
    group: "desk",
    audience: "human",
    writes: [],
    summary: `to ${name}`,
    args: [],
    examples: [`qoc ${name}`, `qoc ${name} --json`],
    runs: "desk",
    ...fields,
  };
}
const ENTRIES: readonly CommandEntry[] = [
  entryOf("look", { runs: "local-if-down" }),
  entryOf("make", { runs: "local", args: [positional("path", "DIR", "where", false)] }),
  entryOf("note write", {
    writes: ["inbox/"],
    args: [flag("text", "TEXT", "words", true), flag("more", "TEXT", "words")],
  }),
  entryOf("stop trading", { runs: "local-if-silent", writes: ["journal"] }),
  entryOf("watch", { streams: true }),
  entryOf("work", { writes: ["journal"], args: [toggle("dryRun", "show it")] }),
  entryOf("status", { runs: "local-if-down", args: [toggle("exitCode", "8 if proposals wait")] }),
  entryOf("orders propose", {
    writes: ["orders/pending/"],
    args: [flag("side", "SIDE", "buy or sell", true), flag("quantity", "N", "a decimal", true)],
  }),
  entryOf("orders show", { args: [positional("id", "ID", "which")] }),
  entryOf("approve", {
    writes: ["journal"],
    exits: [3, 6],
    args: [positional("id", "ID", "which", false), flag("digest", "SHA256", "read"), toggle("all", "refused")],
  }),
  entryOf("reject", { writes: ["journal"], args: [positional("id", "ID", "which"), flag("comment", "TEXT", "why")] }),
  entryOf("resume", { writes: ["journal"], args: [flag("reason", "TEXT", "why"), flag("gap", "FROM-TO", "lost")] }),
  entryOf("keys protect", { hiddenAliases: ["key protect"], runs: "local" }),
  entryOf("keys new", { runs: "local" }),
  entryOf("keys export", { runs: "local", args: [positional("file", "FILE", "a new file")] }),
  entryOf("keys import", { runs: "local", args: [positional("file", "FILE", "an export")] }),
];

/** The real command for its `cli` hook and rendering; commands of this file alone print their fields. */
async function loadCommand(name: string): Promise<Command> {
  const isReal = [
    "approve",
    "reject",
    "resume",
    "status",
    "orders show",
    "keys protect",
    "keys export",
    "keys import",
    "keys new",
  ].includes(name);
  if (isReal) return createRegistry(ENTRIES).load(name);
  return { render: renderFields } as Command;
}

type Handle = SocketHandler;

let dir = "";
let close: (() => Promise<void>) | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "qoc-cli-"));
});
afterEach(async () => {
  await close?.();
  close = undefined;
  rmSync(dir, { recursive: true, force: true });
});

interface CliResult extends BufferIo {
  readonly code: number;
  readonly requests: readonly IpcRequest[];
  readonly localCalls: readonly { command: string; input: unknown; call: LocalCall }[];
  readonly signed: readonly SigningRequest[];
}

interface Options extends BufferIoOptions {
  /** The process that has the desk's lock. */
  readonly deskProcess?: DeskProcess;
  readonly env?: CliDeps["env"];
  local?(command: string, call: LocalCall): unknown;
}

/** Runs one command line. `handle` answers for the desk; without it no desk listens. */
async function qoc(argv: readonly string[], handle?: Handle, options: Options = {}): Promise<CliResult> {
  const shell = bufferIo(options);
  const requests: IpcRequest[] = [];
  const signed: SigningRequest[] = [];
  const localCalls: { command: string; input: unknown; call: LocalCall }[] = [];
  const path = join(dir, "desk.sock");
  if (handle !== undefined) {
    const server = createSocketServer();
    await server.listen({
      path,
      clock: systemClock,
      log: quietLog(),
      identity: OPERATOR_SOCKET,
      handle: (request, answering, client) => {
        requests.push(request);
        return handle(request, answering, client);
      },
    });
    close = server.close;
  }
  const deps: CliDeps = {
    io: shell.io,
    env: options.env ?? {},
    cwd: dir,
    version: async () => "1.2.3",
    registry: async () => ({ entries: ENTRIES, load: loadCommand }),
    deskAt: async () => addressOf(path),
    random: (bytes) => Promise.resolve("ab".repeat(bytes)),
    now: () => 0,
    openLink: () => Promise.resolve(),
    sign: async (_from, request, passphrase) => {
      signed.push(request);
      if (request.key === "live" && passphrase !== "open sesame")
        throw new QocError("KEY_REQUIRED", { reason: "the passphrase is wrong" });
      return { ...AUTHORITY, key: request.key };
    },
    deskProcess: async () => options.deskProcess,
    invokeLocal: async (entry, input, call) => {
      localCalls.push({ command: entry.name, input, call });
      return options.local?.(entry.name, call);
    },
  };
  const code = await main(argv, deps);
  await close?.();
  close = undefined;
  return { ...shell, code, requests, localCalls, signed };
}

const AUTHORITY: Authority = { key: "desk", epoch: 1, head: { seq: 7, hash: "ab" }, expiresAt: 9, signature: "c2ln" };

function answers(value: unknown): Handle {
  return () => Promise.resolve(value);
}
function throws(code: ErrorCode, details = {}, data?: unknown): Handle {
  return () => Promise.reject(new QocError(code, details, { data }));
}

describe("a command line", () => {
  it.each(["QOC_API_URL", "QOC_AUTH_TOKEN"])("does nothing while %s names a desk elsewhere", async (name) => {
    const result = await qoc(["approve", "a1", "--digest", "x", "--json"], undefined, { env: { [name]: "https://x" } });
    expect([result.code, result.requests]).toEqual([2, []]);
    expect(JSON.parse(result.err())).toMatchObject({ code: "REMOTE_NOT_YET", hint: `type: unset ${name}` });
    expect((await qoc(["--help"], undefined, { env: { [name]: "https://x" } })).code).toBe(0);
  });

  it("does not say that the desk is down if it runs and only its socket is gone", async () => {
    const result = await qoc(["look", "--json"], undefined, { deskProcess: { pid: 77, otherFolder: undefined } });
    expect([result.code, result.out(), result.localCalls]).toEqual([5, "", []]);
    expect(JSON.parse(result.err())).toMatchObject({
      code: "DESK_UNREACHABLE",
      message: "the desk runs (pid 77), but its socket does not answer yet",
    });
  });

  it("says that a desk was started with another HOME, and how to find its variables", async () => {
    const deskProcess = { pid: 77, otherFolder: "/tmp/b/.qoc/run/0" };
    const result = await qoc(["look", "--json"], undefined, { deskProcess });
    expect([result.code, result.localCalls]).toEqual([5, []]);
    expect(JSON.parse(result.err())).toMatchObject({
      code: "DESK_ELSEWHERE",
      message: expect.stringContaining("another HOME or XDG_RUNTIME_DIR: its socket is not in /tmp/b/") as string,
      hint: expect.stringContaining("< /proc/77/environ") as string,
    });
  });

  it("runs here if it must work with the desk silent, and the desk cannot record it", async () => {
    const refuse = throws("JOURNAL_FAILED", { message: "the disk is full" });
    const result = await qoc(["stop", "trading", "--json"], refuse, { local: () => ({ trading: "halted" }) });
    expect([result.code, result.out()]).toEqual([0, '{"trading":"halted"}\n']);
    expect((await qoc(["work", "--json"], refuse)).code).toBe(1);
  });

  it("calls the desk and prints only the value of the reply", async () => {
    const result = await qoc(["look", "--json"], answers({ a: "1" }));
    expect([result.code, result.out(), result.err()]).toEqual([0, '{"a":"1"}\n', ""]);
    expect(result.requests).toEqual([{ command: "look", input: {}, cwd: dir }]);
    expect(result.localCalls).toEqual([]);
  });

  it("with -C uses that folder as its current folder", async () => {
    const result = await qoc(["-C", "inner", "look"], answers({}));
    expect(result.requests[0]?.cwd).toBe(join(dir, "inner"));
  });

  it("fails with DESK_DOWN if no desk listens, unless its command may run locally", async () => {
    const down = await qoc(["work"]);
    expect([down.code, down.out()]).toEqual([5, ""]);
    expect(down.err()).toContain("next: qoc up");
    const fallback = await qoc(["look", "--json"], undefined, { local: () => ({ up: false }) });
    expect([fallback.code, fallback.out()]).toEqual([0, '{"up":false}\n']);
    expect(fallback.localCalls).toMatchObject([{ command: "look", call: { channel: "cli", cwd: dir } }]);
  });

  it("does not run locally if the desk replied with an error", async () => {
    const result = await qoc(["look"], throws("DESK_DOWN"));
    expect([result.code, result.localCalls.length]).toEqual([5, 0]);
  });

  it("of a local command runs in this process even if a desk listens", async () => {
    const result = await qoc(["make", "there", "--json"], answers("never"), { local: () => ({ path: "there" }) });
    expect([result.code, result.out(), result.requests.length]).toEqual([0, '{"path":"there"}\n', 0]);
    expect(result.localCalls).toMatchObject([{ input: { path: "there" } }]);
  });

  it("of a long local command prints the report that it gives when it is ready, once", async () => {
    const result = await qoc(["make", "--json"], undefined, {
      local: (_command, call) => {
        call.ready({ up: true });
        return { up: true };
      },
    });
    expect(result.out()).toBe('{"up":true}\n');
  });

  it("prints a stream as one JSON value a line", async () => {
    const result = await qoc(["watch", "--json"], async (_request, { value }) => {
      await value({ n: 1 });
      await value({ n: 2 });
    });
    expect([result.code, result.out()]).toEqual([0, '{"n":1}\n{"n":2}\n']);
  });

  it("prints notes escaped on stderr, and not under --quiet or --json", async () => {
    const noting: Handle = async (_request, { progress }) => {
      progress.line("half way\u001b[2J");
      return { ok: "yes" };
    };
    const result = await qoc(["look"], noting);
    expect([result.out(), result.err()]).toEqual(["ok\tyes\n", "half way\\u{1b}[2J\n"]);
    for (const flag of ["--quiet", "--json"]) expect((await qoc(["look", flag], noting)).err()).toBe("");
  });

  it("reads a value - from standard input, and refuses two of them", async () => {
    const result = await qoc(["note", "write", "--text", "-"], answers({}), { stdin: "from a pipe\n" });
    expect(result.requests[0]?.input).toEqual({ text: "from a pipe\n" });
    const twice = await qoc(["note", "write", "--text", "-", "--more", "-"], answers({}), { stdin: "x" });
    expect([twice.code, twice.requests.length]).toEqual([2, 0]);
  });

  it("passes --dry-run to a command that supports it and refuses it for any other command that writes", async () => {
    expect((await qoc(["work", "--dry-run"], answers({}))).requests[0]?.input).toEqual({ dryRun: true });
    const refused = await qoc(["note", "write", "--text", "x", "--dry-run"], answers({}));
    expect([refused.code, refused.requests.length]).toEqual([2, 0]);
  });

  it("exits with 0 and prints no error if the reader of its pipe is gone", async () => {
    const result = await qoc(["watch"], async (_request, { value }) => value("x"), { broken: "EPIPE" });
    expect([result.code, result.err()]).toEqual([0, ""]);
  });

  it("exits with 130 on Ctrl-C and aborts the call at the desk", async () => {
    let aborted = false;
    let interrupt: () => void = () => undefined;
    const before = process.listeners("SIGINT");
    const result = await qoc(["work"], (_request, { signal }) => {
      interrupt = process.listeners("SIGINT").find((listener) => !before.includes(listener)) as () => void;
      setImmediate(() => interrupt());
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          resolve(undefined);
        });
      });
    });
    expect([result.code, aborted, result.out()]).toEqual([130, true, ""]);
    expect(result.err()).toContain("the desk may still finish what it has started: qoc status");
    expect(process.listeners("SIGINT")).toEqual(before);
  });
});

describe("errors", () => {
  it("fit a terminal: the sentence wraps at words, and a long hint breaks between its commands only", async () => {
    const path = `/home/somebody/${"long-name/".repeat(5)}desk`;
    const { err } = await qoc(["watch"], throws("LOCKED", { path, pid: 1, since: "" }), { isTty: true, answers: [] });
    const lines = err().trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual(["✗ this desk is up already (pid 1):", `  ${path}`]);
    expect(lines.slice(-2)).toEqual([`      to start it again: qoc down -C ${path},`, `      then qoc up -C ${path}`]);
    const piped = await qoc(["watch"], throws("LOCKED", { path, pid: 1, since: "" }));
    expect(piped.err().split("\n")[0]).toBe(`✗ this desk is up already (pid 1): ${path}`);
  });

  it("show times as the clock of the reader on a terminal, and in UTC elsewhere", async () => {
    const at = "2026-07-05T22:30:07.000Z";
    const failure = throws("FLOW_AMOUNT", { message: `the venue stated it at ${at}` });
    const local = new Date(at).toLocaleString("sv", { dateStyle: "short", timeStyle: "medium" });
    expect((await qoc(["watch"], failure, { isTty: true, answers: [] })).err()).toContain(`stated it at ${local}`);
    expect((await qoc(["watch"], failure)).err()).toContain(`stated it at ${at}`);
  });

  it("if the desk dies during a call: the outcome of an approval is unknown, a read fails with DESK_DOWN", async () => {
    const exit: Handle = async () => {
      throw new QocError("INTERNAL", { message: "x" });
    };
    const path = join(dir, "desk.sock");
    const dying = await fakeDesk(path, (socket) => void socket.destroy());
    const approval = await qoc(["approve", "a1", "--digest", "x"]);
    const look = await qoc(["look"]);
    dying.close();
    expect([approval.code, look.code, look.localCalls.length]).toEqual([6, 5, 0]);
    expect(look.err()).toContain("the desk is not up: connection lost before a reply");
    expect(approval.err()).toContain("a1: the outcome at the venue is unknown");
    expect((await qoc(["look"], exit)).code).toBe(1);
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])(
    "%s is printed as text and as JSON and exits with its code",
    async (code) => {
      const lines = await qoc(["look"], throws(code, { message: "m\u202e", next: "qoc status" }));
      expect([lines.code, lines.out()]).toEqual([ERRORS[code].exit, ""]);
      expect(lines.err()).toMatch(/^✗ .+\n.+\nnext: .+\n$/);
      expect(lines.err()).not.toMatch(/[\u202e\u001b]/);
      const json = await qoc(["look", "--json"], throws(code, { message: "m", next: "qoc status" }));
      expect([json.code, json.out()]).toEqual([ERRORS[code].exit, ""]);
      expect(JSON.parse(json.err())).toMatchObject({ code, retryable: ERRORS[code].retryable });
      expect(json.err().trimEnd()).not.toContain("\n");
    },
  );

  it("of an order print its receipt on stdout and the error on stderr", async () => {
    const receipt = { id: "a1", state: "unknown", clientOrderId: "q1", venueOrderId: null };
    const json = await qoc(
      ["approve", "a1", "--digest", "x", "--json"],
      throws("OUTCOME_UNKNOWN", { id: "a1", reason: "r" }, receipt),
    );
    expect([json.code, JSON.parse(json.out())]).toEqual([6, receipt]);
    expect(JSON.parse(json.err())).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    const lines = await qoc(["approve", "a1", "--digest", "x"], throws("GUARD_BLOCKED", { message: "m" }, receipt));
    expect([lines.code, lines.out()]).toEqual([3, "a1\tunknown\tq1\t\n"]);
  });

  it("of an unexpected kind are INTERNAL and print their stack under --verbose only", async () => {
    const crash: Handle = () => Promise.reject(new TypeError("x is not a function"));
    const result = await qoc(["look"], crash);
    expect(result.code).toBe(1);
    expect(result.err()).toContain("internal error: x is not a function");
    const failLocally = (flags: readonly string[]) =>
      qoc(["make", ...flags], undefined, {
        local: () => {
          throw new TypeError("broken locally");
        },
      });
    expect((await failLocally([])).err()).not.toContain("at ");
    expect((await failLocally(["--verbose"])).err()).toMatch(/TypeError: broken locally\n\s*at /);
  });

  it.each<[string[], string]>([
    [["lok"], "did you mean look?"],
    [["look", "--jsn"], "did you mean --json?"],
    [["look", "more"], 'unexpected "more"'],
    [["orders", "propose", "--side", "buy", "--quantity", "1", "--quantitty", "9"], "did you mean --quantity?"],
    [["orders", "propose", "--side", "buy", "--quantity", "1", "--quantity", "2"], "--quantity is repeated"],
    [["orders", "propose", "--side", "buy", "--quantity", ""], "--quantity is empty"],
    [["orders", "propose", "--side", "buy", "--quantity"], "--quantity needs a value"],
    [["orders"], "usage: qoc orders <command>"],
    [["orders", "--json"], "expected orders propose, orders show"],
    [["approve"], "is missing"],
    [["complete", "tcsh"], "zsh|bash|fish|powershell"],
  ])("of usage: %j exits with 2 and does not call the desk", async (argv, message) => {
    const result = await qoc(argv, answers({}));
    expect([result.code, result.out(), result.requests.length]).toEqual([2, "", 0]);
    expect(result.err()).toContain(message);
  });

  it("of usage are printed as JSON under --json", async () => {
    expect(JSON.parse((await qoc(["lok", "--json"])).err())).toMatchObject({
      code: "UNKNOWN_COMMAND",
      message: "unknown command: lok (did you mean look?)",
    });
  });
});

describe("a noun alone", () => {
  it("lists its commands: with --help on stdout and exit code 0, without on stderr and exit code 2", async () => {
    const wrong = await qoc(["orders"]);
    const helped = await qoc(["orders", "--help"]);
    expect([wrong.code, wrong.out(), helped.code, helped.err()]).toEqual([2, "", 0, ""]);
    expect(wrong.err()).toBe(helped.out());
    expect(helped.out()).toContain("  orders propose  to orders propose");
    expect((await qoc(["help", "orders"])).out()).toBe(helped.out());
  });
});

describe("help, version and completion", () => {
  it("print on stdout and exit with 0", async () => {
    for (const argv of [
      ["--help"],
      ["help"],
      ["help", "look"],
      ["look", "--help"],
      ["help", "guards"],
      ["help", "--all"],
      ["-h"],
    ]) {
      const result = await qoc(argv);
      expect([argv, result.code, result.err()]).toEqual([argv, 0, ""]);
      expect(result.out().length).toBeGreaterThan(100);
    }
    expect((await qoc(["--version"])).out()).toBe("1.2.3\n");
    expect((await qoc(["look", "-h"])).out()).toBe((await qoc(["help", "look"])).out());
  });

  it("with --json are an object with the text, and a line without a command is an error of one object", async () => {
    for (const argv of [["help"], ["help", "look"], ["look", "--help"], ["help", "--all"]]) {
      const plain = await qoc(argv);
      const json = await qoc([...argv, "--json"]);
      expect(JSON.parse(json.out())).toEqual({ help: plain.out().trimEnd() });
    }
    expect(JSON.parse((await qoc(["--version", "--json"])).out())).toEqual({ version: "1.2.3" });
    const none = await qoc(["--json"]);
    expect([none.code, none.out()]).toEqual([2, ""]);
    expect(JSON.parse(none.err())).toMatchObject({ code: "USAGE", message: "a command is missing" });
  });

  it("without a command: prints the usage on stderr and exits with 2", async () => {
    const result = await qoc([]);
    expect([result.code, result.out()]).toEqual([2, ""]);
    expect(result.err()).toContain("usage: qoc");
  });

  it("completion works without a desk", async () => {
    expect((await qoc(["complete", "--", "loo"])).out()).toBe("look\tto look\n:4\n");
    expect((await qoc(["complete", "bash"])).out()).toContain("complete");
  });
});

describe("colour", () => {
  it.each([
    ["look", answers({ name: "x", more: "y" })],
    ["status", answers({ ...statusWith([]), up: true })],
    ["work", throws("GUARD_BLOCKED", { message: "m" })],
  ] as const)("%s writes escape bytes only if colour is on", async (name, handle) => {
    const plain = await qoc([name], handle, { isTty: true, env: { CI: "1" } });
    expect(plain.out() + plain.err()).not.toContain("\u001b");
    const coloured = await qoc([name], handle, { isTty: true, colour: true, env: { CI: "1" } });
    expect(coloured.out() + coloured.err()).toContain("\u001b[");
  });

  it("--no-color turns colour off on a terminal with colours", async () => {
    const result = await qoc(["work", "--no-color"], throws("GUARD_BLOCKED", { message: "m" }), {
      isTty: true,
      colour: true,
      env: { CI: "1" },
    });
    expect(result.err()).not.toContain("\u001b");
  });
});

const READ = `sha256:${"aa".repeat(32)}`;
const EDITED = `sha256:${"bb".repeat(32)}`;
const terms = {
  connector: "paper",
  mode: "paper",
  symbol: "SPX",
  side: "buy",
  quantity: "1",
  type: "limit",
  limitPrice: "3000",
  timeInForce: "day",
};
function reviewedOrder(reviewFields: Record<string, unknown> = {}) {
  return {
    id: "20260705-001",
    state: "proposed",
    digest: EDITED,
    terms,
    review: {
      id: "20260705-001",
      path: "orders/pending/20260705-001.toml",
      sentence: "buy 1 SPX limit 3000 day at paper (paper)",
      mode: "paper",
      digest: READ,
      terms,
      sources: [],
      untrusted: {
        rationale: {
          source: "orders/pending/20260705-001.toml",
          retrievedAt: "2026-07-05T10:00:00.000Z",
          text: "because",
        },
        reason: null,
        names: null,
        rejection: null,
        problems: null,
        market: null,
      },
      researchRef: null,
      proposedBy: "agent:x",
      proposedAt: "2026-07-05T10:00:00.000Z",
      issue: null,
      decision: "allow",
      checks: [],
      book: [],
      quote: null,
      notional: "3000",
      warnings: [],
      venue: null,
      prices: [],
      repriced: null,
      realized: null,
      currency: "USD",
      typedAbove: "10000",
      ...reviewFields,
    },
  };
}
const receipt = { id: "20260705-001", state: "accepted", clientOrderId: "q1", venueOrderId: "P-1" };

function statusWith(proposals: readonly unknown[]): Record<string, unknown> {
  return {
    at: "2026-07-05T12:00:00.000Z",
    workspace: { name: "w", path: "/w" },
    up: true,
    trading: { state: "active", reason: "", since: null, actor: null },
    connectors: [],
    proposals,
    orders: [],
    externalOrders: [],
    quotes: [],
    issues: [],
    inbox: { new: 0 },
    runs: { runtime: "demo", unconfined: false, running: [] },
    lastRun: null,
    agents: [],
    book: {
      nav: "1",
      cash: "1",
      buyingPower: "1",
      dayPnl: "0",
      currency: "USD",
      asOf: null,
      accounts: [],
      profit: [],
      fees: [],
      positions: [],
      exposures: [],
      rates: [],
    },
    flagged: [],
    config: [],
    schedules: [],
    readOnly: null,
  };
}
const waiting = [
  {
    id: "20260705-001",
    path: "p",
    digest: READ,
    decision: "allow",
    checkedAt: "2026-07-05T12:00:00.000Z",
    needs: "approval",
    sentence: "buy 1 SPX limit 3000",
    untrusted: null,
  },
];

/** The order that a cancel or a replacement names. */
const TARGET: TargetView = {
  ...{ kind: "cancel", id: "a-9", state: "partially_filled", sentence: "buy 10 SPX limit 3000 day at paper" },
  ...{ quantity: "10", filled: "6", leaves: "4", clientOrderId: "q1", venueOrderId: "P-9" },
  ...{ cancelRequested: false, unprotected: "4" },
};

/** A desk with one proposal. */
function desk(reviewFields: Record<string, unknown> = {}): Handle {
  return async ({ command, input }) => {
    if (isReview({ command, input })) return shownOrder(reviewFields);
    if (command === "status") return statusWith(waiting);
    if (command === "approve" && !("authority" in (input as object)))
      throw signatureRequired({ id: String((input as { id?: unknown }).id) });
    return receipt;
  };
}
/** An order with its review and what its approval must sign. */
function shownOrder(reviewFields: Record<string, unknown> = {}) {
  const order = reviewedOrder(reviewFields) as unknown as ReviewedOrder & { review: Review };
  const { id, mode } = order.review;
  return { ...order, signing: signing({ id, shown: reviewDigest(order.review), mode }) };
}
function signing(fields: Partial<SigningRequest["statement"]>): SigningRequest {
  const { mode = "paper" } = fields;
  const place = { desk: "d1", epoch: 1, head: { seq: 7, hash: "ab" } };
  const statement = { ...place, action: "approve", id: "a1", digest: READ, shown: "", ...fields, mode } as const;
  return { key: mode === "paper" || mode === "" ? "desk" : "live", statement };
}
function signatureRequired(fields: Partial<SigningRequest["statement"]>): QocError {
  const request = signing(fields);
  return new QocError("SIGNATURE_REQUIRED", { action: "approve" }, { data: { signing: request } });
}
function isReview({ command, input }: { readonly command: string; readonly input: unknown }): boolean {
  return command === "approve" && (input as { readonly review?: boolean }).review === true;
}
/** The commands that the desk received; an approval that only asks for the review is "review". */
function commands(result: CliResult): readonly string[] {
  // Not the looks for the fill after an approval.
  const asked = result.requests.filter(({ command }) => command !== "orders show");
  return asked.map((request) => (isReview(request) ? "review" : request.command));
}

describe("approve", () => {
  it("off a terminal sends the id and digest of the command line, and signs that digest", async () => {
    const result = await qoc(["approve", "a1", "--digest", READ, "--json"], desk());
    const input = { id: "a1", digest: READ };
    expect(result.requests).toMatchObject([
      { command: "approve", input },
      { command: "approve", input: { ...input, authority: AUTHORITY } },
    ]);
    expect(result.signed).toEqual([signing({})]);
    expect(JSON.parse(result.out())).toEqual(receipt);
    const refused = await qoc(["approve", "a1"], throws("DIGEST_REQUIRED", { id: "a1" }));
    expect(refused.requests).toMatchObject([{ command: "approve", input: { id: "a1" } }]);
  });

  it.each<[string, Partial<SigningRequest["statement"]>]>([
    ["another digest", { digest: `sha256:${"9".repeat(64)}` }],
    ["another action", { action: "resume" }],
    ["another order", { id: "b1" }],
    ["a review that was not shown", { shown: `sha256:${"8".repeat(64)}` }],
  ])("signs nothing if the desk asks for %s than the person gave", async (_what, fields) => {
    const result = await qoc(["approve", "a1", "--digest", READ, "--json"], () =>
      Promise.reject(signatureRequired(fields)),
    );
    expect([result.code, result.signed, JSON.parse(result.err())]).toMatchObject([
      1,
      [],
      { code: "SIGNATURE_INVALID" },
    ]);
    const onScreen: Handle = async (request) =>
      isReview(request) ? { ...shownOrder(), signing: signing(fields) } : receipt;
    const shown = await qoc(["approve", "a1"], onScreen, { isTty: true, answers: ["y"] });
    expect([shown.code, shown.signed, commands(shown)]).toEqual([1, [], ["review"]]);
  });

  it("on a terminal signs nothing if the desk asks for another order or mode than the review shows", async () => {
    for (const fields of [{ id: "other" }, { mode: "live" }] as const) {
      const { signing: shown, ...order } = shownOrder();
      const statement = { ...shown.statement, ...fields };
      const asking: Handle = async (request) =>
        isReview(request) ? { ...order, signing: { key: "desk", statement } } : receipt;
      const result = await qoc(["approve", "2026"], asking, { isTty: true, answers: ["y"] });
      expect([result.code, result.signed, commands(result)]).toEqual([1, [], ["review"]]);
    }
  });

  it("on a terminal asks nothing if the desk approves nothing now", async () => {
    const refusal = { code: "RULES_CHANGED", details: { reason: "desk.toml is not valid: x", next: "edit desk.toml" } };
    const result = await qoc(["approve", "2026"], async () => ({ ...shownOrder(), refusal }), {
      isTty: true,
      answers: [],
    });
    expect([result.code, result.signed, commands(result)]).toEqual([3, [], ["review"]]);
    expect(result.err().replaceAll(/\s+/g, " ")).toMatch(
      /nothing is approved: desk.toml is not valid: x code RULES_CHANGED next: edit desk.toml $/,
    );
    expect(result.err()).not.toContain("Type y to send");
  });

  it.each(["20260705-001", "2026", "001", "orders/pending/20260705-001.toml"])(
    "off a terminal signs the order that %s names",
    async (ref) => {
      const asking: Handle = async ({ input }) => {
        if (!("authority" in (input as object))) throw signatureRequired({ id: "20260705-001" });
        return receipt;
      };
      expect((await qoc(["approve", ref, "--digest", READ, "--json"], asking)).code).toBe(0);
    },
  );

  it("on a terminal prints the review on stderr, prompts, and sends the digest of the review", async () => {
    const result = await qoc(["approve", "2026"], desk(), { isTty: true, answers: ["y"] });
    expect(commands(result)).toEqual(["review", "approve"]);
    expect(result.requests[1]).toMatchObject({
      input: { id: "20260705-001", digest: READ, shown: shownOrder().signing.statement.shown, authority: AUTHORITY },
    });
    expect(result.err()).toContain("│ because");
    expect(result.err()).toContain(READ);
    expect([result.code, result.out()]).toEqual([0, "20260705-001 is accepted; the venue calls it P-1\n"]);
  });

  it.each([["n"], [""], [undefined]])("sends nothing if the prompt is answered with %j", async (answer) => {
    const result = await qoc(["approve", "2026"], desk(), { isTty: true, answers: [answer] });
    expect(commands(result)).toEqual(["review"]);
    expect([result.code, result.out()]).toEqual([1, ""]);
  });

  it.each([
    [{}, "PAPER: BUY 1 SPX limit 3,000.00, about 3,000.00 USD, day, at paper. Type y to send"],
    [{ notional: "20000" }, "Type SPX to send (above 10,000.00 USD), Enter for no"],
    [{ notional: "20000", typedAbove: "30000" }, "Type y to send (the symbol above 30,000.00 USD), Enter for no"],
    [{ mode: "live" }, "LIVE MONEY: BUY 1 SPX limit 3,000.00"],
    [
      { target: TARGET, notional: "20000" },
      `PAPER: CANCEL a-9, 4 left of ${TARGET.sentence}. Type y to send the cancel`,
    ],
    [
      { target: TARGET, mode: "live" },
      `LIVE MONEY: CANCEL a-9, 4 left of ${TARGET.sentence}. Type SPX to send the cancel`,
    ],
    [{ target: { ...TARGET, kind: "replace" } }, "PAPER: REPLACE a-9 by BUY 1 SPX limit 3,000.00, about 3,000.00 USD"],
  ])("asks with the whole order in the question, and states the threshold (%j)", async (fields, text) => {
    const result = await qoc(["approve", "2026"], desk(fields), { isTty: true, answers: [""] });
    expect(result.asked).toEqual([expect.stringContaining(text)]);
  });

  it("waits on a terminal for the fill and says its price; a program is answered at the acceptance", async () => {
    let polls = 0;
    const filling: Handle = async (request, client, more) => {
      if (request.command !== "orders show") return desk()(request, client, more);
      polls += 1;
      const [state, filled] = polls < 3 ? ["accepted", "0"] : ["filled", "1"];
      return { ...reviewedOrder(), state, filled, averagePrice: polls < 3 ? null : "3119.41" };
    };
    const seen = await qoc(["approve", "2026"], filling, { isTty: true, answers: ["y"] });
    expect(seen.out()).toContain("is filled: 1 at 3,119.41");
    const piped = await qoc(["approve", "2026", "--digest", READ, "--json"], filling);
    expect([polls, JSON.parse(piped.out())]).toEqual([3, receipt]);
    polls = 0;
    const picked = await qoc(["status"], filling, { isTty: true, answers: ["20260705-001", "approve", "y", "done"] });
    expect(picked.out()).toContain("is filled: 1 at 3,119.41");
  });

  it("shows the order that a cancel names, and not the market; it waits for no fill", async () => {
    const book = [{ what: "SPX held", before: "10", after: "10", unit: "" }];
    const fields = { target: TARGET, book, warnings: ["a-9 protects the position"] };
    const cancelling: Handle = async (request, client, more) => {
      if (request.command === "orders show") throw new Error("no order is shown");
      const answer = await desk(fields)(request, client, more);
      if (request.command !== "approve" || isReview(request)) return answer;
      return { ...receipt, target: { id: "a-9", state: "cancelled" } };
    };
    const seen = await qoc(["approve", "2026"], cancelling, { isTty: true, answers: ["y"] });
    expect(seen.err()).toContain("\na-9 is partially_filled; 6 of 10 filled, 4 left\n");
    expect(seen.err()).toContain("! a-9 protects the position");
    expect(seen.err()).not.toMatch(/^market/m);
    expect(seen.out()).toBe("cancel 20260705-001 is accepted; a-9 is cancelled\n");
    const piped = await qoc(["approve", "2026", "--digest", READ], cancelling);
    expect(piped.out()).toContain("\ta-9\tcancelled");
  });

  it("takes the symbol in any case", async () => {
    const result = await qoc(["approve", "2026"], desk({ notional: "20000" }), { isTty: true, answers: ["spx"] });
    expect([result.code, commands(result)]).toEqual([0, ["review", "approve"]]);
  });

  it("asks nothing if a guard blocks, and exits with 3", async () => {
    const checks = [{ guard: "no-short", decision: "block", code: "X", message: "it opens a short", limit: "" }];
    const result = await qoc(["approve", "2026"], desk({ decision: "block", checks }), { isTty: true, answers: [] });
    expect([result.code, result.asked, commands(result)]).toEqual([3, [], ["review"]]);
    expect(result.err()).toContain("refused: it opens a short");
  });

  it.each([
    ["live", { mode: "live", sentence: "x (live)" }],
    ["unstated", { mode: "unstated" }],
    ["over the limit", { notional: "10000.01" }],
    ["of unknown size", { notional: null }],
  ])("requires the typed symbol, not y or --yes, if the order is %s", async (_name, fields) => {
    const confirmed = await qoc(["approve", "2026", "--yes"], desk(fields), { isTty: true, answers: ["y"] });
    expect([confirmed.code, commands(confirmed)]).toEqual([1, ["review"]]);
    const typed = await qoc(["approve", "2026"], desk(fields), { isTty: true, answers: ["SPX", "open sesame"] });
    expect([typed.code, commands(typed)]).toEqual([0, ["review", "approve"]]);
  });

  it.each([
    ["--no-input", ["approve", "a1", "--no-input"], {}],
    ["CI", ["approve", "a1"], { CI: "true" }],
    ["--json", ["approve", "a1", "--json"], {}],
  ])("does not prompt under %s", async (_name, argv, env) => {
    const result = await qoc(argv, throws("DIGEST_REQUIRED", { id: "a1" }), { isTty: true, env });
    expect([result.code, result.asked.length, commands(result)]).toEqual([2, 0, ["approve"]]);
  });

  it("refuses --all without calling the desk", async () => {
    const result = await qoc(["approve", "--all", "--json"], desk());
    expect([result.code, result.requests.length, JSON.parse(result.err())]).toMatchObject([
      2,
      0,
      { code: "NO_BULK_APPROVAL" },
    ]);
  });

  it("prompts for the live key's passphrase without echo, or reads it from a descriptor", async () => {
    const live = desk({ mode: "live", sentence: "x (live)" });
    const result = await qoc(["approve", "2026"], live, { isTty: true, answers: ["SPX", "open sesame"] });
    expect([result.code, result.asked[1]]).toEqual([0, "[Passphrase of the live key (press Enter to stop)]"]);
    expect(result.out() + result.err() + JSON.stringify(result.requests)).not.toContain("sesame");
    const locked: Handle = async ({ input }) => {
      if (!("authority" in (input as object))) throw signatureRequired({ mode: "live" });
      return receipt;
    };
    const argv = ["approve", "a1", "--digest", READ];
    const fd = await qoc([...argv, "--passphrase-fd", "3"], locked, { fds: { 3: "open sesame\n" } });
    expect(fd.code).toBe(0);
    expect((await qoc([...argv, "--passphrase-fd", "9"], locked)).code).toBe(2);
    const none = await qoc(argv, locked);
    expect([none.code, none.requests.length]).toEqual([1, 1]);
  });
});

describe("resume on a desk whose journal lacks records", () => {
  const head = { seq: 9, hash: "ab" };
  const gap = { kind: "behind", fromSeq: 6, toSeq: 9, fromAt: 1, toAt: 2, heads: [head] } as const;
  const shown = gapDigest(gap);
  const reason = digestOf("checked");
  /** Refuses to resume until the gap is accepted, and asks for a signature of the gap. */
  const behind =
    (fields: Partial<SigningRequest["statement"]> = {}): Handle =>
    async ({ input }) => {
      const { gap: named, authority } = input as { gap?: string; authority?: unknown };
      if (named === undefined) throw new QocError("JOURNAL_BEHIND", { reason: "x", gap: "6-9" }, { data: { gap } });
      if (authority === undefined) {
        const subject = { action: "resume", id: "", digest: reason, shown, mode: "" } as const;
        throw signatureRequired({ ...subject, ...fields });
      }
      return { trading: "halted", reason: "records 6-9 of the journal are lost", working: [] };
    };
  const LINE = ["resume", "--reason", "checked"];

  it("shows what is lost, asks, and signs exactly this gap", async () => {
    const result = await qoc(LINE, behind(), { isTty: true, answers: ["y"] });
    expect(result.asked).toEqual(["Go on without records 6-9?"]);
    expect(result.err()).toContain("Orders, decisions and fills of these records are not known to the desk.");
    expect(result.requests.at(-1)).toMatchObject({ command: "resume", input: { reason: "checked", gap: shown } });
    expect(result.signed).toMatchObject([{ statement: { action: "resume", digest: reason, shown } }]);
    expect(result.code).toBe(0);
  });

  it.each([["n"], [""], [undefined]])("signs nothing if the answer is %j", async (answer) => {
    const result = await qoc(LINE, behind(), { isTty: true, answers: [answer] });
    expect([result.code, result.signed, result.requests.length]).toEqual([1, [], 1]);
    expect(result.out()).toBe("");
    expect(result.err()).toContain("qoc resume --gap 6-9");
  });

  it.each<[string, readonly string[], object]>([
    ["off a terminal", LINE, {}],
    ["off a terminal, with another gap", [...LINE, "--gap", "6-8"], {}],
    ["on a terminal, with another gap", [...LINE, "--gap", "1-9"], { isTty: true, answers: [] }],
  ])("asks nothing and signs nothing %s", async (_, argv, options) => {
    const result = await qoc([...argv, "--json"], behind(), options);
    expect([result.asked, result.signed]).toEqual([[], []]);
    expect(JSON.parse(result.err())).toMatchObject({ code: "JOURNAL_BEHIND" });
  });

  it("signs nothing if the desk asks for a signature of another gap", async () => {
    const other = gapDigest({ ...gap, fromSeq: 2 });
    const result = await qoc(LINE, behind({ shown: other }), { isTty: true, answers: ["y"] });
    expect([result.code, result.signed]).toEqual([1, []]);
  });
});

describe("status", () => {
  it("does not prompt off a terminal, and exits with 8 only under --exit-code", async () => {
    const result = await qoc(["status"], desk());
    expect([result.code, result.asked.length]).toEqual([0, 0]);
    expect((await qoc(["status", "--exit-code"], desk())).code).toBe(8);
    expect((await qoc(["status", "--exit-code"], answers(statusWith([])))).code).toBe(0);
    expect(result.requests[0]?.input).toEqual({});
  });

  it("does not prompt if the desk is down or if stdout is a file", async () => {
    const down = await qoc(["status"], undefined, {
      isTty: true,
      local: () => ({ ...statusWith(waiting), up: false }),
    });
    expect([down.code, down.asked.length]).toEqual([0, 0]);
    const filed = await qoc(["status"], desk(), { isTty: true, isOutTty: false });
    expect([filed.code, filed.asked.length]).toEqual([0, 0]);
  });

  it("on a terminal lists the proposals, prints the review once, and approves the selected proposal", async () => {
    const result = await qoc(["status"], desk(), { isTty: true, answers: ["20260705-001", "approve", "y"] });
    expect(commands(result)).toEqual(["status", "review", "approve", "status"]);
    expect(result.requests[2]).toMatchObject({ input: { id: "20260705-001", digest: READ } });
    expect(result.err().split("│ because")).toHaveLength(2);
    expect(result.out()).toContain("is accepted");
  });

  it("on a terminal rejects with a comment, or returns to the list", async () => {
    const result = await qoc(["status"], desk(), {
      isTty: true,
      answers: ["20260705-001", "back", "20260705-001", "reject", "too dear"],
    });
    expect(result.requests.find(({ command }) => command === "reject")).toMatchObject({
      input: { id: "20260705-001", comment: "too dear" },
    });
    expect((await qoc(["status"], desk(), { isTty: true, answers: ["done"] })).requests).toHaveLength(1);
    expect((await qoc(["status"], desk(), { isTty: true, answers: [undefined] })).requests).toHaveLength(1);
  });

  it("continues after a wrong passphrase", async () => {
    const live = desk({ mode: "live", sentence: "x (live)" });
    const answers = ["20260705-001", "approve", "SPX", "wrong", "done"];
    const result = await qoc(["status"], live, { isTty: true, answers });
    expect([result.code, commands(result)]).toEqual([0, ["status", "review", "status"]]);
    expect(result.err()).toContain("the passphrase is wrong");
  });

  it("continues after the desk refused an approval", async () => {
    const stubborn: Handle = async (request, answering, client) => {
      if (request.command === "approve" && !isReview(request))
        throw new QocError("GUARD_BLOCKED", { message: "too much" });
      return desk()(request, answering, client);
    };
    const result = await qoc(["status"], stubborn, { isTty: true, answers: ["20260705-001", "approve", "y", "done"] });
    expect(result.code).toBe(0);
    expect(result.err()).toContain("refused: too much");
  });
});

describe("keys protect", () => {
  it("reads the passphrase from two equal prompts or from a file descriptor", async () => {
    const typed = await qoc(["key", "protect"], undefined, {
      isTty: true,
      answers: ["a phrase of tests", "a phrase of tests"],
    });
    expect(typed.localCalls).toMatchObject([{ input: { passphrase: "a phrase of tests" } }]);
    const read = await qoc(["key", "protect", "--passphrase-fd", "3"], undefined, {
      fds: { 3: "a phrase of tests\n" },
    });
    expect(read.localCalls).toMatchObject([{ input: { passphrase: "a phrase of tests" } }]);
  });

  it("changes nothing if the two passphrases differ or no prompt is possible", async () => {
    const differ = await qoc(["key", "protect"], undefined, {
      isTty: true,
      answers: ["a phrase of tests", "a phrase of texts"],
    });
    expect([differ.code, differ.localCalls.length]).toEqual([2, 0]);
    expect([(await qoc(["key", "protect"])).code]).toEqual([2]);
  });

  it("refuses a weak passphrase before it is repeated", async () => {
    const weak = await qoc(["keys", "protect"], undefined, { isTty: true, answers: ["short", "short"] });
    expect([weak.code, weak.localCalls.length]).toEqual([2, 0]);
    expect(weak.err()).toContain("at least 10 characters");
    expect(weak.err()).not.toContain("Repeat the passphrase");
  });
});

describe("keys new", () => {
  it("asks nothing if the desk's keys are there, and makes keys after a yes", async () => {
    const refused = await qoc(["keys", "new"], undefined, {
      ...{ isTty: true, answers: ["y"] },
      local: () => {
        throw new QocError("KEY_EXISTS", { path: "k" });
      },
    });
    expect(refused.localCalls.map(({ input }) => input)).toEqual([{}]);
    expect(refused.err()).toContain("code KEY_EXISTS");
    expect(refused.err()).not.toContain("make new ones?");
    const made = await qoc(["keys", "new"], undefined, { isTty: true, answers: ["y"] });
    expect(made.localCalls.map(({ input }) => input)).toEqual([{}, { confirmed: true }]);
  });
});

describe("keys export", () => {
  it("checks the file before it asks for a passphrase", async () => {
    const refused = await qoc(["keys", "export", "f"], undefined, {
      ...{ isTty: true, answers: ["a phrase of tests", "a phrase of tests"] },
      local: () => {
        throw new QocError("NEW_FILE_REFUSED", { path: "f", reason: "it exists already" });
      },
    });
    expect(refused.localCalls.map(({ input }) => input)).toEqual([{ file: "f" }]);
    expect(refused.err()).toContain("code NEW_FILE_REFUSED");
    expect(refused.err()).not.toContain("New passphrase");
    const taken = await qoc(["keys", "export", "f"], undefined, {
      ...{ isTty: true, answers: ["a phrase of tests", "a phrase of tests"] },
    });
    expect(taken.localCalls.map(({ input }) => input)).toEqual([
      { file: "f" },
      { file: "f", passphrase: "a phrase of tests" },
    ]);
  });
});

describe("keys import", () => {
  /** The first call checks the file; then so many passphrases are wrong. */
  function importing(wrong: number, more: BufferIoOptions): Promise<CliResult> {
    let calls = -1;
    return qoc(["keys", "import", "f"], undefined, {
      ...more,
      local: () => {
        calls += 1;
        if (calls > 0 && calls <= wrong) throw new QocError("KEYS_PASSPHRASE", { file: "f", tries: "" });
        return { path: "k", live: false };
      },
    });
  }

  it("asks again after a wrong passphrase, and says how many tries are left", async () => {
    const result = await importing(1, { isTty: true, answers: ["a wrong phrase", "a phrase of tests"] });
    expect([result.code, result.localCalls.map(({ input }) => input)]).toEqual([
      0,
      [{ file: "f" }, { file: "f", passphrase: "a wrong phrase" }, { file: "f", passphrase: "a phrase of tests" }],
    ]);
    expect(result.err()).toContain("the passphrase is wrong; 2 of 3 tries left");
  });

  it("ends after the third wrong passphrase, and at an empty one, with what to type", async () => {
    const third = await importing(9, { isTty: true, answers: ["one", "two", "three", "four"] });
    expect([third.code, third.localCalls.length]).toEqual([1, 4]);
    expect(third.err()).toContain("f: the passphrase is wrong (3 of 3 tries)");
    expect(third.err()).toContain("qoc keys import f");
    const stopped = await importing(9, { isTty: true, answers: [""] });
    expect([stopped.code, stopped.localCalls.length]).toEqual([1, 2]);
    const read = await qoc(["keys", "import", "f", "--passphrase-fd", "3"], undefined, { fds: { 3: "secret\n" } });
    expect(read.localCalls.map(({ input }) => input)).toEqual([{ file: "f" }, { file: "f", passphrase: "secret" }]);
  });

  it("checks the file before it asks for a passphrase", async () => {
    const refused = await qoc(["keys", "import", "f"], undefined, {
      ...{ isTty: true, answers: ["a phrase of tests"] },
      local: () => {
        throw new QocError("KEYS_REFUSED", { file: "f", reason: "there is no such file" });
      },
    });
    expect(refused.err()).toContain("there is no such file");
    expect(refused.asked).toEqual([]);
  });
});
