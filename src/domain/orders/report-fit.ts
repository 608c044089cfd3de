/** Whether a report of the venue can be of the order that the desk asked for. */
import type { FillState } from "../fills/fill-state.ts";
import type { ClientOrderId } from "../ids.ts";
import type { VenueReport } from "../market/venue.ts";
import { comparableSymbol } from "./order.ts";
import type { OrderRecord } from "./order-state.ts";

type ReportedIdentity = Pick<VenueReport, "clientOrderId" | "side" | "symbol" | "venueOrderId">;
type OrderIndexes = Pick<FillState, "byClientOrderId" | "byVenueOrderId" | "inFlight">;

/**
 * What contradicts the order in a report; undefined if it can be the order's. A report that bears the order's client
 * order id names it, whatever id of the venue it has. Without that id, the venue's id counts.
 */
export function contradictionOf(
  state: OrderIndexes,
  order: Readonly<OrderRecord>,
  { clientOrderId, side, symbol, venueOrderId }: ReportedIdentity,
): string | undefined {
  const { terms } = order;
  if (symbol !== undefined && comparableSymbol(symbol) !== comparableSymbol(terms.symbol)) return `it is of ${symbol}`;
  if (side !== undefined && side !== terms.side) return `it is to ${side}`;
  if (clientOrderId !== undefined && clientOrderId === order.clientOrderId) return undefined;
  const named = clientOrderId === undefined ? undefined : state.byClientOrderId.get(clientOrderId as ClientOrderId);
  if (named !== undefined) return `it names ${named}`;
  const known = state.byVenueOrderId.get(`${terms.connector}/${venueOrderId}`);
  if (known !== undefined && known !== order.id && state.inFlight.has(known))
    return `it has the venue's id of ${known}`;
  // The id of the desk's own order, which the desk gave the venue: another one is of another order.
  if (order.venueOrderId === undefined && clientOrderId !== undefined) return "it has another client order id";
  return undefined;
}
