/** The newest orders that a list asks for, from memory and from as many layers of the archive as they need. */
import { setImmediate } from "node:timers/promises";
import type { LayerFacts } from "../../bus/archive.ts";
import { type OrderRecord, type OrderState, placeOf } from "../../domain/orders/order-state.ts";
import type { Desk } from "../desk.ts";

/** What makes an order newer than another. */
interface OrderRank {
  of(order: Readonly<OrderRecord>): number;
  /** At least the rank of every order that left memory with this layer. */
  most(layer: LayerFacts): number;
}

/** By the number of its first record. */
const BY_PLACE: OrderRank = { of: placeOf, most: ({ seq }) => seq };

export interface NewestOrders {
  readonly limit: number;
  readonly state?: OrderState | undefined;
  /** Only orders before this place. */
  readonly before?: number | undefined;
  readonly rank?: OrderRank;
  accepts?(order: Readonly<OrderRecord>): boolean;
}

const ORDERS_PER_SLICE = 32;

/** Returns the newest first. @throws ARCHIVE_DAMAGED. */
export async function newestOrders(
  { state, archive }: Pick<Desk, "archive"> & { readonly state: Pick<Desk["state"], "orders"> },
  query: NewestOrders,
): Promise<readonly OrderRecord[]> {
  const { limit, before = Number.POSITIVE_INFINITY, rank = BY_PLACE, accepts = () => true } = query;
  const isAsked = (order: OrderRecord): boolean =>
    placeOf(order) < before && (query.state === undefined || order.state === query.state) && accepts(order);
  // The archive may grow meanwhile: orders that leave memory then are found here already.
  const inMemory = new Set(state.orders.keys());
  let found = newestOf(asked(state.orders.values(), isAsked), limit, rank);
  for (const layer of archive.layers.toReversed()) {
    const last = found[limit - 1];
    if (last !== undefined && rank.of(last) > rank.most(layer)) break;
    if (layer.firstPlace >= before || (query.state !== undefined && layer.states[query.state] === undefined)) continue;
    let read = 0;
    const more: OrderRecord[] = [];
    for (const order of await archive.orders(layer)) {
      // The orders of a layer are sorted by place.
      if (rank === BY_PLACE && more.length === limit) break;
      if (!inMemory.has(order.id) && isAsked(order)) more.push(order);
      read += 1;
      if (read % ORDERS_PER_SLICE === 0) await setImmediate();
    }
    found = newestOf([...more, ...found.toReversed()], limit, rank);
  }
  return found;
}

function* asked(orders: Iterable<OrderRecord>, isAsked: (order: OrderRecord) => boolean): Iterable<OrderRecord> {
  for (const order of orders) if (isAsked(order)) yield order;
}

/** The newest first. A sort of all orders would hold the desk's loop. */
function newestOf(orders: Iterable<OrderRecord>, limit: number, rank: OrderRank): readonly OrderRecord[] {
  /** The oldest first; at most twice `limit`. */
  const kept: { readonly at: number; readonly order: OrderRecord }[] = [];
  for (const order of orders) {
    const at = rank.of(order);
    const oldest = kept.length < limit ? undefined : kept.at(-limit);
    if (oldest !== undefined && at < oldest.at) continue;
    // Orders come nearly in this order, so that the place is near the end.
    let place = kept.length;
    while (place > 0 && (kept[place - 1]?.at ?? 0) > at) place -= 1;
    kept.splice(place, 0, { at, order });
    if (kept.length > 2 * limit) kept.splice(0, kept.length - limit);
  }
  return kept
    .slice(-limit)
    .toReversed()
    .map(({ order }) => order);
}

/** How many orders are in this state; all without one. */
export function orderCount({ orders }: Pick<Desk["state"], "orders">, state: OrderState | undefined): number {
  if (state === undefined) return orders.total;
  let count = orders.archivedIn(state);
  for (const order of orders.values()) if (order.state === state) count += 1;
  return count;
}
