/** What the desk keeps of the instruments and positions of a venue is bounded, whatever the venue reports. */
import { expect, it } from "vitest";
import type { DeskEvent } from "../../../src/domain/event.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import { comparePositions } from "../../../src/trading/account/compare-positions.ts";
import { keepExternalOrders } from "../../../src/trading/orders/external-orders.ts";
import { createMarketCache } from "../../../src/trading/desk.ts";
import { createFillBudgets } from "../../../src/trading/fills/fill-budget.ts";
import { type InstrumentsDesk, instrumentOf, sizePositions } from "../../../src/trading/market/instruments.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { amount, scenario } from "../../support/journal-scenario.ts";
import { type QuietLog, quietLog } from "../../support/quiet-log.ts";

const connector = "v" as ConnectorName;

function fakeDesk(multiplier = "1") {
  const clock = fakeClock();
  const events: DeskEvent[] = [];
  const cutOffs: string[] = [];
  const desk = {
    clock,
    log: quietLog(),
    market: createMarketCache(clock),
    fillBudgets: createFillBudgets(clock),
    state: scenario().desk().state(),
    readOnly: () => undefined,
    publish: (event: DeskEvent) => void events.push(event),
    venues: {
      facts: () => ({ methods: ["getInstrument"] }),
      instrument: (_: string, symbol: string) => Promise.resolve({ symbol, multiplier: amount(multiplier) }),
      cutOff: (_: string, reason: string) => Promise.resolve(void cutOffs.push(reason)),
    },
  } as unknown as InstrumentsDesk & { readonly log: QuietLog };
  return { desk, events, cutOffs };
}
function positions(from: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({ symbol: `S${from + index}`, quantity: amount("1") }));
}

it("of endless symbols the newest 20,000 instruments are kept, and no look-up of a position that is closed", async () => {
  const { desk } = fakeDesk();
  await instrumentOf(desk, connector, "FIRST");
  for (let mark = 0; mark < 3; mark++) await sizePositions(desk, connector, positions(mark * 8_000, 8_000));
  expect([desk.market.instruments.size, desk.market.sized.size]).toEqual([20_000, 8_000]);
  expect(desk.market.instruments.has("v/FIRST")).toBe(false);
});

it("a venue that changes multipliers without end is cut off at its budget", async () => {
  const { desk, events, cutOffs } = fakeDesk("50");
  await sizePositions(desk, connector, positions(0, 5_001));
  expect(events).toHaveLength(5_000);
  expect(cutOffs).toEqual([expect.stringContaining("5000 changes of multipliers")]);
});

it("of a list of thousands of orders of others, ten are logged by their ids", () => {
  const { desk } = fakeDesk();
  const listed = (from: number) =>
    Array.from({ length: 5_000 }, (_, index) => ({
      report: { venueOrderId: `o${from + index}`, status: "open", filledQuantity: amount("0") } as const,
      closedHere: null,
    }));
  keepExternalOrders(desk, connector, listed(0));
  keepExternalOrders(desk, connector, listed(1));
  const lines = desk.log.lines.map(({ message }) => message);
  expect(lines).toHaveLength(12);
  expect(lines.slice(9)).toEqual([
    "order o9 rests at v, and this desk did not send it",
    "4990 more orders rest at v, and this desk did not send them",
    "order o5000 rests at v, and this desk did not send it",
  ]);
});

it("differences of positions that a venue no longer reports are forgotten", () => {
  const { desk } = fakeDesk();
  for (let mark = 0; mark < 3; mark++)
    comparePositions(desk, { connector, positions: positions(mark * 100, 100), seq: 5, isReconciliation: false });
  expect(desk.market.differences.size).toBe(100);
});
