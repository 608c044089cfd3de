/** The profit and loss of the desk by its journal, read in the caller's process. */
import { type EquityReport, equityReport } from "../trading/account/equity-report.ts";
import { type CommandContext, localServices } from "./command.ts";
import { type DateRange, isInRange } from "./date-range.ts";
import type { DeskLedger, LedgerQuery } from "./desk-ledger.ts";

export async function readLedger(context: CommandContext, query: LedgerQuery): Promise<DeskLedger> {
  const ledger = await localServices(context).ledgerOf(context.cwd, query);
  if (ledger.problem !== null) context.progress.line(`the journal is not whole: ${ledger.problem}`);
  if (ledger.unread !== undefined)
    context.progress.line(
      `fills or activities of ${ledger.unread.join(", ")} cannot be read and are not in it: qoc status`,
    );
  return ledger;
}

/** The value of the desk over the points of these dates. */
export function equityOf(
  { points, currency, riskFreePct }: Pick<DeskLedger, "points" | "currency" | "riskFreePct">,
  range: DateRange,
): EquityReport {
  const chosen = points.filter(({ date }) => isInRange(date, range));
  return equityReport(chosen, currency, { riskFreePct });
}
