/** Journals each fill and activity that a connector cannot read, once, so that the desk shows it and asks again. */
import { activityKey } from "../../domain/account/venue-activity.ts";
import { QocError } from "../../domain/errors/error.ts";
import { fillKey } from "../../domain/fills/fill.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { openItems, unreadKey } from "../../domain/market/unread-item.ts";
import type { UnreadItem } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";

/** An item that the connector sent by itself is asked for from this long before its time. */
const LOOK_BACK_MS = 24 * 60 * 60 * 1000;
/** Of one connector. They stay in memory until they are read or resolved, and each new fill is compared with them. */
const OPEN_MAX = 1_000;

/**
 * `since`: the time (ms) from which the desk asked for them; undefined if the connector sent them by itself. Resolves
 * when they are on disk. @throws FILL_FLOOD over the connector's budget, and if too many are open.
 */
export async function recordUnread(
  desk: Pick<Desk, "commit" | "fillBudgets" | "state">,
  connector: ConnectorName,
  items: readonly UnreadItem[],
  since?: number,
): Promise<void> {
  // Most batches of fills have none: for them the open items are not counted.
  if (items.length === 0) return;
  // The first mark of the account contains what happened before it.
  const { openedAt: opened } = desk.state.accounts.get(connector) ?? {};
  if (opened === undefined) return;
  let last: Promise<unknown> | undefined;
  let open = openItems(desk.state.unread, connector).length;
  for (const item of items) {
    if ((item.at ?? opened) < opened || isKnown(desk, connector, item)) continue;
    open += 1;
    if (open > OPEN_MAX) {
      const what = "fills and activities that cannot be read";
      throw new QocError("FILL_FLOOD", { connector, limit: OPEN_MAX, what });
    }
    const exceeded = desk.fillBudgets.spend(connector, "misfit");
    if (exceeded !== undefined) throw new QocError("FILL_FLOOD", { connector, ...exceeded });
    const at = item.at ?? desk.state.lastFillAt.get(connector) ?? opened;
    const from = since ?? Math.max(opened, at - LOOK_BACK_MS);
    last = desk.commit({ type: "item.unread", connector, item, since: from });
  }
  await last;
}

/** The item was read before, for example from the venue's stream, or is known as unreadable. */
function isKnown({ state }: Pick<Desk, "state">, connector: ConnectorName, item: UnreadItem): boolean {
  if (state.unread.has(unreadKey(connector, item))) return true;
  const { kind, id, symbol } = item;
  if (kind === "activity") return state.activities.has(activityKey(connector, id));
  return symbol !== undefined && state.fills.has(fillKey(connector, { fillId: id, symbol }));
}
