/** Profit and loss from the journal: its lines add up to the change of the NAV less what was paid in or out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, ZERO, decimal, text } from "../../../src/domain/decimal.ts";
import { applyEvent, emptyDeskState } from "../../../src/domain/desk-state.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import { equityReport } from "../../../src/trading/account/equity-report.ts";
import { ProfitLedger } from "../../../src/trading/account/profit-ledger.ts";
import { type ProfitKey, profitReport } from "../../../src/trading/account/profit-report.ts";
import { type JournalScenario, amount, scenario } from "../../support/journal-scenario.ts";

function ledgerOf(tale: JournalScenario, currency = "USD"): ProfitLedger {
  const state = emptyDeskState();
  const ledger = new ProfitLedger(state, { currency, trades: () => true });
  for (const recorded of tale.records()) {
    ledger.before(recorded);
    applyEvent(state, recorded);
    ledger.after(recorded);
  }
  ledger.finish();
  return ledger;
}
function report(tale: JournalScenario, by: ProfitKey = "day") {
  return profitReport(ledgerOf(tale).rows, { by, currency: "USD" });
}
const moved = (kind: "deposit" | "withdrawal" | "result", value: string, connector = "paper") =>
  ({
    type: "cash.moved" as const,
    ...{ connector: connector as ConnectorName, kind, amount: amount(value) },
    ...{ note: "said", actor: "human" },
  }) as const;

/** A venue that keeps its own books: cash and holdings, with prices that move. */
class Venue {
  readonly tale = scenario().desk();
  cash = decimal("100000");
  day = 1;
  #orders = 0;
  readonly held = new Map<string, Decimal>();
  readonly prices = new Map([
    ["AAPL", decimal("100")],
    ["MSFT", decimal("200")],
  ]);

  nav(): Decimal {
    return [...this.held].reduce(
      (sum, [symbol, quantity]) => sum.plus(quantity.times(this.prices.get(symbol) ?? ZERO)),
      this.cash,
    );
  }
  mark(): this {
    const positions = [...this.held].map(([symbol, quantity]) => ({
      ...{ symbol, quantity: text(quantity), markPrice: text(this.prices.get(symbol) ?? ZERO) },
    }));
    const venueDate = `2026-07-${String(this.day).padStart(2, "0")}`;
    this.tale.account("paper", { nav: text(this.nav()), cash: text(this.cash), positions, venueDate });
    return this;
  }
  trade(symbol: string, side: "buy" | "sell", quantity: string, fee = "1"): this {
    const id = `o${(this.#orders += 1)}`;
    const price = this.prices.get(symbol) ?? ZERO;
    const sign = decimal(side === "buy" ? "1" : "-1");
    this.tale.working(id, { symbol, side, quantity, limitPrice: text(price) }).fill(id, { price: text(price), fee });
    this.cash = this.cash.minus(sign.times(decimal(quantity)).times(price)).minus(decimal(fee));
    this.held.set(symbol, (this.held.get(symbol) ?? ZERO).plus(sign.times(decimal(quantity))));
    return this;
  }
  pay(value: string): this {
    this.cash = this.cash.plus(decimal(value));
    this.tale.event({ type: "nav.unexplained", connector: "paper" as ConnectorName, amount: amount(value) });
    this.mark();
    this.tale.event(moved(value.startsWith("-") ? "withdrawal" : "deposit", value));
    return this;
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant("trade" as const),
    symbol: fc.constantFrom("AAPL", "MSFT"),
    side: fc.constantFrom("buy" as const, "sell" as const),
    quantity: fc.integer({ min: 1, max: 50 }).map(String),
    fee: fc.constantFrom("0", "1", "0.35"),
  }),
  fc.record({
    kind: fc.constant("price" as const),
    symbol: fc.constantFrom("AAPL", "MSFT"),
    cents: fc.integer({ min: 5_000, max: 40_000 }),
  }),
  fc.record({ kind: fc.constant("pay" as const), cents: fc.integer({ min: -1_000_000, max: 1_000_000 }) }),
  fc.record({ kind: fc.constant("mark" as const), isNewDay: fc.boolean() }),
);

describe("the lines of a venue that itemises everything", () => {
  it("add up to the change of the NAV less flows, without anything in other, for any trades, prices and flows", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const venue = new Venue().mark();
        const opened = venue.nav();
        let paid = ZERO;
        for (const action of steps) {
          if (action.kind === "trade") venue.trade(action.symbol, action.side, action.quantity, action.fee);
          else if (action.kind === "price")
            venue.prices.set(action.symbol, decimal(String(action.cents)).times(decimal("0.01")));
          else if (action.kind === "pay") {
            const value = decimal(String(action.cents)).times(decimal("0.01"));
            if (value.eq(ZERO)) continue;
            venue.pay(text(value));
            paid = paid.plus(value);
          } else {
            if (action.isNewDay) venue.day += 1;
            venue.mark();
          }
        }
        venue.mark();
        const expected = text(venue.nav().minus(opened).minus(paid));
        for (const by of ["day", "connector", "symbol"] as const) {
          const { total, flows } = report(venue.tale, by);
          expect({ total: total.total, other: total.other, flows }).toEqual({
            ...{ total: expected, other: "0", flows: text(paid) },
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("are by day what happened on that day", () => {
    const venue = new Venue().mark().trade("AAPL", "buy", "10").mark();
    venue.prices.set("AAPL", decimal("110"));
    venue.mark();
    venue.day = 2;
    venue.mark().trade("AAPL", "sell", "4").mark();
    venue.prices.set("AAPL", decimal("105"));
    venue.mark();
    expect(report(venue.tale).rows).toMatchObject([
      { key: "2026-07-01", realized: "0", unrealized: "100", fees: "-1", total: "99" },
      { key: "2026-07-02", realized: "40", unrealized: "-70", fees: "-1", total: "-31" },
    ]);
    expect(report(venue.tale, "symbol").rows).toMatchObject([
      { key: "AAPL", realized: "40", unrealized: "30", fees: "-2" },
      { key: "(account)", other: "0", total: "0" },
    ]);
  });
});

it("a deposit and a withdrawal change no profit, no return and no drawdown", () => {
  const venue = new Venue().mark().pay("50000");
  venue.day = 2;
  venue.mark().pay("-120000");
  venue.day = 3;
  venue.mark();
  const { total, flows } = report(venue.tale);
  expect([total.total, flows]).toEqual(["0", "-70000"]);
  const { statistics, points } = equityReport(ledgerOf(venue.tale).points, "USD");
  expect(statistics).toMatchObject({ timeWeighted: 0, drawdown: undefined, days: 2 });
  expect(statistics.moneyWeighted).toBeCloseTo(0, 9);
  expect(points.at(-1)).toMatchObject({ nav: "30000", index: 1 });
});

it("a point counts the fills that were recorded since the point before, however old their venue dates them", () => {
  const start = (): JournalScenario =>
    scenario().desk().account("paper", { nav: "100000", venueDate: "2020-04-20" }).working("001");
  const received = start().fill("001").records().at(-1)?.event;
  if (received?.type !== "fill.received") throw new Error("no fill");
  const fill = { ...received.fill, at: Date.parse("2020-04-20T14:00:00Z") };
  const snapshot = { type: "snapshot.taken" as const, path: "snapshots/x.toml", nav: amount("1") };
  const tale = start()
    .event({ ...received, fill })
    .event(snapshot)
    .event(snapshot);
  const { points } = equityReport(ledgerOf(tale).points, "USD");
  expect(points.map(({ fills }) => fills)).toEqual([1, 0, 0]);
});

it("a snapshot is a point: a loss within a day is a drawdown, and a withdrawal is not", () => {
  const connector = "paper" as ConnectorName;
  const snapshot = {
    type: "snapshot.taken" as const,
    path: "snapshots/x.toml",
    nav: amount("1"),
    actor: "human" as const,
  };
  const tale = scenario()
    .desk()
    .account("paper", { nav: "100000", venueDate: "2026-07-01" })
    .event(snapshot)
    .account("paper", { nav: "90000", venueDate: "2026-07-01" })
    .event(snapshot)
    .event({ type: "nav.unexplained", connector, amount: amount("-40000") })
    .account("paper", { nav: "50000", venueDate: "2026-07-01" })
    .event(moved("withdrawal", "-40000"))
    .event(snapshot)
    .account("paper", { nav: "60000", venueDate: "2026-07-01" });
  const { points, statistics } = equityReport(ledgerOf(tale).points, "USD");
  expect(points.map(({ nav, drawdown }) => [nav, Number(drawdown.toFixed(4))])).toEqual([
    ["100000", 0],
    ["90000", 0.1],
    ["90000", 0.1],
    ["50000", 0.1],
    ["60000", 0],
  ]);
  const { drawdown } = statistics;
  expect(drawdown?.depth).toBeCloseTo(0.1, 12);
  // By the desk's clock, as the points are: the venue's date is another one.
  expect([drawdown?.from, drawdown?.to]).toEqual(["2026-07-01", "2026-07-01"]);
  expect([drawdown?.fromAt, drawdown?.toAt].map((at) => new Date(at ?? 0).toISOString())).toEqual([
    points[0]?.at,
    points[1]?.at,
  ]);
});

describe("an account that its venue does not report", () => {
  const marked = (tale: JournalScenario, names: readonly string[], venueDate: string): JournalScenario =>
    names.reduce((told, name) => told.account(name, { venueDate }), tale);
  const whole = (tale: JournalScenario): readonly [string, boolean][] =>
    equityReport(ledgerOf(tale).points, "USD").points.map(({ date, complete }) => [date, complete]);
  const both = ["paper", "broker"];

  it("leaves the end of a date incomplete on which it has no mark", () => {
    const tale = marked(scenario().desk(), both, "2026-07-01");
    marked(marked(tale, ["paper"], "2026-07-02"), both, "2026-07-03");
    const ends = new Map(whole(tale));
    expect([ends.get("2026-07-01"), ends.get("2026-07-02")]).toEqual([true, false]);
    const { statistics } = equityReport(ledgerOf(tale).points, "USD");
    expect([statistics.days, statistics.incompleteDays]).toEqual([0, 2]);
  });

  it("leaves a snapshot incomplete while its connector cannot report it, and not one before its first answer", () => {
    const snapshot = { type: "snapshot.taken" as const, path: "snapshots/x.toml", nav: amount("1") };
    const tale = marked(scenario().desk().connector("paper").connector("broker"), both, "2026-07-01").event(snapshot);
    tale.connector("broker", "degraded").event(snapshot).connector("broker", "starting").event(snapshot);
    expect(
      whole(tale)
        .slice(-4)
        .map(([, complete]) => complete),
    ).toEqual([true, false, true, true]);
  });

  it("of a replayed market has dates of its own, and leaves nothing incomplete", () => {
    const tale = marked(scenario().desk(), ["paper"], "2026-07-01");
    tale.account("broker", { venueTime: Date.parse("2019-10-10T15:00:00Z") });
    marked(marked(tale, ["paper"], "2026-07-02"), ["paper"], "2026-07-03");
    expect(whole(tale).every(([, complete]) => complete)).toBe(true);
  });

  it.each([
    ["first", 4],
    ["last", 3],
  ] as const)("of a simulated market that is dated ahead ends no date of the others (marked %s)", (place, days) => {
    const ahead = (to: JournalScenario) => to.account("broker", { venueTime: Date.parse("2199-10-10T15:00:00Z") });
    const tale = scenario().desk();
    if (place === "first") ahead(tale);
    for (const day of [6, 7, 8, 9]) {
      marked(tale, ["paper"], `2026-07-0${day}`);
      if (day === 6 && place === "last") ahead(tale);
      tale.wait(86_400_000);
    }
    const { points, statistics } = equityReport(ledgerOf(tale).points, "USD");
    expect([...new Set(points.map(({ date }) => date))].toSorted().slice(-4)).toEqual([
      "2026-07-06",
      "2026-07-07",
      "2026-07-08",
      "2026-07-09",
    ]);
    expect([statistics.days, statistics.incompleteDays]).toEqual([days, 0]);
  });
});

it("money that was explained a day later belongs to the date on which the NAV changed", () => {
  const connector = "paper" as ConnectorName;
  const tale = scenario()
    .desk()
    .account("paper", { nav: "100000", venueDate: "2026-07-01" })
    .event({ type: "nav.unexplained", connector, amount: amount("10000") })
    .account("paper", { nav: "110000", venueDate: "2026-07-01" })
    .account("paper", { nav: "110000", venueDate: "2026-07-02" })
    .event(moved("deposit", "10000"))
    .account("paper", { nav: "111100", venueDate: "2026-07-02" });
  expect(text(tale.state().accounts.get("paper")?.dayOpenNav ?? ZERO)).toBe("110000");
  expect(report(tale).rows.map(({ key, total }) => [key, total])).toEqual([
    ["2026-07-01", "0"],
    ["2026-07-02", "1100"],
  ]);
  const { statistics } = equityReport(ledgerOf(tale).points, "USD");
  expect(statistics.timeWeighted).toBeCloseTo(0.01, 12);
  const account = tale.state().accounts.get("paper");
  expect(account?.nav.minus(account.dayOpenNav).toFixed()).toBe("1100");
});

it("a rate that is stated after the last mark of an account converts it, as the sums of the book do", () => {
  const rate = (price: string) =>
    ({ base: "EUR", quote: "USD", bid: amount(price), ask: amount(price), at: 0 }) as const;
  const source = { type: "fx.observed", origin: "quote", source: "fx" } as const;
  const tale = scenario()
    .desk()
    .account("euros", { nav: "1000", currency: "EUR", venueDate: "2026-07-01" })
    .account("euros", { nav: "1010", currency: "EUR", venueDate: "2026-07-01" })
    .event({ ...source, ...rate("1.1") });
  expect(report(tale)).toMatchObject({ total: { other: "11", fx: "0" }, unconverted: [] });
  const later = tale.account("euros", { nav: "1010", currency: "EUR", venueDate: "2026-07-02" }).event({
    ...source,
    ...rate("1.2"),
  });
  // The gain of the first day counts at its rate, and the euros themselves at the new one.
  expect(report(later)).toMatchObject({ total: { other: "11", fx: "101" }, unconverted: [] });
});

it("an account that joins or has no rate is no profit; exchange rates are a line of their own", () => {
  const rate = (price: string) =>
    ({
      type: "fx.observed" as const,
      ...{ base: "EUR", quote: "USD", bid: amount(price), ask: amount(price), at: 0, source: "fx" },
      origin: "quote" as const,
    }) as const;
  const tale = scenario()
    .desk()
    .account("paper", { nav: "1000", venueDate: "2026-07-01" })
    .account("euros", { nav: "1000", currency: "EUR", venueDate: "2026-07-01" })
    .account("paper", { nav: "1000", venueDate: "2026-07-02" })
    .account("euros", { nav: "1000", currency: "EUR", venueDate: "2026-07-02" })
    .event(rate("1.08"))
    .account("euros", { nav: "1010", currency: "EUR", venueDate: "2026-07-02" })
    .account("euros", { nav: "1010", currency: "EUR", venueDate: "2026-07-03" })
    .event(rate("1.1"))
    .account("euros", { nav: "1000", currency: "EUR", venueDate: "2026-07-03" });
  const { total, rows, unconverted } = report(tale);
  expect(rows.find(({ key }) => key === "2026-07-03")).toMatchObject({ fx: "20.2", other: "-11", total: "9.2" });
  expect([total.fx, unconverted]).toEqual(["20.2", ["euros: EUR"]]);
  const { points, statistics } = equityReport(ledgerOf(tale).points, "USD");
  expect([points[0]?.complete, points.at(-1)]).toMatchObject([true, { nav: "2100", complete: true }]);
  // From 1,000 + 1,090.80 to 1,000 + 1,100: the rate itself earned nothing when it appeared.
  expect(statistics.timeWeighted).toBeCloseTo(2100 / 2090.8 - 1, 9);
});

it("a fee in the asset that was bought is a fee, and every trade has what it realized", () => {
  const tale = scenario()
    .desk()
    .account("paper", { nav: "10000" })
    .working("a", { symbol: "BTC/USD", quantity: "0.1", limitPrice: "60000" })
    .fill("a", { quantity: "0.1", price: "60000", fee: "0.001", feeCurrency: "BTC" })
    .account("paper", { nav: "9940", positions: [{ symbol: "BTC/USD", quantity: "0.099", markPrice: "60000" }] })
    .filled("b", { symbol: "BTC/USD", side: "sell", quantity: "0.099", limitPrice: "61000" }, "61000")
    .account("paper", { nav: "10039", positions: [] });
  expect(report(tale).total).toMatchObject({ realized: "99", fees: "-60", other: "0", total: "39" });
  expect(ledgerOf(tale).trades.map(({ id, realized }) => [id, realized.toFixed()])).toEqual([
    ["a", "0"],
    ["b", "99"],
  ]);
});
