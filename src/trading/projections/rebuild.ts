/** Writes every projection again from the journal: order files and inbox items. Files by people are not touched. */
import type { Progress } from "../../domain/ports.ts";
import { foldDeskState } from "../../domain/desk-state.ts";
import type { FillReceived, Recorded } from "../../domain/event.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import { DECIDED_FOLDERS } from "../../workspace/layout.ts";
import type { OrderFolders } from "../../workspace/order-folders.ts";
import type { Workspace } from "../../workspace/workspace.ts";
import { InboxBursts } from "./inbox-bursts.ts";
import { orderPath, projectOrder } from "./order-files.ts";
import { counted } from "../../lib/counted.ts";

export interface RebuildView {
  readonly records: number;
  readonly orders: number;
  readonly fills: number;
  /** Files in host-owned folders that belong to no order; they are reported, not moved. */
  readonly unknownFiles: readonly string[];
  readonly removed: readonly string[];
}

export async function rebuild(
  { orders, inbox }: Pick<Workspace, "orders" | "inbox">,
  events: readonly Recorded[],
  progress: Progress = { line: () => undefined },
): Promise<RebuildView> {
  const state = foldDeskState(events);
  const expected = new Map<string, string>();
  for (const order of state.orders.values()) {
    await projectOrder(orders, order, { isRetired: isRetired(state, order.id) });
    expected.set(orderPath(order), order.id);
  }
  progress.line(`${counted(state.orders.size, "order")} written`);
  const fills = events.filter(
    (recorded): recorded is Recorded<FillReceived> => recorded.event.type === "fill.received",
  );
  await writeFillItems(new InboxBursts(inbox, state), fills);
  progress.line(`${counted(fills.length, "fill")} written`);
  // After a gap, another copy may be the file of a decision that is lost.
  const hasGap = events.some(({ event }) => event.type === "journal.gap");
  const { removed, unknown } = await removeCopies(orders, expected, hasGap);
  return { records: events.length, orders: state.orders.size, fills: fills.length, unknownFiles: unknown, removed };
}

const ITEMS_AT_ONCE = 500;

async function writeFillItems(bursts: InboxBursts, fills: readonly Recorded<FillReceived>[]): Promise<void> {
  const keys = new Set<string>();
  const writeAll = async (): Promise<void> => {
    for (const key of keys) await bursts.write(key);
    keys.clear();
  };
  for (const recorded of fills) {
    const key = bursts.take(recorded);
    if (key !== undefined) keys.add(key);
    if (keys.size >= ITEMS_AT_ONCE) await writeAll();
  }
  await writeAll();
}

/**
 * Removes further copies of an order's file in other host-owned folders, and returns the files that belong to no order.
 */
async function removeCopies(orders: OrderFolders, expected: ReadonlyMap<string, string>, keepsCopies: boolean) {
  const removed: string[] = [];
  const unknown: string[] = [];
  const ids = new Set(expected.values());
  for (const folder of DECIDED_FOLDERS) {
    for (const file of await orders.list(folder)) {
      if (expected.has(file.path)) continue;
      if (ids.has(file.id) && !keepsCopies) {
        await orders.remove(file.path);
        removed.push(file.path);
      } else unknown.push(file.path);
    }
  }
  return { removed, unknown };
}
