/** Takes the reports that a connector pushes, as answers of `getOrder`. */
import { decimal } from "../../domain/decimal.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { type OrderRecord, isTerminal } from "../../domain/orders/order-state.ts";
import type { VenueReport } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";
import { keepExternalReport } from "../orders/external-orders.ts";
import { isNews, orderOfReport, recordReport } from "../orders/reconcile.ts";

export interface ReportedOrder {
  readonly order: OrderRecord;
  readonly report: VenueReport;
}

export interface ReportsOutcome {
  /** The venue's total of these orders exceeds the fills that have arrived. */
  readonly gaps: readonly ReportedOrder[];
  /** A report that changed something: the account may differ. */
  readonly hasChanges: boolean;
  /** Reports of orders that are not known, while the venue's id of an order in flight is not known. */
  readonly hasUnmatched: boolean;
}

/** Resolves when what the reports change is on disk. @throws FILL_FLOOD over the connector's budget of changes. */
export async function receiveReports(
  desk: Desk,
  connector: ConnectorName,
  reports: readonly VenueReport[],
): Promise<ReportsOutcome> {
  const gaps = new Map<string, ReportedOrder>();
  let last: Promise<unknown> | undefined;
  let hasUnmatched = false;
  for (const report of reports) {
    const order = orderOfReport(desk.state, connector, report);
    if (order === undefined) {
      hasUnmatched = keepExternalReport(desk, connector, report) || hasUnmatched;
      continue;
    }
    if (isNews(order, report)) last = recordReport(desk, order, report);
    else if (isTerminal(order.state)) continue;
    if (decimal(report.filledQuantity).gt(order.filled)) gaps.set(order.id, { order, report });
  }
  await last;
  return { gaps: [...gaps.values()], hasChanges: last !== undefined, hasUnmatched };
}
