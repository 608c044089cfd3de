/**
 * An order, a fill or an activity of a venue's list. What cannot be read is listed as such: it must hide no other, and
 * must not be lost.
 */
import type {
  Activity,
  Fill,
  OrderReport,
  Timestamp,
  UnreadableActivity,
  UnreadableFill,
  UnreadableOrder,
} from "@qoc-app/sdk";
import { oneLine } from "./words.ts";

/** Of ids that the desk takes. */
const ID = /^[\x20-\x7e]{1,128}$/;

/** What names the order, whatever else of it can be read. */
export interface OrderNames {
  readonly venueOrderId: unknown;
  readonly clientOrderId?: unknown;
  readonly symbol?: unknown;
}

/** @throws Error for an order without an id: the desk could not name it. */
export function listedOrder(names: OrderNames, report: () => OrderReport): OrderReport | UnreadableOrder {
  const { venueOrderId } = names;
  return listed(venueOrderId, report, (reason) => ({
    ...{ venueOrderId: venueOrderId as string, status: "unknown", reason },
    ...namesIn({ clientOrderId: names.clientOrderId, symbol: names.symbol }),
  }));
}

/** What names the fill, whatever else of it can be read. */
export interface FillNames {
  readonly fillId: unknown;
  readonly venueOrderId?: unknown;
  readonly symbol?: unknown;
}

/** @throws Error for a fill without an id. */
export function listedFill<T extends Fill | undefined>(names: FillNames, read: () => T): T | UnreadableFill {
  const { fillId } = names;
  return listed(fillId, read, (reason) => ({
    ...{ fillId: fillId as string, status: "unknown", reason },
    ...namesIn({ venueOrderId: names.venueOrderId, symbol: names.symbol }),
  }));
}

/** @throws Error for an activity without an id. `prefix`: of the ids of its kind. */
export function listedActivities(
  id: unknown,
  read: () => readonly Activity[],
  prefix = "",
): readonly (Activity | UnreadableActivity)[] {
  const named = isName(id) ? `${prefix}${id}` : undefined;
  const found = listed<readonly Activity[], UnreadableActivity>(named, read, (reason) => ({
    ...{ id: named ?? "", status: "unknown", reason },
  }));
  return "status" in found ? [found] : found;
}

function listed<T, U>(id: unknown, read: () => T, unreadable: (reason: string) => U): T | U {
  try {
    return read();
  } catch (error) {
    if (!isName(id)) throw error;
    return unreadable(oneLine(error instanceof Error ? error.message : String(error)));
  }
}

function namesIn<K extends string>(members: Readonly<Record<K, unknown>>): { [N in K]?: string } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isName(value))) as { [N in K]?: string };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

/** Those since a time (ms), oldest first. An item whose time cannot be read comes first. */
export function sinceInOrder<T extends { timestamp?: Timestamp }>(items: readonly T[], since: number): T[] {
  const timeOf = ({ timestamp }: T): number => (timestamp === undefined ? Number.NEGATIVE_INFINITY : Number(timestamp));
  return items
    .filter((item) => item.timestamp === undefined || timeOf(item) >= since)
    .toSorted((a, b) => (timeOf(a) === timeOf(b) ? 0 : timeOf(a) - timeOf(b)));
}

/** Whether it could be read. */
export function isReadable(item: Fill | UnreadableFill): item is Fill {
  return !("status" in item);
}
