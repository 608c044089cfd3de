/** Orders at the gateway: sending, cancelling, looking up. */
import {
  NotSent,
  type Order,
  type OrderReport,
  type OrderType,
  RateLimited,
  type UnreadableOrder,
  VenueRejection,
} from "@qoc-app/sdk";
import {
  type IBApi,
  type Order as WireOrder,
  OrderAction,
  OrderType as WireType,
  TimeInForce as WireTif,
} from "@stoqey/ib";
import { type OrderNames, listedOrder } from "../listed-item.ts";
import { type TwsNumber, isStated } from "./amounts.ts";
import type { GatewayError } from "./answers.ts";
import { type Contracts, type Listed, type NamedContract, priceOf, wireContract } from "./contracts.ts";
import { CANCELLED, completedReport, openReport, reportFrom, statedIdOf, statusOf } from "./reports.ts";
import type { OpenOrderRow, StatusRow } from "./rows.ts";
import { RATE_EXCEEDED } from "./problems.ts";
import type { GatewaySession } from "./session.ts";

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
/** Errors that say of a new order: it was refused, and no part of it can fill. */
const REFUSALS = [110, 200, 201, 203, 321, 387, 460, 463, 10_243, 10_289, 10_293];
/** A refusal of a cancel, which has the code of a refused order: `… cancel attempted when order is not in a …`. */
const LATE_CANCEL = /\bcancel attempted\b/i;
const ORDER_CANCELLED = 202;
/** Messages about an order that is alive: it waits for the market to open, or for shares to borrow, or has a preset. */
const REMARKS = [399, 404, 434, 10_167, 10_349];

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

  async openReports(session: GatewaySession): Promise<(OrderReport | UnreadableOrder)[]> {
    const rows = await session.openOrders.read();
    const statuses = new Map(
      rows.filter((row): row is StatusRow => row.kind === "status").map((row) => [statedIdOf(row), row]),
    );
    // The newest row of an order counts: it may change while the list is read.
    const orders = new Map(
      rows
        .filter((row): row is OpenOrderRow => row.kind === "order" && this.#isListed(row.order))
        .map((row) => [statedIdOf(row.order), row]),
    );
    const reports = await Promise.all(
      [...orders].map(async ([venueOrderId, row]) => {
        const named = await this.#options.contracts.nameOf(session, row.contract);
        const names = { venueOrderId, clientOrderId: row.order.orderRef, symbol: named.symbol };
        return listedOrder(names, () => openReport(row, statuses.get(venueOrderId), named));
      }),
    );
    return reports.filter(({ status }) => status === "open" || status === "partially_filled" || status === "unknown");
  }

  /** An order of this client without its account-wide id is on its way: the answer to it says which it has. */
  #isListed(order: WireOrder): boolean {
    const isOnItsWay = (order.permId ?? 0) === 0 && order.clientId === this.#options.clientId;
    return this.#isOurAccount(order) && !isOnItsWay;
  }

  /**
   * Looks among open and completed orders. Resolves to undefined if IBKR has no such order. @throws Error if what IBKR
   * states of the order cannot be read.
   */
  async find(session: GatewaySession, isIt: (names: OrderNames) => boolean): Promise<OrderReport | undefined> {
    // What TWS said by itself before this is here then, and is not taken for a row of the list.
    await session.alive();
    const open = (await this.openReports(session)).find(isIt);
    if (open?.status === "unknown") throw new Error(open.reason);
    if (open !== undefined) return open;
    const rows = await session.completedOrders.read();
    const row = rows.find(
      ({ order }) =>
        this.#isOurAccount(order) && isIt({ venueOrderId: statedIdOf(order), clientOrderId: order.orderRef }),
    );
    if (row === undefined) return undefined;
    return completedReport(row, await this.#options.contracts.nameOf(session, row.contract), session.zoneOffsetMs);
  }

  #isOurAccount({ account = "" }: WireOrder): boolean {
    return account === "" || account === this.#options.account();
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
    known.filled = filled ?? known.filled;
    const { clientOrderId, named } = known;
    const reason = isOurs ? (this.#reasons.get(orderId) ?? "") : "";
    try {
      const average = named === undefined || !isStated(averagePrice) ? 0 : priceOf(averagePrice, named);
      const state = statusOf(status, known.filled, permId);
      this.#options.report(reportFrom({ permId, clientOrderId, status: state, filled: known.filled, average, reason }));
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
    else if (cancelling === undefined) this.#takeLate(orderId, error);
    if (this.#reasons.size > KNOWN_MAX) this.#reasons.clear();
  }

  /**
   * An error of an order that is taken, and of which no cancel waits. IBKR can refuse an order then, for example when
   * the exchange opens; any other error says nothing of its state.
   */
  #takeLate(orderId: number, { code, message }: GatewayError): void {
    const isIt = ([, known]: readonly [number, Known]): boolean =>
      known.orderId === orderId && known.clientId === this.#options.clientId;
    const [permId, known] = [...this.#known].find(isIt) ?? [];
    if (permId === undefined || known === undefined) return;
    if (!REFUSALS.includes(code) || LATE_CANCEL.test(message)) return this.#options.warn(`order ${permId}: ${message}`);
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
