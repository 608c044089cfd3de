/** What a venue cannot do with its activities and rates: keep the desk busy for ever, or hide what comes later. */
import { describe, expect, it } from "vitest";
import { decimal, text } from "../../../src/domain/decimal.ts";
import type { RateObserved } from "../../../src/domain/account/exchange-rate.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import type { VenueActivity, VenueQuote } from "../../../src/domain/market/venue.ts";
import { observeRates } from "../../../src/trading/account/exchange-rates.ts";
import { createFillBudgets } from "../../../src/trading/fills/fill-budget.ts";
import { recordActivities } from "../../../src/trading/account/record-activity.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type JournalScenario, amount, scenario } from "../../support/journal-scenario.ts";
import { quietLog } from "../../support/quiet-log.ts";

const connector = "paper" as ConnectorName;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A desk whose account holds 10 AAPL. */
function holding(): JournalScenario {
  const positions = [{ symbol: "AAPL", quantity: "10", markPrice: "100" }];
  return scenario().desk().account("paper", { nav: "10000", positions });
}
function states(tale: JournalScenario, activity: Omit<VenueActivity, "at"> & { at?: number }): JournalScenario {
  return tale.event({ type: "venue.activity", connector, activity: { at: tale.now, ...activity } });
}
function heldBy(tale: JournalScenario, symbol = "AAPL") {
  const position = tale.state().positions.get(`paper/${symbol}` as never);
  if (position === undefined) throw new Error(`no ${symbol}`);
  const splits = position.movements.filter(({ kind }) => kind === "split").length;
  return { quantity: text(position.quantity), splits };
}

describe("splits", () => {
  it("that a venue states thousands of times count once a day, in all spellings of the instrument", () => {
    const tale = holding();
    for (let i = 0; i < 1_000; i++)
      states(tale, {
        id: `s${i}`,
        kind: "split",
        symbol: i % 2 === 0 ? "AAPL" : "aapl",
        ratio: [amount("7"), amount("1")],
      });
    expect(heldBy(tale)).toEqual({ quantity: "70", splits: 1 });
    const another = { id: "later", kind: "split", symbol: "AAPL", ratio: [amount("2"), amount("1")] } as const;
    expect(heldBy(states(tale.wait(DAY_MS), another))).toEqual({ quantity: "140", splits: 2 });
  });

  it("never make a quantity that no connector can report", () => {
    const tale = holding();
    for (let i = 0; i < 50; i++)
      states(tale.wait(DAY_MS), { id: `s${i}`, kind: "split", symbol: "AAPL", ratio: [amount("100000"), amount("1")] });
    expect(heldBy(tale)).toEqual({ quantity: text(decimal("1e26")), splits: 5 });
  });
});

it("an activity that is dated ahead does not hide those that follow it", () => {
  const tale = holding();
  const cash = { kind: "fee", amount: amount("-1"), currency: "USD" } as const;
  states(tale, { id: "ahead", ...cash, at: tale.now + DAY_MS });
  expect(tale.state().activitiesAt.get("paper")).toBeLessThanOrEqual(tale.now);
});

it("activities of the year 2199 are left out with one line in the log, and those of today are taken", async () => {
  const [clock, log] = [fakeClock(), quietLog()];
  const taken: string[] = [];
  const desk = {
    clock,
    log,
    fillBudgets: createFillBudgets(clock),
    state: {
      accounts: new Map([["paper", { openedAt: clock.now() - DAY_MS, account: { currency: "USD" } }]]),
      activities: new Map(),
      activitiesAt: new Map(),
      unread: new Map(),
    },
    commit: ({ activity }: { activity: VenueActivity }) => Promise.resolve(void taken.push(activity.id)),
  } as unknown as Parameters<typeof recordActivities>[0];
  const fee = { kind: "fee", amount: amount("-1"), currency: "USD" } as const;
  const late = Array.from({ length: 300 }, (_, i) => ({ id: `f${i}`, ...fee, at: Date.UTC(2199, 0, 1) }));
  expect(await recordActivities(desk, connector, [...late, { id: "today", ...fee, at: clock.now() }])).toBe(1);
  expect(taken).toEqual(["today"]);
  expect(log.text()).toBe(
    "warn 300 activities of paper are left out: f0 is dated more than a day ahead (2199-01-01T00:00:00.000Z)",
  );
});

it("of the rates of endless currencies the newest 100 are kept, and those of other connectors", () => {
  const tale = holding();
  const rate = { type: "fx.observed", quote: "USD", bid: amount("1"), ask: amount("1"), at: tale.now } as const;
  tale.event({ ...rate, base: "EUR", origin: "quote", source: "other" });
  for (let i = 0; i < 300; i++) tale.event({ ...rate, base: `X${i}`, origin: "account", source: "paper" });
  const kept = [...tale.state().rates.values()].map(({ base }) => base);
  expect([kept.length, kept[0], kept[1], kept.at(-1)]).toEqual([101, "EUR", "X200", "X299"]);
});

it("a rate that is dated ahead does not hide those that follow it", async () => {
  const [clock, log] = [fakeClock(), quietLog()];
  const rates = new Map<string, RateObserved>();
  const quote: VenueQuote[] = [];
  const source = { connector: "paper", symbol: "EURUSD", base: "EUR", quote: "USD" };
  const desk = {
    clock,
    log,
    config: { account: { currency: "USD" }, fx: { via: [source], pegs: [], rates: [] } },
    state: { accounts: new Map(), rates },
    venues: { facts: () => ({ methods: [] }), quote: () => Promise.resolve(quote.at(-1)) },
    publish: (event: RateObserved) => void rates.set(`EUR/USD quote paper`, event),
  } as unknown as Parameters<typeof observeRates>[0];
  for (const [bid, at] of [
    ["9", Date.UTC(2199, 0, 1)],
    ["1.08", clock.now() + 60_000],
  ] as const) {
    quote.push({ symbol: "EURUSD", bid: amount(bid), ask: amount(bid), at });
    await observeRates(desk, "paper");
    clock.advance(60_000);
  }
  expect([...rates.values()].map(({ bid, at }) => [bid, at <= clock.now()])).toEqual([["1.08", true]]);
});
