/**
 * Everything the gate may look at, gathered by the desk before it asks. The gate reads no clock, file or connector: what
 * is absent here is missing, and a rule that needs it blocks.
 */
import type { DecimalText } from "../domain/decimal.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { GuardConfig } from "../domain/guard-config.ts";
import type { ClientOrderId, Digest, OrderId } from "../domain/ids.ts";
import type { OrderTerms } from "../domain/order.ts";
import type { Quote } from "../domain/quote.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Mode, VenueInstrument } from "../domain/venue.ts";
import type { Check, Stage } from "../domain/verdict.ts";

interface GateOrder {
  readonly id: OrderId;
  /** The journal's copy of the terms, never the file's. */
  readonly terms: OrderTerms;
  /** Needed at dispatch; made when the order was approved. */
  readonly clientOrderId?: ClientOrderId | undefined;
}

/** The connector that the order goes to, as the host sees it at this moment. */
interface GateConnector {
  readonly name: string;
  readonly state: ConnectorState;
  /** It answers, and orders may be sent to it. */
  readonly ready: boolean;
  /** Start-up reconciliation of this life has finished. */
  readonly reconciled: boolean;
  readonly mode: Mode;
  readonly capabilities: Capabilities;
}

interface GateApproval {
  /** Host's wall clock, ms. */
  readonly at: number;
  readonly digest: Digest;
  /** Host's wall clock, ms; the last moment at which it still counts. */
  readonly expiresAt: number;
  /** The middle of the quote that the human was shown. */
  readonly mid?: string | undefined;
}

export interface GateInput {
  readonly stage: Stage;
  readonly order: GateOrder;
  /** The fold of the journal, this order's own approval included; the order itself never counts against itself. */
  readonly state: Readonly<DeskState>;
  readonly connector: GateConnector;
  /** Of the order's symbol, by the order's connector. */
  readonly quote?: Quote | undefined;
  /** null: the venue does not list the symbol. Absent: it tells nothing of instruments, and only what is known is checked. */
  readonly instrument?: VenueInstrument | null | undefined;
  /** As the connector answered when it was asked for this order. The smaller of it and the last mark's counts. */
  readonly buyingPower?: DecimalText | undefined;
  /**
   * `book.seq` just before the connector was asked for `buyingPower` or the mark. An order that was acknowledged after it is
   * not taken to be netted in the answer. Absent: the mark's own place in the journal.
   */
  readonly buyingPowerSeq?: number | undefined;
  /** Wall clock, ms. */
  readonly hostNow: number;
  /** Monotonic clock, ms; the same clock as `quote.receivedMono`. */
  readonly monoNow: number;
  /** The venue's time, ms: the wall's, or the simulated time of a replayed market. */
  readonly venueNow: number;
  /** `[workspace].timezone`: what `market-hours` and the day of a mark are read in. */
  readonly timezone: string;
  /** Needed at dispatch. At approve it is checked where it is given. */
  readonly approval?: GateApproval | undefined;
  /** All of `desk.toml`, in its order, disabled ones included. */
  readonly guards: readonly GuardConfig[];
  /** What the operator's own guards answered, by `Check.guard`; run before, outside the dispatch mutex. */
  readonly custom: readonly Check[];
  readonly journalHealthy: boolean;
  /** Bytes free on the workspace's disk. Absent: not known, which blocks. */
  readonly freeBytes?: number | undefined;
}
