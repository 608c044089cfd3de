/** The desk drops a report that is older than the last, but not the end of an order. */
import { expect, it } from "vitest";
import type { OrderRecord } from "../../../src/domain/orders/order-state.ts";
import type { VenueReport } from "../../../src/domain/market/venue.ts";
import { isNews } from "../../../src/trading/orders/reconcile.ts";
import { decimal } from "../../../src/domain/decimal.ts";

const SETTLED = {
  ...{ state: "accepted", venueOrderId: "v1", reportedAt: 1_000, reportedFilled: decimal("0") },
  flags: new Set<string>(),
};

it.each([
  ["an older open state with more filled", SETTLED, { status: "partially_filled", filledQuantity: "1" }, 999, false],
  ["one of the same time", SETTLED, { status: "partially_filled", filledQuantity: "1" }, 1_000, true],
  ["an end whose clock was set back", SETTLED, { status: "cancelled", filledQuantity: "0" }, 999, true],
  [
    "the end of what was replaced since",
    { ...SETTLED, replaced: { ids: new Set(), terms: {} } },
    { status: "cancelled", filledQuantity: "0" },
    ...([999, false] as const),
  ],
  ["anything, while its state is unknown", { ...SETTLED, state: "unknown" }, { status: "open" }, 999, true],
] as const)("%s", (_what, order, report, updatedAt, expected) => {
  const said = { venueOrderId: "v1", filledQuantity: "0", ...report, updatedAt };
  expect(isNews(order as unknown as OrderRecord, said as unknown as VenueReport)).toBe(expected);
});
