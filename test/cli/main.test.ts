import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArgumentEntry, CommandEntry } from "../../src/commands/command-entry.ts";
import { createRegistry } from "../../src/commands/command-index.ts";
import type { Command } from "../../src/commands/command.ts";
import { renderFields } from "../../src/commands/rendering/fields.ts";
import { ERRORS, type ErrorCode, QocError } from "../../src/domain/error.ts";
import { main } from "../../src/cli/main.ts";
import { type SocketHandler, createSocketServer } from "../../src/cli/server.ts";
import type { Request } from "../../src/cli/ipc-protocol.ts";
import type { CliDeps, LocalCall } from "../../src/cli/cli-deps.ts";
import { type BufferIo, type BufferIoOptions, bufferIo } from "../support/buffer-io.ts";
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

function row(name: string, more: Partial<CommandEntry> = {}): CommandEntry {
  return {
    name,
    group: "desk",
    audience: "human",
    writes: [],
    summary: `to ${name}`,
    args: [],
    examples: [`qoc ${name}`, `qoc ${name} --json`],
    runs: "desk",
    ...more,
  };
}
const TABLE: readonly CommandEntry[] = [
  row("look", { runs: "local-if-down" }),
  row("make", { runs: "local", args: [positional("path", "DIR", "where", false)] }),
  row("note write", {
    writes: ["inbox/"],
    args: [flag("text", "TEXT", "words", true), flag("more", "TEXT", "words")],
  }),
  row("watch", { streams: true }),
  row("work", { writes: ["journal"], args: [toggle("dryRun", "show it")] }),
  row("status", { runs: "local-if-down", args: [toggle("exitCode", "8 where something waits")] }),
  row("orders propose", {
    writes: ["orders/pending/"],
    args: [flag("side", "SIDE", "buy or sell", true), flag("quantity", "N", "a decimal", true)],
  }),
  row("orders show", { args: [positional("id", "ID", "which")] }),
  row("approve", {
    writes: ["journal"],
    exits: [3, 6],
    args: [positional("id", "ID", "which", false), flag("digest", "SHA256", "read"), toggle("all", "refused")],
  }),
  row("reject", { writes: ["journal"], args: [positional("id", "ID", "which"), flag("comment", "TEXT", "why")] }),
  row("keys protect", { hiddenAliases: ["key protect"], runs: "local" }),
];

/** The real command for its `cli` hook and rendering; commands of this file alone print their fields. */
async function loadCommand(name: string): Promise<Command> {
  const isReal = ["approve", "reject", "status", "orders show", "keys protect"].includes(name);
  if (isReal) return createRegistry(TABLE).load(name);
  return { render: renderFields } as Command;
}

type Handle = SocketHandler;

let dir = "";
let close: (() => Promise<void>) | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "qoc-door-"));
});
afterEach(async () => {
  await close?.();
  close = undefined;
  rmSync(dir, { recursive: true, force: true });
});

interface Ran extends BufferIo {
  readonly code: number;
  readonly requests: readonly Request[];
  readonly colds: readonly { row: string; input: unknown; call: LocalCall }[];
}

interface Options extends BufferIoOptions {
  readonly env?: CliDeps["env"];
  cold?(row: string, call: LocalCall): unknown;
}

/** One command line against a desk that answers with `handle`; no desk where there is none. */
async function qoc(argv: readonly string[], handle?: Handle, options: Options = {}): Promise<Ran> {
  const shell = bufferIo(options);
  const requests: Request[] = [];
  const colds: { row: string; input: unknown; call: LocalCall }[] = [];
  const path = join(dir, "desk.sock");
  if (handle !== undefined) {
    const server = createSocketServer();
    await server.listen({
      path,
      log: quietLog(),
      handle: (request, answering) => {
        requests.push(request);
        return handle(request, answering);
      },
    });
    close = server.close;
  }
  const world: CliDeps = {
    io: shell.io,
    env: options.env ?? {},
    cwd: dir,
    version: async () => "1.2.3",
    registry: async () => ({ entries: TABLE, load: loadCommand }),
    socketFor: async () => path,
    invokeLocal: async (cold, input, call) => {
      colds.push({ row: cold.name, input, call });
      return options.cold?.(cold.name, call);
    },
  };
  const code = await main(argv, world);
  await close?.();
  close = undefined;
  return { ...shell, code, requests, colds };
}

function answers(value: unknown): Handle {
  return () => Promise.resolve(value);
}
function throws(code: ErrorCode, details = {}, data?: unknown): Handle {
  return () => Promise.reject(new QocError(code, details, { data }));
}

describe("a command line", () => {
  it("asks the desk and prints its answer, nothing else", async () => {
    const ran = await qoc(["look", "--json"], answers({ a: "1" }));
    expect([ran.code, ran.out(), ran.err()]).toEqual([0, '{"a":"1"}\n', ""]);
    expect(ran.requests).toEqual([{ command: "look", input: {}, channel: "cli", cwd: dir }]);
    expect(ran.colds).toEqual([]);
  });

  it("takes -C as the folder to stand in", async () => {
    const ran = await qoc(["-C", "inner", "look"], answers({}));
    expect(ran.requests[0]?.cwd).toBe(join(dir, "inner"));
  });

  it("says DESK_DOWN where no desk listens, and falls back only where the row may", async () => {
    const down = await qoc(["work"]);
    expect([down.code, down.out()]).toEqual([5, ""]);
    expect(down.err()).toContain("next: qoc up");
    const fallback = await qoc(["look", "--json"], undefined, { cold: () => ({ up: false }) });
    expect([fallback.code, fallback.out()]).toEqual([0, '{"up":false}\n']);
    expect(fallback.colds).toMatchObject([{ row: "look", call: { channel: "cli", cwd: dir } }]);
  });

  it("does not fall back when the desk answered with an error", async () => {
    const ran = await qoc(["look"], throws("DESK_DOWN"));
    expect([ran.code, ran.colds.length]).toEqual([5, 0]);
  });

  it("runs a cold row here, desk or no desk", async () => {
    const ran = await qoc(["make", "there", "--json"], answers("never"), { cold: () => ({ path: "there" }) });
    expect([ran.code, ran.out(), ran.requests.length]).toEqual([0, '{"path":"there"}\n', 0]);
    expect(ran.colds).toMatchObject([{ input: { path: "there" } }]);
  });

  it("prints what a long cold row says when it is ready, once", async () => {
    const ran = await qoc(["make", "--json"], undefined, {
      cold: (_row, call) => {
        call.ready({ up: true });
        return { up: true };
      },
    });
    expect(ran.out()).toBe('{"up":true}\n');
  });

  it("prints a stream as one JSON value a line", async () => {
    const ran = await qoc(["watch", "--json"], async (_request, { value }) => {
      await value({ n: 1 });
      await value({ n: 2 });
    });
    expect([ran.code, ran.out()]).toEqual([0, '{"n":1}\n{"n":2}\n']);
  });

  it("keeps notes on stderr, harmless, and silent under --quiet and --json", async () => {
    const noting: Handle = async (_request, { note }) => {
      note("half way\u001b[2J");
      return { ok: "yes" };
    };
    const ran = await qoc(["look"], noting);
    expect([ran.out(), ran.err()]).toEqual(["ok\tyes\n", "half way\\u{1b}[2J\n"]);
    for (const flag of ["--quiet", "--json"]) expect((await qoc(["look", flag], noting)).err()).toBe("");
  });

  it("reads a dash from standard input, once", async () => {
    const ran = await qoc(["note", "write", "--text", "-"], answers({}), { stdin: "from a pipe\n" });
    expect(ran.requests[0]?.input).toEqual({ text: "from a pipe\n" });
    const twice = await qoc(["note", "write", "--text", "-", "--more", "-"], answers({}), { stdin: "x" });
    expect([twice.code, twice.requests.length]).toEqual([2, 0]);
  });

  it("hands a dry run to a row that has one and refuses it for one that writes", async () => {
    expect((await qoc(["work", "--dry-run"], answers({}))).requests[0]?.input).toEqual({ dryRun: true });
    const refused = await qoc(["note", "write", "--text", "x", "--dry-run"], answers({}));
    expect([refused.code, refused.requests.length]).toEqual([2, 0]);
  });

  it("ends quietly where the reader of a pipe has gone", async () => {
    const ran = await qoc(["watch"], async (_request, { value }) => value("x"), { broken: "EPIPE" });
    expect([ran.code, ran.err()]).toEqual([0, ""]);
  });

  it("stops with 130 on Ctrl-C, and aborts the call at the desk", async () => {
    let aborted = false;
    let interrupt: () => void = () => undefined;
    const before = process.listeners("SIGINT");
    const ran = await qoc(["work"], (_request, { signal }) => {
      interrupt = process.listeners("SIGINT").find((listener) => !before.includes(listener)) as () => void;
      setImmediate(() => interrupt());
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          resolve(undefined);
        });
      });
    });
    expect([ran.code, aborted, ran.out()]).toEqual([130, true, ""]);
    expect(ran.err()).toContain("the desk may still finish what it has started: qoc status");
    expect(process.listeners("SIGINT")).toEqual(before);
  });
});

describe("errors", () => {
  it("say UNKNOWN where the desk dies under an approval, and never under a look", async () => {
    const exit: Handle = async () => {
      throw new QocError("INTERNAL", { message: "x" });
    };
    const path = join(dir, "desk.sock");
    const dying = createServer((socket) => socket.once("data", () => socket.destroy())).listen(path);
    await once(dying, "listening");
    const approval = await qoc(["approve", "a1", "--digest", "x"]);
    const look = await qoc(["look"]);
    dying.close();
    expect([approval.code, look.code, look.colds.length]).toEqual([6, 5, 0]);
    expect(look.err()).toContain("the desk is not up: connection lost before a reply");
    expect(approval.err()).toContain("a1: the outcome at the venue is unknown");
    expect((await qoc(["look"], exit)).code).toBe(1);
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])("%s ends with its exit code, in words and as JSON", async (code) => {
    const words = await qoc(["look"], throws(code, { message: "m\u202e" }));
    expect([words.code, words.out()]).toEqual([ERRORS[code].exit, ""]);
    expect(words.err()).toMatch(/^✗ .+\n.+\nnext: .+\n$/);
    expect(words.err()).not.toMatch(/[\u202e\u001b]/);
    const json = await qoc(["look", "--json"], throws(code, { message: "m" }));
    expect([json.code, json.out()]).toEqual([ERRORS[code].exit, ""]);
    expect(JSON.parse(json.err())).toMatchObject({ code, retryable: ERRORS[code].retryable });
    expect(json.err().trimEnd()).not.toContain("\n");
  });

  it("print what is known of the order on stdout, as its own answer", async () => {
    const receipt = { id: "a1", state: "unknown", clientOrderId: "q1", venueOrderId: null };
    const json = await qoc(
      ["approve", "a1", "--digest", "x", "--json"],
      throws("OUTCOME_UNKNOWN", { id: "a1", reason: "r" }, receipt),
    );
    expect([json.code, JSON.parse(json.out())]).toEqual([6, receipt]);
    expect(JSON.parse(json.err())).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    const words = await qoc(["approve", "a1", "--digest", "x"], throws("GUARD_BLOCKED", { message: "m" }, receipt));
    expect([words.code, words.out()]).toEqual([3, "a1\tunknown\tq1\t\n"]);
  });

  it("of the desk's own making are INTERNAL, with the cause under --verbose only", async () => {
    const crash: Handle = () => Promise.reject(new TypeError("x is not a function"));
    const ran = await qoc(["look"], crash);
    expect(ran.code).toBe(1);
    expect(ran.err()).toContain("internal error: x is not a function");
    const here = (flags: readonly string[]) =>
      qoc(["make", ...flags], undefined, {
        cold: () => {
          throw new TypeError("broken here");
        },
      });
    expect((await here([])).err()).not.toContain("at ");
    expect((await here(["--verbose"])).err()).toMatch(/TypeError: broken here\n\s*at /);
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
  ])("of usage: %j ends with 2 and asks the desk nothing", async (argv, words) => {
    const ran = await qoc(argv, answers({}));
    expect([ran.code, ran.out(), ran.requests.length]).toEqual([2, "", 0]);
    expect(ran.err()).toContain(words);
  });

  it("of usage are JSON too", async () => {
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

describe("help and version", () => {
  it("print on stdout and end with 0", async () => {
    for (const argv of [
      ["--help"],
      ["help"],
      ["help", "look"],
      ["look", "--help"],
      ["help", "guards"],
      ["help", "--all"],
      ["-h"],
    ]) {
      const ran = await qoc(argv);
      expect([argv, ran.code, ran.err()]).toEqual([argv, 0, ""]);
      expect(ran.out().length).toBeGreaterThan(100);
    }
    expect((await qoc(["--version"])).out()).toBe("1.2.3\n");
    expect((await qoc(["look", "-h"])).out()).toBe((await qoc(["help", "look"])).out());
  });

  it("are the usage where no command is named", async () => {
    const ran = await qoc([]);
    expect([ran.code, ran.out()]).toEqual([2, ""]);
    expect(ran.err()).toContain("usage: qoc");
  });

  it("completes without a desk", async () => {
    expect((await qoc(["complete", "--", "loo"])).out()).toBe("look\tto look\n:4\n");
    expect((await qoc(["complete", "bash"])).out()).toContain("complete");
  });
});

describe("colour", () => {
  it.each([
    ["look", answers({ name: "x", more: "y" })],
    ["status", answers({ ...statusWith([]), up: true })],
    ["work", throws("GUARD_BLOCKED", { message: "m" })],
  ] as const)("%s writes no escape byte where colour is off, and some where it is on", async (name, handle) => {
    const plain = await qoc([name], handle, { isTty: true, env: { CI: "1" } });
    expect(plain.out() + plain.err()).not.toContain("\u001b");
    const coloured = await qoc([name], handle, { isTty: true, colour: true, env: { CI: "1" } });
    expect(coloured.out() + coloured.err()).toContain("\u001b[");
  });

  it("--no-color wins", async () => {
    const ran = await qoc(["work", "--no-color"], throws("GUARD_BLOCKED", { message: "m" }), {
      isTty: true,
      colour: true,
      env: { CI: "1" },
    });
    expect(ran.err()).not.toContain("\u001b");
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
function shown(more: Record<string, unknown> = {}) {
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
        problems: null,
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
      ...more,
    },
  };
}
const receipt = { id: "20260705-001", state: "accepted", clientOrderId: "q1", venueOrderId: "P-1" };

function statusWith(proposals: readonly unknown[]): Record<string, unknown> {
  return {
    workspace: { name: "w", path: "/w" },
    up: true,
    trading: { state: "active", reason: "" },
    connectors: [],
    proposals,
    orders: [],
    issues: [],
    inbox: { new: 0 },
    runs: { runtime: "demo", unconfined: false, running: [] },
    lastRun: null,
    agents: [],
    book: { nav: "1", cash: "1", buyingPower: "1", dayPnl: "0", currency: "USD", asOf: null, positions: [] },
    flagged: [],
    readOnly: null,
  };
}
const waiting = [
  {
    id: "20260705-001",
    path: "p",
    digest: READ,
    decision: "allow",
    needs: "approval",
    sentence: "buy 1 SPX limit 3000",
    untrusted: null,
  },
];

/** A desk with one proposal. */
function desk(more: Record<string, unknown> = {}): Handle {
  return async ({ command }) => {
    if (command === "orders show") return shown(more);
    if (command === "status") return statusWith(waiting);
    return receipt;
  };
}
function commands(ran: Ran): readonly string[] {
  return ran.requests.map(({ command }) => command);
}

describe("approve", () => {
  it("off a terminal passes on what was typed", async () => {
    const ran = await qoc(["approve", "a1", "--digest", READ, "--json"], desk());
    expect(ran.requests).toMatchObject([{ command: "approve", input: { id: "a1", digest: READ }, channel: "cli" }]);
    expect(JSON.parse(ran.out())).toEqual(receipt);
    expect((await qoc(["approve", "a1"], desk())).requests).toMatchObject([
      { command: "approve", input: { id: "a1" } },
    ]);
  });

  it("on a terminal shows the review on stderr, asks, and sends the digest that was shown", async () => {
    const ran = await qoc(["approve", "2026"], desk(), { isTty: true, answers: ["y"] });
    expect(commands(ran)).toEqual(["orders show", "approve"]);
    expect(ran.requests[1]).toMatchObject({ input: { id: "20260705-001", digest: READ }, channel: "tty" });
    expect(ran.err()).toContain("│ because");
    expect(ran.err()).toContain(READ);
    expect([ran.code, ran.out()]).toEqual([0, "20260705-001 is accepted; the venue calls it P-1\n"]);
  });

  it.each([["n"], [""], [undefined]])("sends nothing if the prompt is answered with %j", async (answer) => {
    const ran = await qoc(["approve", "2026"], desk(), { isTty: true, answers: [answer] });
    expect(commands(ran)).toEqual(["orders show"]);
    expect([ran.code, ran.out()]).toEqual([1, ""]);
  });

  it.each([
    ["live", { mode: "live", sentence: "x (live)" }],
    ["unstated", { mode: "unstated" }],
    ["heavy", { notional: "10000.01" }],
    ["of unknown size", { notional: null }],
  ])("wants the symbol typed where the order is %s; y is not enough, nor --yes", async (_what, more) => {
    const said = await qoc(["approve", "2026", "--yes"], desk(more), { isTty: true, answers: ["y"] });
    expect([said.code, commands(said)]).toEqual([1, ["orders show"]]);
    const typed = await qoc(["approve", "2026"], desk(more), { isTty: true, answers: ["SPX"] });
    expect([typed.code, commands(typed)]).toEqual([0, ["orders show", "approve"]]);
  });

  it.each([
    ["--no-input", ["approve", "a1", "--no-input"], {}],
    ["CI", ["approve", "a1"], { CI: "true" }],
    ["--json", ["approve", "a1", "--json"], {}],
  ])("asks nobody under %s", async (_what, argv, env) => {
    const ran = await qoc(argv, throws("DIGEST_REQUIRED", { id: "a1" }), { isTty: true, env });
    expect([ran.code, ran.asked.length, commands(ran)]).toEqual([2, 0, ["approve"]]);
  });

  it("refuses --all without asking the desk", async () => {
    const ran = await qoc(["approve", "--all", "--json"], desk());
    expect([ran.code, ran.requests.length, JSON.parse(ran.err())]).toMatchObject([2, 0, { code: "NO_BULK_APPROVAL" }]);
  });

  it("asks for the key's passphrase, unseen, once the desk wants it", async () => {
    let tries = 0;
    const locked: Handle = async (request, answering) => {
      if (request.command !== "approve") return desk()(request, answering);
      tries += 1;
      if ((request.input as { passphrase?: string }).passphrase !== "open sesame")
        throw new QocError("KEY_REQUIRED", { id: "x", reason: "live" });
      return receipt;
    };
    const ran = await qoc(["approve", "2026"], locked, { isTty: true, answers: ["y", "open sesame"] });
    expect([ran.code, tries, ran.asked[1]]).toEqual([0, 2, "[Passphrase of the operator's key (press Enter to stop)]"]);
    expect(ran.out() + ran.err()).not.toContain("sesame");
    const fd = await qoc(["approve", "a1", "--digest", READ, "--passphrase-fd", "3"], locked, {
      fds: { 3: "open sesame\n" },
    });
    expect(fd.code).toBe(0);
    expect((await qoc(["approve", "a1", "--digest", READ, "--passphrase-fd", "9"], locked)).code).toBe(2);
    expect((await qoc(["approve", "a1", "--digest", READ], locked)).code).toBe(1);
  });
});

describe("status", () => {
  it("never asks off a terminal, and ends with 8 only where it is told to", async () => {
    const ran = await qoc(["status"], desk());
    expect([ran.code, ran.asked.length]).toEqual([0, 0]);
    expect((await qoc(["status", "--exit-code"], desk())).code).toBe(8);
    expect((await qoc(["status", "--exit-code"], answers(statusWith([])))).code).toBe(0);
    expect(ran.requests[0]?.input).toEqual({});
  });

  it("asks nothing about a desk that is down, nor where its answer goes into a file", async () => {
    const down = await qoc(["status"], undefined, { isTty: true, cold: () => ({ ...statusWith(waiting), up: false }) });
    expect([down.code, down.asked.length]).toEqual([0, 0]);
    const filed = await qoc(["status"], desk(), { isTty: true, isOutTty: false });
    expect([filed.code, filed.asked.length]).toEqual([0, 0]);
  });

  it("on a terminal offers the list, shows the review once, and approves what is picked", async () => {
    const ran = await qoc(["status"], desk(), { isTty: true, answers: ["20260705-001", "approve", "y"] });
    expect(commands(ran)).toEqual(["status", "orders show", "approve"]);
    expect(ran.requests[2]).toMatchObject({ input: { id: "20260705-001", digest: READ }, channel: "tty" });
    expect(ran.err().split("│ because")).toHaveLength(2);
    expect(ran.out()).toContain("is accepted");
  });

  it("rejects with a comment, or goes back", async () => {
    const ran = await qoc(["status"], desk(), {
      isTty: true,
      answers: ["20260705-001", "back", "20260705-001", "reject", "too dear"],
    });
    expect(ran.requests.at(-1)).toMatchObject({
      command: "reject",
      input: { id: "20260705-001", comment: "too dear" },
    });
    expect((await qoc(["status"], desk(), { isTty: true, answers: ["done"] })).requests).toHaveLength(1);
    expect((await qoc(["status"], desk(), { isTty: true, answers: [undefined] })).requests).toHaveLength(1);
  });

  it("goes on after the desk refused one", async () => {
    const stubborn: Handle = async (request, answering) => {
      if (request.command === "approve") throw new QocError("GUARD_BLOCKED", { message: "too much" });
      return desk()(request, answering);
    };
    const ran = await qoc(["status"], stubborn, { isTty: true, answers: ["20260705-001", "approve", "y", "done"] });
    expect(ran.code).toBe(0);
    expect(ran.err()).toContain("refused: too much");
  });
});

describe("keys protect", () => {
  it("takes a passphrase typed twice, or from a descriptor", async () => {
    const typed = await qoc(["key", "protect"], undefined, { isTty: true, answers: ["open sesame", "open sesame"] });
    expect(typed.colds).toMatchObject([{ input: { passphrase: "open sesame" } }]);
    const read = await qoc(["key", "protect", "--passphrase-fd", "3"], undefined, { fds: { 3: "open sesame\n" } });
    expect(read.colds).toMatchObject([{ input: { passphrase: "open sesame" } }]);
  });

  it("changes nothing where the two differ, or nobody can be asked", async () => {
    const differ = await qoc(["key", "protect"], undefined, { isTty: true, answers: ["open sesame", "open sesami"] });
    expect([differ.code, differ.colds.length]).toEqual([2, 0]);
    expect([(await qoc(["key", "protect"])).code]).toEqual([2]);
  });
});
