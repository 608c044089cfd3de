/** Row 11: one evaluation of all checks and all guards at dispatch, with 20 positions and 20 working orders. */
import { guardKeys } from "../../src/domain/config/guard-config.ts";
import type { VenueInstrument } from "../../src/domain/market/venue.ts";
import { evaluate } from "../../src/gate/gate.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { guard, inputOf, quote } from "../support/gate-case.ts";
import { type JournalScenario, amount, scenario } from "../support/journal-scenario.ts";
import { type Row, SHORT, median, quantile, ratioOf, us } from "./measure.ts";

const COUNT = 20;
const BATCH = 200;
const BATCHES = SHORT ? 50 : 200;

/** There is no floor: the target is a time. */
const LIMIT_MS = 0.06;

const OPTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  "symbol-allowlist": { symbols: Array.from({ length: COUNT }, (_, i) => `S${i}`) },
  "symbol-denylist": { symbols: ["BAD", "WORSE"] },
  "market-hours": { open: "09:30", close: "16:00", tz: "America/New_York" },
  "max-order-notional": { max_notional: 50_000 },
  "max-order-quantity": { max_quantity: 10_000 },
  "order-rate": { max_per_minute: 60, max_per_day: 1_000 },
  "gross-exposure": { max_pct: 500 },
  "max-open-orders": { max: 50 },
  "max-position-nav": { max_pct: 50 },
};

function desk(): JournalScenario {
  const held = Array.from({ length: COUNT }, (_, i) => ({
    symbol: `S${i}`,
    quantity: `${100 + i}.25`,
    markPrice: `${101 + i}.37`,
    averagePrice: `${99 + i}.125`,
  }));
  const made = scenario()
    .desk()
    .connector("paper")
    .account("paper", { nav: "1234567.89", cash: "987654.32", positions: held });
  for (let i = 0; i < COUNT; i++) {
    const side = i % 2 === 0 ? "buy" : "sell";
    made.working(`w${i}`, { symbol: `S${i}`, side, quantity: `${10 + i}`, limitPrice: `${100 + i}.5` });
  }
  return made.wait(60 * 60_000).proposed("new", { symbol: "S4", quantity: "7.5", limitPrice: "105.37" });
}

const INSTRUMENT: VenueInstrument = {
  symbol: "S4",
  tickSize: amount("0.01"),
  lotSize: amount("0.5"),
  minQuantity: amount("0.5"),
  minNotional: amount("10"),
  currency: "USD",
};

export function gateInputOfBench(): GateInput {
  const made = desk().approved("new", { mid: "105.36" });
  return inputOf(made, "new", {
    stage: "dispatch",
    guards: guardKeys().map((key) => guard(key, OPTIONS[key])),
    instrument: INSTRUMENT,
    quote: quote("105.35", "105.38", { symbol: "S4", at: made.now, last: "105.36" }),
    buyingPower: amount("987000.12"),
  });
}

export function gateEvaluation(): Row {
  const input = gateInputOfBench();
  const verdict = evaluate(input);
  if (verdict.decision !== "allow") throw new Error(JSON.stringify(verdict.reasons));
  const each: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const started = performance.now();
    for (let i = 0; i < BATCH; i++) evaluate(input);
    each.push((performance.now() - started) / BATCH);
  }
  // The first tenth runs before the compiler has seen it.
  const warm = each.slice(BATCHES / 10);
  const took = median(warm);
  return {
    n: 11,
    name: "gate",
    what: `${verdict.checks.length} checks and guards, ${COUNT} positions, ${COUNT} working orders; p90 ${us(quantile(warm, 0.9))}`,
    floor: "the limit",
    ours: us(took),
    base: us(LIMIT_MS),
    ...ratioOf(
      warm,
      warm.map(() => LIMIT_MS),
    ),
    target: "<= 1",
  };
}
