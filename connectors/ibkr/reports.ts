/** What TWS states of orders, as the desk's reports. Pure. */
import type { OrderReport, OrderReportStatus, Side } from "@qoc-app/sdk";
import type { Order as WireOrder } from "@stoqey/ib";
import { oneLine } from "../words.ts";
import { type TwsNumber, isStated, plain, withoutCommas } from "./amounts.ts";
import { type NamedContract, priceOf } from "./contracts.ts";
import type { CompletedRow, OpenOrderRow, StatusRow } from "./rows.ts";
import { optionalMillisOf } from "./times.ts";

const OPEN = ["ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "Inactive"];
export const CANCELLED: readonly string[] = ["Cancelled", "ApiCancelled"];
/** SSHORT and SLONG are of institutions. */
const SIDES: Readonly<Record<string, Side>> = { BUY: "buy", SELL: "sell", SSHORT: "sell", SLONG: "sell" };
/** The types whose first price is a limit in any case: `LMT`, `STP LMT`, `TRAIL LIMIT`, `LIT`. */
const WITH_LIMIT = /LMT|LIMIT|LIT/;
/** The types without a limit. TWS may state a price of the market in its place, for a completed order. */
const WITHOUT_LIMIT = /^(?:MKT|STP|MOC|MIT|TRAIL|TRAIL MIT|MKT PRT|STP PRT|MKT CLS)$/;

type Ids = Pick<StatusRow, "clientId" | "orderId" | "permId">;

/** The account-wide id of an order; before its transmission an order has none, and is named by its client. */
export function statedIdOf({ permId = 0, clientId = 0, orderId = 0 }: Partial<Ids>): string {
  return permId === 0 ? `client ${clientId} order ${orderId}` : String(permId);
}

/** @throws Error for a state that is not known: it must not look like another. */
export function statusOf(status: string, filled: TwsNumber, permId: number): OrderReportStatus {
  if (OPEN.includes(status)) return Number(filled) > 0 ? "partially_filled" : "open";
  if (status === "Filled") return "filled";
  if (CANCELLED.includes(status)) return "cancelled";
  throw new Error(`order ${permId} is ${JSON.stringify(status)} at IBKR, which this connector does not know`);
}

/** @throws Error for a state, a side or an amount that cannot be read. */
export function openReport(
  { order, state }: OpenOrderRow,
  status: StatusRow | undefined,
  named: NamedContract,
): OrderReport {
  const { permId = 0, orderRef: clientOrderId = "" } = order;
  const filled = status === undefined ? 0 : status.filled;
  if (filled === undefined) throw new Error(`IBKR does not state how much of order ${permId} is filled`);
  const average = status !== undefined && isStated(status.averagePrice) ? priceOf(status.averagePrice, named) : 0;
  const words = status?.status ?? String(state.status);
  const report = reportFrom({ permId, clientOrderId, status: statusOf(words, filled, permId), filled, average });
  report.venueOrderId = statedIdOf(order);
  return withTerms(report, order, named);
}

/**
 * TWS says only in words whether a completed order expired or was refused. It states when an order ended, and not when
 * an open one changed; of many it states no quantity, which is that of the fills if all of it was filled.
 */
export function completedReport(
  { order, state }: CompletedRow,
  named: NamedContract,
  zoneOffsetMs: number,
): OrderReport {
  const { completedStatus = "", completedTime = "" } = state;
  const { permId = 0, orderRef: clientOrderId = "" } = order;
  const words = `${String(state.status)} ${completedStatus}`;
  const status = /\bfilled\b/i.test(words) && !/cancel/i.test(words) ? "filled" : endInWords(words, permId);
  const filled = order.filledQuantity ?? sizeIn(completedStatus) ?? (status === "filled" ? order.totalQuantity : 0);
  if (filled === undefined || (status === "filled" && Number(filled) === 0))
    throw new Error(`IBKR states that order ${permId} is filled, and not how much of it`);
  const reason = status === "filled" ? "" : completedStatus;
  const report = reportFrom({ permId, clientOrderId, status, filled, average: 0, reason });
  if (status === "filled") report.quantity = report.filledQuantity;
  const endedAt = optionalMillisOf(completedTime, zoneOffsetMs);
  if (endedAt !== undefined) report.updatedAt = endedAt;
  return withTerms(report, order, named);
}

/** `Filled Size: 1,200` */
function sizeIn(completedStatus: string): string | undefined {
  const [, size] = /filled size:\s*([\d.,]*\d)/i.exec(completedStatus) ?? [];
  return size === undefined ? undefined : withoutCommas(size);
}

function endInWords(words: string, permId: number): OrderReportStatus {
  if (/expired/i.test(words)) return "expired";
  if (/reject|inactive/i.test(words)) return "rejected";
  if (/cancel/i.test(words)) return "cancelled";
  throw new Error(`order ${permId} is completed as ${JSON.stringify(words)}, which this connector does not know`);
}

/** An order by an amount of money has a quantity of 0. */
function withTerms(report: OrderReport, order: WireOrder, named: NamedContract): OrderReport {
  const side = SIDES[String(order.action)];
  if (side === undefined)
    throw new Error(`order ${report.venueOrderId} has the side ${JSON.stringify(order.action)} at IBKR`);
  report.symbol = named.symbol;
  report.side = side;
  const { totalQuantity, lmtPrice, orderType } = order;
  if (totalQuantity !== undefined && Number(totalQuantity) !== 0) report.quantity = plain(totalQuantity);
  const words = String(orderType);
  // A combination can have a limit of 0 and below. TWS writes 0 for most types without a limit.
  const hasLimit = isStated(lmtPrice) && (Number(lmtPrice) !== 0 || WITH_LIMIT.test(words));
  if (hasLimit && !WITHOUT_LIMIT.test(words)) report.limitPrice = priceOf(lmtPrice, named);
  return report;
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

export function reportFrom({ permId, clientOrderId, status, filled, average, reason = "" }: ReportParts): OrderReport {
  const report: OrderReport = { venueOrderId: String(permId), status, filledQuantity: plain(filled) };
  if (clientOrderId !== "") report.clientOrderId = clientOrderId;
  if (Number(filled) > 0 && Number(average) !== 0) report.averagePrice = plain(average);
  if (reason !== "") report.reason = oneLine(reason);
  return report;
}
