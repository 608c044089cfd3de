/**
 * The commands of an agent over a whole desk: files, entities, issues, bars, indicators, symbols. Each write is
 * recorded in the journal and committed to the file history.
 */
import type { StatusView } from "../../src/domain/status-view.ts";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statusInScope } from "../../src/commands/connector-scope.ts";
import { decimal } from "../../src/domain/decimal.ts";
import { PositionRecord, openPosition } from "../../src/domain/account/position.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = { actor: "agent:run-1", channel: "mcp" } as const;
function digest(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
const APPLE = "---\nsymbol: AAPL\nname: Apple Inc.\nkind: equity\nvenue: NASDAQ\ntags: [tech, phones]\n---\nPhones.\n";
const CSV = [
  "date,open,high,low,close,volume",
  ...Array.from({ length: 30 }, (_, n) => `2026-01-${String(n + 1).padStart(2, "0")},1,40,1,${n + 1},10`),
];

const HIDDEN = `
  static capabilities = { mode: 'paper' };
  async getBars(symbol: string, options: unknown) {
    if (symbol !== "RANGED") return [];
    return [1, 2, 3].map((day) => ({
      symbol, timestamp: Date.UTC(2026, 0, day), open: 1, high: 1, low: 1, close: JSON.stringify(options).length, volume: day,
    }));
  }
  async getFundamentals(symbol: string): Promise<any> {
    if (symbol === "NONE") return null;
    if (symbol === "EMPTY") return { pe_ttm: null, sector: "" };
    if (symbol === "FAIL") throw new Error("no such page");
    if (symbol === "ODD") return "42";
    return {
      pe_ttm: 31.05, revenue_ttm_usd: "391035000000.01", sector: "Technology", is_fund: false, pb: null, earnings: { last_eps_actual: 1.64 },
    };
  }`;

let desk: TempDesk;
function ask<T = Record<string, unknown>>(command: string, input: Record<string, unknown> = {}): Promise<T> {
  return desk.call<T>(command, input, AGENT);
}
async function written(): Promise<readonly Record<string, unknown>[]> {
  return (await desk.services.readEvents())
    .map(({ event }) => event as unknown as Record<string, unknown>)
    .filter(({ type }) => type === "file.written");
}

beforeAll(async () => {
  desk = await tempDesk({
    config: (template) =>
      `${template}\n[connectors]\nagent = ["paper"]\n\n[[connector]]\nname = "hidden"\ntype = "custom"\nadapter = "./hidden.ts"\n`,
    files: {
      "hidden.ts": adapterSource(HIDDEN),
      "entities/OLD.toml": 'symbol = "OLD"\n',
      "research/prices/bars/OWN.csv": CSV.join("\n"),
      "research/prices/bars/NOVOL.csv": "date,close\n2026-01-01,1\n2026-01-02,2\n",
      "issues/007-hand.md":
        "---\nid: 007\ntitle: By hand   # kept\nstatus: open\nsymbols: [MSFT]\n---\nBody, with   spaces.\n",
    },
  });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

describe("files", () => {
  it("can be listed, read and searched by an agent", async () => {
    const { entries } = await ask<{ entries: readonly { path: string }[] }>("files list", { under: "issues/" });
    expect(entries.map(({ path }) => path)).toContain("issues/007-hand.md");
    expect(await ask("files read", { path: "issues/007-hand.md", from: 5, lines: 1 })).toMatchObject({
      untrusted: { source: "issues/007-hand.md", text: "symbols: [MSFT]\n" },
      next: "6",
    });
    expect(await ask("files search", { text: "with   spaces" })).toMatchObject({
      entries: [{ path: "issues/007-hand.md", line: 7 }],
    });
  });

  it("are written with a journal record of the writer, and replaced only with the digest of the text that was read", async () => {
    const path = "research/idea.md";
    expect(await ask("files write", { path, text: "one" })).toEqual({ path, digest: digest("one") });
    await expect(ask("files write", { path, text: "two" })).rejects.toMatchObject({ code: "FILE_CHANGED" });
    await expect(ask("files write", { path, text: "two", replaces: "md5" })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
    await ask("files write", { path, text: "two", replaces: digest("one") });
    expect(desk.read(path)).toBe("two");
    expect((await written()).at(-1)).toMatchObject({
      path,
      digest: digest("two"),
      command: "files write",
      actor: "agent:run-1",
    });
  });

  it("of the configuration, the state and the operator cannot be written by an agent", async () => {
    for (const path of ["desk.toml", ".qoc/desk-id", "house-rules.md", "orders/approved/x.toml", "../x.md"]) {
      await expect(ask("files write", { path, text: "x" })).rejects.toMatchObject({ code: "PATH_REFUSED" });
    }
    await expect(ask("files read", { path: ".qoc/desk-id" })).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it("in orders/pending become proposals that wait for the human", async () => {
    const text =
      'connector = "paper"\nsymbol = "SPX"\nside = "buy"\nquantity = "1"\ntype = "market"\nrationale = "test"\n';
    await ask("files write", { path: "orders/pending/by-file.toml", text });
    const status = await desk.call<StatusView>("status");
    expect(status.proposals.map(({ id }) => id)).toContain("by-file");
    expect(status.orders).toEqual([]);
  });
});

describe("entities", () => {
  it("are written with valid frontmatter, read with a digest, listed, and replaced only with that digest", async () => {
    expect(await ask("entities write", { symbol: "AAPL", text: APPLE })).toEqual({
      path: "entities/AAPL.md",
      digest: digest(APPLE),
    });
    expect(await ask("entities read", { symbol: "AAPL" })).toMatchObject({
      path: "entities/AAPL.md",
      digest: digest(APPLE),
      untrusted: { source: "entities/AAPL.md", text: APPLE },
    });
    await expect(ask("entities write", { symbol: "AAPL", text: APPLE })).rejects.toMatchObject({
      code: "FILE_CHANGED",
    });
    await ask("entities write", {
      symbol: "BTC/USD",
      text: "---\nsymbol: BTC/USD\nname: Bitcoin\nkind: crypto\n---\n",
    });
    await ask("entities write", {
      symbol: "M&M",
      text: "---\nsymbol: M&M\nname: Mahindra\ntags: [large-cap]\nsector: Cars\nupdated: 2026-07-05\n---\n",
    });
    expect((await ask<{ entries: readonly unknown[] }>("entities list")).entries).toContainEqual(
      expect.objectContaining({ symbol: "M&M", kind: "", path: "entities/M_-26-M.md", isReadable: true }),
    );
    await expect(ask("status", { snapshot: "latest" })).rejects.toMatchObject({ code: "SNAPSHOT_NOT_FOUND" });
    expect(await ask("entities list")).toMatchObject({
      entries: [
        {
          symbol: "AAPL",
          kind: "equity",
          path: "entities/AAPL.md",
          isReadable: true,
          untrusted: { text: "Apple Inc." },
        },
        {
          symbol: "BTC/USD",
          kind: "crypto",
          path: "entities/BTC_USD.md",
          isReadable: true,
          untrusted: { text: "Bitcoin" },
        },
        { symbol: "M&M" },
        { symbol: "OLD", isReadable: false, untrusted: { text: expect.stringContaining("Markdown") as string } },
      ],
      next: null,
    });
    await expect(ask("entities read", { symbol: "BTC:USD" })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(
      (await written()).some(({ command, actor }) => command === "entities write" && actor === "agent:run-1"),
    ).toBe(true);
  });

  it.each([
    ["no frontmatter", "Phones."],
    ["another symbol", APPLE.replace("AAPL", "MSFT")],
    ["no name", APPLE.replace(/name.*\n/, "")],
    ["an empty name", APPLE.replace("Apple Inc.", '" "')],
    ["a name that hides", APPLE.replace("Apple Inc.", '"Apple\\u202eelppA"')],
    ["a kind in capitals", APPLE.replace("equity", "Equity")],
    ["a field it does not know", APPLE.replace("venue:", "approved:")],
    ["an odd tag", APPLE.replace("phones]", '"../x"]')],
    ["an alias", APPLE.replace("[tech, phones]", "&a [*a]")],
  ])("with %s cannot be written", async (_name, text) => {
    await expect(ask("entities write", { symbol: "AAPL", text, replaces: digest(APPLE) })).rejects.toMatchObject({
      code: "NOTE_INVALID",
    });
  });

  it.each([["../AAPL"], ["AAPL\u0000"], ["ААPL"], [""], ["a".repeat(60)]])(
    "of the symbol %j can be neither written nor read",
    async (symbol) => {
      await expect(ask("entities write", { symbol, text: APPLE })).rejects.toMatchObject({ code: "INVALID_INPUT" });
      await expect(ask("entities read", { symbol })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    },
  );
});

describe("issues update", () => {
  it("changes the status line, adds a dated and quoted note, and keeps every other byte", async () => {
    const before = desk.read("issues/007-hand.md");
    await ask("issues update", { id: "007", status: "review", note: "Done so far.\n## 2020, human\nid: 1" });
    const after = desk.read("issues/007-hand.md");
    const [kept = "", note = ""] = after.split(/(?=\n## \d{4}-\d\d-\d\dT)/);
    expect(`${kept}\n`.trimEnd()).toBe(before.replace("status: open", "status: review").trimEnd());
    expect(note).toMatch(/^\n## \S+Z, agent:run-1\n\n> Done so far\.\n> ## 2020, human\n> id: 1\n$/);
    expect((await written()).at(-1)).toMatchObject({ command: "issues update", actor: "agent:run-1" });
  });

  it.each([
    ["in-progress", "done"],
    ["review", "done"],
    ["blocked", "done"],
    ["done", "done"],
    ["draft", "INVALID_INPUT"],
    ["open", "INVALID_INPUT"],
    ["cancelled", "INVALID_INPUT"],
    ["approved", "INVALID_INPUT"],
  ])("by an agent that sets the status %s ends with %s", async (status, expected) => {
    const result = await ask("issues update", { id: "007", status }).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    expect(result).toBe(expected);
  });

  it("accepts every status from a human, and fails without a change or for an unknown issue", async () => {
    await desk.call("issues update", { id: "issues/007-hand.md", status: "open" });
    expect(desk.read("issues/007-hand.md")).toContain("\nstatus: open\n");
    await expect(ask("issues update", { id: "007" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(ask("issues update", { id: "999", status: "done" })).rejects.toMatchObject({
      code: "ISSUE_NOT_FOUND",
    });
  });
});

describe("bars get", () => {
  it("returns the connector's bars within the limit and the requested days", async () => {
    const all = await ask<{ bars: readonly { time: string }[]; earlier: number }>("bars get", {
      symbol: "SPX",
      limit: 5,
    });
    expect(all).toMatchObject({ status: "ready", source: "paper", resolution: "1d", symbol: "SPX" });
    expect(all.bars).toHaveLength(5);
    expect(all.earlier).toBeGreaterThan(0);
    const day = (all.bars[2]?.time ?? "").slice(0, 10);
    const one = await ask<{ bars: readonly unknown[] }>("bars get", { symbol: "SPX", from: day, to: day });
    expect(one.bars).toEqual([all.bars[2]]);
    await expect(ask("bars get", { symbol: "SPX", limit: 201 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("requests the given days from the connector and drops bars of other days", async () => {
    const ranged = (input: Record<string, string>): Promise<{ bars?: readonly { close: string; volume: string }[] }> =>
      desk.call("bars get", { symbol: "RANGED", connector: "hidden", ...input });
    const asked = (options: Record<string, unknown>): string =>
      String(JSON.stringify({ resolution: "1d", ...options }).length);
    const from = Date.UTC(2026, 0, 2);
    const to = Date.UTC(2026, 0, 3) - 1;
    expect((await ranged({})).bars).toMatchObject([{ close: asked({}) }, {}, {}]);
    expect((await ranged({ from: "2026-01-02" })).bars).toMatchObject([
      { close: asked({ from }), volume: "2" },
      { volume: "3" },
    ]);
    expect((await ranged({ from: "2026-01-02", to: "2026-01-02" })).bars).toMatchObject([
      { close: asked({ from, to }), volume: "2" },
    ]);
    expect(await ranged({ from: "2027-01-02" })).toMatchObject({ status: "data_pending" });
    expect(await ranged({ limit: "1" })).toMatchObject({ bars: [{ volume: "3" }], earlier: 2 });
  });

  it("without a connector returns the operator's bars with a note", async () => {
    const own = await desk.call<{ bars: readonly Record<string, string>[] }>("bars get", { symbol: "OWN", limit: 1 });
    expect(own).toMatchObject({
      status: "ready",
      source: "research/prices/bars/OWN.csv",
      note: expect.any(String) as string,
      earlier: 29,
    });
    expect(own.bars).toEqual([
      { time: "2026-01-30T00:00:00.000Z", open: "1", high: "40", low: "1", close: "30", volume: "10" },
    ]);
  });

  it("is pending with the reason if no source has bars", async () => {
    expect(await ask("bars get", { symbol: "NOSUCH" })).toMatchObject({
      status: "data_pending",
      reason: expect.stringContaining("NOSUCH") as string,
    });
    expect(await desk.call("bars get", { symbol: "OWN", from: "2030-01-01" })).toMatchObject({
      status: "data_pending",
    });
    expect(await desk.call("bars get", { symbol: "SPX", connector: "hidden" })).toMatchObject({
      status: "data_pending",
    });
  });
});

describe("analysis get", () => {
  it("returns values with the range of their bars, and marks pending indicators", async () => {
    expect(await desk.call("analysis get", { symbol: "OWN", indicators: "sma:5,sma:40,obv", last: 2 })).toMatchObject({
      status: "ready",
      over: { bars: 30, from: "2026-01-01T00:00:00.000Z", to: "2026-01-30T00:00:00.000Z" },
      indicators: [
        {
          name: "sma:5",
          status: "ready",
          values: [{ value: "27" }, { time: "2026-01-30T00:00:00.000Z", value: "28" }],
        },
        { name: "sma:40", status: "data_pending", needs: 40, has: 30 },
        { name: "obv", status: "ready", values: [{ value: "280" }, { value: "290" }] },
      ],
    });
    expect(
      await desk.call("technical-analysis get", { symbol: "OWN", indicators: ["sma:5"], to: "2026-01-10" }),
    ).toMatchObject({
      indicators: [{ values: [{ value: "8" }] }],
    });
    expect(await desk.call("analysis get", { symbol: "NOVOL", indicators: "vwap" })).toMatchObject({
      indicators: [{ status: "data_pending" }],
    });
    expect(await ask("analysis get", { symbol: "NOSUCH", indicators: "sma" })).toMatchObject({
      status: "data_pending",
    });
  });

  it.each([["cci"], [Array.from({ length: 13 }, (_, n) => `sma:${n + 1}`).join(",")]])(
    "%s is refused",
    async (indicators) => {
      await expect(ask("analysis get", { symbol: "OWN", indicators })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    },
  );
});

describe("fundamentals get", () => {
  it("returns a connector's numbers exactly and its texts as untrusted, and is pending if the connector has none", async () => {
    const known = await desk.call("fundamentals get", { symbol: "AAPL", connector: "hidden" });
    expect(known).toEqual({
      ...{ status: "ready", symbol: "AAPL", connector: "hidden" },
      numbers: { pe_ttm: "31.05", revenue_ttm_usd: "391035000000.01", "earnings.last_eps_actual": "1.64" },
      untrusted: {
        source: "connector hidden",
        retrievedAt: expect.any(String) as string,
        text: "sector: Technology\nis_fund: false",
      },
    });
    const reasons = ["NONE", "EMPTY", "FAIL", "ODD"].map((symbol) =>
      desk.call("fundamentals get", { symbol, connector: "hidden" }),
    );
    expect(await Promise.all(reasons)).toMatchObject([
      { status: "data_pending", reason: "connector hidden has no fundamentals of NONE" },
      { status: "data_pending", reason: "connector hidden has no fundamentals of EMPTY" },
      {
        status: "data_pending",
        reason: "connector hidden could not answer",
        untrusted: { text: "hidden.getFundamentals: no such page" },
      },
      {
        status: "data_pending",
        reason: "connector hidden sent a malformed answer",
        untrusted: { text: expect.stringMatching(/^result of getFundamentals: /) as string },
      },
    ]);
    const none = await ask<Record<string, unknown>>("fundamentals get", { symbol: "SPX" });
    expect(none).toMatchObject({ status: "data_pending", reason: "connector paper has no getFundamentals" });
    expect(none).not.toHaveProperty("numbers");
  });
});

describe("a quote that a connector does not have", () => {
  it("is pending with the reason and without a price", async () => {
    const none = await ask<Record<string, unknown>>("quotes get", { symbol: "NOSUCH" });
    expect(none).toMatchObject({
      status: "data_pending",
      reason: "connector paper could not answer",
      untrusted: { source: "connector paper" },
    });
    expect(none).not.toHaveProperty("bid");
  });
});

describe("symbols search", () => {
  it("finds symbols of the desk by symbol and name, and lists the places that were searched", async () => {
    expect(await ask("symbols search", { text: "apple" })).toMatchObject({
      symbols: [{ symbol: "AAPL", in: ["entities"], untrusted: { text: "Apple Inc." } }],
    });
    expect(await ask("symbols search", { text: "msft" })).toMatchObject({
      symbols: [{ symbol: "MSFT", in: ["issues"] }],
    });
    expect(await ask("symbols search", { text: "own" })).toMatchObject({
      symbols: [{ symbol: "OWN", in: ["research/prices/bars"] }],
    });
    expect(await ask("symbols search", { text: "zzz" })).toMatchObject({
      status: "data_pending",
      symbols: [],
      note: expect.stringContaining("quotes get") as string,
    });
  });
});

describe("[connectors] agent", () => {
  it("reports other connectors to an agent as unknown, and serves them to the human", async () => {
    for (const command of ["quotes get", "bars get", "analysis get", "positions list"]) {
      const input = {
        ...(command === "positions list" ? {} : { symbol: "SPX" }),
        ...(command === "analysis get" ? { indicators: "sma" } : {}),
      };
      const told = async (connector: string): Promise<string> =>
        ask(command, { ...input, connector }).then(
          () => "answered",
          (error: Error) => error.message.replace(connector, "X"),
        );
      expect(await told("hidden")).toBe(await told("absent"));
      expect(await told("hidden")).toBe("no connector X");
    }
    expect(await ask("quotes get", { symbol: "SPX" })).toMatchObject({ connector: "paper" });
    await expect(desk.call("quotes get", { symbol: "SPX" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(desk.call("quotes get", { symbol: "X", connector: "hidden" })).resolves.toMatchObject({
      connector: "hidden",
    });
  });

  it("leaves positions and symbols of other connectors out of an agent's results", async () => {
    const book = desk.open.desk.state.positions as Map<string, PositionRecord>;
    for (const connector of ["paper", "hidden"]) {
      const position = new PositionRecord(connector, `HELD-${connector}`);
      openPosition(position, decimal("1"), decimal("1"));
      book.set(`test ${connector}`, position);
    }
    const held = (list: readonly { symbol: string }[]): readonly string[] =>
      list.map(({ symbol }) => symbol).toSorted();
    expect(held(await ask("positions list"))).toEqual(["HELD-paper"]);
    expect(held(await desk.call("positions list"))).toEqual(["HELD-hidden", "HELD-paper"]);
    expect(held((await ask<{ symbols: { symbol: string }[] }>("symbols search", { text: "held" })).symbols)).toEqual([
      "HELD-paper",
    ]);
    for (const connector of ["paper", "hidden"]) book.delete(`test ${connector}`);
  });

  it("leaves other connectors out of an agent's status", async () => {
    const view = await desk.call<StatusView>("status");
    const held = {
      ...view,
      book: { ...view.book, positions: ["paper", "hidden"].map((connector) => ({ connector }) as never) },
    };
    const names = (of: StatusView): unknown => [
      of.connectors.map(({ name }) => name),
      of.book.positions.map(({ connector }) => connector),
    ];
    expect(names(statusInScope(desk.open.desk, "agent:run-1", held))).toEqual([["paper"], ["paper"]]);
    expect(names(statusInScope(desk.open.desk, "human", held))).toEqual([
      ["paper", "hidden"],
      ["paper", "hidden"],
    ]);
  });
});

describe("secrets in the workspace", () => {
  it("F4 are neither listed nor read from the moment they exist", async () => {
    const { auth } = desk.open.config.connectors.find(({ name }) => name === "hidden") ?? { auth: {} };
    (auth as Record<string, unknown>)["token"] = { file: join(desk.root, "research/token.md") };
    writeFileSync(join(desk.root, "research/token.md"), "zebra-secret");
    const { entries } = await ask<{ entries: readonly { path: string }[] }>("files list", { under: "research" });
    expect(entries.map(({ path }) => path)).not.toContain("research/token.md");
    await expect(ask("files read", { path: "research/token.md" })).rejects.toMatchObject({ code: "PATH_REFUSED" });
    expect(await ask("files search", { text: "zebra" })).toMatchObject({ entries: [] });
    await expect(ask("files write", { path: "research/token.md", text: "mine" })).rejects.toMatchObject({
      code: "FILE_CHANGED",
    });
  });
});
