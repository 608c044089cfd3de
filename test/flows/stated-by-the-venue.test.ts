/** What a venue states of its account: splits and exchange rates, through a real worker. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { OutputStyle } from "../../src/commands/rendering/table-text.ts";
import { ZERO } from "../../src/domain/decimal.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { renderStatus } from "../../src/commands/rendering/status.ts";
import { type RowPage, cellOf } from "../../src/domain/pages/row-page.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import { observeRates } from "../../src/trading/account/exchange-rates.ts";
import { followActivities } from "../../src/trading/account/record-activity.ts";
import { markAccount } from "../../src/trading/market/market-snapshot.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { requireBuild } from "../support/built.ts";
import { qocJson } from "../support/qoc-json.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

beforeAll(requireBuild);

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const table = (name: string): string =>
  `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\n`;

const style = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text } as OutputStyle;

describe("a 7:1 split", () => {
  const VENUE = adapterSource(`
    held = 100;
    price = 700;
    async getQuote(symbol: string) {
      if (symbol === "SPLIT") [this.held, this.price] = [700, 100];
      if (symbol === "STATE")
        this.ctx.emitActivity({
          id: "s1", kind: "split", timestamp: Date.now() + 1_000, symbol: "AAA", ratio: ["7", "1"],
        });
      return { symbol, bid: this.price, ask: this.price, timestamp: Date.now() };
    }
    async getPositions() {
      return [{ symbol: "AAA", quantity: this.held, averagePrice: 49_000 / this.held, markPrice: this.price }];
    }
    async getAccount() {
      return { nav: 100_000, cash: 30_000, buyingPower: 30_000, currency: "USD" };
    }`);

  it.each([
    ["after", ["SPLIT", "STATE"]],
    ["before", ["STATE", "SPLIT"]],
  ])("that is stated %s the mark that shows it changes no position, NAV or profit", async (_, words) => {
    desk = await tempDesk({ files: { "venue.ts": VENUE }, config: () => table("venue") });
    const { state } = desk.open.desk;
    const view = async () => {
      await markAccount(desk.open.desk, "venue" as ConnectorName);
      const { book } = await desk.call<StatusView>("status");
      const account = state.accounts.get("venue");
      const unexplained = account?.unexplained.eq(ZERO);
      return { ...book.positions[0], nav: book.nav, dayPnl: book.dayPnl, unexplained, flagged: state.flagged.size };
    };
    const same = { nav: "100000", dayPnl: "0", unexplained: true, flagged: 0 };
    expect(await view()).toMatchObject({ ...same, quantity: "100", averagePrice: "490", unrealizedPnl: "21000" });
    for (const word of words) {
      await desk.open.fleet.venues.quote("venue", word);
      if (word === "STATE") {
        await expect.poll(() => state.activities.size).toBe(1);
        // At once, not only after the next mark.
        expect(state.accounts.get("venue")?.unexplained.toFixed()).toBe("0");
      } else await markAccount(desk.open.desk, "venue" as ConnectorName);
    }
    expect(await view()).toMatchObject({ ...same, quantity: "700", averagePrice: "70", unrealizedPnl: "21000" });
  });
});

describe("a split that no venue states", () => {
  const VENUE = adapterSource(`
    held = 15;
    async getQuote(symbol: string) {
      this.held = Number(symbol);
      return { symbol, bid: 700, ask: 700, timestamp: Date.now() };
    }
    async getPositions() {
      const price = 10_500 / this.held;
      return [{ symbol: "AAA", quantity: this.held, averagePrice: price, markPrice: price }];
    }
    async getAccount() {
      return { nav: 100_000, cash: 89_500, buyingPower: 89_500, currency: "USD" };
    }`);

  it("is stated by its ratio, which must make what the venue holds, and keeps the cost", async () => {
    desk = await tempDesk({ files: { "venue.ts": VENUE }, config: () => table("venue") });
    const { state } = desk.open.desk;
    const resolve = (split: string, id = "venue/AAA") => desk.call("resolve", { id, split, note: "a letter" });
    await markAccount(desk.open.desk, "venue" as ConnectorName);
    await expect(resolve("7:1")).rejects.toThrow("the venue holds the 15 AAA that the fills make: no split is missing");
    await expect(resolve("7:1", "venue/BBB")).rejects.toThrow("venue/BBB names no position of this desk");
    await desk.open.fleet.venues.quote("venue", "105");
    await expect(resolve("6:1")).rejects.toMatchObject({
      message: "6:1 makes 90 of 15 AAA, and the venue holds 105; nothing was changed",
      hint: 'type: qoc resolve venue/AAA --split 7:1 -m "what you saw"',
    });
    await expect(resolve("100001:1")).rejects.toThrow("no split is 100001:1");
    for (const wrong of ["7", "7:0", "7:7", "-7:1", "7:1:1", "x:1"])
      await expect(resolve(wrong)).rejects.toThrow("must be units after and before the split, such as 7:1");
    expect(await resolve("7:1")).toEqual({ instrument: "venue/AAA", quantity: "105" });
    const { book } = await desk.call<StatusView>("status");
    expect(book.positions[0]).toMatchObject({ quantity: "105", unrealizedPnl: "0", realizedPnl: "0" });
    expect([state.flagged.size, state.accounts.get("venue")?.unexplained.toFixed()]).toEqual([0, "0"]);
    // A venue pays cash for a part of a unit.
    await desk.open.fleet.venues.quote("venue", "10");
    await expect(resolve("1:10")).rejects.toThrow("a split of venue/AAA within 20 hours counts already");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });
});

describe("a new name that no venue states", () => {
  const VENUE = adapterSource(`
    name = "AAA";
    held = 15;
    async getQuote(symbol: string) {
      if (symbol === "TWO") this.held = 30;
      else this.name = symbol;
      return { symbol, bid: 700, ask: 700, timestamp: Date.now() };
    }
    async getPositions() {
      const [averagePrice, markPrice] = [10_500 / this.held, 12_000 / this.held];
      return [{ symbol: this.name, quantity: this.held, averagePrice, markPrice }];
    }
    async getAccount() {
      return { nav: 100_000, cash: 88_000, buyingPower: 88_000, currency: "USD" };
    }`);

  it.each([
    ["BBB", { renamed: "BBB" }, "15", "700"],
    ["two BBB of one", { renamed: "BBB", split: "2:1" }, "30", "350"],
  ])("is %s: the lots move with their cost, and neither NAV nor profit changes", async (_, stated, quantity, price) => {
    desk = await tempDesk({ files: { "venue.ts": VENUE }, config: () => table("venue") });
    const { state } = desk.open.desk;
    const resolve = (more: object, id = "venue/AAA") => desk.call("resolve", { id, note: "a letter", ...more });
    const quote = (symbol: string) => desk.open.fleet.venues.quote("venue", symbol);
    await markAccount(desk.open.desk, "venue" as ConnectorName);
    await expect(resolve(stated)).rejects.toThrow("the venue still holds 15 AAA");
    await quote("BBB");
    if (quantity === "30") await quote("TWO");
    for (let mark = 0; mark < 3; mark++) await markAccount(desk.open.desk, "venue" as ConnectorName);
    await expect(resolve({ renamed: "aaa" })).rejects.toThrow("is no other instrument than AAA");
    await expect(resolve({ renamed: "CCC" })).rejects.toMatchObject({
      message: "15 AAA make 15 CCC, and the venue holds 0; nothing was changed",
      hint: 'type: qoc resolve venue/AAA -m "what you saw"',
    });
    expect(await resolve(stated)).toEqual({ instrument: "venue/BBB", quantity });
    await markAccount(desk.open.desk, "venue" as ConnectorName);
    const { book } = await desk.call<StatusView>("status");
    expect(book.positions).toMatchObject([
      { symbol: "BBB", quantity, averagePrice: price, unrealizedPnl: "1500", realizedPnl: "0" },
    ]);
    expect([book.nav, book.dayPnl, state.flagged.size]).toEqual(["100000", "0", 0]);
    expect(state.accounts.get("venue")?.unexplained.toFixed()).toBe("0");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
    await desk.settled();
    const env = { PATH: process.env["PATH"] ?? "", HOME: desk.home };
    const { json } = await qocJson({ args: ["pnl", "--by", "symbol"], desk: desk.root, env });
    expect(json.total).toMatchObject({ realized: "0", unrealized: "0", other: "0", total: "0" });
  });
});

describe("what a venue states besides", () => {
  const VENUE = adapterSource(`
    async getQuote(symbol: string) { return { symbol, bid: 99, ask: 100, timestamp: Date.now() }; }
    async getAccount() {
      const stated = { settledCash: "800.5", marginUsed: "12.25", unrealizedPnl: "-3.75" };
      return { nav: 1000, cash: 1000, buyingPower: 1000, currency: "USD", ...stated };
    }
    async placeOrder({ clientOrderId, symbol, side }: any) {
      const fill = { fillId: "F1", venueOrderId: "V1", clientOrderId, symbol, side, quantity: "1", price: "100" };
      const settlesAt = "2026-12-02T00:00:00Z";
      setTimeout(() => this.ctx.emitFill({ ...fill, timestamp: Date.now(), liquidity: "maker", settlesAt }), 5);
      return { venueOrderId: "V1", status: "acknowledged" };
    }`);

  it("is in status, accounts, review, order, fills, snapshot and CSV", async () => {
    desk = await tempDesk({ files: { "venue.ts": VENUE }, config: () => table("venue") });
    await markAccount(desk.open.desk, "venue" as ConnectorName);
    const status = await desk.call<StatusView>("status");
    expect(status.book.accounts).toMatchObject([
      { settledCash: "800.5", marginUsed: "12.25", venueUnrealizedPnl: "-3.75" },
    ]);
    const screen = renderStatus(status, style).join("\n");
    expect(screen).toMatch(/settled cash +800\.50 USD\n +margin used +12\.25 USD\n +unrealized by venue +-3\.75 USD/);
    expect(renderStatus(status, { ...style, isTty: false })).toContain("settled-cash\tvenue\t800.5\tUSD");
    const terms = { connector: "venue", symbol: "A", side: "buy", quantity: "1", type: "limit", limitPrice: "100" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      ...terms,
      rationale: "x",
    });
    expect(await desk.call("orders show", { id })).toMatchObject({
      review: {
        book: expect.arrayContaining([
          { what: "settled cash", before: "800.5", after: "700.5", unit: "USD" },
        ]) as unknown,
      },
    });
    await desk.call("approve", { id, digest });
    await desk.reaches(id, "filled");
    const fill = { liquidity: "maker", settlesAt: "2026-12-02T00:00:00.000Z" };
    expect(await desk.call("orders show", { id })).toMatchObject({ fills: [fill] });
    const { columns, rows, words } = await desk.call<RowPage<number>>("fills list");
    const cells = rows[0]?.map((cell) => cellOf({ words }, cell)) ?? [];
    expect(Object.fromEntries(columns.map((name, at) => [name, cells[at]]))).toMatchObject(fill);
    await desk.settled();
    const args = ["pnl", "--csv", "--year", String(new Date().getUTCFullYear())];
    const { json } = await qocJson({
      args,
      desk: desk.root,
      env: { HOME: desk.home, PATH: process.env["PATH"] ?? "" },
    });
    expect(json).toMatchObject({ trades: [{ liquidity: "maker", settles: "2026-12-02" }] });
    const { path } = await desk.call<{ path: string }>("snapshot");
    expect(desk.read(path)).toContain('settled_cash = "800.5"\nmargin_used = "12.25"\npnl_open_by_venue = "-3.75"\n');
  });
});

describe("the rates of an account", () => {
  const VENUE = (rates: string): string =>
    adapterSource(`
      async getQuote(symbol: string) { return { symbol, bid: 99, ask: 100, timestamp: Date.now() }; }
      async getAccount() { return { nav: 1000, cash: 1000, buyingPower: 1000, currency: "EUR" }; }
      ${rates}`);

  it("convert that account by their age, and no other one", async () => {
    const own = VENUE(`
      async getRates(pairs: readonly string[]) {
        const rate = { rate: "1.0837", timestamp: Date.now() + 86_000_000 };
        return [...pairs.map((pair) => ({ pair, ...rate })), { pair: "GBP/USD", ...rate }];
      }`);
    desk = await tempDesk({
      files: { "own.ts": own, "other.ts": VENUE("") },
      config: () => table("own") + table("other"),
    });
    await observeRates(desk.open.desk, "own");
    await observeRates(desk.open.desk, "other");
    const { clock, state } = desk.open.desk;
    const rates = [...state.rates.values()];
    expect(rates).toMatchObject([{ base: "EUR", quote: "USD", bid: "1.0837", origin: "account", source: "own" }]);
    // A time ahead of the desk's keeps no rate fresh.
    expect(rates[0]?.at).toBeLessThanOrEqual(clock.now());
    const { book } = await desk.call<StatusView>("status");
    expect(book.nav).toBe("1083.7");
    const inSum = new Map(book.accounts.map(({ connector, navInSum }) => [connector, navInSum]));
    expect([inSum.get("own"), inSum.get("other")]).toEqual(["1083.7", null]);
  });

  it("that cannot be read are missing, and the account goes on", async () => {
    const own = VENUE('async getRates() { throw new Error("no rates today"); }');
    desk = await tempDesk({ files: { "own.ts": own }, config: () => table("own") });
    await observeRates(desk.open.desk, "own");
    expect(desk.open.desk.state.rates.size).toBe(0);
    expect(desk.open.desk.venues.facts("own")?.state).toBe("ready");
  });

  it("are asked for the money of a coin that is received, which counts by them", async () => {
    const own = VENUE(`
      async getRates(pairs: readonly string[]) {
        return pairs.filter((pair) => pair === "BTC/EUR").map((pair) => ({ pair, rate: "50000.5", timestamp: Date.now() }));
      }
      async getActivities(since: number) {
        const coin = { kind: "deposit", timestamp: Date.now() };
        return [
          { id: "d1", amount: "0.25", currency: "BTC", ...coin },
          { id: "d2", amount: "7", currency: "XYZ", ...coin },
        ];
      }`);
    desk = await tempDesk({ files: { "own.ts": own }, config: () => table("own") });
    await markAccount(desk.open.desk, "own" as ConnectorName);
    await followActivities(desk.open.desk, "own" as ConnectorName);
    const { activities } = desk.open.desk.state;
    expect(activities.get("own/d1")?.money?.amount.toString()).toBe("12500.125");
    expect(activities.get("own/d2")?.money).toBeUndefined();
  });

  it("that a balance states convert it, and what orders hold of it cannot be spent", async () => {
    const own = adapterSource(`
      async getAccount() {
        const EUR = { currency: "EUR", total: "100", locked: "30", rateToAccount: "1.0825" };
        return { nav: 1000, cash: 1000, buyingPower: 1000, currency: "USD", balances: [EUR] };
      }`);
    desk = await tempDesk({ files: { "own.ts": own }, config: () => table("own") });
    await markAccount(desk.open.desk, "own" as ConnectorName);
    const { accounts, rates } = desk.open.desk.state;
    expect([...rates.values()]).toMatchObject([{ base: "EUR", quote: "USD", bid: "1.0825", origin: "account" }]);
    expect(accounts.get("own")?.account).toMatchObject({
      nav: "1108.25",
      balances: [{ currency: "EUR", total: "100", free: "70", rate: "1.0825" }],
    });
    expect(JSON.stringify(accounts.get("own")?.account)).not.toContain("rateToAccount");
  });
});
