/**
 * Projections: order files and inbox items follow the journal. All of them can be deleted and written again from the
 * journal (`qoc journal rebuild`); no decision reads them.
 */
import { messageOf } from "../../domain/errors/error.ts";
import { type OrderRecord, countedFills, isEnded } from "../../domain/orders/order-state.ts";
import { kindOf, targetOf } from "../../domain/orders/order.ts";
import { messageAfterKey } from "../../domain/orders/verdict.ts";
import { DECIDED_FOLDERS, LAYOUT } from "../../workspace/layout.ts";
import type { HostItem } from "../../workspace/inbox.ts";
import type { OrderFolders } from "../../workspace/order-folders.ts";
import type { Desk } from "../desk.ts";
import { iso } from "../../lib/time.ts";
import { reasonOf } from "../orders/order-view.ts";
import { escapeInvisible, escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import { counted } from "../../lib/counted.ts";

/** The folder of an order's file, by the order's state. */
export function folderOf(order: Readonly<OrderRecord>): string {
  if (order.state === "proposed") return order.path.slice(0, order.path.lastIndexOf("/"));
  if (!isEnded(order)) return LAYOUT.ordersApproved;
  if (order.fills.size > 0 || order.state === "accepted") return LAYOUT.ordersExecuted;
  return order.state === "rejected" || order.state === "denied" ? LAYOUT.ordersRejected : LAYOUT.ordersCancelled;
}

function fileName(order: Readonly<OrderRecord>): string {
  return order.path.slice(order.path.lastIndexOf("/") + 1);
}
export function orderPath(order: Readonly<OrderRecord>): string {
  return `${folderOf(order)}/${fileName(order)}`;
}

/** The file is written again while fills arrive, so its size must not grow with them. */
const FILLS_SHOWN = 100;

/** The lines that are appended to an order's file as comments. */
export function orderComments(order: Readonly<OrderRecord>): readonly string[] {
  const kind = kindOf(order.terms);
  const lines: string[] = [`${kind === "cancel" ? "cancel" : "order"} ${order.id}: ${order.state}`];
  const target = targetOf(order.terms);
  if (target !== undefined) lines.push(`${kind}s order ${target.id}, client order id ${target.clientOrderId}`);
  lines.push(`digest ${order.digest}`);
  for (const approval of order.approvals)
    lines.push(`approved ${iso(approval.at)} by ${approval.by} (${approval.channel})`);
  const verdict = order.verdicts.at(-1);
  if (verdict !== undefined) {
    lines.push(`guards at ${verdict.stage}: ${verdict.decision}`);
    for (const reason of verdict.reasons) lines.push(...labelled(`  ${reason.guard}`, messageAfterKey(reason)));
  }
  if (order.sentQuantity !== undefined) lines.push(`sent with the quantity ${order.sentQuantity}`);
  if (order.clientOrderId !== undefined) lines.push(`client order id ${order.clientOrderId}`);
  if (order.venueOrderId !== undefined) lines.push(`venue order id ${order.venueOrderId}`);
  const fills = countedFills(order);
  if (fills.length > FILLS_SHOWN)
    lines.push(`${counted(fills.length - FILLS_SHOWN, "earlier fill")} (qoc orders show ${order.id})`);
  for (const { fill, inferred } of fills.slice(-FILLS_SHOWN)) {
    const kind = fill.busts !== undefined ? "busted" : inferred ? "filled (inferred)" : "filled";
    lines.push(`${kind} ${fill.quantity} @ ${fill.price} ${iso(fill.at)} (${fill.fillId})`);
  }
  const reason = reasonOf(order);
  if (reason !== undefined && reason !== "") lines.push(...labelled("reason", reason));
  return lines;
}

/** The comments of a file that was rejected and was no proposal. */
export function rejectedFileComments({ id, message }: { id: string; message: string }, comment: string) {
  const reason = comment.trim() === "" ? [] : labelled("reason", comment);
  return [`${id}: rejected`, ...labelled("the file was no proposal", message), ...reason];
}

/** The text of others after a label of the desk. Further lines are marked, so that none imitates a line of the desk. */
function labelled(label: string, text: string): readonly string[] {
  const [first = "", ...further] = text.trim().split(/\r\n?|\n/);
  return [`${label}: ${first}`, ...further.map((line) => `    > ${line}`)];
}

/** Every place of the file of an order that was decided. */
export function decidedPaths(order: Readonly<OrderRecord>): readonly string[] {
  return DECIDED_FOLDERS.map((folder) => `${folder}/${fileName(order)}`);
}

interface Projection {
  /** Where the file may have been before. */
  readonly previous?: readonly string[];
  /** The order is from before a gap in the journal: a file at its path may state the decision that is lost. */
  readonly isRetired?: boolean;
}

/**
 * Writes the order's file into the folder of its state, and removes it from its previous folder. A file of the lost
 * records is not overwritten.
 */
export async function projectOrder(
  orders: OrderFolders,
  order: Readonly<OrderRecord>,
  { previous = [], isRetired = false }: Projection = {},
): Promise<void> {
  if (order.state === "proposed") return;
  const target = orderPath(order);
  if (isRetired && (await orders.has(target))) return orders.remove(order.path);
  await orders.write(target, order.source, orderComments(order));
  for (const stale of new Set([order.path, ...previous])) if (stale !== target) await orders.remove(stale);
}

export interface Alert {
  /** Time of the event, ms. */
  readonly at: number;
  /** Sequence number of the event: a second write of the same alert replaces the first. */
  readonly seq: number;
  /** Part of the file's name: `blocked-ORDER`. */
  readonly topic: string;
  readonly title: string;
  /** Markdown of the desk. The caller quotes the words of others in it. */
  readonly text: string;
}

/** An alert that was written, with the alerts of the same topic that it stands for. */
export interface WrittenAlert {
  readonly name: string;
  /** What the file holds, unless a person changed it. */
  readonly text: string;
  readonly firstAt: number;
  readonly count: number;
}

/**
 * Writes an inbox alert: a blocked order, an unknown outcome, a stopped connector. An earlier alert of the topic that
 * no person changed is replaced, and says how many there were. Never rejects; a failure is logged.
 */
export async function writeAlert(
  desk: Pick<Desk, "workspace" | "log">,
  alert: Alert,
  earlier?: WrittenAlert,
): Promise<WrittenAlert | undefined> {
  try {
    if (earlier !== undefined) {
      const count = earlier.count + 1;
      const since = `${count} times since ${iso(earlier.firstAt)}; the latest:`;
      const text = await desk.workspace.inbox.writeHostItem(alertItem(alert, earlier.name, since), earlier.text);
      if (text !== undefined) return { ...earlier, text, count };
    }
    const name = alertName(alert);
    const text = await desk.workspace.inbox.writeHostItem(alertItem(alert, name));
    return text === undefined ? undefined : { name, text, firstAt: alert.at, count: 1 };
  } catch (error) {
    desk.log.error(`inbox: ${messageOf(error)}`);
    return undefined;
  }
}

/** The name of the alert's item. */
export function alertName({ at, seq, topic }: Pick<Alert, "at" | "seq" | "topic">): string {
  return `${iso(at).slice(0, 10)}-alert-${topic}-${seq}`;
}

function alertItem({ at, title, text }: Alert, name: string, since?: string): HostItem {
  const lead = since === undefined ? "" : `${since}\n\n`;
  return {
    name,
    frontmatter: { kind: "alert", status: "new", title, at: iso(at) },
    body: `## ${escapeInvisible(title)}\n\n${lead}${escapeInvisibleInText(text)}\n`,
  };
}
