/** Events of money that no trade of the desk explains. */
import type { Authority } from "./authority.ts";
import type { DecimalText } from "./decimal.ts";
import type { ConnectorName } from "./ids.ts";

/** The NAV changed by this amount, in the account's currency, without a trade or a price move; 0: it is explained. */
export interface NavUnexplained {
  readonly type: "nav.unexplained";
  readonly connector: ConnectorName;
  readonly amount: DecimalText;
}

/** A deposit and a withdrawal are no profit; a result, such as funding or an assignment, is one. */
export const FLOW_KINDS = ["deposit", "withdrawal", "result"] as const;
export type FlowKind = (typeof FLOW_KINDS)[number];

/** A human said what a change of the NAV was. */
export interface CashMoved {
  readonly type: "cash.moved";
  readonly connector: ConnectorName;
  readonly kind: FlowKind;
  /** Signed: below zero for money that left the account. */
  readonly amount: DecimalText;
  readonly note: string;
  readonly actor: string;
  readonly authority?: Authority | undefined;
}

export type CashEvent = NavUnexplained | CashMoved;
