/** The newest orders that a list asks for, from memory and from the lists of the archive. */
import { setImmediate } from "node:timers/promises";
import type { ListedOrders } from "../../bus/archive.ts";
import {
  ORDER_STATES,
  type OrderRecord,
  type OrderState,
  decidedAt,
  placeOf,
} from "../../domain/orders/order-state.ts";
import type { Desk } from "../desk.ts";

/** What makes an order newer than another: its proposal, or its approval or end. */
const ORDERS_BY = {
  proposal: { of: placeOf, lists: ORDER_STATES },
  decision: { of: decidedAt, lists: ["decided"] },
} as const;

export interface NewestOrders {
  readonly limit: number;
  readonly state?: OrderState | undefined;
  /** Only orders before this place. */
  readonly before?: number | undefined;
  readonly by?: keyof typeof ORDERS_BY;
  accepts?(order: Readonly<OrderRecord>): boolean;
}

const ORDERS_PER_SLICE = 8;

/** Returns the newest first. @throws ARCHIVE_DAMAGED. */
export async function newestOrders(
  { state, archive }: Pick<Desk, "archive"> & { readonly state: Pick<Desk["state"], "orders"> },
  query: NewestOrders,
): Promise<readonly OrderRecord[]> {
  const { limit, before = Number.POSITIVE_INFINITY, by = "proposal", accepts = () => true } = query;
  const rank = ORDERS_BY[by];
  const isAsked = (order: OrderRecord): boolean =>
    placeOf(order) < before && (query.state === undefined || order.state === query.state) && accepts(order);
  // The archive may grow meanwhile: orders that leave memory then are found here already.
  const inMemory = new Set(state.orders.keys());
  let found = newestOf(asked(state.orders.values(), isAsked), limit, rank);
  const lists = query.state !== undefined && by === "proposal" ? [query.state] : rank.lists;
  let next: number | undefined = by === "proposal" ? before : Number.POSITIVE_INFINITY;
  while (next !== undefined) {
    const part: ListedOrders = archive.orders(lists, next, ORDERS_PER_SLICE);
    const more = part.orders.filter((order) => !inMemory.has(order.id) && isAsked(order));
    found = newestOf([...more, ...found.toReversed()], limit, rank);
    const last = found[limit - 1];
    ({ next } = part);
    if (last !== undefined && next !== undefined && rank.of(last) >= next) break;
    await setImmediate();
  }
  return found;
}

function* asked(orders: Iterable<OrderRecord>, isAsked: (order: OrderRecord) => boolean): Iterable<OrderRecord> {
  for (const order of orders) if (isAsked(order)) yield order;
}

/** The newest first. A sort of all orders would hold the desk's loop. */
function newestOf(
  orders: Iterable<OrderRecord>,
  limit: number,
  rank: { of(order: Readonly<OrderRecord>): number },
): readonly OrderRecord[] {
  /** The oldest first; at most twice `limit`. */
  const kept: RankedOrder[] = [];
  for (const order of orders) {
    const ranked = { at: rank.of(order), order };
    const oldest = kept.length < limit ? undefined : kept.at(-limit);
    if (oldest !== undefined && isNewer(oldest, ranked)) continue;
    // Orders come nearly in this order, so that the place is near the end.
    let place = kept.length;
    for (let before = kept[place - 1]; before !== undefined && isNewer(before, ranked); before = kept[place - 1])
      place -= 1;
    kept.splice(place, 0, ranked);
    if (kept.length > 2 * limit) kept.splice(0, kept.length - limit);
  }
  return kept
    .slice(-limit)
    .toReversed()
    .map(({ order }) => order);
}

interface RankedOrder {
  readonly at: number;
  readonly order: OrderRecord;
}

/** Of orders of one time, the order that was proposed later is the newer. */
function isNewer(a: RankedOrder, b: RankedOrder): boolean {
  return a.at > b.at || (a.at === b.at && placeOf(a.order) > placeOf(b.order));
}

/** How many orders are in this state; all without one. */
export function orderCount({ orders }: Pick<Desk["state"], "orders">, state: OrderState | undefined): number {
  if (state === undefined) return orders.total;
  let count = orders.archivedIn(state);
  for (const order of orders.values()) if (order.state === state) count += 1;
  return count;
}
