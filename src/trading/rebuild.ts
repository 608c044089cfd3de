/** Makes every projection again from the journal: order files and inbox items. What people wrote is left alone. */
import { foldDeskState } from "../domain/desk-state.ts";
import type { FillReceived, Recorded } from "../domain/event.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { listOrderFiles, removeOrderFile } from "../workspace/proposals.ts";
import type { Desk } from "./desk.ts";
import { orderPath, projectFill, projectOrder } from "./order-files.ts";

export interface RebuildView {
  readonly records: number;
  readonly orders: number;
  readonly fills: number;
  /** Files in host-owned folders that no order accounts for; moved nowhere, only named. */
  readonly unknownFiles: readonly string[];
  readonly removed: readonly string[];
}

const HOST_FOLDERS = [LAYOUT.ordersApproved, LAYOUT.ordersExecuted, LAYOUT.ordersRejected, LAYOUT.ordersCancelled];

export async function rebuild(
  desk: Pick<Desk, "disk" | "root">,
  events: readonly Recorded[],
  note: (line: string) => void = () => undefined,
): Promise<RebuildView> {
  const state = foldDeskState(events);
  const expected = new Map<string, string>();
  for (const order of state.orders.values()) {
    await projectOrder(desk, order);
    expected.set(orderPath(order), order.id);
  }
  note(`${state.orders.size} orders written`);
  const fills = events.filter(
    (recorded): recorded is Recorded<FillReceived> => recorded.event.type === "fill.received",
  );
  for (const recorded of fills) await projectFill(desk, state, recorded);
  note(`${fills.length} fills written`);
  const { removed, unknown } = await tidyFolders(desk, expected);
  return { records: events.length, orders: state.orders.size, fills: fills.length, unknownFiles: unknown, removed };
}

/** A second copy of an order's file in another host-owned folder goes; a file of no order at all is put back by the caller. */
async function tidyFolders(desk: Pick<Desk, "disk" | "root">, expected: ReadonlyMap<string, string>) {
  const removed: string[] = [];
  const unknown: string[] = [];
  const ids = new Set(expected.values());
  for (const folder of HOST_FOLDERS) {
    for (const file of await listOrderFiles(desk.disk, desk.root, folder)) {
      if (expected.has(file.path)) continue;
      if (ids.has(file.id)) {
        await removeOrderFile(desk.disk, desk.root, file.path);
        removed.push(file.path);
      } else unknown.push(file.path);
    }
  }
  return { removed, unknown };
}
