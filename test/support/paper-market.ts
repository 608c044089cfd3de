/** A market small enough to compute by hand: named bars, four ticks a day, and rules without spread or cost. */
import type { Rules } from "../../connectors/paper/validate-order.ts";
import { acceptOrder } from "../../connectors/paper/validate-order.ts";
import { amount } from "../../connectors/amount.ts";
import { Calendar, sessionStart } from "../../connectors/paper/calendar.ts";
import { coinFlip } from "../../connectors/paper/seeded-random.ts";
import { type StepResult, type PriceFeed, markAt, step } from "../../connectors/paper/engine.ts";
import { tickOf } from "../../connectors/paper/market.ts";
import { Recording } from "../../connectors/paper/recording.ts";
import { type VenueState, initialState } from "../../connectors/paper/state.ts";
import { readTerms } from "../../connectors/paper/terms.ts";
import type { Order } from "../../src/domain/sdk.ts";

/** open, high, low, close, volume. */
export type BarRow = readonly [open: number, high: number, low: number, close: number, volume?: number];

/** Weekdays from Monday 2024-01-01. */
const DATES = Array.from({ length: 400 }, (_, n) => {
  const days = Math.floor(n / 5) * 7 + (n % 5);
  return new Date(Date.UTC(2024, 0, 1 + days)).toISOString().slice(0, 10);
});

export function feedOf(bars: Readonly<Record<string, readonly BarRow[]>>): PriceFeed {
  const calendar = new Calendar(DATES, DATES[0] ?? "", { lateTicks: 4 });
  const recordings = new Map(Object.entries(bars).map(([symbol, rows]) => [symbol, recordingOf(symbol, rows)]));
  return { calendar, cached: (symbol) => recordings.get(symbol) };
}

export function recordingOf(symbol: string, rows: readonly BarRow[]): Recording {
  const bars = rows.map(([open, high, low, close, volume], n) => ({
    at: sessionStart(DATES[n] ?? ""),
    open: String(open),
    high: String(high),
    low: String(low),
    close: String(close),
    ...(volume === undefined ? {} : { volume: String(volume) }),
  }));
  return new Recording({ symbol, name: symbol }, bars, sessionStart(DATES[0] ?? ""));
}

/** Returns a seed for which day 1 of `symbol` reaches its low (or its high) first. */
export function seedFor(symbol: string, first: "low" | "high"): number {
  for (let seed = 0; ; seed++) if (coinFlip(`${symbol}/1`, seed) === (first === "low")) return seed;
}

type Costs = Partial<Record<"spreadBps" | "slippageBps" | "participation" | "commissionBps", string>>;

export function rulesOf(changes: Costs = {}, other: Partial<Rules> = {}): Rules {
  return {
    seed: 0,
    spreadBps: amount(changes.spreadBps ?? "0"),
    slippageBps: amount(changes.slippageBps ?? "0"),
    participation: amount(changes.participation ?? "1"),
    commissionBps: amount(changes.commissionBps ?? "0"),
    allowShort: false,
    ...other,
  };
}

type OrderChanges = Partial<Omit<Order, "quantity" | "limitPrice" | "stopPrice">> & {
  quantity?: string;
  limit?: string;
  stop?: string;
};

let count = 0;
/** An order; defaults to buy 1 X at market for the day. */
export function orderOf(changes: OrderChanges = {}): Order {
  const { quantity = "1", limit, stop, ...rest } = changes;
  count += 1;
  return {
    clientOrderId: `c${count}`,
    symbol: "X",
    side: "buy",
    type: "market",
    timeInForce: "day",
    quantity: Number(quantity),
    quantityText: quantity,
    ...(limit === undefined ? {} : { limitPrice: Number(limit), limitPriceText: limit }),
    ...(stop === undefined ? {} : { stopPrice: Number(stop), stopPriceText: stop }),
    ...rest,
  };
}

/** Runs the engine tick by tick and collects its executions. */
export class EngineHarness {
  state: VenueState;
  readonly executions: StepResult["executions"][number][] = [];
  readonly ended: StepResult["ended"][number][] = [];
  readonly feed: PriceFeed;
  readonly rules: Rules;

  constructor(feed: PriceFeed, rules: Rules, cash = "1000000") {
    this.feed = feed;
    this.rules = rules;
    this.state = initialState(cash);
  }

  mark = (symbol: string) => markAt(this.feed, symbol, this.state.tick, this.rules);

  /** @throws VenueRejection */
  place(order: Order): number {
    const recording = this.feed.cached(order.symbol);
    if (recording === undefined) throw new Error(`no ${order.symbol} in this feed`);
    const marketTick = tickOf(recording, this.feed.calendar.instantOf(this.state.tick), this.rules);
    this.state = acceptOrder(
      this.state,
      readTerms(order, recording.tickSize),
      { marks: this.mark, marketTick },
      this.rules,
    );
    return this.state.nextNo - 1;
  }

  step(times = 1): StepResult {
    let last: StepResult = { state: this.state, executions: [], ended: [] };
    for (let i = 0; i < times; i++) {
      last = step(this.state, this.feed, this.rules);
      this.state = last.state;
      this.executions.push(...last.executions);
      this.ended.push(...last.ended);
    }
    return last;
  }

  /** `1@100.5` for each fill. */
  fills(): string[] {
    return this.executions.map(({ quantity, price }) => `${quantity}@${price}`);
  }
}
