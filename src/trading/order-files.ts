/**
 * Projections: order files and inbox items follow the journal. All of them can be deleted and written again from the
 * journal (`qoc journal rebuild`); no decision reads them.
 */
import type { DeskState } from "../domain/desk-state.ts";
import { decimal } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import type { FillReceived, Recorded } from "../domain/event.ts";
import { describe } from "../domain/order.ts";
import { type OrderRecord, countedFills, isTerminal } from "../domain/order-state.ts";
import { LAYOUT } from "../workspace/layout.ts";
import type { Inbox } from "../workspace/inbox.ts";
import type { OrderFolders } from "../workspace/order-folders.ts";
import type { Desk } from "./desk.ts";
import { iso } from "../lib/time.ts";
import { reasonOf } from "./order-view.ts";
import { escapeInvisible, escapeInvisibleInText } from "../lib/invisible-characters.ts";

/** The folder of an order's file, by the order's state. */
export function folderOf(order: Readonly<OrderRecord>): string {
  if (order.state === "proposed") return order.path.slice(0, order.path.lastIndexOf("/"));
  if (!isTerminal(order.state)) return LAYOUT.ordersApproved;
  if (order.fills.size > 0) return LAYOUT.ordersExecuted;
  return order.state === "rejected" || order.state === "denied" ? LAYOUT.ordersRejected : LAYOUT.ordersCancelled;
}

function fileName(order: Readonly<OrderRecord>): string {
  return order.path.slice(order.path.lastIndexOf("/") + 1);
}
export function orderPath(order: Readonly<OrderRecord>): string {
  return `${folderOf(order)}/${fileName(order)}`;
}

/** The lines that are appended to an order's file as comments. */
export function orderComments(order: Readonly<OrderRecord>): readonly string[] {
  const lines: string[] = [`order ${order.id}: ${order.state}`, `digest ${order.digest}`];
  for (const approval of order.approvals)
    lines.push(`approved ${iso(approval.at)} by ${approval.by} (${approval.channel})`);
  const verdict = order.verdicts.at(-1);
  if (verdict !== undefined) {
    lines.push(`guards at ${verdict.stage}: ${verdict.decision}`);
    for (const reason of verdict.reasons) lines.push(...labelled(`  ${reason.guard}`, reason.message));
  }
  if (order.clientOrderId !== undefined) lines.push(`client order id ${order.clientOrderId}`);
  if (order.venueOrderId !== undefined) lines.push(`venue order id ${order.venueOrderId}`);
  for (const { fill, inferred } of countedFills(order)) {
    const kind = fill.busts !== undefined ? "busted" : inferred ? "filled (inferred)" : "filled";
    lines.push(`${kind} ${fill.quantity} @ ${fill.price} ${iso(fill.at)} (${fill.fillId})`);
  }
  const reason = reasonOf(order);
  if (reason !== undefined && reason !== "") lines.push(...labelled("reason", reason));
  return lines;
}

/** The text of others after a label of the desk. Further lines are marked, so that none imitates a line of the desk. */
function labelled(label: string, text: string): readonly string[] {
  const [first = "", ...further] = text.trim().split(/\r\n?|\n/);
  return [`${label}: ${first}`, ...further.map((line) => `    > ${line}`)];
}

/** Writes the order's file into the folder of its state, and removes it from its previous folder. */
export async function projectOrder(
  orders: OrderFolders,
  order: Readonly<OrderRecord>,
  previous?: string,
): Promise<void> {
  if (order.state === "proposed") return;
  const target = orderPath(order);
  await orders.write(target, order.source, orderComments(order));
  for (const stale of new Set([order.path, previous])) {
    if (stale !== undefined && stale !== target) await orders.remove(stale);
  }
}

/** The desk's finding on a fill for the inbox item; empty if the fill fits. */
function findingText({ connector, finding, fill }: FillReceived): string {
  if (finding === undefined) return "";
  const text =
    finding.kind === "overfill"
      ? "It exceeds the open quantity of its order. It is counted, and the instrument is blocked."
      : `It contradicts its order (${finding.misfits.join(", ")}). It is not counted, and the instrument is blocked.`;
  return `\n${text} Compare with the venue's own page, then \`qoc resolve ${connector}/${fill.symbol}\`.\n`;
}

/** Writes one inbox item per fill, named by its journal sequence, so that a second write replaces the first. */
export async function projectFill(
  inbox: Inbox,
  state: Readonly<DeskState>,
  recorded: Recorded<FillReceived>,
): Promise<void> {
  const { fill, connector, id, inferred, finding } = recorded.event;
  // The fill that replaced this inferred fill has its own item.
  if (inferred === true && fill.corrects !== undefined) return;
  const order = id === null ? undefined : state.orders.get(id);
  const kind = order === undefined || finding !== undefined ? "alert" : "fill";
  const notional = decimal(fill.quantity).times(decimal(fill.price)).toFixed();
  const subject =
    order === undefined ? "of an order this desk did not send" : `of ${order.id} (${describe(order.terms)})`;
  const verb =
    fill.busts !== undefined
      ? `The venue took back fill ${fill.busts}`
      : `${fill.side === "buy" ? "Bought" : "Sold"} ${fill.quantity} ${fill.symbol} at ${fill.price}`;
  await inbox.writeHostItem({
    name: `${iso(recorded.at).slice(0, 10)}-fill-${fill.symbol}-${fill.side.toUpperCase()}-${recorded.seq}`,
    frontmatter: {
      kind,
      status: "new",
      symbol: fill.symbol,
      side: fill.side,
      quantity: fill.quantity,
      fill_price: fill.price,
      order_id: id ?? "",
      venue: connector,
      filled_at: iso(fill.at),
    },
    body: `## Fill summary\n\n${escapeInvisible(`${verb} ${subject}`)}, ${notional} in all${inferred === true ? " (inferred from the venue's totals)" : ""}.\n${escapeInvisibleInText(findingText(recorded.event))}`,
  });
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

/**
 * Writes an inbox alert: a blocked order, an unknown outcome, a stopped connector. Never rejects; a failure is logged.
 */
export async function writeAlert(
  desk: Pick<Desk, "workspace" | "log">,
  { at, seq, topic, title, text }: Alert,
): Promise<void> {
  try {
    await desk.workspace.inbox.writeHostItem({
      name: `${iso(at).slice(0, 10)}-alert-${topic}-${seq}`,
      frontmatter: { kind: "alert", status: "new", title, at: iso(at) },
      body: `## ${escapeInvisible(title)}\n\n${escapeInvisibleInText(text)}\n`,
    });
  } catch (error) {
    desk.log.error(`inbox: ${messageOf(error)}`);
  }
}
