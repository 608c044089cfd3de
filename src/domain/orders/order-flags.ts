/** The flags of an order, and the sets that stay empty for most orders. */
import type { Decimal } from "../decimal.ts";
import type { FillKey } from "../fills/fill.ts";

export type OrderFlag =
  | "overfilled"
  | "busted"
  | "late_fill"
  | "inferred_fill"
  | "contradicted"
  | "disputed"
  | "missing"
  | "replaced";

/**
 * Most orders have no flag, no inferred and no disputed fill: all of them share these, which stay empty. Each set would
 * take 130 bytes of an order.
 */
export const NO_FLAGS = new Set<OrderFlag>();
export const NO_KEYS = new Set<FillKey>();
export const NO_QUANTITIES = new Map<FillKey, Decimal>();

/** The set with the member. An empty set may be the one of all orders, and is replaced. */
export function added<T>(set: Set<T>, member: T): Set<T> {
  return set.size === 0 ? new Set([member]) : set.add(member);
}
