/** The profit and loss of a desk, as the commands that show it read it. */
import type { WholeLedger } from "../trading/account/archived-ledger.ts";
import type { AccountConfig } from "../workspace/account-config.ts";
import type { DateRange } from "./date-range.ts";

/** Whether the fills of these dates, in the desk's time zone, are kept; both ends included. */
export interface LedgerQuery {
  readonly trades?: DateRange | undefined;
}

/** The ledger of a desk, and what is to be said beside it. */
export interface DeskLedger extends WholeLedger, Pick<AccountConfig, "currency" | "riskFreePct"> {
  /** The connectors with a fill or an activity that cannot be read; absent if all can be read. */
  readonly unread?: readonly string[] | undefined;
  /** Why the journal is not relied on; null: it is whole. */
  readonly problem: string | null;
}
