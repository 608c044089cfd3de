/** Fills and activities that a connector cannot read. Each is kept until it is read, or a human resolves it. */
import type { Actor } from "../authority/actor.ts";
import type { Authority } from "../authority/authority.ts";
import type { ConnectorName } from "../ids.ts";
import { comparableSymbol } from "../orders/order.ts";
import type { UnreadItem } from "./venue.ts";

/** What the item says is missing in the account. `since` (ms): the venue lists the item if it is asked from then on. */
export interface ItemUnread {
  readonly type: "item.unread";
  readonly connector: ConnectorName;
  readonly item: UnreadItem;
  readonly since: number;
}

/** A human saw at the venue what the item is, and signed that the desk need not ask for it. */
export interface ItemResolved {
  readonly type: "item.resolved";
  readonly connector: ConnectorName;
  readonly key: UnreadKey;
  readonly note: string;
  readonly actor: Actor;
  readonly authority?: Authority | undefined;
}

/** `CONNECTOR/ID`, or `CONNECTOR/SYMBOL/ID`: some venues number the fills of each symbol. */
export type UnreadKey = `${string}/${string}`;

export interface UnreadRecord {
  readonly connector: ConnectorName;
  readonly item: UnreadItem;
  readonly since: number;
  /** An item that is listed again after its resolution is not new. */
  readonly isResolved: boolean;
}

/** By {@link unreadKey}. */
export type UnreadItems = Map<UnreadKey, UnreadRecord>;

export function unreadKey(connector: string, { id, symbol }: Pick<UnreadItem, "id" | "symbol">): UnreadKey {
  return symbol === undefined ? `${connector}/${id}` : `${connector}/${symbol}/${id}`;
}

export function applyUnread(items: UnreadItems, event: ItemUnread | ItemResolved): void {
  if (event.type === "item.unread") {
    const { connector, item, since } = event;
    items.set(unreadKey(connector, item), { connector, item, since, isResolved: false });
    return;
  }
  const found = items.get(event.key);
  if (found !== undefined) items.set(event.key, { ...found, isResolved: true });
}

/** The connector has read the item. While it could not, it may not have known the symbol, or spelt it otherwise. */
export function forgetUnread(
  items: UnreadItems,
  { connector, id, symbol = "" }: { readonly connector: string; readonly id: string; readonly symbol?: string },
): void {
  for (const [key, { item, connector: of }] of items)
    if (of === connector && item.id === id && comparableSymbol(item.symbol ?? symbol) === comparableSymbol(symbol))
      items.delete(key);
}

/** The items of a connector, or of all, that are neither read nor resolved. */
export function openItems(items: ReadonlyMap<UnreadKey, UnreadRecord>, connector?: string): readonly UnreadRecord[] {
  return [...items.values()].filter(
    (record) => !record.isResolved && (connector === undefined || record.connector === connector),
  );
}

/** The time (ms) from which a list is asked for, so that it has the open items of its kind. */
export function sinceUnread(
  items: ReadonlyMap<UnreadKey, UnreadRecord>,
  { connector, kind, since }: { readonly connector: string; readonly kind: UnreadItem["kind"]; readonly since: number },
): number {
  const ofKind = openItems(items, connector).filter(({ item }) => item.kind === kind);
  return Math.min(since, ...ofKind.map((record) => record.since));
}
