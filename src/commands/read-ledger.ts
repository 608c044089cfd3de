/** The profit and loss of the desk by its journal, read in the caller's process. */
import { type CommandContext, type DeskLedger, type LedgerQuery, localServices } from "./command.ts";

export async function readLedger(context: CommandContext, query: LedgerQuery): Promise<DeskLedger> {
  const ledger = await localServices(context).ledgerOf(context.cwd, query);
  if (ledger.problem !== null) context.progress.line(`the journal is not whole: ${ledger.problem}`);
  return ledger;
}
