/** What may leave the desk's memory, because the archive on disk answers for it from then on. */
import type { DeskState } from "./desk-state.ts";
import type { ActivityKey } from "./account/venue-activity.ts";
import type { FillKey } from "./fills/fill.ts";
import type { OrderId } from "./ids.ts";
import { type OrderRecord, isEnded, rejectedBy } from "./orders/order-state.ts";
import { isRepeatedBy } from "./orders/repeated-order.ts";

/** The last messages about an order follow its end closely. */
const ORDER_MS = 15 * 60 * 1000;
/** A proposal names an equal proposal that a human rejected within this time. */
export const REJECTION_MS = 7 * 24 * 60 * 60 * 1000;
/** Connectors list the activities of the last week again and again. */
const ACTIVITY_MS = 7 * 24 * 60 * 60 * 1000;
export interface EvictionLimits {
  /** The newest fills stay. */
  readonly fillsKept: number;
  /** More would make one checkpoint long; the next one takes the others. */
  readonly ordersAtOnce: number;
}

export const EVICTION_LIMITS: EvictionLimits = { fillsKept: 200, ordersAtOnce: 20_000 };

/** An order that ended, of which nothing is open: no run, no dispute. */
export function mayLeaveMemory(state: Readonly<DeskState>, order: Readonly<OrderRecord>): boolean {
  if (!isEnded(order) || order.disputedFills.size > 0) return false;
  const endedAt = order.history.at(-1)?.at ?? order.proposedAt;
  const keptMs = rejectedBy(order) === "human" ? REJECTION_MS : ORDER_MS;
  if (endedAt > state.lastAt - keptMs) return false;
  // A proposal that waits names it.
  for (const proposal of state.proposed.values()) if (isRepeatedBy(order, proposal)) return false;
  return !state.runs.has(order.proposedBy.replace(/^agent:/, ""));
}

export interface Eviction {
  readonly orders: readonly OrderId[];
  readonly fills: readonly FillKey[];
  readonly activities: readonly ActivityKey[];
}

/** Whether there may be more orders than one checkpoint takes. */
export function isFull({ orders }: Eviction, { ordersAtOnce }: EvictionLimits): boolean {
  return orders.length === ordersAtOnce;
}

/** `pause` is called between two parts of the work. */
export async function planEviction(
  state: Readonly<DeskState>,
  limits: EvictionLimits,
  pause: () => Promise<void> | undefined,
): Promise<Eviction> {
  const orders: OrderId[] = [];
  for (const order of state.orders.values()) {
    if (orders.length === limits.ordersAtOnce) break;
    if (mayLeaveMemory(state, order)) orders.push(order.id);
    await pause();
  }
  const fills = [...state.fills.keys()].slice(0, Math.max(0, state.fills.size - limits.fillsKept));
  const activities: ActivityKey[] = [];
  for (const [key, { at }] of state.activities) {
    const newest = state.activitiesAt.get(key.slice(0, key.indexOf("/"))) ?? at;
    if (at < newest - ACTIVITY_MS) activities.push(key);
    await pause();
  }
  return { orders, fills, activities };
}
