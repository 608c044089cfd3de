/**
 * Reconciles orders, fills and positions with the venue after a crash, a reconnect or an unknown outcome, and follows
 * working orders. Nothing is sent again and nothing is invented; an order that the venue cannot settle stays `unknown`
 * for a human. Orders are followed by one list of open orders a cycle where the connector has `getOpenOrders`, and by a
 * look-up for each order that the list lacks. The list also shows orders that this desk did not send.
 */
import { type DecimalText, ZERO, decimal, text } from "../../domain/decimal.ts";
import { iso } from "../../lib/time.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { ConnectorName, OrderId, VenueOrderId } from "../../domain/ids.ts";
import { isLost } from "../../domain/orders/order-flags.ts";
import { contradictionOf } from "../../domain/orders/report-fit.ts";
import { outranks } from "../../domain/orders/order-state-names.ts";
import { type OrderRecord, disputedQuantity, isTerminal } from "../../domain/orders/order-state.ts";
import type { UnreadableVenueOrder, VenueFill, VenueReport } from "../../domain/market/venue.ts";
import type { Desk, ExternalOrder } from "../desk.ts";
import { markAccount } from "../market/market-snapshot.ts";
import { fillKey } from "../../domain/fills/fill.ts";
import { openItems, sinceUnread } from "../../domain/market/unread-item.ts";
import { ownerOf } from "../../domain/fills/fill-state.ts";
import { keepExternalOrders, namesWorking } from "./external-orders.ts";
import { workingOrders } from "./follow-pace.ts";
import { readPages } from "../../host/venue-pages.ts";
import { judgeContinuedFills, judgeEarlyFills, recordFills } from "../fills/record-fill.ts";
import { settleOpenCancels } from "./settle-cancels.ts";
import { withinBudget } from "../fills/within-budget.ts";

const FILLS_OVERLAP_MS = 24 * 60 * 60 * 1000;

/**
 * Orders and cancels with an intent from an earlier run of the desk and no result: the venue may have them. An approved
 * order without an intent was not sent, and is not sent after a restart.
 */
export async function markInterruptedUnknown(desk: Pick<Desk, "commit" | "state">): Promise<void> {
  let last: Promise<unknown> | undefined;
  for (const order of [...desk.state.inFlight.values(), ...desk.state.cancels.values()]) {
    const { id, state } = order;
    if (state === "submitting")
      last = desk.commit({ type: "order.unknown", id, reason: "the desk stopped before the venue answered" });
    else if (state === "approved")
      last = desk.commit({ type: "order.not_sent", id, reason: "the desk stopped before it was sent" });
  }
  await last;
}

/** Start-up and reconnect: fills first, then orders, then positions. Only then may the connector trade. */
export async function reconcileConnector(desk: Desk, connector: ConnectorName): Promise<void> {
  await recoverFills(desk, connector);
  const listed = await compareOpenOrders(desk, connector);
  const unlisted = [...desk.state.inFlight.values()].filter(
    ({ id, terms, state }) => terms.connector === connector && state !== "approved" && listed?.has(id) !== true,
  );
  await eachOrder(unlisted, (order) => queryOrderStatus(desk, order));
  await settleOpenCancels(desk, connector);
  await markAccount(desk, connector, { isReconciliation: true });
  desk.market.reconciled.add(connector);
}

/** Asks a degraded connector, and repeats the reads that go on failing as the desk needs them. @throws its error. */
export async function askAgain(desk: Desk, connector: ConnectorName): Promise<void> {
  const { venues, state } = desk;
  await venues.buyingPower(connector);
  const failing = new Set(venues.facts(connector)?.failingCalls);
  if (failing.has("getPositions")) await venues.positions(connector);
  if (failing.has("getAccount")) await venues.account(connector);
  if (failing.has("getOpenOrders")) await venues.openOrders(connector);
  if (!failing.has("getFills")) return;
  // Without an account the desk has not asked for fills.
  const isOpen = state.accounts.get(connector)?.openedAt !== undefined && desk.readOnly() === undefined;
  if (isOpen) await recoverFills(desk, connector);
  else await venues.fills(connector, desk.clock.now(), { symbols: [] });
}

/** Fetches the venue's fills since one day before our newest fill; duplicates are dropped by fill key. */
export async function recoverFills(desk: Desk, connector: ConnectorName): Promise<number> {
  const opened = desk.state.accounts.get(connector)?.openedAt;
  if (opened === undefined) return 0;
  const newest = desk.state.lastFillAt.get(connector) ?? opened;
  const overlap = Math.max(opened, newest - FILLS_OVERLAP_MS);
  const since = sinceUnread(desk.state.unread, { connector, kind: "fill", since: overlap });
  desk.market.fillsAt.set(connector, desk.clock.monotonic());
  warnOfReach(desk, connector, since);
  const symbols = knownSymbols(desk, connector);
  const read = (cursor: string | undefined) =>
    desk.venues.fills(connector, since, cursor === undefined ? { symbols } : { symbols, cursor });
  let fresh = 0;
  for await (const page of readPages({ connector, method: "getFills", read })) {
    const ours = page.items.filter((fill) => fill.at >= opened || ownerOf(desk.state, connector, fill) !== undefined);
    const batch = { connector, generation: 0, fills: ours, unread: page.unread, since };
    fresh += await withinBudget(desk, connector, () => recordFills(desk, batch));
  }
  return fresh;
}

const ASK_UNREAD_MS = 5 * 60 * 1000;

/** Fetches the fills of a connector again if some could not be read and that is due. Returns whether it asked. */
export async function followUnreadFills(desk: Desk, connector: ConnectorName): Promise<boolean> {
  const isAwaited = openItems(desk.state.unread, connector).some(({ item }) => item.kind === "fill");
  const askedAt = desk.market.fillsAt.get(connector) ?? Number.NEGATIVE_INFINITY;
  if (!isAwaited || desk.clock.monotonic() - askedAt < ASK_UNREAD_MS) return false;
  await recoverFills(desk, connector);
  return true;
}

/** A venue that itemises the fills of some time alone says nothing of older ones. */
function warnOfReach(desk: Pick<Desk, "clock" | "log" | "state" | "venues">, connector: string, since: number): void {
  const { fillsReachBackMs } = desk.venues.facts(connector)?.capabilities ?? {};
  const newest = desk.state.lastFillAt.get(connector) ?? since;
  const reach = fillsReachBackMs === undefined ? 0 : desk.clock.now() - fillsReachBackMs;
  if (newest >= reach) return;
  desk.log.warn(
    `${connector} itemises fills since ${iso(reach)} alone, and the last one known is of ${iso(newest)}: a fill in between ` +
      `shows as a difference of positions`,
    { connector },
  );
}

const SYMBOLS_MAX = 1_000;

/** The symbols of orders in flight and of positions, for venues that list fills by symbol. */
function knownSymbols({ state }: Pick<Desk, "state">, connector: string): readonly string[] {
  const symbols = new Set<string>();
  for (const { terms } of state.inFlight.values()) if (terms.connector === connector) symbols.add(terms.symbol);
  for (const key of state.positions.keys())
    if (key.startsWith(`${connector}/`)) symbols.add(key.slice(connector.length + 1));
  return [...symbols].slice(0, SYMBOLS_MAX);
}

/**
 * Result of an order lookup: the venue reported the order, does not know it, answered with a report of another order,
 * or has no method to look it up.
 */
export type OrderLookup = "found" | "not-found" | "contradicted" | "unsupported";

/** Looks up one order at the venue and journals its report. @throws the connector's error. */
export async function queryOrderStatus(desk: Desk, order: OrderRecord): Promise<OrderLookup> {
  return (await lookUp(desk, order)).lookup;
}

interface LookedUp {
  readonly lookup: OrderLookup;
  /** Why the answer is not of the order. */
  readonly contradiction?: string;
}

async function lookUp(desk: Desk, order: OrderRecord): Promise<LookedUp> {
  const { connector } = order.terms;
  const report = await desk.venues.order(connector, {
    venueOrderId: order.venueOrderId,
    clientOrderId: order.clientOrderId,
    symbol: order.terms.symbol,
    submittedAt: order.history.find(({ event }) => event === "order.submitting")?.at,
  });
  if (report === undefined) return { lookup: "unsupported" };
  if (report === null) {
    if (order.state === "unknown")
      warnRarely(desk, order, `${connector} does not know ${order.id}; it stays unknown until a human resolves it`);
    return { lookup: "not-found" };
  }
  const contradiction = contradictionOf(desk.state, order, report);
  if (contradiction !== undefined) {
    warnRarely(desk, order, `${connector} was asked for ${order.id}; its answer does not count: ${contradiction}`);
    return { lookup: "contradicted", contradiction };
  }
  await applyReport(desk, order, report);
  return { lookup: "found" };
}

/** Whether a report says something that the journal does not have. */
export function isNews(order: OrderRecord, report: VenueReport): boolean {
  const isEnd = report.status !== "open" && report.status !== "partially_filled";
  // An order that is not settled takes each report: its state must not wait for a clock. Nothing follows the end of an
  // order: an end with an older time is of a clock that was set back, or of the order before a replacement.
  const takesOlder =
    order.state === "unknown" || order.state === "submitting" || (isEnd && order.replaced === undefined);
  if (!takesOlder && (report.updatedAt ?? Infinity) < (order.reportedAt ?? 0)) return false;
  return (
    order.venueOrderId === undefined ||
    order.state === "unknown" ||
    order.state === "submitting" ||
    (isEnd && outranks(report.status, order.final)) ||
    isLost(order.flags) ||
    (report.replacedBy !== undefined && order.replaced?.ids.has(report.venueOrderId) !== true) ||
    decimal(report.filledQuantity).gt(order.reportedFilled)
  );
}

/** Journals a report. Resolves when it is on disk. @throws FILL_FLOOD over the connector's budget of changes. */
export function recordReport(desk: Desk, order: OrderRecord, report: VenueReport): Promise<unknown> {
  const { connector } = order.terms;
  const exceeded = desk.fillBudgets.spend(connector, "report");
  if (exceeded !== undefined) throw new QocError("FILL_FLOOD", { connector, ...exceeded });
  const { status, filledQuantity, reason, updatedAt, replacedBy, quantity, limitPrice } = report;
  const venueOrderId = report.venueOrderId as VenueOrderId;
  const replacement =
    replacedBy === undefined ? undefined : { venueOrderId: replacedBy as VenueOrderId, quantity, limitPrice };
  if (replacement !== undefined) judgeContinuedFills(desk, order, venueOrderId, replacement);
  else if (order.venueOrderId === undefined) judgeEarlyFills(desk, order, venueOrderId);
  const said = { status, filledQuantity, reason, updatedAt, replacement };
  return desk.commit({ type: "order.reported", id: order.id, venueOrderId, ...said });
}

/** Journals what a report of the venue changes, and fetches the fills that its total contains. */
export async function applyReport(desk: Desk, order: OrderRecord, report: VenueReport): Promise<void> {
  // An unchanged report is not journaled again.
  if (isNews(order, report))
    await withinBudget(desk, order.terms.connector, async () => recordReport(desk, order, report));
  else if (isTerminal(order.state)) return;
  if (decimal(report.filledQuantity).gt(order.filled)) await closeGap(desk, order, report);
}

/**
 * The venue's total exceeds our fills: fetches its fills, or, if the connector has no `getFills`, records one inferred
 * fill at the average price.
 */
export async function closeGap(desk: Desk, order: OrderRecord, report: VenueReport): Promise<void> {
  const connector = order.terms.connector;
  await recoverFills(desk, connector);
  // The venue's total may contain the disputed fills, which must not be booked as an inferred fill.
  const gap = decimal(report.filledQuantity).minus(order.filled).minus(disputedQuantity(order));
  if (!gap.gt(ZERO) || report.averagePrice === undefined) return;
  if (hasMethod(desk, connector, "getFills")) return;
  const total = `inferred-${order.id}-${report.filledQuantity}`;
  // After a trade cancel the venue's total can reach the same number twice.
  const fill = { ...inferredFill(order, report, text(gap), desk.clock.now()), fillId: total };
  const isKnown = desk.state.fills.has(fillKey(connector, fill));
  const fills = [isKnown ? { ...fill, fillId: `${total}-${order.fills.size}` } : fill];
  await recordFills(desk, { connector, generation: 0, inferred: true, fills });
}

function hasMethod(desk: Pick<Desk, "venues">, connector: string, method: string): boolean {
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
    clientOrderId: order.clientOrderId,
    symbol: order.terms.symbol,
    side: order.terms.side,
    quantity,
    price: report.averagePrice as DecimalText,
    at,
  };
}

/** The order that a report names; undefined also for a report that contradicts it, which is of no order of the desk. */
export function orderOfReport(
  state: Desk["state"],
  connector: ConnectorName,
  report: VenueReport | UnreadableVenueOrder,
): OrderRecord | undefined {
  const id = ownerOf(state, connector, report);
  const order = id === undefined ? undefined : state.orders.get(id);
  return order === undefined || contradictionOf(state, order, report) !== undefined ? undefined : order;
}

const WARNING_MS = 3_600_000;
/** The state and the time (monotonic, ms) of the last warning about an order. */
const lastWarnings = new WeakMap<OrderRecord, { readonly state: string; readonly at: number }>();

/** Orders are looked up every two seconds: logs a warning once for each state of the order, then once an hour. */
function warnRarely(desk: Pick<Desk, "clock" | "log">, order: OrderRecord, message: string): void {
  const at = desk.clock.monotonic();
  const last = lastWarnings.get(order);
  if (last?.state === order.state && at - last.at < WARNING_MS) return;
  lastWarnings.set(order, { state: order.state, at });
  desk.log.warn(message);
}

/** An acknowledged order is flagged after this many answers that the venue does not know it, or that are not of it. */
const MISSING_AFTER = 3;
const RECHECK_MAX_MS = 60_000;

/** Such answers in a row, and when the venue is asked again, monotonic ms. */
const missing = new WeakMap<OrderRecord, { readonly count: number; readonly next: number }>();

/** Looks up every order of a connector that is in flight. Runs on a timer; errors are logged and delay the next run. */
export async function followOrders(desk: Desk, connector: ConnectorName): Promise<void> {
  await settleOpenCancels(desk, connector);
  if (workingOrders(desk, connector).length === 0) return;
  await paced(desk, connector, () => followWorking(desk, connector));
}

/** Lists the open orders, and looks up each working order that the list lacks. @throws the connector's error. */
export async function followWorking(desk: Desk, connector: ConnectorName): Promise<void> {
  desk.market.followPace.followed(connector);
  const working = workingOrders(desk, connector);
  const listed = await compareOpenOrders(desk, connector);
  const isDue = (order: OrderRecord): boolean =>
    !isTerminal(order.state) &&
    listed?.has(order.id) !== true &&
    (missing.get(order)?.next ?? 0) <= desk.clock.monotonic();
  await eachOrder(working, async (order) => void (isDue(order) && (await followOrder(desk, order))));
}

/** Errors that are about one order: the venue answers, and the others can be asked for. */
const OF_ONE_ORDER: readonly string[] = ["CALL_FAILED", "PROTOCOL"];

/** Asks for each order, also after an error that is about another one. @throws the first error. */
async function eachOrder(orders: readonly OrderRecord[], ask: (order: OrderRecord) => Promise<unknown>): Promise<void> {
  const errors: unknown[] = [];
  for (const order of orders)
    try {
      await ask(order);
    } catch (error) {
      errors.push(error);
      if (!(error instanceof QocError) || !OF_ONE_ORDER.includes(error.code)) break;
    }
  if (errors.length > 0) throw errors[0];
}

const LOGGED_FAILURES = 5;
const LOGGED_EVERY = 10;

/** Runs a poll. An error is logged, and the connector is not polled again before its pause ends. Never rejects. */
export async function paced(
  desk: Pick<Desk, "log" | "market">,
  connector: ConnectorName,
  poll: () => Promise<void>,
): Promise<void> {
  const { polls } = desk.market;
  try {
    await poll();
    polls.succeeded(connector);
  } catch (error) {
    const ms = polls.failed(connector, error);
    const { failures = 0 } = polls.trouble(connector) ?? {};
    // The pause no longer grows then: during an outage the log has a line in ten minutes.
    if (failures > LOGGED_FAILURES && failures % LOGGED_EVERY !== 0) return;
    desk.log.warn(`polling ${connector} failed, the next poll is in ${Math.round(ms / 1000)} s: ${messageOf(error)}`, {
      connector,
    });
  }
}

/** An order for which its venue has no answer is asked for more and more rarely. */
async function followOrder(desk: Desk, order: OrderRecord): Promise<void> {
  const { lookup, contradiction } = await lookUp(desk, order);
  if (lookup === "found" || lookup === "unsupported") {
    missing.delete(order);
    return;
  }
  const count = (missing.get(order)?.count ?? 0) + 1;
  const pause = count < MISSING_AFTER ? 0 : Math.min(RECHECK_MAX_MS, 1_000 * 2 ** Math.min(count, 10));
  missing.set(order, { count, next: desk.clock.monotonic() + pause });
  const isAcknowledged = order.state === "accepted" || order.state === "partially_filled";
  if (count < MISSING_AFTER || !isAcknowledged || isLost(order.flags)) return;
  const { id, terms } = order;
  if (contradiction !== undefined) await desk.commit({ type: "order.misreported", id, reason: contradiction });
  else {
    desk.log.error(`${terms.connector} does not know ${id}, which it had acknowledged`);
    await desk.commit({ type: "order.missing", id });
  }
}

/**
 * Compares the venue's open orders with ours. Returns ours among them, with their reports applied; undefined if the
 * connector cannot list its orders. The absence of an order means nothing: it may have ended, or be too new, or the
 * connector cannot read it. @throws PROTOCOL for one of ours that cannot be read and cannot be asked for.
 */
export async function compareOpenOrders(
  desk: Desk,
  connector: ConnectorName,
): Promise<ReadonlySet<OrderId> | undefined> {
  const reports = await desk.venues.openOrders(connector);
  if (reports === undefined) return undefined;
  const own = new Set<OrderId>();
  const others: ExternalOrder[] = [];
  const unreadable: UnreadableVenueOrder[] = [];
  for (const report of reports) {
    const order = orderOfReport(desk.state, connector, report);
    if (order !== undefined && report.status !== "unknown") {
      own.add(order.id);
      await applyReport(desk, order, report);
    }
    if (order === undefined && namesWorking(desk.state, report)) continue;
    if (order === undefined || isTerminal(order.state)) others.push({ report, closedHere: order?.id ?? null });
    else if (report.status === "unknown") unreadable.push(report);
  }
  keepExternalOrders(desk, connector, others);
  // With getOrder the desk asks for its own next, as it does for an order that the list lacks.
  const [first] = unreadable;
  if (first !== undefined && !hasMethod(desk, connector, "getOrder")) {
    const message = `order ${first.venueOrderId}: ${first.reason}`;
    throw new QocError("PROTOCOL", { connector, what: "result of getOpenOrders", message });
  }
  return own;
}
