/** What a venue states of its account: splits and exchange rates, through a real worker. */
import { afterEach, describe, expect, it } from "vitest";
import { ZERO } from "../../src/domain/decimal.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import { observeRates } from "../../src/trading/account/exchange-rates.ts";
import { followActivities } from "../../src/trading/account/record-activity.ts";
import { markAccount } from "../../src/trading/market/market-snapshot.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const table = (name: string): string =>
  `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\n`;

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
      if (word === "STATE") await expect.poll(() => state.activities.size).toBe(1);
      else await markAccount(desk.open.desk, "venue" as ConnectorName);
    }
    expect(await view()).toMatchObject({ ...same, quantity: "700", averagePrice: "70", unrealizedPnl: "21000" });
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
