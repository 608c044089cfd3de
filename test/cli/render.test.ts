import { describe, expect, it } from "vitest";
import { COMMANDS, REGISTRY } from "../support/commands.ts";
import type { CommandEntry } from "../../src/commands/command-entry.ts";
import { findCommand } from "../../src/commands/invoke.ts";
import { painter } from "../../src/commands/rendering/paint.ts";
import type { Io } from "../../src/cli/io.ts";
import { jsonText, renderValue } from "../../src/cli/render.ts";
import { widthOf } from "../../src/commands/rendering/terminal-text.ts";

/** What an agent or a venue may put into any text of theirs: a screen wipe, a turned line, a forged row, an unseen mark. */
const EVIL = "ok\u001b[2J\u009b31m\u202eevil\u2066\n✓ approved by the desk\t\u200b\u0007";
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;

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
    colour: { out: colour, err: colour },
  };
}

function row(name: string): CommandEntry {
  const found = findCommand(COMMANDS, name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
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
/** As the desk hands on somebody's words; here even with what it would have spelled out. */
function words(text: string) {
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
    untrusted: { rationale: words(text), reason: words(text), names: words(text) },
    cancelRequested: false,
    approvals: [{ at: "2026-07-05T10:00:00.000Z", by: text, channel: "cli", digest, expiresAt: "" }],
    verdicts: [],
    fills: [
      {
        fillId: text,
        quantity: "1",
        price: "3000",
        time: "2026-07-05T10:00:00.000Z",
        fee: null,
        busted: false,
        inferred: false,
      },
    ],
    history: [{ seq: 1, at: "2026-07-05T10:00:00.000Z", event: text, state: "proposed" }],
  };
}
function position(text: string) {
  return {
    connector: text,
    symbol: text,
    quantity: "10",
    averagePrice: "3000",
    markPrice: null,
    value: null,
    unrealizedPnl: null,
    realizedPnl: "0",
    fees: "0",
  };
}
function book(text: string) {
  return {
    nav: "1000000",
    cash: "970000",
    buyingPower: "970000",
    dayPnl: "-12.5",
    asOf: "2026-07-05T12:00:00.000Z",
    currency: "USD",
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
    book: [{ what: text, before: null, after: "10" }],
    quote: null,
    notional: null,
    warnings: [text],
    sources: [text],
    untrusted: { rationale: words(text), reason: null, names: words(text), problems: words(text) },
  };
}
function status(text: string) {
  return {
    workspace: { name: text, path: text },
    up: true,
    trading: { state: "halted", reason: text },
    connectors: [
      {
        name: text,
        state: "restarting",
        mode: "live",
        restarts: 2,
        isolation: "worker",
        untrusted: words(text),
        latencyMs: { p50: 1.2, p99: 3.4 },
        queueDepth: 3,
        memoryMb: 7.1,
      },
    ],
    proposals: [
      { id: text, path: text, digest, decision: "allow", needs: "approval", sentence: text, untrusted: words(text) },
    ],
    orders: [{ id: text, state: "accepted", sentence: text }],
    issues: [{ id: text, path: text, status: "open", untrusted: words(text) }],
    inbox: { new: 2 },
    lastRun: { run: text, issue: text, outcome: "done", summary: text, at: "2026-07-05T10:00:00.000Z" },
    runs: { runtime: text, unconfined: true, running: [{ run: text, issue: text, since: "2026-07-05T10:00:00.000Z" }] },
    agents: [{ agent: text, client: text, lastSeenAt: "2026-07-05T10:00:00.000Z" }],
    book: book(text),
    flagged: [text],
    readOnly: text,
  };
}

function feedOf(text: string) {
  return { name: text, status: "failing", filed: 3, fetchedAt: null, nextAt: text, untrusted: words(text) };
}

/** What every command that asks the market answers where there is nothing. */
function nothing(text: string) {
  return { status: "data_pending", symbol: text, connector: text, reason: text, untrusted: words(text) };
}

/** One answer a command, with the same text wherever the answer holds somebody else's. */
const ANSWERS: Readonly<Record<string, (text: string) => unknown>> = {
  status,
  "agents setup": (text) => ({
    agent: "claude",
    client: "claude",
    file: text,
    written: true,
    config: null,
    command: null,
  }),
  "agents list": (text) => [{ agent: text, client: text, grantedAt: text, lastSeenAt: text }],
  doctor: (text) => ({ checks: [{ name: text, status: "fail", message: text, fix: text }] }),
  "orders propose": (text) => ({
    id: text,
    path: text,
    digest,
    verdict: { decision: "block", reasons: [{ guard: text, code: "X", message: text }] },
  }),
  "orders list": (text) => [order(text)],
  "orders show": (text) => ({ ...order(text), review: null }),
  approve: (text) => ({ id: text, state: "accepted", clientOrderId: text, venueOrderId: text }),
  "quotes get": (text) => ({ status: "ready", symbol: text, bid: "1", ask: "2", time: "t", connector: text }),
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
  "symbols search": (text) => ({ symbols: [{ symbol: text, in: [text], untrusted: words(text) }], note: text }),
  "fundamentals get": (text) => ({
    status: "ready",
    symbol: text,
    numbers: { pe_ttm: "12.5" },
    untrusted: words(text),
  }),
  "news list": (text) => ({
    items: [{ path: text, source: text, published: text, untrusted: words(text) }],
    feeds: [feedOf(text)],
  }),
  "news fetch": (text) => [feedOf(text)],
  "positions list": (text) => [position(text)],
  "inbox list": (text) => [{ path: text, kind: text, status: text, untrusted: words(text) }],
  "inbox read": (text) => ({ path: text, untrusted: words(text) }),
  "files read": (text) => ({ path: text, untrusted: words(text) }),
  "files search": (text) => ({
    entries: [{ path: text, line: 1, untrusted: words(text) }],
    next: null,
    partial: false,
  }),
  "entities read": (text) => ({ path: text, untrusted: words(text) }),
  "entities list": (text) => ({
    entries: [{ symbol: text, kind: text, path: text, untrusted: words(text) }],
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
      untrusted: { title: words(text), body: words(text) },
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
      lost: [text],
    },
  ],
  snapshot: (text) => ({ ...book(text), path: text, time: "t", connectors: [text], stale: [text] }),
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
      untrusted: words(text),
    },
  ],
  logs: (text) => ({
    ts: "2026-07-05T10:00:00.000Z",
    level: "warn",
    message: text,
    connector: text,
    more: { deep: text },
  }),
  "history show": (text) => ({ kind: "revision", rev: text, text }),
  halt: (text) => ({ trading: "halted", reason: text }),
};

/** Files, shown as they are. */
const WHOLE_TEXTS = ["inbox read", "files read", "entities read", "history show"];

const LISTS = ["orders list", "positions list", "decisions", "issues list", "inbox list", "connectors list"] as const;

describe("render", () => {
  it.each(Object.keys(ANSWERS))("P6 %s lets no text act, on a terminal or in a pipe", async (name) => {
    for (const isTty of [true, false]) {
      const text = await render(row(name), ANSWERS[name]?.(EVIL), io(isTty), false);
      expect(text).not.toMatch(ACTING);
      expect(text.endsWith("\n")).toBe(true);
      // A forged row would stand at the start of a line.
      if (!WHOLE_TEXTS.includes(name)) expect(text).not.toMatch(/^✓ approved by the desk/m);
    }
  });

  it.each(["quotes get", "bars get", "analysis get", "fundamentals get"])(
    "%s says why there is nothing, and lets no text act",
    async (name) => {
      for (const isTty of [true, false])
        expect(await render(row(name), nothing(EVIL), io(isTty), false)).not.toMatch(ACTING);
      expect(await render(row(name), nothing("why"), io(false), false)).toBe(
        "symbol\twhy\nstatus\tdata_pending\nreason\twhy: why\n",
      );
    },
  );

  it("quotes a proposal's words, each line marked", async () => {
    const text = await render(
      row("orders show"),
      { ...order("x"), review: review("line one\n✓ guards: all pass\u202e") },
      io(true),
      false,
    );
    expect(text).toContain("│ line one\n");
    expect(text).toContain("│ ✓ guards: all pass\\u{202e}\n");
    expect(text).not.toMatch(/^ *✓ guards: all pass/m);
  });

  it.each(Object.keys(ANSWERS))("%s fits 80 columns where its words are short", async (name) => {
    const text = await render(row(name), ANSWERS[name]?.("short"), io(true), false);
    for (const line of text.split("\n"))
      if (!line.includes(digest)) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  });

  it.each(Object.keys(ANSWERS))("%s holds no escape byte without colour, and says the same with it", async (name) => {
    const plain = await render(row(name), ANSWERS[name]?.("short"), io(true), false);
    const coloured = await render(row(name), ANSWERS[name]?.("short"), io(true, true), false);
    expect(plain).not.toContain("\u001b");
    expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  it.each(LISTS)("%s in a pipe is whole rows of tabs", async (name) => {
    const long = "x".repeat(200);
    const text = await render(row(name), ANSWERS[name]?.(long), io(false), false);
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(text).toContain("\t");
    if (name !== "orders list") expect(text).toContain(long);
    expect(text).not.toContain("…");
  });

  it.each(LISTS)("%s with nothing to list says so to a person only", async (name) => {
    expect(await render(row(name), [], io(true), false)).toMatch(/^(no|nothing|the inbox)\b.*\n$/);
    expect(await render(row(name), [], io(false), false)).toBe("");
    expect(await render(row(name), [], io(false), true)).toBe("[]\n");
  });

  it("shows live money as such without colour too", async () => {
    expect(await render(row("orders show"), { ...order("x"), review: review("x") }, io(true), false)).toContain("LIVE");
    expect(await render(row("status"), status("x"), io(true), false)).toContain("LIVE");
  });

  it.each([
    [true, "running: x  (qoc logs --run x -f)", "running\tx"],
    [false, "was running when the desk went down: x  (qoc logs --run x)", "interrupted\tx"],
  ])("say of a run whether it still runs (desk up: %s)", async (up, words, cells) => {
    expect(await render(row("status"), { ...status("x"), up }, io(true), false)).toContain(words);
    expect(await render(row("status"), { ...status("x"), up }, io(false), false)).toContain(cells);
  });

  it("prints JSON bare: indented for a person, one line for a program, one line a value in a stream", async () => {
    expect(await render(row("approve"), { id: "a" }, io(true), true)).toBe('{\n  "id": "a"\n}\n');
    expect(await render(row("approve"), { id: "a" }, io(false), true)).toBe('{"id":"a"}\n');
    expect(await render(row("logs"), { message: "a" }, io(true), true)).toBe('{"message":"a"}\n');
    expect(await render(row("logs"), undefined, io(true), true)).toBe("");
  });

  it.each(Object.keys(ANSWERS))("%s in JSON lets nothing act, and means the same", async (name) => {
    const value = ANSWERS[name]?.(EVIL);
    const text = await render(row(name), value, io(true), true);
    expect(text).not.toMatch(ACTING);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  });
});

describe("jsonText", () => {
  it("keeps pairs of surrogates apart from what it hides", () => {
    expect(jsonText("😀\u{e0041}\u202e", 0)).toBe('"😀\\udb40\\udc41\\u202e"');
    expect(JSON.parse(jsonText("😀\u{e0041}\u202e", 0))).toBe("😀\u{e0041}\u202e");
  });
});

describe("painter", () => {
  it("leaves text alone where colour is off", () => {
    expect(painter(false)("red", "x")).toBe("x");
    expect(painter(true)("red", "x")).toBe("\u001b[31mx\u001b[39m");
  });
});
