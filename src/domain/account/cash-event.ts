/** Events of money that no trade of the desk explains. */
import type { AssetStated } from "../market/asset.ts";
import type { Authority } from "../authority/authority.ts";
import { type Decimal, type DecimalText, ZERO, text } from "../decimal.ts";
import type { RateObserved } from "./exchange-rate.ts";
import type { ConnectorName } from "../ids.ts";
import type { MultiplierStated } from "./multiplier.ts";
import type { ActivityReceived } from "./venue-activity.ts";

/** The NAV changed by this amount in the account's currency, and no trade or price explains it; 0: it is explained. */
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
export type MoneyEvent = CashEvent | RateObserved | ActivityReceived | MultiplierStated | AssetStated;

/** The command that says that this amount, signed, was paid in or out. */
export function flowCommand(connector: string, amount: Decimal): string {
  const kind = amount.lt(ZERO) ? " --kind withdrawal" : "";
  return `qoc account flow ${connector} ${text(amount.abs())}${kind} -m "what it was"`;
}
