/** Random journals of many orders, with messages that come late, twice, for orders of before, and in no order. */
import fc from "fast-check";
import type { FillFinding } from "../../src/domain/event.ts";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import type { VenueFill } from "../../src/domain/market/venue.ts";
import { type JournalScenario, SCENARIO_START, amount, scenario } from "./journal-scenario.ts";

const HOUR = 3_600_000;
const IDS = ["a", "b", "c", "d", "e"] as const;
const SYMBOLS = { a: "AAPL", b: "AAPL", c: "MSFT", d: "BTC/USD", e: "BTC/USD" } as const;
type Id = keyof typeof SYMBOLS;

const FINDINGS: readonly (FillFinding | undefined)[] = [undefined, undefined, { kind: "disputed", misfits: ["price"] }];

/** A message about fill number `n` of an order: itself, its correction, its bust or its fee. */
function fillMessage(told: JournalScenario, { id, n, kind, price }: Message, owner: OrderId | null): JournalScenario {
  const fillId = `${id}-${n}`;
  const changed: Partial<VenueFill> =
    kind === "bust"
      ? { busts: fillId, fillId: `${fillId}x` }
      : kind === "correct"
        ? { corrects: fillId, fillId: `${fillId}c` }
        : {};
  const fee = kind === "fee" ? { fee: amount("0.01"), feeCurrency: id === "d" ? "BTC" : "USD" } : {};
  const fill: VenueFill = {
    ...{ fillId, venueOrderId: `v-${id}`, symbol: SYMBOLS[id], side: n % 2 === 0 ? "buy" : "sell" },
    ...{ quantity: amount(kind === "correct" ? "3" : "4"), price: amount(String(price)), at: SCENARIO_START + n },
    ...{ ...changed, ...fee },
  };
  return told.event({
    ...{ type: "fill.received", id: owner, connector: "paper" as ConnectorName, generation: 1, fill },
    finding: owner === null ? { kind: "external", misfits: [] } : FINDINGS[(n + price) % FINDINGS.length],
    completes: kind === "fee" ? true : undefined,
  });
}

interface Message {
  readonly id: Id;
  readonly n: number;
  readonly kind: "fill" | "bust" | "correct" | "fee";
  readonly price: number;
}

const message = fc.record({
  id: fc.constantFrom(...IDS),
  n: fc.nat(3),
  kind: fc.constantFrom("fill", "fill", "bust", "correct", "fee"),
  price: fc.integer({ min: 98, max: 101 }),
});

export type Step = (told: JournalScenario) => unknown;

const orderStep = fc.constantFrom(...IDS).chain((id) =>
  fc.constantFrom<Step>(
    (told) => told.working(id, { symbol: SYMBOLS[id] }),
    (told) => told.proposed(id, { symbol: SYMBOLS[id] }).rejected(id, "human"),
    (told) => told.proposed(id, { symbol: SYMBOLS[id] }).approved(id).submitting(id).unknown(id),
    (told) =>
      told.proposed(`k${id}`, { cancels: id }).approved(`k${id}`).cancelling(id, `k${id}`).cancelAccepted(id, `k${id}`),
    (told) => told.proposed(id, { symbol: SYMBOLS[id] }).reported(id, "cancelled", "4"),
    (told) => told.proposed(id, { symbol: SYMBOLS[id] }).reported(id, "filled", "10"),
    (told) => told.proposed(id, { symbol: SYMBOLS[id] }).resolved(id),
    (told) => told.proposed(id, { symbol: SYMBOLS[id] }).accepted(id),
  ),
);

const otherStep = fc.constantFrom<Step>(
  (told) => told.account("paper", { positions: [{ symbol: "AAPL", quantity: "3", averagePrice: "90" }] }),
  (told) => told.flagged("paper", "AAPL", "1", "2"),
  (told) => told.cleared("paper", "BTC/USD", "2"),
  (told) => told.trading("halted"),
  (told) =>
    told.event({
      ...{ type: "venue.activity", connector: "paper" as ConnectorName },
      activity: { id: `act-${told.now % 7}`, kind: "dividend", amount: amount("5"), currency: "USD", at: told.now },
    }),
);

export const randomStep = fc.oneof(
  { weight: 4, arbitrary: orderStep },
  {
    weight: 5,
    arbitrary: message.map(
      (one): Step =>
        (told) =>
          fillMessage(told, one, one.id as string as OrderId),
    ),
  },
  {
    weight: 1,
    arbitrary: message.map(
      (one): Step =>
        (told) =>
          fillMessage(told, one, null),
    ),
  },
  { weight: 2, arbitrary: otherStep },
  { weight: 3, arbitrary: fc.constant<Step>((told) => told.wait(9 * 24 * HOUR)) },
);

export const randomSteps = fc.array(randomStep, { minLength: 5, maxLength: 40 });

export function journalOf(steps: readonly Step[]): JournalScenario {
  const told = scenario().desk().connector("paper").account("paper");
  for (const id of IDS) told.proposed(id, { symbol: SYMBOLS[id] });
  for (const step of steps) step(told);
  return told;
}
