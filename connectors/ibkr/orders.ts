/** Orders at the gateway: sending, cancelling, looking up. */
import {
  NotSent,
  type Order,
  type OrderReport,
  type OrderReportStatus,
  type OrderType,
  RateLimited,
  VenueRejection,
} from "@qoc-app/sdk";
import {
  type IBApi,
  type Order as WireOrder,
  OrderAction,
  OrderType as WireType,
  TimeInForce as WireTif,
} from "@stoqey/ib";
import { type TwsNumber, plain } from "./amounts.ts";
import type { GatewayError } from "./answers.ts";
import { type Contracts, type Listed, type NamedContract, priceOf, wireContract } from "./contracts.ts";
import type { CompletedRow, OpenOrderRow, StatusRow } from "./rows.ts";
import { type GatewaySession, RATE_EXCEEDED } from "./session.ts";
import { optionalMillisOf } from "./times.ts";

/** The desk waits 10 s for an order, and 5 s for a cancel. */
const PLACE_MS = 6_000;
const CANCEL_MS = 4_000;
const KNOWN_MAX = 2_000;

const TYPES: Readonly<Record<OrderType, WireType>> = {
  market: WireType.MKT,
  limit: WireType.LMT,
  stop: WireType.STP,
  stop_limit: WireType.STP_LMT,
};
const TIMES: Readonly<Record<Order["timeInForce"], WireTif>> = {
  day: WireTif.DAY,
  gtc: WireTif.GTC,
  ioc: WireTif.IOC,
  fok: WireTif.FOK,
};

/** States of an order that IBKR has taken, and may have ended since. `PendingSubmit` is on its way to the exchange. */
const TAKEN = ["PreSubmitted", "Submitted", "Filled", "PendingCancel", "Cancelled", "ApiCancelled"];
const OPEN = ["ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "Inactive"];
const CANCELLED = ["Cancelled", "ApiCancelled"];
/** Errors that say of a new order: it was refused, and no part of it can fill. */
const REFUSALS = [110, 200, 201, 203, 321, 387, 460, 463, 10_243, 10_289, 10_293];
const ORDER_CANCELLED = 202;
/** Messages about an order that is alive: it waits for the market to open, or for shares to borrow. */
const REMARKS = [399, 404, 434, 10_167];

/** What is known of an order besides its state. */
interface Known {
  readonly orderId: number;
  readonly clientId: number;
  readonly clientOrderId: string;
  /** undefined: prices of the order cannot be read before its contract was asked for. */
  readonly named: NamedContract | undefined;
  filled: TwsNumber;
}

interface Placing {
  readonly clientOrderId: string;
  readonly settle: (outcome: string | Error) => void;
}

export interface OrdersOptions {
  readonly contracts: Contracts;
  readonly clientId: number;
  readonly account: () => string;
  readonly report: (report: OrderReport) => void;
  readonly warn: (message: string) => void;
}

export class Orders {
  readonly #options: OrdersOptions;
  readonly #placing = new Map<number, Placing>();
  readonly #cancelling = new Map<number, (error?: Error) => void>();
  /** By the account-wide id. */
  readonly #known = new Map<number, Known>();
  /** Why IBKR ended an order, by its id of this client. */
  readonly #reasons = new Map<number, string>();

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /** Fails what waits for an answer: the answer cannot come any more. */
  fail(reason: string): void {
    const error = new Error(`${reason}, before the gateway answered`);
    for (const { settle } of [...this.#placing.values()]) settle(error);
    for (const settle of [...this.#cancelling.values()]) settle(error);
  }

  /** Resolves with the account-wide id. `orderId` was never used before. @throws as `placeOrder` of the SDK. */
  async place(
    session: GatewaySession,
    order: Order,
    { orderId, listed }: { readonly orderId: number; readonly listed: Listed },
  ): Promise<string> {
    const { clientOrderId } = order;
    const contract = wireContract(listed.contract);
    const wire = wireOrder(order, this.#options.account());
    return new Promise((resolve, reject) => {
      const settle = (outcome: string | Error): void => {
        clearTimeout(timer);
        this.#placing.delete(orderId);
        if (typeof outcome === "string") resolve(outcome);
        else reject(outcome);
      };
      const silence = new Error(`the gateway did not confirm the order within ${PLACE_MS / 1000} s`);
      const timer = setTimeout(() => settle(silence), PLACE_MS);
      this.#placing.set(orderId, { clientOrderId, settle });
      let isWritten = false;
      const write = (api: IBApi): void => {
        api.placeOrder(orderId, contract, wire);
        isWritten = session.isWritten(orderId);
      };
      session.send("order", write).then(
        () => {
          if (isWritten) return;
          settle(new NotSent("the order was not written to the gateway"));
          // Nothing can write it later: the connection is not used again.
          session.end("an order was not written");
        },
        (error: unknown) => settle(new NotSent((error as Error).message)),
      );
    });
  }

  async cancel(session: GatewaySession, permId: string): Promise<void> {
    const { orderId, clientId } = this.#known.get(Number(permId)) ?? (await this.#findOpen(session, permId));
    if (clientId !== this.#options.clientId)
      throw new Error(
        `order ${permId} was placed by ${clientId === 0 ? "hand" : `client ${clientId}`} in TWS: only there can it be cancelled`,
      );
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.#cancelling.delete(orderId);
        if (error === undefined) resolve();
        else reject(error);
      };
      const silence = new Error(`the gateway did not confirm the cancel within ${CANCEL_MS / 1000} s`);
      const timer = setTimeout(() => settle(silence), CANCEL_MS);
      this.#cancelling.set(orderId, settle);
      session.send("order", (api) => api.cancelOrder(orderId, "")).catch((error: unknown) => settle(error as Error));
    });
  }

  async #findOpen(session: GatewaySession, permId: string): Promise<Known> {
    await session.openOrders.read();
    const known = this.#known.get(Number(permId));
    if (known === undefined) throw new Error(`IBKR has no open order ${permId}`);
    return known;
  }

  async openReports(session: GatewaySession): Promise<OrderReport[]> {
    const rows = await session.openOrders.read();
    const statuses = new Map(
      rows.filter((row): row is StatusRow => row.kind === "status").map((row) => [row.permId, row]),
    );
    // The newest row of an order counts: it may change while the list is read.
    const orders = new Map(
      rows
        .filter((row): row is OpenOrderRow => row.kind === "order" && this.#isOurAccount(row.order))
        .map((row) => [row.order.permId, row]),
    );
    const reports = await Promise.all(
      [...orders.values()].map((row) => this.#reportOf(session, row, statuses.get(row.order.permId ?? 0))),
    );
    return reports.filter(({ status }) => status === "open" || status === "partially_filled");
  }

  /** Looks among open and completed orders. Resolves to undefined if IBKR has no such order. */
  async find(session: GatewaySession, matches: (report: OrderReport) => boolean): Promise<OrderReport | undefined> {
    // What TWS said by itself before this is here then, and is not taken for a row of the list.
    await session.alive();
    const open = (await this.openReports(session)).find(matches);
    if (open !== undefined) return open;
    const rows = await session.completedOrders.read();
    const reports = rows
      .filter(({ order }) => this.#isOurAccount(order))
      .map((row) => completedReport(row, session.zoneOffsetMs));
    return reports.find(matches);
  }

  #isOurAccount({ account = "" }: WireOrder): boolean {
    return account === "" || account === this.#options.account();
  }

  async #reportOf(session: GatewaySession, row: OpenOrderRow, status: StatusRow | undefined): Promise<OrderReport> {
    const { contract, order, state } = row;
    const named = await this.#options.contracts.nameOf(session, contract);
    const filled = status?.filled ?? 0;
    const words = status?.status ?? String(state.status);
    const report = reportFrom({
      permId: order.permId ?? 0,
      clientOrderId: order.orderRef ?? "",
      status: statusOf(words, filled),
      filled,
      average: priceOf(status?.averagePrice ?? 0, named),
    });
    report.symbol = named.symbol;
    report.side = order.action === OrderAction.SELL ? "sell" : "buy";
    if (order.totalQuantity !== undefined) report.quantity = plain(order.totalQuantity);
    if (order.lmtPrice !== undefined && Number(order.lmtPrice) !== 0)
      report.limitPrice = priceOf(order.lmtPrice, named);
    return report;
  }

  onOrder(row: OpenOrderRow | StatusRow): void {
    if (row.kind === "order") this.#takeOrder(row);
    else this.#takeStatus(row);
  }

  #takeOrder({ contract, order, state }: OpenOrderRow): void {
    const { orderId = 0, clientId = 0, permId = 0, orderRef = "" } = order;
    if (permId === 0 || !this.#isOurAccount(order)) return;
    const filled = this.#known.get(permId)?.filled ?? 0;
    this.#known.delete(permId);
    const named = this.#options.contracts.known(contract);
    this.#known.set(permId, { orderId, clientId, clientOrderId: orderRef, named, filled });
    if (this.#known.size > KNOWN_MAX) for (const oldest of this.#known.keys()) return void this.#known.delete(oldest);
    if (clientId === this.#options.clientId)
      this.#acknowledge(orderId, { permId, orderRef, status: String(state.status) });
  }

  #takeStatus({ orderId, clientId, permId, status, filled, averagePrice }: StatusRow): void {
    const isOurs = clientId === this.#options.clientId;
    if (isOurs) this.#acknowledge(orderId, { permId, status });
    if (isOurs) this.#confirmCancel(orderId, status);
    // TWS states an order before its state. Without it, the order may be of another account of the login.
    const known = this.#known.get(permId);
    if (known === undefined) return;
    known.filled = filled;
    const { clientOrderId, named } = known;
    const average = named === undefined ? 0 : priceOf(averagePrice, named);
    const reason = isOurs ? (this.#reasons.get(orderId) ?? "") : "";
    try {
      const words = statusOf(status, filled);
      this.#options.report(reportFrom({ permId, clientOrderId, status: words, filled, average, reason }));
    } catch (error) {
      this.#options.warn((error as Error).message);
    }
  }

  #acknowledge(
    orderId: number,
    { permId, orderRef, status }: { readonly permId: number; readonly orderRef?: string; readonly status: string },
  ): void {
    const placing = this.#placing.get(orderId);
    if (placing === undefined || permId === 0 || !TAKEN.includes(status)) return;
    // Another order under our id: the answer says nothing about ours.
    if (orderRef !== undefined && orderRef !== placing.clientOrderId) return;
    placing.settle(String(permId));
  }

  #confirmCancel(orderId: number, status: string): void {
    if (status === "PendingCancel" || CANCELLED.includes(status)) this.#cancelling.get(orderId)?.();
    else if (status === "Filled") this.#cancelling.get(orderId)?.(new Error("the order was filled before the cancel"));
  }

  /** Takes an error of an order. */
  onError(orderId: number, error: GatewayError): void {
    const { code, message } = error;
    if (REMARKS.includes(code)) return this.#options.warn(`order ${orderId}: ${message}`);
    const cancelling = this.#cancelling.get(orderId);
    if (code === ORDER_CANCELLED) {
      this.#reasons.set(orderId, message);
      cancelling?.();
    } else cancelling?.(code === RATE_EXCEEDED ? new RateLimited(message, 1_000) : error);
    const isRefused = REFUSALS.includes(code);
    const placing = this.#placing.get(orderId);
    // The order was taken and ended at once; its state says so in a message of its own.
    if (code === ORDER_CANCELLED) return;
    if (placing !== undefined)
      placing.settle(isRefused ? new VenueRejection(error.message) : new Error(error.message, { cause: error }));
    else if (cancelling === undefined && isRefused) this.#reject(orderId, message);
    if (this.#reasons.size > KNOWN_MAX) this.#reasons.clear();
  }

  /** IBKR can refuse an order after it has taken it, for example when the exchange opens. */
  #reject(orderId: number, message: string): void {
    const isIt = ([, known]: readonly [number, Known]): boolean =>
      known.orderId === orderId && known.clientId === this.#options.clientId;
    const [permId, known] = [...this.#known].find(isIt) ?? [];
    if (permId === undefined || known === undefined) return;
    const { clientOrderId, filled } = known;
    const status = Number(filled) > 0 ? "cancelled" : "rejected";
    this.#options.report(reportFrom({ permId, clientOrderId, status, filled, average: 0, reason: message }));
  }
}

/** The order as it was approved. The texts are sent as they are: the library writes a number with an exponent. */
function wireOrder(order: Order, account: string): WireOrder {
  const { clientOrderId, side, type, timeInForce, quantityText, limitPriceText, stopPriceText } = order;
  const exact = (text: string): number => text as unknown as number;
  const wire: WireOrder = {
    account,
    orderRef: clientOrderId,
    action: side === "buy" ? OrderAction.BUY : OrderAction.SELL,
    orderType: TYPES[type],
    tif: TIMES[timeInForce],
    totalQuantity: exact(quantityText),
    transmit: true,
    outsideRth: false,
  };
  if (limitPriceText !== undefined) wire.lmtPrice = exact(limitPriceText);
  if (stopPriceText !== undefined) wire.auxPrice = exact(stopPriceText);
  return wire;
}

/** @throws Error for a state that is not known: it must not look like another. */
export function statusOf(status: string, filled: TwsNumber): OrderReportStatus {
  if (OPEN.includes(status)) return Number(filled) > 0 ? "partially_filled" : "open";
  if (status === "Filled") return "filled";
  if (CANCELLED.includes(status)) return "cancelled";
  throw new Error(`IBKR states ${JSON.stringify(status)} for an order, which this connector does not know`);
}

/**
 * TWS says only in words whether a completed order expired or was refused. It states when an order ended, and not when
 * an open one changed.
 */
export function completedReport({ order, state }: CompletedRow, zoneOffsetMs: number): OrderReport {
  const { completedStatus = "", completedTime = "" } = state;
  const words = `${String(state.status)} ${completedStatus}`;
  const filled = order.filledQuantity ?? 0;
  const status = /\bfilled\b/i.test(words) && !/cancel/i.test(words) ? "filled" : endInWords(words);
  const reason = status === "filled" ? "" : completedStatus;
  const { permId = 0, orderRef: clientOrderId = "" } = order;
  const report = reportFrom({ permId, clientOrderId, status, filled, average: 0, reason });
  const endedAt = optionalMillisOf(completedTime, zoneOffsetMs);
  if (endedAt !== undefined) report.updatedAt = endedAt;
  return report;
}

function endInWords(words: string): OrderReportStatus {
  if (/expired/i.test(words)) return "expired";
  if (/reject|inactive/i.test(words)) return "rejected";
  if (/cancel/i.test(words)) return "cancelled";
  throw new Error(`IBKR states ${JSON.stringify(words)} for a completed order, which this connector does not know`);
}

interface ReportParts {
  readonly permId: number;
  /** Empty for an order that was not placed by this connector. */
  readonly clientOrderId: string;
  readonly status: OrderReportStatus;
  readonly filled: TwsNumber;
  /** In the currency of the contract; 0 without fills. */
  readonly average: TwsNumber;
  readonly reason?: string | undefined;
}

function reportFrom({ permId, clientOrderId, status, filled, average, reason = "" }: ReportParts): OrderReport {
  const report: OrderReport = { venueOrderId: String(permId), status, filledQuantity: plain(filled) };
  if (clientOrderId !== "") report.clientOrderId = clientOrderId;
  if (Number(filled) > 0 && Number(average) > 0) report.averagePrice = plain(average);
  if (reason !== "") report.reason = oneLine(reason);
  return report;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 200);
}
