/** Folds the journal of a desk, which may be running, into its profit and loss. Nothing is written. */
import { scanJournal } from "../bus/journal-read.ts";
import { openReplay } from "../bus/replay.ts";
import type { DeskLedger, LedgerQuery } from "../commands/command.ts";
import { isInRange } from "../commands/date-range.ts";
import type { Disk } from "../domain/ports.ts";
import { dateInZone } from "../trading/market/market-snapshot.ts";
import { ProfitLedger } from "../trading/account/profit-ledger.ts";
import type { DeskConfig } from "../workspace/config.ts";
import { LAYOUT } from "../workspace/layout.ts";

/** One record at a time: the memory grows with days and positions, and not with records. */
export async function readLedger(
  disk: Disk,
  root: string,
  { trades, config }: LedgerQuery & { readonly config: Pick<DeskConfig, "account" | "workspace"> },
): Promise<DeskLedger> {
  const { currency } = config.account;
  const { state, take } = openReplay();
  const isKept = (at: number): boolean =>
    trades !== undefined && isInRange(dateInZone(config.workspace.timezone, at), trades);
  const ledger = new ProfitLedger(state, { currency, trades: isKept });
  const { corrupt } = await scanJournal(disk, `${root}/${LAYOUT.journal}`, {
    take: (recorded) => {
      ledger.before(recorded);
      take(recorded);
      ledger.after(recorded);
    },
  });
  ledger.finish();
  const { rows, points } = ledger;
  const problem = corrupt === undefined ? null : `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`;
  return { rows, points, trades: ledger.trades, currency, problem };
}
