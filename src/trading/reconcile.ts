/**
 * After a crash, a reconnect or an unknown: ask the venue what is true. Nothing is re-sent and nothing is invented; what the
 * venue cannot settle stays `unknown` for a human.
 */
import { type DecimalText, ZERO, decimal, text } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import type { ConnectorName, VenueOrderId } from "../domain/ids.ts";
import { instrumentKey } from "../domain/order.ts";
import { type OrderRecord, isTerminal } from "../domain/order-state.ts";
import type { VenueFill, VenueReport } from "../domain/venue.ts";
import type { Desk } from "./desk.ts";
import { markAccount } from "./market-snapshot.ts";
import { ownerOf } from "../domain/desk-state.ts";
import { recordFills } from "./record-fill.ts";

const LOOK_BACK_MS = 24 * 60 * 60 * 1000;

/** Orders whose intent was written in an earlier life and never answered: they may have left. */
export async function markInterruptedUnknown(desk: Desk): Promise<void> {
  let last: Promise<unknown> | undefined;
  for (const order of desk.state.inFlight.values()) {
    if (order.state !== "submitting") continue;
    last = desk.commit({ type: "order.unknown", id: order.id, reason: "the desk stopped before the venue's answer" });
  }
  await last;
}

/** Start-up and reconnect: fills first, then orders, then positions. Only then may the connector trade. */
export async function reconcileConnector(desk: Desk, connector: ConnectorName): Promise<void> {
  await recoverFills(desk, connector);
  for (const order of [...desk.state.inFlight.values()]) {
    if (order.terms.connector === connector && order.state !== "approved") await queryOrderStatus(desk, order);
  }
  const isFirst = !desk.state.accounts.has(connector);
  await markAccount(desk, connector);
  if (!isFirst) comparePositions(desk, connector);
  desk.market.reconciled.add(connector);
}

/** Re-reads the venue's fills since the last one we hold, less a day; duplicates die at their keys. */
export async function recoverFills(desk: Desk, connector: ConnectorName): Promise<number> {
  const opened = desk.state.accounts.get(connector)?.openedAt;
  if (opened === undefined) return 0;
  const newest = desk.state.lastFillAt.get(connector) ?? opened;
  const fills = await desk.venues.fills(connector, Math.max(opened, newest - LOOK_BACK_MS));
  const ours = fills?.filter((fill) => fill.at >= opened || ownerOf(desk.state, connector, fill) !== undefined);
  return ours === undefined ? 0 : recordFills(desk, { connector, generation: 0, fills: ours });
}

/** What the venue says of an order: something, that it knows no such order, or nothing, because it cannot be asked. */
export type OrderLookup = "told" | "not-known" | "cannot-say";

/** Asks the venue after one order and journals its word. @throws what the connector throws. */
export async function queryOrderStatus(desk: Desk, order: OrderRecord): Promise<OrderLookup> {
  const { connector } = order.terms;
  const report = await desk.venues.order(connector, {
    ...(order.venueOrderId === undefined ? {} : { venueOrderId: order.venueOrderId }),
    ...(order.clientOrderId === undefined ? {} : { clientOrderId: order.clientOrderId }),
  });
  if (report === undefined) return "cannot-say";
  if (report === null) {
    if (order.state === "unknown")
      desk.log.warn(`${connector} does not know ${order.id}; it stays unknown until a human resolves it`);
    return "not-known";
  }
  await applyReport(desk, order, report);
  return "told";
}

async function applyReport(desk: Desk, order: OrderRecord, report: VenueReport): Promise<void> {
  const isEnd = report.status !== "open" && report.status !== "partially_filled";
  const changes =
    order.venueOrderId === undefined ||
    order.state === "unknown" ||
    order.state === "submitting" ||
    (isEnd && order.final !== report.status) ||
    decimal(report.filledQuantity).gt(order.reportedFilled);
  if (!changes && isTerminal(order.state)) return;
  // A venue that says the same again is not written down again, however often it is asked.
  if (changes) {
    await desk.commit({
      type: "order.reported",
      id: order.id,
      venueOrderId: report.venueOrderId as VenueOrderId,
      status: report.status,
      filledQuantity: report.filledQuantity,
    });
  }
  if (decimal(report.filledQuantity).gt(order.filled)) await closeGap(desk, order, report);
}

/** The venue counts more than we hold: read its fills; where it cannot itemise them, one inferred fill at its average. */
async function closeGap(desk: Desk, order: OrderRecord, report: VenueReport): Promise<void> {
  const connector = order.terms.connector;
  await recoverFills(desk, connector);
  const gap = decimal(report.filledQuantity).minus(order.filled);
  if (!gap.gt(ZERO) || report.averagePrice === undefined) return;
  if (lists(desk, connector, "getFills")) return;
  const total = `inferred-${order.id}-${report.filledQuantity}`;
  // Where a venue took a fill back, its total may stand at the same figure twice.
  const fillId = desk.state.fills.has(`${connector}/${total}`) ? `${total}-${order.fills.size}` : total;
  const fill = { ...inferredFill(order, report, text(gap), desk.clock.now()), fillId };
  await recordFills(desk, { connector, generation: 0, inferred: true, fills: [fill] });
}

function lists(desk: Desk, connector: string, method: string): boolean {
  return desk.venues.facts(connector)?.methods.includes(method) === true;
}

function inferredFill(
  order: OrderRecord,
  report: VenueReport,
  quantity: DecimalText,
  at: number,
): Omit<VenueFill, "fillId"> {
  return {
    venueOrderId: report.venueOrderId,
    ...(order.clientOrderId === undefined ? {} : { clientOrderId: order.clientOrderId }),
    symbol: order.terms.symbol,
    side: order.terms.side,
    quantity,
    price: report.averagePrice as DecimalText,
    at,
  };
}

/** Position by our fills against the venue's: a difference blocks the instrument and asks a human. */
function comparePositions(desk: Desk, connector: ConnectorName): void {
  const venue = desk.state.accounts.get(connector)?.positions ?? new Map();
  const symbols = new Set<string>(venue.keys());
  for (const position of desk.state.positions.values())
    if (position.connector === connector) symbols.add(position.symbol);
  for (const symbol of symbols) {
    const key = instrumentKey(connector, symbol);
    const ours = desk.state.positions.get(key)?.quantity ?? ZERO;
    const theirs = decimal(venue.get(symbol)?.quantity ?? "0");
    if (ours.eq(theirs) || desk.state.flagged.has(key)) continue;
    desk.log.error(`${key}: our fills make ${text(ours)}, the venue holds ${text(theirs)}`);
    void desk.commit({ type: "instrument.flagged", connector, symbol, expected: text(ours), actual: text(theirs) });
  }
}

/** Asks after every order of a connector that is in flight; used on a timer. Errors are logged. */
export async function followOrders(desk: Desk, connector: ConnectorName): Promise<void> {
  for (const order of [...desk.state.inFlight.values()]) {
    if (order.terms.connector !== connector || order.state === "approved" || order.state === "submitting") continue;
    try {
      await queryOrderStatus(desk, order);
    } catch (error) {
      desk.log.warn(`asking ${connector} after ${order.id}: ${messageOf(error)}`);
      return;
    }
  }
}
