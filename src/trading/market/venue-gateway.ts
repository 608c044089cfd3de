/** The port through which use cases call venues; the plugin host implements it. */
import type { DecimalText } from "../../domain/decimal.ts";
import type { ConnectorState } from "../../domain/event.ts";
import type { Fundamentals } from "../../domain/market/fundamentals.ts";
import type { Digest } from "../../domain/ids.ts";
import type { Order } from "../../domain/orders/order.ts";
import type { CancelHint, Capabilities, FillsHint } from "../../domain/sdk.ts";
import type {
  BarRange,
  BarSelection,
  Mode,
  ReportedAccount,
  UnreadableVenueOrder,
  VenueActivity,
  VenueBar,
  VenueConnection,
  VenueFill,
  VenueInstrument,
  VenuePage,
  VenuePosition,
  VenueQuote,
  VenueRate,
  VenueReport,
  VenueSession,
} from "../../domain/market/venue.ts";
import type { Cleared } from "../../gate/cleared.ts";
import type { DroppedMembers } from "../../host/unknown-members.ts";
import type { MethodInspection } from "../../host/inspect-method.ts";
import type { ReadPauseFacts } from "../../host/read-pause.ts";
import type { PlaceOutcome } from "../../host/venue-client.ts";

export type { MethodInspection } from "../../host/inspect-method.ts";

export interface ConnectorFacts {
  readonly state: ConnectorState;
  readonly mode: Mode;
  readonly methods: readonly string[];
  readonly capabilities: Capabilities;
  readonly lastError?: string | undefined;
  /** Reads of the account that go on failing, while other calls may succeed. */
  readonly failingCalls?: readonly string[] | undefined;
  /** Digest of the adapter that was loaded last. */
  readonly digest?: Digest | undefined;
  /** Whom it reached, if its adapter says. */
  readonly connection?: VenueConnection | undefined;
}

export interface ConnectorStatus extends ConnectorFacts {
  readonly name: string;
  readonly type: string;
  readonly orders: boolean;
  /** The comparison with its venue fails, so that its orders are blocked. */
  readonly comparisonFails?: boolean | undefined;
  readonly restarts: number;
  /** The level as it runs. */
  readonly isolation: "worker" | "process";
  /** Why that is not the level in desk.toml. */
  readonly isolationReason?: string | undefined;
  /** Why its process is not inside bubblewrap; undefined if it is, and for a thread. */
  readonly sandboxProblem?: string | undefined;
  readonly latencyMs?: { readonly p50: number; readonly p99: number } | undefined;
  readonly queueDepth?: number | undefined;
  /** The venue asks for a pause: reads are held back. */
  readonly readPause?: ReadPauseFacts | undefined;
  readonly memoryMb?: number | undefined;
  /** Malformed fills since the desk started, or the operator restarted the connector. */
  readonly refusedFills?: number | undefined;
  /** Members of answers that the SDK does not have, since the same time. */
  readonly unknownMembers?: readonly DroppedMembers[] | undefined;
  readonly adapter: string;
  readonly readyInMs?: number | undefined;
}

/** Names one order to its venue, by its ids and by what some venues need besides. */
export interface OrderLookUp {
  readonly venueOrderId?: string | undefined;
  readonly clientOrderId?: string | undefined;
  readonly symbol?: string | undefined;
  /** ms. */
  readonly submittedAt?: number | undefined;
}

/** Optional methods resolve with undefined if the connector lacks them. All methods reject with a QocError. */
export interface VenueGateway {
  /** Status of every connector, with latency percentiles. */
  status(): readonly ConnectorStatus[];
  /** State of one connector without percentiles: cheap enough for the order path. */
  facts(connector: string): ConnectorFacts | undefined;
  quote(connector: string, symbol: string): Promise<VenueQuote>;
  positions(connector: string): Promise<readonly VenuePosition[]>;
  buyingPower(connector: string): Promise<DecimalText>;
  account(connector: string): Promise<ReportedAccount | undefined>;
  /** null if the venue does not list the symbol. */
  instrument(connector: string, symbol: string): Promise<VenueInstrument | null | undefined>;
  /** Instruments near the words, the nearest first. */
  search(connector: string, words: string, limit: number): Promise<readonly VenueInstrument[] | undefined>;
  /** null if the venue does not know the order. */
  order(connector: string, query: OrderLookUp): Promise<VenueReport | null | undefined>;
  openOrders(connector: string): Promise<readonly (VenueReport | UnreadableVenueOrder)[] | undefined>;
  /** Fills since a time (ms), one page at a time. */
  fills(connector: string, since: number, hint: FillsHint): Promise<VenuePage<VenueFill> | undefined>;
  /** Activities since a time (ms), one page at a time. */
  activities(connector: string, since: number, cursor?: string): Promise<VenuePage<VenueActivity> | undefined>;
  /** Exchange rates of pairs such as `EUR/USD`; those that the venue does not have are left out. */
  rates(connector: string, pairs: readonly string[]): Promise<readonly VenueRate[] | undefined>;
  /** The sessions of a symbol between two times (ms). */
  schedule(connector: string, symbol: string, range: Required<BarRange>): Promise<readonly VenueSession[] | undefined>;
  /** The connector may return bars outside the range. */
  bars(connector: string, symbol: string, selection?: BarSelection): Promise<readonly VenueBar[] | undefined>;
  /** null if the venue has no data for the symbol. */
  fundamentals(connector: string, symbol: string): Promise<Fundamentals | null | undefined>;
  /** Never rejects: a result that is not definite is `unclear`. */
  place(order: Cleared<Order>): Promise<PlaceOutcome>;
  cancel(connector: string, venueOrderId: string, order?: CancelHint): Promise<void>;
  /**
   * Calls a method that only reads, for the author of an adapter. Words are JSON or text. @throws INVALID_INPUT for any
   * other method.
   */
  inspect(connector: string, method: string, words: readonly string[]): Promise<MethodInspection>;
  /** The author's own files of an adapter. */
  sources(connector: string): readonly string[];
  /** Restarts from the adapter's file as it is now, and thereby accepts that file. */
  restart(connector: string): Promise<void>;
  /** Stops the connector until a human restarts it; the quarantine survives a restart of the desk. */
  quarantine(connector: string, reason: string): Promise<void>;
  /** Quarantines a connector over its budget, until a human restarts it or the desk. */
  cutOff(connector: string, reason: string): Promise<void>;
}

/** The guarantees that the desk cannot give because the connector lacks optional methods. */
export function lostGuarantees(status: Pick<ConnectorStatus, "methods" | "orders">): readonly string[] {
  const lacks = (method: string): boolean => !status.methods.includes(method);
  const account = lacks("getAccount") ? ["NAV is buying power plus positions at their marks"] : [];
  // Without orders there is nothing else to settle, to fill or to check.
  if (!status.orders) return account;
  return [
    ...(lacks("getOrder") && lacks("getOpenOrders") ? ["an unknown order cannot be settled without a human"] : []),
    ...(lacks("getOrder") ? ["an order cannot be replaced by a proposal"] : []),
    ...(lacks("getFills") ? ["fills missed while it was down cannot be recovered"] : []),
    ...account,
    ...(lacks("getInstrument") ? ["tick and lot are not checked before the venue does"] : []),
  ];
}
