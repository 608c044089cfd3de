/**
 * Random orders against random bars, held to what no venue may break, and to an oracle that knows nothing of the engine
 * but its fills: it keeps cash and positions in whole units of the last decimal.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amount, textOf } from "../../../connectors/amount.ts";
import { availableCash } from "../../../connectors/paper/book.ts";
import { tickOf, withSlippage } from "../../../connectors/paper/market.ts";
import type { Execution } from "../../../connectors/paper/state.ts";
import { type Order, VenueRejection } from "../../../src/domain/sdk.ts";
import { EngineHarness, type BarRow, orderOf, rulesOf, feedOf } from "../../support/paper-market.ts";

/** Prices in cents and quantities in thousandths make money in hundred-thousandths: integers all. */
class Oracle {
  cash: bigint;
  readonly positions = new Map<string, bigint>();

  constructor(cash: string) {
    this.cash = units(cash, 5);
  }

  take({ symbol, side, quantity, price, fee }: Execution): void {
    const sign = side === "buy" ? 1n : -1n;
    const lots = units(quantity, 3);
    this.cash -= sign * lots * units(price, 2) + units(fee, 5);
    this.positions.set(symbol, (this.positions.get(symbol) ?? 0n) + sign * lots);
  }

  held(): Record<string, bigint> {
    return Object.fromEntries([...this.positions].filter(([, lots]) => lots !== 0n).toSorted());
  }
}

function units(text: string, places: number): bigint {
  const [, minus = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  expect(fraction.length).toBeLessThanOrEqual(places);
  return BigInt(`${minus}${whole}${fraction.padEnd(places, "0")}`);
}

const bar: fc.Arbitrary<BarRow> = fc
  .record({
    low: fc.integer({ min: 2000, max: 20_000 }),
    a: fc.nat(2000),
    b: fc.nat(2000),
    c: fc.nat(500),
    up: fc.boolean(),
    volume: fc.option(fc.nat(400)),
  })
  .map(({ low, a, b, c, up, volume }) => {
    const [one, other, high] = [low + a, low + b, low + Math.max(a, b) + c];
    const row = [up ? one : other, high, low, up ? other : one].map((cents) => cents / 100);
    return [...row, ...(volume === null || volume === 0 ? [] : [volume])] as unknown as BarRow;
  });

type Move = { kind: "step"; times: number } | { kind: "place"; order: Parameters<typeof orderOf>[0] };

function inCents(cents: number): string {
  return textOf(amount(String(cents)).times(amount("0.01")));
}
const price = fc.integer({ min: 1500, max: 25_000 }).map(inCents);
const quantity = fc
  .oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 300_000 }))
  .map((lots) => textOf(amount(String(lots)).times(amount("0.001"))));
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant("step" as const), times: fc.integer({ min: 1, max: 5 }) }),
  fc
    .record({
      symbol: fc.constantFrom("X", "Y"),
      side: fc.constantFrom("buy", "sell"),
      type: fc.constantFrom("market", "market", "limit", "limit", "stop", "stop_limit"),
      timeInForce: fc.constantFrom("day", "gtc", "gtc", "ioc", "fok"),
      quantity,
      limit: price,
      stop: price,
      reduceOnly: fc.nat(9).map((n) => n === 9),
    } as const)
    .map(({ limit, stop, type, ...rest }) => ({
      kind: "place" as const,
      order: {
        ...rest,
        type,
        ...(type.endsWith("limit") ? { limit } : {}),
        ...(type.startsWith("stop") ? { stop } : {}),
      },
    })),
);

const scenario = fc.record({
  x: fc.array(bar, { minLength: 2, maxLength: 8 }),
  y: fc.array(bar, { minLength: 2, maxLength: 8 }),
  moves: fc.array(move, { minLength: 10, maxLength: 60, size: "max" }),
  seed: fc.nat(),
  cash: fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1_000_000, max: 20_000_000 })).map(inCents),
  bps: fc.constantFrom("0", "1", "7.5", "100"),
  allowShort: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

interface Story {
  readonly bench: EngineHarness;
  readonly placed: Map<number, Order>;
  readonly oracle: Oracle;
}

/** Plays a scenario; `watch` sees the bench after every step, and the fills of that step. */
function play(given: Scenario, watch: (story: Story, fresh: readonly Execution[]) => void = () => undefined): Story {
  const changes = { spreadBps: given.bps, slippageBps: given.bps, commissionBps: given.bps };
  const rules = rulesOf(changes, { seed: given.seed, allowShort: given.allowShort });
  const bench = new EngineHarness(feedOf({ X: given.x, Y: given.y }), rules, given.cash);
  const story: Story = { bench, placed: new Map(), oracle: new Oracle(given.cash) };
  for (const next of given.moves) {
    if (next.kind === "place") {
      const order = orderOf(next.order);
      try {
        story.placed.set(bench.place(order), order);
      } catch (error) {
        expect(error).toBeInstanceOf(VenueRejection);
      }
      continue;
    }
    for (let i = 0; i < next.times; i++) {
      const { executions } = bench.step();
      for (const execution of executions) story.oracle.take(execution);
      watch(story, executions);
    }
  }
  return story;
}

function check(property: (given: Scenario) => unknown, runs = 250): void {
  const holds = fc.property(scenario, (given) => {
    property(given);
  });
  fc.assert(holds, { numRuns: runs });
}

describe("for random orders", () => {
  it("cash and positions equal the oracle's exactly after every step", () => {
    let trades = 0;
    check((given) =>
      play(given, ({ bench, oracle }, fresh) => {
        trades += fresh.length;
        expect(units(bench.state.cash, 5)).toBe(oracle.cash);
        const held = Object.fromEntries(
          bench.state.holdings.map((holding) => [holding.symbol, units(holding.quantity, 3)]).toSorted(),
        );
        expect(held).toEqual(oracle.held());
      }),
    );
    expect(trades).toBeGreaterThan(400);
  });

  it("no order fills beyond its quantity, and no ended order fills again", () => {
    check((given) => {
      const { bench, placed } = play(given);
      const filled = new Map<number, bigint>();
      for (const { no, quantity: part, nth } of bench.executions) {
        expect(units(part, 3)).toBeGreaterThan(0n);
        filled.set(no, (filled.get(no) ?? 0n) + units(part, 3));
        expect(bench.executions.filter((other) => other.no === no && other.nth === nth)).toHaveLength(1);
      }
      for (const [no, order] of placed) expect(filled.get(no) ?? 0n).toBeLessThanOrEqual(units(order.quantityText, 3));
      for (const ended of bench.ended) {
        const order = placed.get(ended.no);
        expect(units(ended.filled, 3)).toBe(filled.get(ended.no) ?? 0n);
        if (ended.status === "filled") expect(ended.filled).toBe(order?.quantityText);
        if (order?.timeInForce === "fok") expect(["0", order.quantityText]).toContain(ended.filled);
      }
      const open = bench.state.working.map(({ no }) => no);
      expect([...open, ...bench.ended.map(({ no }) => no)].toSorted((a, b) => a - b)).toEqual([...placed.keys()]);
    });
  });

  it("no fill is outside its bar by more than the slippage, or worse than its limit or stop", () => {
    check((given) =>
      play(given, ({ bench, placed }, fresh) => {
        for (const { no, symbol, side, price: at } of fresh) {
          const recording = bench.feed.cached(symbol);
          if (recording === undefined) throw new Error("a fill of nothing");
          const { low, high, tickSize } = tickOf(
            recording,
            bench.feed.calendar.instantOf(bench.state.tick),
            bench.rules,
          );
          const paid = amount(at);
          expect(paid.lte(side === "buy" ? withSlippage("buy", high, tickSize, bench.rules.slippageBps) : high)).toBe(
            true,
          );
          expect(paid.gte(side === "sell" ? withSlippage("sell", low, tickSize, bench.rules.slippageBps) : low)).toBe(
            true,
          );
          const limit = placed.get(no)?.limitPriceText;
          if (limit === undefined) continue;
          expect(side === "buy" ? paid.lte(amount(limit)) : paid.gte(amount(limit))).toBe(true);
          expect(paid.gte(low) && paid.lte(high)).toBe(true);
        }
      }),
    );
  });

  it("no tick trades more than the account's share of the volume", () => {
    check((given) =>
      play(given, ({ bench }, fresh) => {
        for (const symbol of ["X", "Y"]) {
          const recording = bench.feed.cached(symbol);
          if (recording === undefined) continue;
          const { available } = tickOf(recording, bench.feed.calendar.instantOf(bench.state.tick), bench.rules);
          const traded = fresh
            .filter((fill) => fill.symbol === symbol)
            .reduce((sum, fill) => sum.plus(amount(fill.quantity)), amount("0"));
          if (available !== undefined) expect(traded.lte(available)).toBe(true);
        }
      }),
    );
  });

  it("a cash account never has negative cash or a short position", () => {
    check((given) =>
      play({ ...given, allowShort: false }, ({ bench }) => {
        expect(bench.state.cash.startsWith("-")).toBe(false);
        for (const { quantity: held } of bench.state.holdings) expect(held.startsWith("-")).toBe(false);
      }),
    );
  });

  it("no day order stays open beyond the day after its acceptance", () => {
    check((given) =>
      play(given, ({ bench }) => {
        const { day } = bench.feed.calendar.instantOf(bench.state.tick);
        for (const order of bench.state.working) {
          expect(["day", "gtc"]).toContain(order.timeInForce);
          if (order.timeInForce === "day") expect(order.day + 1).toBeGreaterThanOrEqual(day);
        }
      }),
    );
  });

  it("a rejected order changes nothing, and an accepted order only reserves cash", () => {
    check((given) => {
      const { bench } = play(given);
      const before = bench.state;
      const free = availableCash(before, bench.mark, bench.rules.commissionBps);
      try {
        bench.place(orderOf({ quantity: "3", type: "limit", limit: "70", timeInForce: "gtc" }));
        expect({ ...bench.state, working: before.working, nextNo: before.nextNo }).toEqual(before);
        expect(availableCash(bench.state, bench.mark, bench.rules.commissionBps).lte(free)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(VenueRejection);
        expect(bench.state).toBe(before);
      }
    }, 200);
  });

  it("the same seed and the same orders make the same fills, even if the state was stored in between", () => {
    check((given) => {
      const first = play(given);
      const second = play(given, ({ bench }) => {
        bench.state = JSON.parse(JSON.stringify(bench.state)) as typeof bench.state;
      });
      const plain = ({ bench }: Story) => bench.executions.map((execution) => ({ ...execution, clientOrderId: "" }));
      expect(plain(second)).toEqual(plain(first));
      expect(second.bench.state.cash).toBe(first.bench.state.cash);
    }, 200);
  });
});
