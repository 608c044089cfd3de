/** A contract of 50 units counts like 50 units of an instrument without a multiplier, in each guard and in the book. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { DeskState } from "../../src/domain/desk-state.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { multiplierOf } from "../../src/domain/account/multiplier.ts";
import { decimal } from "../../src/domain/decimal.ts";
import { unrealizedPnl } from "../../src/domain/account/position.ts";
import { unexplainedChange } from "../../src/domain/account/nav-change.ts";
import type { GuardKey } from "../../src/domain/config/guard-config.ts";
import { bookSnapshot, guardedOrder } from "../../src/gate/guard-runner.ts";
import { type JournalScenario, amount, scenario } from "../support/journal-scenario.ts";
import { ask, guard, inputOf } from "../support/gate-case.ts";

const SYMBOL = "ESZ6";

interface Trades {
  readonly multiplier: number;
  readonly held: number;
  readonly working: number;
  readonly ordered: number;
}

/** The same trades in contracts of so many units; with `isFlat` in single units. */
function book({ multiplier, held, working }: Trades, isFlat: boolean): JournalScenario {
  const times = (contracts: number): string => String(isFlat ? contracts * multiplier : contracts);
  const desk = scenario().desk().connector("paper");
  if (!isFlat)
    desk.event({
      type: "instrument.multiplier",
      connector: "paper" as ConnectorName,
      symbol: SYMBOL,
      multiplier: amount(String(multiplier)),
    });
  desk.account("paper", { nav: "1000000", buyingPower: "500000" });
  if (held > 0) desk.filled("held", { symbol: SYMBOL, quantity: times(held), limitPrice: "100" }, "90");
  if (working > 0) desk.working("working", { symbol: SYMBOL, quantity: times(working), limitPrice: "80" });
  return desk;
}

const GUARDS: readonly (readonly [GuardKey, Record<string, unknown>])[] = [
  ["max-order-nav", { max_pct: 5 }],
  ["max-position-nav", { max_pct: 20 }],
  ["gross-exposure", { max_pct: 30 }],
  ["max-order-notional", { max_notional: "25000" }],
  ["buying-power", {}],
];

const TRADES = fc.record({
  multiplier: fc.integer({ min: 2, max: 1_000 }),
  held: fc.integer({ min: 0, max: 5 }),
  working: fc.integer({ min: 0, max: 5 }),
  ordered: fc.integer({ min: 1, max: 20 }),
});

it("every guard that counts money judges contracts as it judges their units", () => {
  fc.assert(
    fc.property(TRADES, fc.constantFrom("buy" as const, "sell" as const), (trades, side) => {
      const order = { symbol: SYMBOL, side, limitPrice: "100" };
      const contracts = { ...order, quantity: String(trades.ordered) };
      const units = { ...order, quantity: String(trades.ordered * trades.multiplier) };
      for (const [key, options] of GUARDS)
        expect(ask(book(trades, false), contracts, guard(key, options))).toEqual(
          ask(book(trades, true), units, guard(key, options)),
        );
      const [own, flat] = [inputOf(book(trades, false), contracts), inputOf(book(trades, true), units)];
      expect(guardedOrder(own).notional).toBe(guardedOrder(flat).notional);
      expect(bookSnapshot(own).positions.map(({ value }) => value)).toEqual(
        bookSnapshot(flat).positions.map(({ value }) => value),
      );
    }),
  );
});

function profitOf(state: DeskState): readonly (string | undefined)[] {
  const position = state.positions.get(`paper/${SYMBOL}` as never);
  if (position === undefined) throw new Error("no position");
  return [position.realizedPnl.toFixed(), unrealizedPnl(position, decimal("110"))?.toFixed()];
}

it("realized and unrealized P&L count the units, also if the venue states the multiplier after the trades", () => {
  const late = scenario().desk().account("paper");
  late.filled("a", { symbol: SYMBOL, quantity: "3" }, "100");
  late.filled("b", { symbol: SYMBOL, quantity: "1", side: "sell" }, "104");
  expect(profitOf(late.state())).toEqual(["4", "20"]);
  const stated = {
    type: "instrument.multiplier",
    connector: "paper" as ConnectorName,
    multiplier: amount("50"),
  } as const;
  late.event({ ...stated, symbol: "es-z6" });
  expect(profitOf(late.state())).toEqual(["200", "1000"]);
  expect(multiplierOf(late.state(), "paper", SYMBOL).toFixed()).toBe("50");
  expect(multiplierOf(late.state(), "other", SYMBOL).toFixed()).toBe("1");
});

it("a change of the NAV by a price counts the units", () => {
  const account = (nav: string) => ({
    ...{ nav: amount(nav), cash: amount("0"), buyingPower: amount("0"), currency: "USD" },
  });
  const held = (markPrice: string) => ({ symbol: SYMBOL, quantity: amount("2"), markPrice: amount(markPrice) });
  const base = { account: account("10000"), nav: decimal("10000"), positions: new Map([[SYMBOL, held("100")]]) };
  const reading = { account: account("11000"), positions: [held("110")], trades: undefined };
  expect(unexplainedChange(base, reading)?.toFixed()).toBe("980");
  expect(unexplainedChange(base, { ...reading, multiplierOf: () => decimal("50") })?.toFixed()).toBe("0");
});
