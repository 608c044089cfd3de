/** The venues as the desk's verbs need them: one port over the host of connector workers. */
import type { DecimalText } from "../domain/decimal.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { Fundamentals } from "../domain/fundamentals.ts";
import type { Digest } from "../domain/ids.ts";
import type { Order } from "../domain/order.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type {
  BarRange,
  Mode,
  ReportedAccount,
  VenueBar,
  VenueFill,
  VenueInstrument,
  VenuePosition,
  VenueQuote,
  VenueReport,
} from "../domain/venue.ts";
import type { Cleared } from "../gate/cleared.ts";

export interface ConnectorFacts {
  readonly state: ConnectorState;
  readonly mode: Mode;
  readonly methods: readonly string[];
  readonly capabilities: Capabilities;
  readonly lastError?: string | undefined;
  /** Of the adapter as it was last loaded. */
  readonly digest?: Digest | undefined;
}

export interface ConnectorStatus extends ConnectorFacts {
  readonly name: string;
  readonly type: string;
  readonly orders: boolean;
  readonly restarts: number;
  readonly isolation: "worker" | "process";
  readonly latencyMs?: { readonly p50: number; readonly p99: number } | undefined;
  readonly queueDepth?: number | undefined;
  readonly memoryMb?: number | undefined;
  readonly adapter: string;
  readonly readyInMs?: number | undefined;
}

/** The four ways a submission ends. Only `rejected` and `not-sent` are a no; `unclear` is never one. */
export type PlaceOutcome =
  | { readonly kind: "accepted"; readonly venueOrderId: string }
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "not-sent"; readonly reason: string }
  | { readonly kind: "unclear"; readonly reason: string };

/** Optional methods answer undefined where the connector lacks them. All reject with a QocError. */
export interface VenueGateway {
  /** Everything that can be said of each, percentiles included: for people. */
  status(): readonly ConnectorStatus[];
  /** What the order path needs of one, at no cost. */
  facts(connector: string): ConnectorFacts | undefined;
  quote(connector: string, symbol: string): Promise<VenueQuote>;
  positions(connector: string): Promise<readonly VenuePosition[]>;
  buyingPower(connector: string): Promise<DecimalText>;
  account(connector: string): Promise<ReportedAccount | undefined>;
  /** null: the venue does not list it. */
  instrument(connector: string, symbol: string): Promise<VenueInstrument | null | undefined>;
  /** null: the venue does not know it. */
  order(
    connector: string,
    query: { venueOrderId?: string; clientOrderId?: string },
  ): Promise<VenueReport | null | undefined>;
  openOrders(connector: string): Promise<readonly VenueReport[] | undefined>;
  fills(connector: string, since: number): Promise<readonly VenueFill[] | undefined>;
  /** Within the range or beyond it, as the connector pleases; daily ones. */
  bars(connector: string, symbol: string, range?: BarRange): Promise<readonly VenueBar[] | undefined>;
  /** null: the venue knows nothing of the symbol. */
  fundamentals(connector: string, symbol: string): Promise<Fundamentals | null | undefined>;
  /** Never rejects: whatever is not a definite answer is `unclear`. */
  place(order: Cleared<Order>): Promise<PlaceOutcome>;
  cancel(connector: string, venueOrderId: string): Promise<void>;
  /** From its file as it is now, which is accepted by this. */
  restart(connector: string): Promise<void>;
  /** Stopped until a human restarts it, also over a restart of the desk. */
  quarantine(connector: string, reason: string): Promise<void>;
}

/** What the desk can promise with this connector, and what it loses for lack of an optional method. */
export function lostGuarantees(status: ConnectorStatus): readonly string[] {
  const lacks = (method: string): boolean => !status.methods.includes(method);
  return [
    ...(lacks("getOrder") && lacks("getOpenOrders") ? ["an unknown order cannot be settled without a human"] : []),
    ...(lacks("getFills") ? ["fills missed while it was down cannot be recovered"] : []),
    ...(lacks("getAccount") ? ["NAV is buying power plus positions at their marks"] : []),
    ...(lacks("getInstrument") ? ["tick and lot are not checked before the venue does"] : []),
  ];
}
