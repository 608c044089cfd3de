import { describe, expect, it } from "vitest";
import type { ExchangeRate } from "../../../src/domain/account/exchange-rate.ts";
import type { GateInput, OrderRoute } from "../../../src/gate/input.ts";
import { ask, guard, quote } from "../../support/gate-case.ts";
import { decimal, text } from "../../../src/domain/decimal.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import {
  SCENARIO_START,
  type TermsDraft,
  amount,
  justOver,
  justUnder,
  scenario,
} from "../../support/journal-scenario.ts";

/** NAV 100,000. */
function desk() {
  return scenario().desk().connector("paper").account("paper");
}
function holding(quantity: string, markPrice = "100", nav = "100000") {
  return scenario()
    .desk()
    .account("paper", { nav, positions: [{ symbol: "AAPL", quantity, markPrice, averagePrice: markPrice }] });
}

describe("max-order-nav", () => {
  const rule = guard("max-order-nav", { max_pct: 5 });

  it("holds the order's worth against NAV, the limit inclusive", () => {
    expect(ask(desk(), { quantity: "50" }, rule)).toMatchObject({
      decision: "allow",
      code: "OK",
      limit: "5 %",
      actual: "5 %",
    });
    expect(ask(desk(), { quantity: justOver("50", 18) }, rule)).toMatchObject({
      decision: "block",
      code: "MAX_ORDER_NAV_EXCEEDED",
    });
    expect(ask(desk(), { quantity: "1", limitPrice: justOver("5000", 18) }, rule).decision).toBe("block");
    expect(ask(desk(), { quantity: "1", limitPrice: "5000" }, rule).decision).toBe("allow");
  });

  it("says it with its numbers", () => {
    const tale = scenario().desk().account("paper", { nav: "408000" });
    const check = ask(tale, { quantity: "152.71", limitPrice: "192.4" }, rule);
    expect(check.message).toBe("order of 29,381.40 USD is 7.2 % of NAV 408,000.00 USD (limit 5 %)");
    expect(check).toMatchObject({ limit: "5 %", actual: "7.2 %" });
  });

  it("a breach of max-order-nav is never shown as equal to the limit", () => {
    expect(ask(desk(), { quantity: "50.0001" }, rule).actual).toBe("5.00001 %");
    expect(ask(desk(), { quantity: justOver("50", 30) }, rule).actual).toBe("just over 5 %");
    expect(ask(desk(), { quantity: "49.9999" }, rule).actual).toBe("5 %");
  });

  it.each<[string, TermsDraft, Partial<GateInput>, "allow" | "block"]>([
    ["a market buy at its protection price", { type: "market", protectionPrice: "103", quantity: "48.5" }, {}, "allow"],
    ["a market buy past it", { type: "market", protectionPrice: "103", quantity: "48.6" }, {}, "block"],
    ["a limit far above the market at the limit", { limitPrice: "200", quantity: "25" }, {}, "allow"],
    ["and not at the ask", { limitPrice: "200", quantity: "26" }, {}, "block"],
    ["a limit with no quote at all", { quantity: "50" }, { quote: undefined }, "allow"],
    [
      "a market sell with no quote",
      { type: "market", side: "sell", protectionPrice: "97", quantity: "1" },
      { quote: undefined },
      "block",
    ],
  ])("%s", (_, order, more, decision) => {
    expect(ask(desk(), order, rule, more).decision).toBe(decision);
  });

  it("does not price an order by a quote of another symbol", () => {
    const order = { type: "market", side: "sell", protectionPrice: "97", quantity: "1" } as const;
    expect(ask(desk(), order, rule, { quote: quote("1", "1", { symbol: "MSFT" }) }).code).toBe(
      "MAX_ORDER_NAV_UNAVAILABLE",
    );
  });

  it("counts a short sale above the ask: 100.01 × 1.03", () => {
    expect(ask(desk(), { side: "sell", limitPrice: "90", quantity: "48.53" }, rule).decision).toBe("allow");
    expect(ask(desk(), { side: "sell", limitPrice: "90", quantity: "48.55" }, rule).decision).toBe("block");
  });

  it.each(["0", "-5"])("blocks at a NAV of %s, unless the order strictly reduces", (nav) => {
    const tale = holding("60", "100", nav);
    expect(ask(tale, { quantity: "0.001" }, rule)).toMatchObject({ decision: "block", code: "NAV_NOT_POSITIVE" });
    expect(ask(tale, { side: "sell", quantity: "60" }, rule).decision).toBe("allow");
    expect(ask(tale, { side: "sell", quantity: "61" }, rule).decision).toBe("block");
  });

  it("blocks without an account of the order's connector, and for an instrument without an exchange rate", () => {
    expect(ask(scenario().desk(), { quantity: "1" }, rule)).toMatchObject({
      decision: "block",
      code: "MAX_ORDER_NAV_UNAVAILABLE",
    });
    const foreign = { symbol: "AAPL", currency: "EUR" };
    expect(ask(desk(), { quantity: "1" }, rule, { instrument: foreign }).message).toContain("AAPL is priced in EUR");
  });

  it("blocks for an instrument that the venue lists without a currency, and for a pair in another currency", () => {
    const listed = { instrument: { symbol: "AAPL" } };
    expect(ask(desk(), { quantity: "1" }, rule, listed)).toMatchObject({
      code: "MAX_ORDER_NAV_UNAVAILABLE",
      message: expect.stringContaining("lists AAPL without a currency"),
    });
    const pair = (symbol: string): string => ask(desk(), { symbol, quantity: "1" }, rule).message;
    expect(pair("ETH/BTC")).toContain("ETH/BTC is priced in BTC, the account is in USD");
    for (const symbol of ["AAPL", "BTC/USD", "BRK/B", "BF-B"]) expect(pair(symbol)).toContain("of NAV");
  });

  it("an unvalued position counts zero and is named; an unvalued short leaves the NAV unknown", () => {
    const holding = (quantity: string) =>
      scenario()
        .desk()
        .account("paper", { unvalued: [{ symbol: "EUR/USD", quantity: amount(quantity) }] });
    expect(ask(holding("200"), { quantity: "1" }, rule)).toMatchObject({
      decision: "allow",
      message: expect.stringContaining("EUR/USD at paper has no value and counts zero"),
    });
    expect(ask(holding("-200"), { quantity: "1" }, rule).message).toContain("short of EUR/USD");
  });

  it("takes the order's own account as the base, whatever other accounts hold", () => {
    for (const nav of ["100000000", "-100000000"]) {
      const tale = desk().account("other", { nav });
      expect(ask(tale, { quantity: "50" }, rule).decision).toBe("allow");
      expect(ask(tale, { quantity: justOver("50", 12) }, rule).decision).toBe("block");
    }
    expect(ask(desk().account("yen", { currency: "JPY" }), { quantity: "50" }, rule).decision).toBe("allow");
  });
});

describe("max-position-nav", () => {
  const rule = guard("max-position-nav", { max_pct: 20 });
  /** With a limit of 100 and an ask of 100 the position is valued at 100. */
  const at100 = { quote: quote("100", "100") };

  it("holds the whole position against NAV, the limit inclusive", () => {
    expect(ask(holding("150"), { quantity: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(holding("150"), { quantity: justOver("50", 18) }, rule, at100)).toMatchObject({
      decision: "block",
      code: "MAX_POSITION_NAV_EXCEEDED",
    });
  });

  it.each(["approved", "submitting", "unknown", "working"])("counts an order that is %s in full", (state) => {
    const tale = desk().proposed("a", { quantity: "150" }).approved("a");
    if (state !== "approved") tale.submitting("a");
    if (state === "unknown") tale.unknown("a");
    if (state === "working") tale.accepted("a");
    expect(ask(tale, { quantity: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "50.01" }, rule, at100).decision).toBe("block");
  });

  it("counts the filled part of an order once", () => {
    const tale = desk().working("a", { quantity: "150" }).fill("a", { quantity: "100" });
    expect(ask(tale, { quantity: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "50.01" }, rule, at100).decision).toBe("block");
  });

  it("does not count proposals, ended orders or the order itself", () => {
    const tale = desk().proposed("p", { quantity: "150" }).working("c", { quantity: "150" }).reported("c", "cancelled");
    expect(ask(tale, { quantity: "200" }, rule, at100).decision).toBe("allow");
    const approved = desk().proposed("a", { quantity: "200" }).approved("a");
    expect(ask(approved, "a", rule, at100).decision).toBe("allow");
  });

  it("never nets buys against sells", () => {
    const tale = holding("150").working("s", { side: "sell", quantity: "150" });
    expect(ask(tale, { quantity: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "51" }, rule, at100).decision).toBe("block");
    const buys = desk().working("b", { quantity: "200" });
    expect(ask(buys, { side: "sell", quantity: "201", limitPrice: "103" }, rule, at100).decision).toBe("block");
  });

  it("counts shorts like longs", () => {
    const short = { side: "sell", limitPrice: "103" } as const;
    expect(ask(desk(), { ...short, quantity: "194.17" }, rule, at100).decision).toBe("allow");
    expect(ask(desk(), { ...short, quantity: "194.18" }, rule, at100).decision).toBe("block");
  });

  it("lets a position that has grown past the limit be cut, but not flipped past it", () => {
    const tale = holding("300");
    expect(ask(tale, { side: "sell", quantity: "100" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { side: "sell", quantity: "300" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { side: "sell", quantity: "500" }, rule, at100).decision).toBe("block");
    expect(ask(tale, { quantity: "0.01" }, rule, at100).decision).toBe("block");
  });

  it("values at the dearest of limit, ask and mark", () => {
    expect(ask(desk(), { quantity: "200", limitPrice: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(desk(), { quantity: "201", limitPrice: "50" }, rule, at100).decision).toBe("block");
    expect(ask(holding("100", "200"), { quantity: "1" }, rule, at100).decision).toBe("block");
    expect(ask(holding("99", "200"), { quantity: "1" }, rule, at100).decision).toBe("allow");
  });

  it('adds the same symbol on another connector with scope = "desk", whatever its case, and never nets it', () => {
    const rule = guard("max-position-nav", { max_pct: 20, scope: "desk" });
    const tale = desk().account("other", {
      nav: "0",
      positions: [{ symbol: "aapl", quantity: "150", markPrice: "100" }],
    });
    expect(ask(tale, { quantity: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "51" }, rule, at100).decision).toBe("block");
    const shortElsewhere = desk().account("other", {
      nav: "0",
      positions: [{ symbol: "AAPL", quantity: "-150", markPrice: "100" }],
    });
    expect(ask(shortElsewhere, { quantity: "200" }, rule, at100).decision).toBe("allow");
    expect(ask(shortElsewhere, { quantity: "201" }, rule, at100).decision).toBe("block");
  });

  it("takes the larger of the fills' position and the venue's last mark", () => {
    const venueHasMore = holding("0").account("paper", {
      positions: [{ symbol: "AAPL", quantity: "150", markPrice: "100" }],
    });
    expect(ask(venueHasMore, { quantity: "51" }, rule, at100).decision).toBe("block");
    const foldHasMore = desk().filled("a", { quantity: "150" });
    expect(ask(foldHasMore, { quantity: "50" }, rule, at100).decision).toBe("allow");
    expect(ask(foldHasMore, { quantity: "51" }, rule, at100).decision).toBe("block");
  });
});

describe("day-loss-limit", () => {
  const rule = guard("day-loss-limit", { max_pct: 3 });
  const today = "2026-07-06";
  const opened = () => scenario().desk().account("paper", { nav: "100000", venueDate: today });
  const lost = (nav: string) => opened().account("paper", { nav, venueDate: today });

  it("lets a loss of exactly the limit pass, and nothing over it", () => {
    expect(ask(lost("97000"), {}, rule)).toMatchObject({ decision: "allow", actual: "3 %" });
    expect(ask(lost(justUnder("97000", 18)), {}, rule)).toMatchObject({
      decision: "block",
      code: "DAY_LOSS_LIMIT_EXCEEDED",
    });
    expect(ask(lost("120000"), {}, rule).decision).toBe("allow");
  });

  it("lets strictly reducing orders pass at any loss", () => {
    const tale = holding("60").account("paper", { nav: "50000", positions: [{ symbol: "AAPL", quantity: "60" }] });
    expect(ask(tale, { side: "sell", quantity: "60" }, rule).decision).toBe("allow");
    expect(ask(tale, { side: "sell", quantity: "100" }, rule).decision).toBe("block");
    expect(ask(tale, { quantity: "1" }, rule).decision).toBe("block");
  });

  it("day-loss-limit starts again with the venue's date, from the last NAV of the day before", () => {
    const tale = lost("90000").account("paper", { nav: "90000", venueDate: "2026-07-07" });
    const tomorrow = { venueNow: Date.UTC(2026, 6, 7, 12) };
    expect(ask(tale, {}, rule, tomorrow).decision).toBe("allow");
    const further = tale.account("paper", { nav: "87300", venueDate: "2026-07-07" });
    expect(ask(further, {}, rule, tomorrow).decision).toBe("allow");
    expect(
      ask(further.account("paper", { nav: "87299.99", venueDate: "2026-07-07" }), {}, rule, tomorrow).decision,
    ).toBe("block");
  });

  describe("after money came in on the day of a loss", () => {
    const deposit = { type: "cash.moved", connector: "paper" as ConnectorName, kind: "deposit" } as const;
    const funded = (nav: string, after: string) => {
      const value = amount(text(decimal(after).minus(decimal(nav))));
      const tale = lost(nav).event({ type: "nav.unexplained", connector: deposit.connector, amount: value });
      return tale
        .account("paper", { nav: after, venueDate: today })
        .event({ ...deposit, amount: value, note: "wire", actor: "human" });
    };

    it("the loss keeps its share: a deposit of the same amount does not halve it", () => {
      expect(ask(funded("96000", "196000"), {}, rule)).toMatchObject({
        decision: "block",
        code: "DAY_LOSS_LIMIT_EXCEEDED",
        actual: "4 %",
        message: expect.stringContaining("money came into paper after a loss") as string,
      });
    });

    it("a loss below the limit stays below it, and what is lost then adds up", () => {
      const tale = funded("98000", "196000");
      expect(ask(tale, {}, rule)).toMatchObject({ decision: "allow", actual: "2 %" });
      expect(ask(tale.account("paper", { nav: "193900", venueDate: today }), {}, rule).decision).toBe("block");
    });

    it("without a loss before it, the money counts from then on, also on an account that was almost empty", () => {
      expect(ask(funded("100000", "200000"), {}, rule)).toMatchObject({ decision: "allow", actual: "0 %" });
      const dust = scenario().desk().account("paper", { nav: "1", venueDate: today });
      dust.account("paper", { nav: "0.99", venueDate: today });
      dust.event({ type: "nav.unexplained", connector: deposit.connector, amount: amount("100000") });
      dust.account("paper", { nav: "100000.99", venueDate: today });
      dust.event({ ...deposit, amount: amount("100000"), note: "wire", actor: "human" });
      expect(ask(dust, {}, rule)).toMatchObject({ decision: "allow", actual: "1 %" });
      expect(ask(dust.account("paper", { nav: "98500", venueDate: today }), {}, rule).decision).toBe("allow");
    });

    it("a new day begins without it", () => {
      const tale = funded("96000", "196000").account("paper", { nav: "196000", venueDate: "2026-07-07" });
      expect(ask(tale, {}, rule, { venueNow: Date.UTC(2026, 6, 7, 12) }).decision).toBe("allow");
    });
  });

  it("takes today from the venue, in the desk's time zone: a replayed market has its own", () => {
    const tale = scenario().desk().account("replay", { nav: "100000", venueDate: "2019-10-10" });
    const order = { connector: "replay" };
    const at = (venueNow: number, timezone: string) => ask(tale, order, rule, { venueNow, timezone });
    expect(at(Date.UTC(2019, 9, 10, 14), "America/New_York").decision).toBe("allow");
    expect(at(Date.UTC(2019, 9, 11, 3), "America/New_York").decision).toBe("allow");
    expect(at(Date.UTC(2019, 9, 11, 4), "America/New_York")).toMatchObject({
      decision: "block",
      code: "DAY_LOSS_LIMIT_UNAVAILABLE",
    });
    expect(at(Date.UTC(2019, 9, 11, 3), "UTC").decision).toBe("block");
  });

  it('adds up the accounts with scope = "desk", each by its own day', () => {
    const rule = guard("day-loss-limit", { max_pct: 3, scope: "desk" });
    const tale = lost("94001").account("other", { nav: "100000", venueDate: "2026-07-05" });
    expect(ask(tale, {}, rule).decision).toBe("allow");
    expect(ask(lost("93999").account("other", { nav: "100000", venueDate: "2026-07-05" }), {}, rule).decision).toBe(
      "block",
    );
  });

  it("blocks without an account, with an open of nothing, and with a broken venue clock", () => {
    expect(ask(scenario().desk(), {}, rule).decision).toBe("block");
    expect(ask(scenario().desk().account("paper", { nav: "0" }), {}, rule)).toMatchObject({
      decision: "block",
      code: "NAV_NOT_POSITIVE",
    });
    expect(ask(lost("100000"), {}, rule, { venueNow: Number.NaN })).toMatchObject({
      decision: "block",
      code: "GUARD_ERROR",
    });
    expect(ask(lost("100000"), {}, rule, { venueNow: undefined as unknown as number }).decision).toBe("block");
  });
});

describe("gross-exposure", () => {
  const rule = guard("gross-exposure", { max_pct: 100 });
  const at100 = { quote: quote("100", "100") };
  const spread = () =>
    scenario()
      .desk()
      .account("paper", {
        positions: [
          { symbol: "AAPL", quantity: "300", markPrice: "100" },
          { symbol: "MSFT", quantity: "-100", markPrice: "400" },
        ],
      });

  it("adds longs and shorts at their worst, the limit inclusive", () => {
    expect(ask(spread(), { quantity: "300" }, rule, at100).decision).toBe("allow");
    expect(ask(spread(), { quantity: justOver("300", 12) }, rule, at100).code).toBe("GROSS_EXPOSURE_EXCEEDED");
  });

  it("counts orders in flight of other instruments", () => {
    const tale = spread().working("x", { symbol: "TSLA", quantity: "100", limitPrice: "200" });
    expect(ask(tale, { quantity: "100" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "101" }, rule, at100).decision).toBe("block");
    const worked = spread().working("x", { symbol: "MSFT", side: "sell", quantity: "50", limitPrice: "400" });
    expect(ask(worked, { quantity: "100" }, rule, at100).decision).toBe("allow");
    expect(ask(worked, { quantity: "101" }, rule, at100).decision).toBe("block");
  });

  it.each([
    ["disputed", "a"],
    ["external", null],
  ] as const)("counts a fill that is %s, in the instrument that the fill names", (kind, owner) => {
    const tale = desk()
      .working("a", { symbol: "MSFT", quantity: "1", limitPrice: "100" })
      .event({
        type: "fill.received",
        id: owner as OrderId | null,
        connector: "paper" as ConnectorName,
        generation: 1,
        fill: {
          ...{ fillId: "d1", venueOrderId: "v-x", symbol: "TSLA", side: "buy" },
          ...{ quantity: amount("400"), price: amount("200"), at: SCENARIO_START },
        },
        finding: { kind, misfits: [] },
      });
    // 100 % of 100,000: 400 TSLA at 200, 1 MSFT at 100, and 199 AAPL at 100.
    expect(ask(tale, { quantity: "199" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "200" }, rule, at100).decision).toBe("block");
  });

  it("lets a strictly reducing order pass above the limit", () => {
    const tale = scenario()
      .desk()
      .account("paper", { nav: "1000", positions: [{ symbol: "AAPL", quantity: "300", markPrice: "100" }] });
    expect(ask(tale, { side: "sell", quantity: "300" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "1" }, rule, at100).decision).toBe("block");
  });

  it("gross-exposure prices a position without a mark at its last fill, and blocks without a fill", () => {
    const tale = desk().filled("a", { symbol: "TSLA", quantity: "400", limitPrice: "200" });
    expect(ask(tale, { quantity: "200" }, rule, at100).decision).toBe("allow");
    expect(ask(tale, { quantity: "201" }, rule, at100).decision).toBe("block");
    const unpriced = desk().account("paper", { positions: [{ symbol: "TSLA", quantity: "400" }] });
    expect(ask(unpriced, { quantity: "1" }, rule, at100)).toMatchObject({
      decision: "block",
      code: "GROSS_EXPOSURE_UNAVAILABLE",
    });
  });
});

/** Two accounts of 100,000; the guard's limit is 5 %. */
describe('scope = "desk"', () => {
  const rule = guard("max-order-nav", { max_pct: 5, scope: "desk" });
  const two = () => desk().account("other", { nav: "100000" });
  const routes = (...more: OrderRoute[]): Partial<GateInput> => ({
    routes: [{ connector: "paper", mode: "paper" }, ...more],
  });

  it("takes the sum of the accounts as the base", () => {
    expect(ask(two(), { quantity: "100" }, rule).decision).toBe("allow");
    expect(ask(two(), { quantity: justOver("100", 12) }, rule).decision).toBe("block");
  });

  it.each<[string, readonly OrderRoute[]]>([
    ["is removed, disabled or takes no orders", []],
    ["has another mode", [{ connector: "other", mode: "live" }]],
    ["does not state its mode", [{ connector: "other", mode: "unstated" }]],
  ])("does not count an account whose connector %s", (_, others) => {
    expect(ask(two(), { quantity: "51" }, rule, routes(...others)).decision).toBe("block");
    expect(ask(two(), { quantity: "50" }, rule, routes(...others)).decision).toBe("allow");
  });

  it("counts zero for an account that was never marked or has no exchange rate, and says so", () => {
    const unmarked = ask(desk(), { quantity: "51" }, rule, routes({ connector: "other", mode: "paper" }));
    expect(unmarked.decision).toBe("block");
    expect(unmarked.message).toContain("other has reported no account and counts zero");
    const euros = ask(desk().account("euros", { currency: "EUR" }), { quantity: "51" }, rule);
    expect(euros.message).toContain("no exchange rate from EUR to USD is available for euros, which counts zero");
    expect(ask(desk().account("euros", { currency: "EUR" }), { quantity: "50" }, rule).decision).toBe("allow");
  });

  const euroRate = (more: Partial<ExchangeRate> = {}): Partial<GateInput> => ({
    exchange: {
      rates: [
        {
          ...{ base: "EUR", quote: "USD", bid: amount("1.08"), ask: amount("1.1"), at: SCENARIO_START },
          ...{ origin: "configuration", source: "desk.toml", ...more },
        },
      ],
      pegs: [],
    },
  });

  it("counts an account in another currency at its rate less 1 %, and says so", () => {
    // 100,000 USD + 100,000 EUR × 1.08 × 0.99 = 206,920; 5 % = 10,346.
    const tale = desk().account("euros", { currency: "EUR" });
    const check = ask(tale, { quantity: "103.46" }, rule, euroRate());
    expect(check).toMatchObject({ decision: "allow", actual: "5 %" });
    expect(check.message).toContain("206,920.00 USD (euros counts by EUR/USD 1.08 of desk.toml, less 1 %)");
    expect(ask(tale, { quantity: "103.461" }, rule, euroRate()).decision).toBe("block");
    // The order's account is in euros: 100,000 EUR + 100,000 USD / 1.1 × 0.99 = 190,000; 5 % = 9,500.
    expect(ask(tale, { connector: "euros", quantity: "95" }, rule, euroRate()).decision).toBe("allow");
    expect(ask(tale, { connector: "euros", quantity: "95.01" }, rule, euroRate()).decision).toBe("block");
  });

  it.each<[string, Partial<ExchangeRate>]>([
    ["an old rate", { at: SCENARIO_START - 6 * 86_400_000 }],
    ["a rate of a file", { origin: "file", source: "research/fx/ecb.csv" }],
    ["another venue's own rate", { origin: "account", source: "paper" }],
  ])("does not count by %s, and the account of the order trades on", (_, more) => {
    const tale = desk().account("euros", { currency: "EUR" });
    const check = ask(tale, { quantity: "51" }, rule, euroRate(more));
    expect(check.decision).toBe("block");
    expect(check.message).toContain("no exchange rate from EUR to USD is available for euros");
    if (more.at !== undefined) expect(check.message).toContain("EUR/USD of desk.toml is 6 d old");
    expect(ask(tale, { quantity: "50" }, rule, euroRate(more)).decision).toBe("allow");
  });

  it("day-loss-limit counts a loss in another currency at the ask, more than its rate says", () => {
    const loss = guard("day-loss-limit", { max_pct: 3, scope: "desk" });
    const tale = (nav: string) =>
      desk().account("euros", { currency: "EUR" }).account("euros", { nav, currency: "EUR" });
    // Opening NAV 206,920; 3 % = 6,207.60 = 5,587.4 EUR × 1.1 × 1.01.
    expect(ask(tale("94413"), {}, loss, euroRate()).decision).toBe("allow");
    expect(ask(tale("94412"), {}, loss, euroRate()).decision).toBe("block");
    expect(ask(tale("94412"), {}, loss).code).toBe("DAY_LOSS_LIMIT_UNAVAILABLE");
    expect(ask(tale("94412"), {}, guard("day-loss-limit", { max_pct: 3 })).decision).toBe("allow");
  });

  it("positions in an account of another currency count at the most that they may be worth", () => {
    const held = [{ symbol: "SAP", quantity: "100", markPrice: "200" }];
    const tale = desk().account("euros", { currency: "EUR", positions: held });
    // NAV 206,920; 100 % less 20,000 EUR × 1.1 × 1.01 = 184,700.
    const gross = guard("gross-exposure", { max_pct: 100, scope: "desk" });
    const more = { ...euroRate(), quote: quote("100", "100") };
    expect(ask(tale, { quantity: "1847" }, gross, more).decision).toBe("allow");
    expect(ask(tale, { quantity: "1847.01" }, gross, more).decision).toBe("block");
  });

  it("blocks if an account without an exchange rate is below zero, because zero would be too much", () => {
    const tale = desk().account("euros", { nav: "-1", currency: "EUR" });
    expect(ask(tale, { quantity: "1" }, rule).code).toBe("MAX_ORDER_NAV_UNAVAILABLE");
    expect(ask(tale, { quantity: "1" }, guard("max-order-nav")).decision).toBe("allow");
  });

  it("counts a stale account at its last value and states its age", () => {
    const tale = two().wait(3 * 60 * 60_000);
    const check = ask(tale, { quantity: "101" }, rule);
    expect(check.message).toContain("NAV 200,000.00 USD (the account of paper is 3 h old; the account of other is 3 h");
    const reported = routes({ connector: "other", mode: "paper", reportedAt: tale.now });
    expect(ask(tale, { quantity: "101" }, rule, reported).message).not.toContain("of other");
  });

  it("does not offset a loss by the profit of a stale account", () => {
    const loss = guard("day-loss-limit", { max_pct: 3, scope: "desk" });
    const tale = two().account("other", { nav: "150000" }).account("paper", { nav: "90000" });
    expect(ask(tale, {}, loss).decision).toBe("allow");
    tale.wait(60 * 60_000);
    const fresh = { connector: "paper", mode: "paper", reportedAt: tale.now } as const;
    expect(ask(tale, {}, loss, { routes: [fresh, { connector: "other", mode: "paper" }] }).decision).toBe("block");
  });

  it.each(["max-position-nav", "gross-exposure"] as const)("prices a position at its own account's mark: %s", (key) => {
    const held = [{ symbol: "AAPL", quantity: "150", markPrice: "200" }];
    const tale = desk().account("other", { nav: "100000", positions: held });
    const desk20 = guard(key, { max_pct: 20, scope: "desk" });
    // 20 % of 200,000: 150 at 200 there, 100 at 100 here.
    expect(ask(tale, { quantity: "100" }, desk20, { quote: quote("100", "100") }).decision).toBe("allow");
    expect(ask(tale, { quantity: "101" }, desk20, { quote: quote("100", "100") }).decision).toBe("block");
  });

  it.each(["max-position-nav", "gross-exposure"] as const)(
    "adds numerator and base over the same accounts: %s",
    (key) => {
      const held = [{ symbol: "AAPL", quantity: "150", markPrice: "100" }];
      const tale = desk().account("other", { nav: "100000", positions: held });
      const at100 = { quote: quote("100", "100") };
      const desk20 = guard(key, { max_pct: 20, scope: "desk" });
      expect(ask(tale, { quantity: "250" }, desk20, at100).decision).toBe("allow");
      expect(ask(tale, { quantity: "251" }, desk20, at100).decision).toBe("block");
      expect(ask(tale, { quantity: "200" }, guard(key, { max_pct: 20 }), at100).decision).toBe("allow");
      expect(ask(tale, { quantity: "201" }, guard(key, { max_pct: 20 }), at100).decision).toBe("block");
      expect(ask(tale, { quantity: "200" }, desk20, { ...at100, ...routes() }).decision).toBe("allow");
      expect(ask(tale, { quantity: "201" }, desk20, { ...at100, ...routes() }).decision).toBe("block");
    },
  );
});

it("blocks an order whose own connector is not an enabled connector of its mode", () => {
  const rule = guard("max-order-nav");
  for (const routes of [[], [{ connector: "paper", mode: "live" as const }]])
    expect(ask(desk(), { quantity: "1" }, rule, { routes }).code).toBe("MAX_ORDER_NAV_UNAVAILABLE");
});
