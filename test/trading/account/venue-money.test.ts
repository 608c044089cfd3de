/** Money of a venue's activities counts once, in whatever order the activity, the mark and the human's word arrive. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, ZERO, decimal, text } from "../../../src/domain/decimal.ts";
import { applyEvent, emptyDeskState } from "../../../src/domain/desk-state.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import { unexplainedChange } from "../../../src/domain/account/nav-change.ts";
import type { VenueActivity } from "../../../src/domain/market/venue.ts";
import { equityReport } from "../../../src/trading/account/equity-report.ts";
import { ProfitLedger } from "../../../src/trading/account/profit-ledger.ts";
import { profitReport } from "../../../src/trading/account/profit-report.ts";
import { amount, scenario } from "../../support/journal-scenario.ts";

const connector = "paper" as ConnectorName;

/** A venue with cash and one instrument. Its marks go through the same check of the NAV as those of a desk. */
class Venue {
  readonly tale = scenario().desk();
  cash = decimal("100000");
  held = ZERO;
  price = decimal("700");
  day = 1;
  #activities = 0;

  nav(): Decimal {
    return this.cash.plus(this.held.times(this.price));
  }
  mark(): this {
    const account = this.tale.state().accounts.get("paper");
    const venueDate = `2026-07-${String(this.day).padStart(2, "0")}`;
    const positions = this.held.eq(ZERO)
      ? []
      : [{ symbol: "AAPL", quantity: text(this.held), markPrice: text(this.price) }];
    const [nav, cash] = [text(this.nav()), text(this.cash)];
    if (account !== undefined) {
      const trades = this.tale.state().trades.get("paper");
      const reading = { account: { nav, cash, buyingPower: cash, currency: "USD" }, positions, trades };
      const change = unexplainedChange(account.base, reading, { awaited: account.awaited });
      if (change !== undefined && !change.eq(account.unexplained))
        this.tale.event({ type: "nav.unexplained", connector, amount: text(change) });
    }
    this.tale.account("paper", { nav, cash, positions, venueDate });
    return this;
  }
  states(activity: Omit<VenueActivity, "id" | "at">, more: Partial<VenueActivity> = {}): this {
    const id = `a${(this.#activities += 1)}`;
    this.tale.event({
      type: "venue.activity",
      connector,
      activity: { id, at: this.tale.now, currency: "USD", ...activity, ...more },
    });
    return this;
  }
  /** The cash moves and the venue states it, in this order or the other. */
  pays(kind: VenueActivity["kind"], value: string, order: Order, symbol?: string): this {
    const state = () => this.states({ kind, amount: amount(value), ...(symbol === undefined ? {} : { symbol }) });
    if (order === "activity, mark") state();
    this.cash = this.cash.plus(decimal(value));
    this.mark();
    if (order === "mark, activity") state();
    return this.mark();
  }
  says(kind: "deposit" | "withdrawal" | "result", value: string): this {
    const said = { kind, amount: amount(value), note: "said", actor: "human" } as const;
    this.tale.event({ type: "cash.moved", connector, ...said });
    return this;
  }
  buys(quantity: string, id = "o1"): this {
    this.tale.working(id, { quantity, limitPrice: text(this.price) }).fill(id, { price: text(this.price) });
    this.cash = this.cash.minus(decimal(quantity).times(this.price));
    this.held = this.held.plus(decimal(quantity));
    return this;
  }
  ledger(): ProfitLedger {
    const state = emptyDeskState();
    const ledger = new ProfitLedger(state, { currency: "USD", trades: () => true });
    for (const recorded of this.tale.records()) {
      ledger.before(recorded);
      applyEvent(state, recorded);
      ledger.after(recorded);
    }
    ledger.finish();
    return ledger;
  }
  report(by: "day" | "symbol" = "day") {
    return profitReport(this.ledger().rows, { by, currency: "USD" });
  }
  account() {
    const account = this.tale.state().accounts.get("paper");
    if (account === undefined) throw new Error("no mark");
    return account;
  }
  dayPnl(): string {
    return text(this.account().nav.minus(this.account().dayOpenNav));
  }
  unexplained(): string {
    return text(this.account().unexplained);
  }
}

type Order = "activity, mark" | "mark, activity";
const ORDERS: readonly Order[] = ["activity, mark", "mark, activity"];

describe.each(ORDERS)("in the order %s,", (order) => {
  it.each([
    ["deposit", "25000.01"],
    ["withdrawal", "-60000.37"],
    ["transfer", "-12345.67"],
    ["deposit", "100.01"],
    ["withdrawal", "-0.01"],
  ] as const)("a %s of %s is no profit, no return and no drawdown", (kind, value) => {
    const venue = new Venue().mark().buys("10").mark();
    venue.pays(kind, value, order);
    expect([venue.dayPnl(), venue.unexplained(), venue.account().awaited]).toEqual(["0", "0", []]);
    venue.price = decimal("710.05");
    venue.mark();
    expect(venue.dayPnl()).toBe("100.5");
    venue.day = 2;
    venue.mark();
    const { total, flows } = venue.report();
    expect([total.total, total.unrealized, total.other, flows]).toEqual(["100.5", "100.5", "0", value]);
    const { statistics } = equityReport(venue.ledger().points, "USD");
    expect(statistics.timeWeighted).toBeCloseTo(100.5 / Number(venue.nav().minus(decimal("100.5")).toFixed()), 4);
    // A flow too small to be noticed before its activity moves the index by itself for one mark.
    expect(statistics.drawdown?.depth ?? 0).toBeLessThan(0.002);
  });

  it("dividends, interest and fees are lines, of their instrument or of the account", () => {
    const venue = new Venue().mark().buys("10").mark();
    venue.pays("dividend", "50.25", order, "AAPL").pays("interest", "0.13", order).pays("fee", "-9.99", order);
    venue.pays("tax", "-7.5", order).pays("dividend", "3000", order, "AAPL");
    const lines = { dividends: "3050.25", interest: "0.13", fees: "-9.99", other: "-7.5", total: "3032.89" };
    expect(venue.report().total).toMatchObject(lines);
    expect(venue.report("symbol").rows).toMatchObject([
      { key: "AAPL", dividends: "3050.25", total: "3050.25" },
      { key: "(account)", interest: "0.13", fees: "-9.99", other: "-7.5" },
    ]);
    expect([venue.dayPnl(), venue.unexplained()]).toEqual(["3032.89", "0"]);
  });

  it("an activity that replaces an earlier one counts by the difference", () => {
    const venue = new Venue().mark().pays("deposit", "10000", order);
    const correction = { kind: "deposit", amount: amount("9000"), corrects: "a1" } as const;
    if (order === "activity, mark") venue.states(correction);
    venue.cash = venue.cash.minus(decimal("1000"));
    venue.mark();
    if (order === "mark, activity") venue.states(correction);
    venue.mark();
    expect([venue.dayPnl(), venue.unexplained(), venue.report().flows]).toEqual(["0", "0", "9000"]);
  });

  it("flows over midnight belong to the date whose mark shows them", () => {
    const venue = new Venue().mark();
    if (order === "activity, mark") venue.states({ kind: "deposit", amount: amount("10000") });
    else {
      venue.cash = venue.cash.plus(decimal("10000"));
      venue.mark();
    }
    venue.day = 2;
    if (order === "activity, mark") venue.cash = venue.cash.plus(decimal("10000"));
    venue.mark();
    if (order === "mark, activity") venue.states({ kind: "deposit", amount: amount("10000") }).mark();
    expect(venue.dayPnl()).toBe("0");
    expect(venue.report().rows.map(({ total }) => total)).toEqual(["0", "0"]);
    expect(equityReport(venue.ledger().points, "USD").statistics.timeWeighted).toBeCloseTo(0, 12);
  });
});

describe.each(ORDERS)("a 7:1 split in the order %s", (order) => {
  const split = { kind: "split", symbol: "AAPL", ratio: [amount("7"), amount("1")] } as const;
  function splitting(venue: Venue, between: () => void = () => undefined): Venue {
    if (order === "activity, mark") venue.states(split);
    if (order === "activity, mark") between();
    venue.held = venue.held.times(decimal("7"));
    venue.price = decimal("100.01");
    venue.mark();
    if (order === "mark, activity") venue.states(split);
    return venue;
  }

  it("changes no profit, no NAV and no difference, before the next mark and after it", () => {
    const venue = new Venue();
    venue.price = decimal("700.07");
    venue.mark().buys("100").mark();
    const nav = text(venue.nav());
    splitting(venue, () => {
      expect([venue.report().total.total, venue.report().total.unrealized, venue.dayPnl()]).toEqual(["0", "0", "0"]);
      expect(venue.account().positions.get("AAPL")).toMatchObject({ quantity: "700", markPrice: "100.01" });
    });
    const position = venue.tale.state().positions.get("paper/AAPL" as never);
    const lots = Array.from(position?.lots ?? [], ({ quantity, price }) => [quantity.toFixed(), price?.toFixed()]);
    expect(lots).toEqual([["700", "100.01"]]);
    for (let marks = 0; marks < 2; marks++) {
      expect([venue.dayPnl(), venue.unexplained(), text(venue.account().nav)]).toEqual(["0", "0", nav]);
      expect(venue.report().total).toMatchObject({ unrealized: "0", realized: "0", other: "0", total: "0" });
      venue.day += 1;
      venue.mark();
    }
    venue.price = decimal("101.01");
    venue.mark();
    expect(venue.report().total).toMatchObject({ unrealized: "700", other: "0", total: "700" });
  });

  it("ends the block of a difference that it explains", () => {
    const venue = new Venue().mark().buys("100").mark();
    if (order === "mark, activity") venue.tale.flagged("paper", "AAPL", "100", "700");
    splitting(venue);
    expect(venue.tale.state().flagged.size).toBe(0);
  });

  it("leaves a quantity that was adopted and fills that are of after the split", () => {
    const venue = new Venue().mark().buys("100").mark();
    const at = venue.tale.now;
    venue.tale.wait(1_000);
    if (order === "activity, mark") venue.states(split, { at });
    venue.held = decimal("700");
    venue.price = decimal("100");
    venue.mark();
    if (order === "mark, activity") venue.tale.flagged("paper", "AAPL", "100", "700").cleared("paper", "AAPL", "700");
    venue.tale.working("late", { quantity: "7", limitPrice: "100" }).fill("late", { price: "100" });
    if (order === "mark, activity") venue.states(split, { at });
    expect(
      venue.tale
        .state()
        .positions.get("paper/AAPL" as never)
        ?.quantity.toFixed(),
    ).toBe("707");
  });
});

describe("a split that a human states", () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90_000 })), {
    minLength: 1,
    maxLength: 5,
  });
  const prices = fc.integer({ min: 1, max: 50_000 });

  it("changes no profit, no NAV and no cost, at whatever price the venue marks it before and after", () => {
    fc.assert(
      fc.property(sizes, prices, fc.integer({ min: 2, max: 50 }), (bought, after, times) => {
        const venue = new Venue();
        venue.cash = decimal("100000000");
        venue.mark();
        for (const [index, [quantity, cents]] of bought.entries()) {
          venue.price = decimal(String(cents)).times(decimal("0.01"));
          venue.buys(String(quantity), `o${index}`);
        }
        // A multiple, so that the venue's price of after the split is exact.
        venue.price = decimal(String(after * times)).times(decimal("0.01"));
        venue.mark();
        const [before, dayPnl, nav] = [venue.report().total, venue.dayPnl(), text(venue.nav())];
        const position = () => venue.tale.state().positions.get("paper/AAPL" as never);
        const cost = position()?.cost?.toFixed();
        const held = text(venue.held);
        venue.held = venue.held.times(decimal(String(times)));
        venue.price = decimal(String(after)).times(decimal("0.01"));
        venue.mark().tale.flagged("paper", "AAPL", held, text(venue.held));
        venue.tale.split("paper", "AAPL", [String(times), "1"]);
        for (let marks = 0; marks < 2; marks++) {
          expect([position()?.quantity.toFixed(), position()?.cost?.toFixed()]).toEqual([text(venue.held), cost]);
          expect([venue.dayPnl(), venue.unexplained(), text(venue.account().nav)]).toEqual([dayPnl, "0", nav]);
          expect([venue.report().total, venue.tale.state().flagged.size]).toEqual([before, 0]);
          venue.mark();
        }
      }),
      { numRuns: 12 },
    );
  });

  it("counts once: a second one within a day is left out", () => {
    const venue = new Venue().mark().buys("100").mark();
    venue.tale.split("paper", "AAPL", ["7", "1"]).split("paper", "AAPL", ["7", "1"]);
    expect(
      venue.tale
        .state()
        .positions.get("paper/AAPL" as never)
        ?.quantity.toFixed(),
    ).toBe("700");
  });
});

describe("a flow that a human states as well", () => {
  it("counts once if the human said it first, after the mark", () => {
    const venue = new Venue().mark();
    venue.cash = venue.cash.plus(decimal("10000"));
    venue
      .mark()
      .says("deposit", "10000")
      .states({ kind: "deposit", amount: amount("10000") })
      .mark();
    expect([venue.dayPnl(), venue.unexplained(), venue.report().flows]).toEqual(["0", "0", "10000"]);
    // A second deposit of the same amount is a flow of its own.
    venue.pays("deposit", "10000", "mark, activity");
    expect([venue.dayPnl(), venue.unexplained(), venue.report().flows]).toEqual(["0", "0", "20000"]);
  });

  it("counts once if the human and the venue said it before the mark", () => {
    const venue = new Venue()
      .mark()
      .says("deposit", "10000")
      .states({ kind: "deposit", amount: amount("10000") });
    venue.cash = venue.cash.plus(decimal("10000"));
    venue.mark();
    expect([venue.dayPnl(), venue.unexplained(), venue.report().flows]).toEqual(["0", "0", "10000"]);
  });

  it("is another flow after more than a day, or with another amount", () => {
    const venue = new Venue().mark();
    venue.cash = venue.cash.plus(decimal("10000"));
    venue.mark().says("deposit", "10000");
    venue.pays("deposit", "9999.99", "activity, mark");
    venue.tale.wait(25 * 3_600_000);
    venue.pays("deposit", "10000", "activity, mark");
    expect([venue.dayPnl(), venue.unexplained(), venue.report().flows]).toEqual(["0", "0", "29999.99"]);
  });
});

it("a change that the announced money does not explain stays unexplained, and a deposit that never comes is no profit", () => {
  const venue = new Venue().mark().states({ kind: "deposit", amount: amount("10000") });
  venue.cash = venue.cash.minus(decimal("10000"));
  venue.mark();
  expect(venue.unexplained()).toBe("-10000");
  expect(venue.account().awaited).toHaveLength(1);
  venue.tale.wait(3_600_000);
  venue.mark();
  expect([venue.unexplained(), venue.account().awaited, venue.dayPnl()]).toEqual(["-10000", [], "-20000"]);
});

it("money in another currency than the account's explains nothing", () => {
  const venue = new Venue().mark().states({ kind: "deposit", amount: amount("10000"), currency: "EUR" });
  venue.cash = venue.cash.plus(decimal("10800"));
  expect(venue.mark().unexplained()).toBe("10800");
});

it("a withdrawal that is noise of the NAV before it, and none of the NAV after it, is no loss", () => {
  const venue = new Venue().mark().pays("withdrawal", "-498.5", "mark, activity");
  expect([venue.dayPnl(), venue.unexplained(), venue.account().awaited]).toEqual(["0", "0", []]);
});

it("any flows in any order are no profit, and an activity that came twice counts once", () => {
  const flow = fc.record({ cents: fc.integer({ min: -900_000, max: 2_000_000 }), order: fc.constantFrom(...ORDERS) });
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 8 }), (flows) => {
      const venue = new Venue().mark();
      let sum = ZERO;
      for (const { cents, order } of flows) {
        if (cents === 0) continue;
        const value = decimal(String(cents)).times(decimal("0.01"));
        venue.pays(cents > 0 ? "deposit" : "withdrawal", text(value), order);
        sum = sum.plus(value);
      }
      venue.tale.event(
        venue.tale.records().findLast(({ event }) => event.type === "venue.activity")?.event ?? {
          type: "desk.stopped",
        },
      );
      venue.mark();
      expect([venue.dayPnl(), venue.unexplained()]).toEqual(["0", "0"]);
      const { total, flows: counted } = venue.report();
      expect([total.total, counted]).toEqual(["0", text(sum)]);
    }),
    { numRuns: 60 },
  );
});
