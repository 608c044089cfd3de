/**
 * The complete input of the gate, collected by the desk before the evaluation. The gate reads no clock, file or
 * connector. A check or guard blocks if a field that it needs is absent.
 */
import type { DecimalText } from "../domain/decimal.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { GuardConfig } from "../domain/config/guard-config.ts";
import type { RateTable } from "../domain/account/exchange-rate.ts";
import type { Digest } from "../domain/ids.ts";
import type { OrderRecord } from "../domain/orders/order-state.ts";
import type { Quote } from "../domain/market/quote.ts";
import type { FreeSpace } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Mode, VenueInstrument, VenueSession } from "../domain/market/venue.ts";
import type { Check, Stage } from "../domain/orders/verdict.ts";

/** The current status of the order's connector. */
interface GateConnector {
  readonly name: string;
  readonly state: ConnectorState;
  /** The connector responds and accepts orders. */
  readonly ready: boolean;
  /** The reconciliation of this worker session has finished. */
  readonly reconciled: boolean;
  readonly mode: Mode;
  readonly capabilities: Capabilities;
  /** What an order that is not paper may be worth until one was filled at the connector, in the account's currency. */
  readonly firstOrderNotional: DecimalText;
  /** The connector has `getInstrument`: an order needs its result. */
  readonly listsInstruments?: boolean | undefined;
  /** The connector has `getSchedule`: `market-hours` needs its result. */
  readonly hasSchedule?: boolean | undefined;
  /** The connector has `getOrder`, so that the end of an order can be confirmed. */
  readonly reportsOrders?: boolean | undefined;
}

/** A connector that is enabled and routes orders. Guards count the accounts of these connectors and no others. */
export interface OrderRoute {
  readonly connector: string;
  readonly mode: Mode;
  /** Host's wall clock at the last report of the account, ms. Absent: the time of the last mark counts. */
  readonly reportedAt?: number | undefined;
}

interface GateApproval {
  /** Host's wall clock, ms. */
  readonly at: number;
  readonly digest: Digest;
  /** Host's wall clock, ms. The approval is valid up to and including this time. */
  readonly expiresAt: number;
  /** The time of the review that the human was shown, ms. Absent: the time of the approval. */
  readonly reviewedAt?: number | undefined;
  /** The mid price that the human saw. */
  readonly mid?: string | undefined;
}

export interface GateInput {
  readonly stage: Stage;
  /** The terms are from the journal, never from the file. The client order id is required at dispatch. */
  readonly order: Readonly<Pick<OrderRecord, "id" | "terms">> & {
    readonly clientOrderId?: OrderRecord["clientOrderId"] | undefined;
  };
  /** The state of the desk, the approval of this order included. */
  readonly state: Readonly<DeskState>;
  readonly connector: GateConnector;
  readonly routes: readonly OrderRoute[];
  /** What converts the accounts in other currencies. */
  readonly exchange: RateTable;
  /** The connector's quote of the order's symbol. */
  readonly quote?: Quote | undefined;
  /**
   * null: the venue does not list the symbol. Absent: the connector provides no instruments, and their checks are
   * skipped.
   */
  readonly instrument?: VenueInstrument | null | undefined;
  /** The sessions of the order's instrument by the venue's calendar. */
  readonly sessions?: readonly VenueSession[] | undefined;
  /** The response to a query for this order. The smaller of this value and the last mark counts. */
  readonly buyingPower?: DecimalText | undefined;
  /**
   * The journal sequence just before the query of `buyingPower`. The response does not yet exclude the cost of an order
   * that the venue accepted later. Absent: the sequence of the mark.
   */
  readonly buyingPowerSeq?: number | undefined;
  /** " (did you mean X?)", if the venue does not list the symbol. */
  readonly nearSymbol?: string | undefined;
  /** Wall clock, ms. */
  readonly hostNow: number;
  /** Monotonic clock, ms; the same clock as `quote.receivedMono`. */
  readonly monoNow: number;
  /** The venue's time, ms: wall clock, or the simulated time of a replayed market. */
  readonly venueNow: number;
  /** `[workspace].timezone`, for `market-hours` and the date of a mark. */
  readonly timezone: string;
  /** Required at dispatch; optional at approve. */
  readonly approval?: GateApproval | undefined;
  /** All guards of `desk.toml` in its order, disabled ones included. */
  readonly guards: readonly GuardConfig[];
  /** The results of custom guards, which ran before; `Check.guard` is their key. */
  readonly custom: readonly Check[];
  readonly journalHealthy: boolean;
  /** Of the workspace's disk. Absent: unknown, which blocks. */
  readonly freeSpace?: FreeSpace | undefined;
}
