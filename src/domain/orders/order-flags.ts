/** The flags of an order, and the sets that stay empty for most orders. */
import type { Decimal } from "../decimal.ts";
import type { FillKey } from "../fills/fill.ts";

/** The venue had acknowledged the order, and no longer answers for it. */
const WORDS = {
  missing: "its venue does not know it",
  misreported: "its venue answers with another symbol, side or id, so that nothing counts",
} as const;
type LostFlag = keyof typeof WORDS;

export type OrderFlag =
  | "overfilled"
  | "busted"
  | "late_fill"
  | "inferred_fill"
  | "contradicted"
  | "disputed"
  | LostFlag
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

const LOST_FLAGS = Object.keys(WORDS) as LostFlag[];

export function isLost(flags: Iterable<string>): boolean {
  return lostWords(flags) !== undefined;
}

/** Undefined if the venue answers for the order. */
export function lostWords(flags: Iterable<string>): string | undefined {
  const all = [...flags];
  const flag = LOST_FLAGS.find((lost) => all.includes(lost));
  return flag && WORDS[flag];
}

/** The venue answers for the order again, or the order has ended. */
export function clearLost(flags: Set<string>): void {
  for (const flag of LOST_FLAGS) flags.delete(flag);
}
