/**
 * Whether the files of orders are where the journal has them: git, or a person, can take them away or bring old ones
 * back.
 */
import { isRetired } from "../../domain/authority/lost-records.ts";
import { messageOf } from "../../domain/errors/error.ts";
import type { OrderId } from "../../domain/ids.ts";
import { type OrderRecord, isEnded } from "../../domain/orders/order-state.ts";
import { DECIDED_FOLDERS, LAYOUT, PROPOSAL_FOLDERS } from "../../workspace/layout.ts";
import type { OrderFolders } from "../../workspace/order-folders.ts";
import type { Desk } from "../desk.ts";
import { orderComments, orderPath } from "./order-files.ts";
import type { Projector } from "./projector.ts";

type FileDesk = Pick<Desk, "clock" | "state" | "workspace">;

export interface WrongOrderFile {
  readonly id: OrderId;
  readonly path: string;
  readonly problem: "is missing" | "is not what the journal says" | "belongs to another folder";
}

/** The file of an order follows its events closely; within this time it may be on its way. */
const WRITTEN_MS = 5_000;
/** More wrong files are counted. */
const CHECKS_MAX = 5;

/**
 * The wrong files of the orders in memory that have not changed for `quietMs`. The texts of orders that have ended are
 * not compared.
 */
export async function wrongOrderFiles(desk: FileDesk, quietMs = WRITTEN_MS): Promise<readonly WrongOrderFile[]> {
  const { orders } = desk.workspace;
  const isWritten = writtenOrders(desk, quietMs);
  const written = new Map([...desk.state.orders.values()].filter(isWritten).map((order) => [order.id, order]));
  const { found, wrong } = await readFolders(orders, DECIDED_FOLDERS, (id) => written.get(id));
  for (const order of written.values()) {
    const path = orderPath(order);
    if (!found.has(path)) wrong.push({ id: order.id, path, problem: "is missing" });
    else if (!isEnded(order) && !(await orders.isWritten(path, order.source, orderComments(order))))
      wrong.push({ id: order.id, path, problem: "is not what the journal says" });
  }
  return wrong;
}

/**
 * The wrong names in orders/approved and in the folders of proposals alone, which are small: they are read every two
 * seconds. A proposal that is back although it was decided is wrong if the file of its decision is gone; beside that
 * file it is listed as a second use of its name.
 */
async function wrongOpenFiles({ clock, state, workspace }: FileDesk): Promise<readonly WrongOrderFile[]> {
  const isWritten = writtenOrders({ clock, state }, WRITTEN_MS);
  const { orders } = workspace;
  const writtenOrder = (id: OrderId): OrderRecord | undefined => {
    const order = state.orders.get(id);
    return order !== undefined && isWritten(order) ? order : undefined;
  };
  const { found, wrong } = await readFolders(orders, [LAYOUT.ordersApproved], writtenOrder);
  const proposals = await readFolders(orders, PROPOSAL_FOLDERS, writtenOrder);
  for (const back of proposals.wrong) {
    const order = state.orders.get(back.id);
    if (order?.path !== back.path || (await orders.has(orderPath(order)))) continue;
    if (await orders.hasText(back.path, order.source)) wrong.push(back);
  }
  for (const order of state.orders.values()) {
    if (isEnded(order) || !isWritten(order)) continue;
    const path = orderPath(order);
    if (!found.has(path)) wrong.push({ id: order.id, path, problem: "is missing" });
  }
  return wrong;
}

interface FolderFindings {
  /** The paths of all order files. */
  readonly found: ReadonlySet<string>;
  readonly wrong: WrongOrderFile[];
}

async function readFolders(
  files: OrderFolders,
  folders: readonly string[],
  orderOf: (id: OrderId) => Readonly<OrderRecord> | undefined,
): Promise<FolderFindings> {
  const found = new Set<string>();
  const wrong: WrongOrderFile[] = [];
  for (const folder of folders) {
    for (const { id, path } of await files.list(folder)) {
      found.add(path);
      const order = orderOf(id as OrderId);
      if (order !== undefined && orderPath(order) !== path)
        wrong.push({ id: order.id, path, problem: "belongs to another folder" });
    }
  }
  return { found, wrong };
}

/** A filter of the orders whose files are written. A file of before a gap may state the decision that is lost. */
function writtenOrders({ clock, state }: Pick<FileDesk, "clock" | "state">, quietMs: number) {
  const before = clock.now() - quietMs;
  return (order: Readonly<OrderRecord>): boolean =>
    order.state !== "proposed" && !isRetired(state, order.id) && (order.history.at(-1)?.at ?? 0) <= before;
}

/** The folders of ended orders grow for years: they are read at the start, and then once in this time. */
const ALL_EVERY_MS = 3_600_000;

/**
 * Writes wrong files of orders again: all at the start and once an hour, those of open orders at each round. At the
 * start it also corrects the alerts. Returns a function that does one round. Never rejects; a failure is logged.
 */
export function orderFileRepair(
  desk: FileDesk & Pick<Desk, "log" | "readOnly">,
  projector: Pick<Projector, "restore" | "settleAlerts">,
): () => Promise<void> {
  let nextOfAll: number | undefined;
  return async () => {
    if (desk.readOnly() !== undefined) return;
    const now = desk.clock.monotonic();
    const isFirst = nextOfAll === undefined;
    try {
      if (isFirst) projector.settleAlerts();
      const isOfAll = nextOfAll === undefined || now >= nextOfAll;
      if (isOfAll) nextOfAll = now + ALL_EVERY_MS;
      // What an earlier run of the desk journaled is written.
      const wrong = isOfAll ? await wrongOrderFiles(desk, isFirst ? 0 : WRITTEN_MS) : await wrongOpenFiles(desk);
      for (const { id, path, problem } of wrong) {
        desk.log.warn(`${path} ${problem}; the file of ${id} is written again`);
        projector.restore(id);
      }
    } catch (error) {
      desk.log.error(`the files of orders: ${messageOf(error)}`);
    }
  };
}

/** For `qoc doctor`. */
export async function orderFileChecks(desk: FileDesk, quietMs = WRITTEN_MS) {
  const wrong = await wrongOrderFiles(desk, quietMs);
  return wrong.slice(0, CHECKS_MAX).map(({ path, problem }, index) => {
    const further =
      wrong.length > CHECKS_MAX && index === CHECKS_MAX - 1 ? `, and ${wrong.length - CHECKS_MAX} more` : "";
    return {
      name: "order files",
      status: "warn" as const,
      message: `${path} ${problem}${further}`,
      fix: "qoc journal rebuild",
    };
  });
}
