import { describe, expect, it } from "vitest";
import { COMMANDS, REGISTRY } from "../support/commands.ts";
import { problemsIn } from "../support/hint-problems.ts";
import type { CommandEntry } from "../../src/commands/command-entry.ts";
import { findCommand } from "../../src/commands/command-entry.ts";
import { painter } from "../../src/commands/rendering/paint.ts";
import type { Io } from "../../src/cli/io.ts";
import { jsonText, redraw, renderValue } from "../../src/cli/render.ts";
import { renderFields } from "../../src/commands/rendering/fields.ts";
import { widthOf } from "../../src/commands/rendering/terminal-text.ts";

/**
 * Text that an agent or a venue may write. It clears the screen, reverses a line, forges a row and hides characters.
 */
const EVIL = "ok\u001b[2J\u009b31m\u202eevil\u2066\n✓ approved by the desk\t\u200b\u0007";
const UNESCAPED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;

function io(isTty: boolean, colour = false): Io {
  return {
    out: () => Promise.resolve(),
    err: () => undefined,
    stdinText: () => Promise.resolve(""),
    fdText: () => Promise.resolve(""),
    prompter: () => {
      throw new Error("rendering must not prompt");
    },
    isTty: { in: isTty, out: isTty, err: isTty },
    columns: 80,
    rows: 24,
    colour: { out: colour, err: colour },
  };
}

function entryOf(name: string): CommandEntry {
  const entry = findCommand(COMMANDS, name);
  if (entry === undefined) throw new Error(`no command ${name}`);
  return entry;
}

function render(entry: CommandEntry, value: unknown, shell: Io, json: boolean): Promise<string> {
  return renderValue(value, { entry, registry: REGISTRY, io: shell, json });
}

const terms = {
  connector: "paper",
  mode: "live",
  symbol: "SPX",
  side: "buy",
  quantity: "10",
  type: "limit",
  limitPrice: "3000",
  timeInForce: "day",
};
const digest = `sha256:${"ab".repeat(32)}`;
/** Any time of the day, in the form of programs. */
const AT = "2026-07-05T22:30:07.000Z";
/** An untrusted text, here with the characters that the desk would have escaped. */
function untrustedOf(text: string) {
  return { source: text, retrievedAt: "2026-07-05T10:00:00.000Z", text };
}
function order(text: string) {
  return {
    id: "20260705-001",
    state: "rejected",
    clientOrderId: null,
    venueOrderId: text,
    path: text,
    digest,
    terms,
    filled: "0",
    leaves: "10",
    averagePrice: null,
    flags: [text],
    rejectedBy: "venue",
    resolvedBy: text,
    proposedBy: text,
    proposedAt: "2026-07-05T10:00:00.000Z",
    issue: text,
    sources: [text],
    untrusted: { rationale: untrustedOf(text), reason: untrustedOf(text), names: untrustedOf(text) },
    cancelRequested: false,
    approvals: [{ at: "2026-07-05T10:00:00.000Z", by: text, channel: "cli", digest, expiresAt: "" }],
    verdicts: [],
    fills: [
      {
        fillId: text,
        quantity: "1",
        price: "3000",
        time: "2026-07-05T10:00:00.000Z",
        fee: "1",
        feeCurrency: text,
        liquidity: null,
        settlesAt: null,
        busted: false,
        inferred: false,
      },
    ],
    fillCount: 4000,
    historyCount: 4000,
    history: [{ seq: 1, at: "2026-07-05T10:00:00.000Z", event: text, state: "proposed" }],
  };
}
function position(text: string) {
  return {
    connector: text,
    standing: "removed",
    symbol: text,
    quantity: "10",
    multiplier: "1",
    currency: text,
    averagePrice: "3000",
    markPrice: null,
    value: null,
    unrealizedPnl: null,
    realizedPnl: "0",
    fees: [{ amount: "0", currency: text }],
  };
}
function book(text: string) {
  return {
    nav: "1000000",
    cash: "970000",
    buyingPower: "970000",
    dayPnl: "-12.5",
    day: "2020-04-20",
    rates: [],
    asOf: "2026-07-05T12:00:00.000Z",
    currency: "USD",
    accounts: [
      {
        ...{
          connector: text,
          mode: "live",
          currency: text,
          nav: "1",
          cash: "1",
          buyingPower: "1",
          dayPnl: "0",
          day: "2020-04-20",
        },
        ...{
          asOf: "2026-07-05T12:00:00.000Z",
          settledCash: null,
          marginUsed: null,
          venueUnrealizedPnl: null,
          isCountedByGuards: false,
          unexplained: "5",
          unvalued: [text],
          isInSum: false,
          sharedWith: null,
          balances: [{ amount: "1.5", currency: text, buyingPower: "1" }],
        },
      },
    ],
    exposures: [
      {
        ...{ asset: text, class: "crypto", mode: "live", quantity: "2", value: "120000", isComplete: false },
        places: [
          { connector: text, symbol: text, quantity: "1.5", value: "90000" },
          { connector: text, symbol: null, quantity: "0.5", value: null },
        ],
      },
    ],
    profit: [{ currency: text, realized: "1", unrealized: "2", incomplete: [text] }],
    fees: [{ amount: "1", currency: text }],
    positions: [position(text)],
  };
}
function review(text: string) {
  return {
    id: "20260705-001",
    path: text,
    sentence: `buy 10 SPX limit 3000 day at paper (live) ${text}`,
    mode: "live",
    digest,
    terms,
    researchRef: text,
    proposedBy: text,
    proposedAt: "2026-07-05T10:00:00.000Z",
    issue: text,
    decision: "block",
    checks: [{ guard: "max-order-nav", decision: "block", code: "X", message: text, limit: "5 %", actual: "29 %" }],
    book: [{ what: text, before: null, after: "10", unit: text }],
    prices: [{ what: "limit", price: "3000", side: "ask", market: "2900", percent: "3.45" }],
    repriced: null,
    realized: null,
    quote: null,
    notional: null,
    currency: text,
    typedAbove: "10000",
    venue: text,
    warnings: [text],
    sources: [text],
    untrusted: {
      rationale: untrustedOf(text),
      reason: null,
      names: untrustedOf(text),
      rejection: null,
      problems: untrustedOf(text),
      market: untrustedOf(text),
    },
  };
}
function status(text: string) {
  return {
    at: "2026-07-05T12:00:00.000Z",
    workspace: { name: text, path: text },
    up: true,
    trading: { state: "halted", reason: text, since: "2026-07-05T11:00:00.000Z", actor: "human" },
    connectors: [
      {
        name: text,
        state: "restarting",
        mode: "live",
        restarts: 2,
        isolation: "worker",
        isolationReason: "short",
        untrusted: untrustedOf(text),
        latencyMs: { p50: 1.2, p99: 3.4 },
        queueDepth: 3,
        memoryMb: 7.1,
        polls: { failures: 3, nextInSeconds: 8, untrusted: untrustedOf(text) },
        readPause: { endsInSeconds: 8, untrusted: untrustedOf(text) },
        refusedFills: 1,
        venueDate: "2019-10-15",
        notice: untrustedOf(text),
      },
    ],
    proposals: [
      {
        id: text,
        path: text,
        digest,
        decision: "allow",
        checkedAt: "2026-07-05T11:00:00.000Z",
        needs: "approval",
        sentence: text,
        untrusted: untrustedOf(text),
      },
    ],
    orders: [{ id: text, state: "accepted", sentence: text, flags: ["missing"] }],
    externalOrders: [
      {
        ...{ connector: text, venueOrderId: text, symbol: text, side: "buy", quantity: "3", limitPrice: "20" },
        ...{ filled: "0", closedHere: text, unreadable: untrustedOf(text) },
      },
    ],
    quotes: [{ connector: text, symbol: text, bid: "1", ask: "2", last: null, at: text, ageSeconds: 3 }],
    issues: [{ id: text, path: text, status: "open", untrusted: untrustedOf(text) }],
    inbox: { new: 2 },
    lastRun: { run: text, issue: text, outcome: "done", summary: text, at: "2026-07-05T10:00:00.000Z" },
    runs: { runtime: text, unconfined: true, running: [{ run: text, issue: text, since: "2026-07-05T10:00:00.000Z" }] },
    agents: [{ agent: text, client: text, lastSeenAt: "2026-07-05T10:00:00.000Z" }],
    book: book(text),
    flagged: [text],
    config: [{ kind: "waiting", text, changes: [text], fix: text }],
    schedules: [
      {
        ...{ name: text, path: "schedules/a.toml", state: "broken", title: null, task: text, cron: text },
        ...{ timezone: null, missed: null, skipIfNoOpenIssues: null, timeoutMinutes: null, digest: null },
        ...{ next: [], last: null, problem: text, fix: text },
      },
    ],
    readOnly: text,
  };
}

function feedOf(text: string) {
  return { name: text, status: "failing", filed: 3, fetchedAt: AT, nextAt: AT, untrusted: untrustedOf(text) };
}

/** The value of a market data command without data. */
function unavailable(text: string) {
  return { status: "data_pending", symbol: text, connector: text, reason: text, untrusted: untrustedOf(text) };
}

/** One value for each command, with `text` in every place of an untrusted text. */
const VALUES: Readonly<Record<string, (text: string) => unknown>> = {
  status,
  "account flow": (text) => ({ connector: text, kind: "deposit", amount: "1", currency: text }),
  "agents setup": (text) => ({
    agent: "claude",
    client: "claude",
    file: text,
    written: true,
    config: null,
    command: null,
  }),
  "agents list": (text) => [{ agent: text, client: text, grantedAt: AT, lastSeenAt: AT }],
  "refusals list": (text) => [{ at: AT, agent: text, count: 2, reason: "human only", untrusted: untrustedOf(text) }],
  doctor: (text) => ({ checks: [{ name: text, status: "fail", message: text, fix: text }] }),
  "orders propose": (text) => ({
    id: text,
    path: text,
    digest,
    verdict: { decision: "block", reasons: [{ guard: text, code: "X", message: text }] },
    equal: [{ id: text, state: "rejected", untrusted: untrustedOf(text) }],
    refusal: { code: "RULES_CHANGED", hint: text },
  }),
  "orders list": (text) => [order(text)],
  "orders show": (text) => ({ ...order(text), review: null }),
  approve: (text) => ({ id: text, state: "accepted", clientOrderId: text, venueOrderId: text }),
  "files list": (text) => ({ entries: [{ path: text, bytes: 1, modified: AT }], next: text, partial: true }),
  "quotes get": (text) => ({ status: "ready", symbol: text, bid: "1", ask: "2", time: AT, connector: text }),
  "bars get": (text) => ({
    ...{ status: "ready", symbol: text, source: text, note: text, earlier: 3, untrusted: null },
    bars: [{ time: "2026-07-05T00:00:00.000Z", open: "1", high: "2", low: "1", close: "2" }],
  }),
  "analysis get": (text) => ({
    ...{ status: "ready", symbol: text, source: text, untrusted: null },
    indicators: [
      { name: "macd:12:26:9", status: "ready", values: [{ time: "2026-07-05T00:00:00.000Z", macd: "1", signal: "2" }] },
      { name: "sma:20", status: "data_pending", reason: text },
    ],
  }),
  "symbols search": (text) => ({ symbols: [{ symbol: text, in: [text], untrusted: untrustedOf(text) }], note: text }),
  "fundamentals get": (text) => ({
    status: "ready",
    symbol: text,
    numbers: { pe_ttm: "12.5" },
    untrusted: untrustedOf(text),
  }),
  "news list": (text) => ({
    items: [{ path: text, source: text, published: AT, untrusted: untrustedOf(text) }],
    feeds: [feedOf(text)],
  }),
  "news fetch": (text) => [feedOf(text)],
  "positions list": (text) => [position(text)],
  "inbox list": (text) => [{ path: text, kind: text, status: text, untrusted: untrustedOf(text) }],
  "inbox read": (text) => ({ path: text, untrusted: untrustedOf(text) }),
  "files read": (text) => ({ path: text, untrusted: untrustedOf(text) }),
  "files search": (text) => ({
    entries: [{ path: text, line: 1, untrusted: untrustedOf(text) }],
    next: null,
    partial: false,
  }),
  "entities read": (text) => ({ path: text, untrusted: untrustedOf(text) }),
  "entities list": (text) => ({
    entries: [{ symbol: text, kind: text, path: text, untrusted: untrustedOf(text) }],
    next: null,
  }),
  "research list": (text) => [{ path: text, digest, bytes: 3 }],
  "issues list": (text) => [
    {
      id: text,
      path: text,
      status: text,
      priority: text,
      symbols: [text],
      untrusted: { title: untrustedOf(text), body: untrustedOf(text) },
    },
  ],
  run: (text) => {
    const use = { turns: 3, costUsd: 0.25, seconds: 1 };
    const view = {
      run: text,
      issue: text,
      runtime: text,
      outcome: "failed",
      reason: text,
      proposals: [text],
      summary: text,
      path: text,
      ...use,
    };
    return { ...view, queued: [view] };
  },
  "connectors list": (text) => [
    {
      name: text,
      type: text,
      state: "ready",
      mode: "paper",
      isolation: "worker",
      restarts: 0,
      latencyMs: { p50: 1, p99: 2 },
      memoryMb: 6.2,
      queueDepth: 0,
      lastError: text,
      hosts: [text],
      lost: [text],
    },
  ],
  snapshot: (text) => ({ ...book(text), path: text, time: AT, connectors: [text], stale: [text] }),
  decisions: (text) => [
    {
      date: "2026-07-05T10:00:00.000Z",
      decision: "REJECTED",
      id: text,
      side: "buy",
      symbol: text,
      quantity: "1",
      price: "2",
      state: text,
      averagePrice: null,
      note: text,
      untrusted: untrustedOf(text),
    },
  ],
  logs: (text) => ({
    ts: "2026-07-05T10:00:00.000Z",
    level: "warn",
    message: text,
    connector: text,
    more: { deep: text },
  }),
  "history show": (text) => ({
    ...{ kind: "revision", rev: text, at: "2026-07-05T10:00:00.000Z", who: text, title: text, changes: [text] },
    text,
  }),
  halt: (text) => ({
    trading: "halted",
    reason: text,
    working: [{ id: text, state: "accepted", sentence: text, leaves: "1" }],
  }),
};

/** Files, shown as they are. */
const WHOLE_TEXTS = ["inbox read", "files read", "entities read", "history show"];

const LISTS = ["orders list", "positions list", "decisions", "issues list", "inbox list", "connectors list"] as const;

describe("render", () => {
  it.each(Object.keys(VALUES))("P6 %s escapes hostile text on a terminal and in a pipe", async (name) => {
    for (const isTty of [true, false]) {
      const text = await render(entryOf(name), VALUES[name]?.(EVIL), io(isTty), false);
      expect(text).not.toMatch(UNESCAPED);
      expect(text.endsWith("\n")).toBe(true);
      // A forged row would be at the start of a line.
      if (!WHOLE_TEXTS.includes(name)) expect(text).not.toMatch(/^✓ approved by the desk/m);
    }
  });

  it.each(COMMANDS.map(({ name }) => name))("P6 %s escapes hostile names of fields too", async (name) => {
    const value = { [EVIL]: EVIL, ts: EVIL, level: EVIL, message: EVIL };
    for (const isTty of [true, false]) {
      for (const json of [true, false]) {
        // A renderer of fixed fields may refuse a value of another shape; what it prints is checked.
        const text = await render(entryOf(name), value, io(isTty), json).catch(() => "");
        expect(text).not.toMatch(UNESCAPED);
      }
    }
  });

  it("a command without a renderer of its own escapes names of fields", () => {
    for (const isTty of [true, false]) {
      const lines = renderFields({ [EVIL]: "x" }, { isTty, columns: 80, paint: painter(false) });
      expect(lines.join("\n")).not.toMatch(UNESCAPED);
      expect(lines).toHaveLength(1);
    }
  });

  it.each(["quotes get", "bars get", "analysis get", "fundamentals get"])(
    "%s without data prints the reason and escapes hostile text",
    async (name) => {
      for (const isTty of [true, false])
        expect(await render(entryOf(name), unavailable(EVIL), io(isTty), false)).not.toMatch(UNESCAPED);
      expect(await render(entryOf(name), unavailable("why"), io(false), false)).toBe(
        "symbol\twhy\nstatus\tdata_pending\nreason\twhy: why\n",
      );
    },
  );

  const NOTHING = { reason: null, names: null, problems: null, rejection: null, market: null };

  it("a review with a long rationale and thirteen passing guards fits 24 rows, blocks first; --full shows all", async () => {
    const passing = Array.from({ length: 13 }, (_, i) => ({
      guard: `g${i}`,
      decision: "allow",
      code: "OK",
      message: "holds",
    }));
    const shown = {
      ...review("short"),
      checks: [...passing, { guard: "no-short", decision: "block", code: "X", message: "it opens a short" }],
      untrusted: { ...NOTHING, rationale: untrustedOf("word ".repeat(1400)) },
    };
    const value = { ...order("x"), review: shown };
    const lines = (await render(entryOf("orders show"), value, io(true), false)).split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines[1]).toBe("✗ no-short: it opens a short");
    expect(lines[2]).toBe("✓ 13 other guards pass");
    expect(lines.join("\n")).toContain("more lines: qoc orders show 20260705-001 --full");
    for (const whole of [
      await render(entryOf("orders show"), { ...value, full: true }, io(true), false),
      await render(entryOf("orders show"), value, io(false), false),
    ]) {
      expect(whole).toContain("✓ g12: holds");
      expect(whole).not.toContain("more lines");
    }
  });

  it("marks every line of a proposal's text as a quotation", async () => {
    const text = await render(
      entryOf("orders show"),
      { ...order("x"), review: review("line one\n✓ guards: all pass\u202e") },
      io(true),
      false,
    );
    expect(text).toContain("│ line one\n");
    expect(text).toContain("│ ✓ guards: all pass\\u{202e}\n");
    expect(text).not.toMatch(/^ *✓ guards: all pass/m);
  });

  it.each(Object.keys(VALUES))("each command that %s prints can be pasted", async (name) => {
    const text = await render(entryOf(name), VALUES[name]?.("short"), { ...io(true), columns: 400 }, false);
    expect(text.split("\n").flatMap(problemsIn)).toEqual([]);
  });

  it.each(Object.keys(VALUES))("%s fits 80 columns if its texts are short", async (name) => {
    const text = await render(entryOf(name), VALUES[name]?.("short"), io(true), false);
    for (const line of text.split("\n"))
      if (!line.includes(digest)) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  });

  it.each(Object.keys(VALUES))(
    "%s prints no escape byte without colour, and the same text with colour",
    async (name) => {
      const plain = await render(entryOf(name), VALUES[name]?.("short"), io(true), false);
      const coloured = await render(entryOf(name), VALUES[name]?.("short"), io(true, true), false);
      expect(plain).not.toContain("\u001b");
      expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(plain);
    },
  );

  it.each(LISTS)("%s in a pipe prints whole cells, separated by tabs", async (name) => {
    const long = "x".repeat(200);
    const text = await render(entryOf(name), VALUES[name]?.(long), io(false), false);
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(text).toContain("\t");
    if (name !== "orders list") expect(text).toContain(long);
    expect(text).not.toContain("…");
  });

  it.each(LISTS)("%s with an empty list prints a sentence on a terminal and nothing in a pipe", async (name) => {
    expect(await render(entryOf(name), [], io(true), false)).toMatch(/^(no|nothing|the inbox)\b.*\n$/);
    expect(await render(entryOf(name), [], io(false), false)).toBe("");
    expect(await render(entryOf(name), [], io(false), true)).toBe("[]\n");
  });

  it.each(Object.keys(VALUES).filter((name) => name !== "logs"))(
    "%s shows a person the time of one zone",
    async (name) => {
      const shown = await render(entryOf(name), VALUES[name]?.("short"), io(true), false);
      expect(shown).not.toMatch(/\d{4}-\d\d-\d\dT\d\d:|\d:\d\dZ|\bUTC\b/);
    },
  );

  it.each([
    [
      "bars get",
      {
        status: "ready",
        symbol: "X",
        source: "f",
        resolution: "1h",
        bars: [{ time: AT, open: "1", high: "2", low: "1", close: "2" }],
        untrusted: null,
      },
    ],
    [
      "analysis get",
      {
        ...{ status: "ready", symbol: "X", source: "f", over: { resolution: "1h", bars: 1, from: AT, to: AT } },
        indicators: [{ name: "sma:20", status: "ready", values: [{ time: AT, value: "1" }] }],
      },
    ],
    ["doctor", { checks: [{ name: "journal", status: "fail", message: `record 9 of ${AT} is missing` }] }],
    ["status", { ...status("x"), readOnly: `record 9 of ${AT} is missing` }],
    ["agents setup", { agent: "a", client: "claude", file: "f", written: true, config: null, expiresAt: AT }],
    [
      "journal verify",
      {
        ...{
          ok: true,
          records: 1,
          segments: 1,
          head: "x",
          formats: [],
          anchors: 1,
          checkpoint: null,
          waiting: 0,
          torn: null,
        },
        ...{ keysReplaced: [{ seq: 1, at: Date.parse(AT) }], gaps: [{ seq: 2, at: Date.parse(AT), fromSeq: 1 }] },
        ...{ problem: `the journal ends with record 8 (${AT})`, code: "JOURNAL_BEHIND", problemCount: 1 },
      },
    ],
  ])("%s shows every time as the clock of the reader, also within a sentence", async (name, value) => {
    const local = new Date(AT).toLocaleString("sv", { dateStyle: "short", timeStyle: "short" });
    const shown = await render(entryOf(name), value, io(true), false);
    expect(shown).toContain(local);
    expect(shown).not.toMatch(/\d{4}-\d\d-\d\dT\d\d:|\bUTC\b/);
    const piped = await render(entryOf(name), value, io(false), false);
    if (name !== "agents setup") expect(piped).toContain("T22:30:07.000Z");
  });

  it("issues list says which id several issues have, on a terminal", async () => {
    const value = VALUES["issues list"]?.("a") as readonly object[];
    const twice = [...value, ...value];
    expect(await render(entryOf("issues list"), twice, io(true), false)).toMatch(
      /^! 2 issues have the id .*: name the file/m,
    );
    expect(await render(entryOf("issues list"), value, io(true), false)).not.toContain("!");
  });

  it("doctor breaks a long fix between its parts, within the terminal", async () => {
    const fix = "add getAccount to the adapter, or return markPrice in the currency of the account";
    const value = { checks: [{ name: "connector v", status: "warn", message: "AAA has no value", fix }] };
    const lines = (await render(entryOf("doctor"), value, io(true), false)).split("\n");
    expect(lines.slice(1, 3)).toEqual([
      "  fix: add getAccount to the adapter,",
      "       or return markPrice in the currency of the account",
    ]);
  });

  it("files list is a table with a title row on a terminal", async () => {
    const lines = (await render(entryOf("files list"), VALUES["files list"]?.("research/a.md"), io(true), false)).split(
      "\n",
    );
    expect(lines[0]).toMatch(/^PATH +BYTES +MODIFIED$/i);
    expect(lines[1]).toMatch(/^research\/a\.md +1 +\d{4}-\d\d-\d\d \d\d:\d\d:07$/);
  });

  it("lists name what they cannot read: a snapshot with its error, a note by a word", async () => {
    const path = "snapshots/2026-07-05T08-30-00Z.toml";
    const problem = `${path} cannot be read as a snapshot: line 2: a text has no closing quote`;
    const broken = { path, time: "2026-07-05T08:30:00.000Z", currency: "", nav: null, cash: null, problem };
    const shown = await render(entryOf("snapshots list"), [broken], io(true), false);
    expect(shown).toMatch(/2026-07-05 08:30:00 +not known[^]*\n✗ snapshots\/[^]*no closing\s+quote/);
    expect(await render(entryOf("snapshots list"), [broken], io(false), false)).toContain(problem);
    const notes = await render(
      entryOf("research list"),
      [{ path: "research/a.md", digest: "", bytes: 9 }],
      io(true),
      false,
    );
    expect(notes).toMatch(/research\/a\.md +9 +unreadable/);
  });

  it("the titles of the inbox and the fills of orders are whole on 80 columns", async () => {
    const title = "The outcome of order 20260705-002 is unknown";
    const path = "inbox/2026-07-05-alert-unknown-20260705-002-30.md";
    const items = [{ path, kind: "alert", status: "new", untrusted: untrustedOf(title) }];
    const inbox = await render(entryOf("inbox list"), items, io(true), false);
    expect(inbox).toContain(`alert  ${title}\n  ${path}\n`);
    expect(await render(entryOf("inbox list"), items, io(false), false)).toBe(`new\talert\t${title}\t${path}\n`);
    const columns = ["time", "order", "connector", "symbol", "side", "quantity", "price", "fee", "feeCurrency", "note"];
    const row = [
      "2026-07-05T10:00:00.000Z",
      "20260705-001",
      "my-venue",
      "AAPL",
      "buy",
      "1500",
      "192.05",
      "0.35",
      "USD",
    ];
    const page = { columns, words: [], rows: [[...row, null]], next: null, total: 1 };
    const fills = (await render(entryOf("fills list"), page, io(true), false)).split("\n");
    expect(fills[1]).toMatch(/^2026-07-05 \d\d:00 .* 0\.35 USD +my-venue$/);
    expect(Math.max(...fills.map((line) => line.length))).toBeLessThanOrEqual(80);
    const noted = { ...page, rows: [[...row, "busted"]] };
    expect(await render(entryOf("fills list"), noted, io(true), false)).toContain("busted");
  });

  it("status says what the book is worth and how old it is, and where the date is simulated", async () => {
    const held = { ...book("USD"), asOf: "2026-07-05T11:59:30.000Z", rates: [], accounts: [], positions: [] };
    const lines = await render(entryOf("status"), { ...status("x"), book: held }, io(true), false);
    expect(lines).toMatch(/ as of +\d{4}-\d\d-\d\d \d\d:59:30 \(30 s ago\)/);
    expect(lines).toMatch(/ today +-12\.50 USD {2}\(2020-04-20\)/);
    expect(lines).toMatch(/ realized +\+1\.00 USD\n +unrealized +\+2\.00 USD\n +fees +1\.00 USD/);
    expect(lines).toContain("its market is simulated; the date there is 2019-10-15");
    const piped = await render(entryOf("status"), { ...status("x"), book: held }, io(false), false);
    expect(piped).toContain("\nprofit\tUSD\t1\t2\n");
    expect(piped).toMatch(/^book\t.*\t2020-04-20$/m);
  });

  it("a connector that cannot be compared and an order that contradicts its fills are marked where they are listed", async () => {
    const trouble = { comparisonFails: true, untrusted: untrustedOf("connector v: contractSize is unknown") };
    const connectors = status("v").connectors.map((connector) => ({ ...connector, ...trouble, state: "ready" }));
    for (const isTty of [true, false]) {
      const shown = await render(entryOf("status"), { ...status("v"), connectors }, io(isTty), false);
      expect(shown).toContain("ready, orders blocked");
      expect(shown).toContain("contractSize is unknown");
    }
    const rows = (VALUES["connectors list"]?.("v") ?? []) as readonly object[];
    const row = { ...rows[0], comparisonFails: true, lastError: "connector v: why" };
    const listed = await render(entryOf("connectors list"), [row], io(true), false);
    expect(listed).toMatch(/ready, orders blocked .* why$/m);
    expect(listed).not.toContain("connector v:");
    const disputed = { ...order("a"), state: "accepted", flags: ["disputed"], needs: undefined };
    expect(await render(entryOf("orders list"), [disputed], io(true), false)).toContain("accepted, disputed");
  });

  it("status has the first reason of a block and the whole error of a wrong proposal", async () => {
    const waits = { checkedAt: "2026-07-05T11:59:59.000Z", digest, sentence: "buy 94 SPX market", untrusted: null };
    const words = "quantity is missing, and so is the price of this limit order, which has a rationale of its own";
    const proposals = [
      { ...waits, id: "a", path: "p/a.toml", decision: "block", needs: "approval", reason: "order is 29.3 % of NAV" },
      { ...waits, id: "b", path: "p/b.toml", decision: null, needs: "correction", untrusted: untrustedOf(words) },
    ];
    const shown = await render(entryOf("status"), { ...status("x"), proposals }, io(true), false);
    expect(shown).toMatch(/✗ {2}a {2}buy 94 SPX market\n +order is 29\.3 % of NAV\n/);
    expect(shown.replaceAll(/\s+/g, " ")).toContain(words);
  });

  it("status names what a file of exchange rates has that is not read", async () => {
    const problem = 'research/fx/ecb.csv:2: "USD": "1,07" is no rate';
    const view = { ...status("x"), rateProblems: [problem] };
    expect(await render(entryOf("status"), view, io(true), false)).toContain(`! ${problem}\n`);
    expect(await render(entryOf("status"), view, io(false), false)).toContain(`rate-problem\t${problem}\n`);
  });

  it("a review says when its protection price was set again, and from which", async () => {
    const prices = [{ what: "protection price", price: "3050", side: "ask", market: "3000", percent: "1.67" }];
    const again = { ...review("x"), prices, repriced: { at: AT, from: "3394.68" } };
    const shown = await render(entryOf("orders show"), { ...order("x"), review: again }, io(true), false);
    const clock = new Date(AT).toLocaleString("sv", { timeStyle: "medium" });
    expect(shown.replaceAll(/\s+/g, " ")).toContain(`3050, 1.67 % above the ask 3000; re-priced ${clock}, was 3394.68`);
  });

  it("a review says until when its venue confirms the quote", async () => {
    const quote = {
      bid: "99",
      ask: "101",
      last: null,
      at: "2026-07-05T09:00:00.000Z",
      asOf: "2026-07-05T10:00:05.000Z",
    };
    const shown = await render(
      entryOf("orders show"),
      { ...order("x"), review: { ...review("x"), quote } },
      io(true),
      false,
    );
    expect(shown.replaceAll(/\s+/g, " ")).toMatch(/, still valid as of 2026-07-05 \d\d:00:05/);
  });

  it("an order shows the note of the human who resolved it", async () => {
    const note = { ...order("x"), resolvedBy: "human", review: null };
    const value = { ...note, untrusted: { ...note.untrusted, resolveNote: untrustedOf("the venue page is empty") } };
    const shown = await render(entryOf("orders show"), value, io(true), false);
    expect(shown).toMatch(/^resolved by +human: the venue page is empty$/m);
  });

  it("decisions have the price of the fills, and fit a terminal with ordinary ids", async () => {
    const facts = { decision: "APPROVED", side: "buy", symbol: "BTC/USDT", quantity: "0.25", note: "guard: pass" };
    const filled = { ...facts, id: "20260705-001", price: "market", averagePrice: "62110.123456", state: "filled" };
    const shown = await render(entryOf("decisions"), [{ ...filled, date: AT, untrusted: null }], io(true), false);
    expect(shown).toMatch(/20260705-001 +BUY +0\.25 +BTC\/USDT +62110\.1235 +filled +guard: pass/);
    for (const line of shown.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(80);
  });

  it("marks live trading by a word, also without colour", async () => {
    expect(await render(entryOf("orders show"), { ...order("x"), review: review("x") }, io(true), false)).toContain(
      "LIVE",
    );
    expect(await render(entryOf("status"), status("x"), io(true), false)).toContain("LIVE");
  });

  it.each([
    [true, "running: x  qoc logs --run x -f", "running\tx"],
    [false, "was running when the desk went down: x  qoc logs --run x", "interrupted\tx"],
  ])("prints in the status whether a run is still running (desk up: %s)", async (up, line, cells) => {
    expect(await render(entryOf("status"), { ...status("x"), up }, io(true), false)).toContain(line);
    expect(await render(entryOf("status"), { ...status("x"), up }, io(false), false)).toContain(cells);
  });

  it("prints JSON indented on a terminal, on one line in a pipe, and one line for each value of a stream", async () => {
    expect(await render(entryOf("approve"), { id: "a" }, io(true), true)).toBe('{\n  "id": "a"\n}\n');
    expect(await render(entryOf("approve"), { id: "a" }, io(false), true)).toBe('{"id":"a"}\n');
    expect(await render(entryOf("logs"), { message: "a" }, io(true), true)).toBe('{"message":"a"}\n');
    expect(await render(entryOf("logs"), undefined, io(true), true)).toBe("");
  });

  it.each(Object.keys(VALUES))("%s in JSON escapes hostile text and keeps its value", async (name) => {
    const value = VALUES[name]?.(EVIL);
    const text = await render(entryOf(name), value, io(true), true);
    expect(text).not.toMatch(UNESCAPED);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  });
});

describe("colours", () => {
  /** The painted parts of what a command prints on a terminal with colours. */
  async function painted(name: string, value: unknown): Promise<readonly string[]> {
    const text = await render(entryOf(name), value, io(true, true), false);
    const colours: Readonly<Record<string, string>> = {
      31: "red",
      32: "green",
      35: "magenta",
      36: "cyan",
      7: "inverse",
    };
    return [...text.matchAll(/\u001b\[(\d+)m([^\u001b]*)\u001b/g)]
      .filter(([, code = ""]) => code in colours)
      .map(([, code = "", part = ""]) => `${colours[code] ?? ""}: ${part.trim()}`);
  }

  const sides = { buy: "cyan", sell: "magenta" } as const;

  it.each(["live", "paper", "unstated"])("the mode %s differs from the others", async (mode) => {
    const of = async (shown: string) =>
      render(entryOf("orders show"), { ...order("x"), terms: { ...terms, mode: shown } }, io(true, true), false);
    const others = ["live", "paper", "unstated"].filter((other) => other !== mode);
    const word = {
      live: /\u001b\[(\d+)m ?LIVE/,
      paper: /\u001b\[(\d+)mPAPER/,
      unstated: /\u001b\[(\d+)mMODE UNSTATED/,
    };
    const codeOf = async (shown: string) => word[shown as keyof typeof word].exec(await of(shown))?.[1];
    expect(await codeOf(mode)).toBeDefined();
    for (const other of others) expect(await codeOf(other)).not.toBe(await codeOf(mode));
  });

  it.each(Object.entries(sides))("a %s is %s in lists and in the order", async (side, colour) => {
    const one = { ...order("x"), terms: { ...terms, side } };
    expect(await painted("orders list", [one])).toContain(`${colour}: ${side.toUpperCase()}`);
    expect(await painted("orders show", { ...one, review: null })).toContain(`${colour}: ${side.toUpperCase()}`);
    const decision = { date: AT, decision: "APPROVED", id: "x", side, symbol: "X", quantity: "1", price: "2" };
    const facts = { ...decision, state: "filled", averagePrice: null, note: "", untrusted: null };
    expect(await painted("decisions", [facts])).toContain(`${colour}: ${side.toUpperCase()}`);
  });

  it("positions with a long average fit into 80 columns, also inside the status", async () => {
    const prices = { averagePrice: "2987.932307692", markPrice: "3089.79", value: "20083.64", currency: "USD" };
    const held = { ...position("paper"), ...prices, symbol: "SPX", quantity: "6.5", standing: "enabled" };
    const shown = await render(
      entryOf("positions list"),
      [{ ...held, unrealizedPnl: "662.08" }],
      io(true, false),
      false,
    );
    const lines = shown.trimEnd().split("\n");
    expect(lines[1]).toContain("  2987.93  3089.79  20,083.64 USD");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it("connectors list has the whole error below the table, with its place in the adapter", async () => {
    const facts = { name: "v", state: "restarting", mode: "paper", isolation: "worker", restarts: 0, queueDepth: 0 };
    const error = "connector v: Error: no such account at the venue of this desk\n    at V.connect (venue.ts:2:7)";
    const listed = { ...facts, orders: true, type: "custom", hosts: null, lost: [], lastError: error };
    const shown = await render(entryOf("connectors list"), [listed], io(true, false), false);
    expect(shown.trimEnd().split("\n").slice(2)).toEqual([
      "✗ v: Error: no such account at the venue of this desk at V.connect",
      "  (venue.ts:2:7)",
    ]);
  });

  it.each([
    ["a gain", "12.5", "green: +12.50"],
    ["a loss", "-12.5", "red: -12.50"],
  ])("%s has its colour in the book and in the positions", async (_, amount, shown) => {
    const held = { ...position("x"), unrealizedPnl: amount, realizedPnl: "0", currency: "USD" };
    expect(await painted("positions list", [held])).toEqual([shown]);
    expect(await painted("snapshot", { ...book("x"), dayPnl: amount, ...MARKED })).toContain(
      `${shown} USD  (2020-04-20)`,
    );
  });

  const MARKED = {
    path: "p",
    time: AT,
    connectors: [],
    stale: [],
    accounts: [],
    positions: [],
    profit: [],
    exposures: [],
  };
});

describe("jsonText", () => {
  it("escapes a hidden surrogate pair and keeps a visible pair", () => {
    expect(jsonText("😀\u{e0041}\u202e", 0)).toBe('"😀\\udb40\\udc41\\u202e"');
    expect(JSON.parse(jsonText("😀\u{e0041}\u202e", 0))).toBe("😀\u{e0041}\u202e");
  });
});

describe("painter", () => {
  it("returns the text unchanged if colour is off", () => {
    expect(painter(false)("red", "x")).toBe("x");
    expect(painter(true)("red", "x")).toBe("\u001b[31mx\u001b[39m");
  });
});

describe("redraw", () => {
  const drawn = async (isTty: boolean, count: number): Promise<string> => {
    let text = "";
    const screen: Io = { ...io(isTty), rows: 4, out: async (part) => void (text += part) };
    await redraw(
      screen,
      Array.from({ length: count }, (_, index) => `line ${index + 1}`),
    );
    return text;
  };

  it("draws from the top of a terminal, clears what was there, and cuts what its rows do not take", async () => {
    expect(await drawn(true, 2)).toBe("\u001b[Hline 1\u001b[K\nline 2\u001b[K\n\u001b[J");
    expect(await drawn(true, 5)).toBe("\u001b[Hline 1\u001b[K\nline 2\u001b[K\n… 3 more lines\u001b[K\n\u001b[J");
  });

  it("prints plain lines in a pipe", async () => {
    expect(await drawn(false, 2)).toBe("line 1\nline 2\n");
  });
});
