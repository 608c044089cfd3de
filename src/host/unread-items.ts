/** Fills and activities that a connector cannot read. Each is named, so that it hides no other and is not lost. */
import * as z from "zod";
import type { UnreadItem } from "../domain/market/venue.ts";
import { hasInvisible } from "../lib/invisible-characters.ts";
import { FIELDS, compact } from "../protocol/schemas.ts";

const { line, name, optional, time } = FIELDS;
/** Members that cannot be read either are left out. */
const members = {
  symbol: optional(name).catch(undefined),
  venueOrderId: optional(name).catch(undefined),
  timestamp: optional(time).catch(undefined),
};
const FORMS = {
  fill: z.object({ fillId: name, ...members }),
  activity: z.object({ id: name, ...members }),
};
const statement = z.object({ status: z.literal("unknown"), reason: line });

const REASON_CHARS_MAX = 200;

/** Whether the connector states that it cannot read the item. */
export function isStatedUnreadable(raw: unknown): boolean {
  return statement.safeParse(raw).success;
}

/** The item that the connector states as unreadable; undefined for any other. */
export function unreadItem(kind: UnreadItem["kind"], raw: unknown): UnreadItem | undefined {
  const stated = statement.safeParse(raw);
  return stated.success ? itemOf(kind, raw, stated.data.reason) : undefined;
}

/** An item that the desk cannot read; undefined if it has no id, so that the desk could not name it. */
export function malformedItem(kind: UnreadItem["kind"], raw: unknown, reason: string): UnreadItem | undefined {
  return itemOf(kind, raw, hasInvisible(reason) ? "it is malformed" : reason.slice(0, REASON_CHARS_MAX));
}

function itemOf(kind: UnreadItem["kind"], raw: unknown, reason: string): UnreadItem | undefined {
  const named = FORMS[kind].safeParse(raw).data;
  if (named === undefined) return undefined;
  const { symbol, venueOrderId, timestamp: at } = named;
  const id = "fillId" in named ? named.fillId : named.id;
  return compact({ kind, id, reason, symbol, venueOrderId, at }) as UnreadItem;
}
