/** What the gateway states: rows of its lists, and what it says by itself. */
import type { CommissionReport, Contract, Execution, Order, OrderState } from "@stoqey/ib";
import type { TwsNumber } from "./amounts.ts";
import type { GatewayError } from "./answers.ts";

export interface OpenOrderRow {
  readonly kind: "order";
  readonly contract: Contract;
  readonly order: Order;
  readonly state: OrderState;
}

export interface StatusRow {
  readonly kind: "status";
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly status: string;
  /** undefined if TWS does not state it. */
  readonly filled: TwsNumber | undefined;
  readonly averagePrice: TwsNumber | undefined;
}

export interface CompletedRow {
  readonly contract: Contract;
  readonly order: Order;
  readonly state: OrderState;
}

export interface ExecutionRow {
  readonly contract: Contract;
  readonly execution: Execution;
}

export type AccountRow =
  | { readonly kind: "value"; readonly key: string; readonly value: string; readonly currency: string }
  | {
      readonly kind: "position";
      readonly contract: Contract;
      /** undefined if TWS does not state it. */
      readonly quantity: TwsNumber | undefined;
      readonly marketPrice: TwsNumber | undefined;
      /** Of the position, in the currency of the contract; undefined or 0 if TWS does not state it. */
      readonly marketValue: TwsNumber | undefined;
      /** Of a unit, with the multiplier, in the currency of the contract. */
      readonly averageCost: TwsNumber;
    };

/** What the gateway says by itself, or of an order. */
export interface SessionEvents {
  onOrder(row: OpenOrderRow | StatusRow): void;
  onExecution(row: ExecutionRow): void;
  onCommission(report: CommissionReport): void;
  onTick(id: number, type: number, value: TwsNumber | undefined): void;
  onDataType(id: number, type: number): void;
  /** An error or warning whose id is that of an order or of a subscription. */
  onError(id: number, error: GatewayError): void;
  /** A message that could not be read: anything may be missing. */
  onUnreadable(): void;
  /** The link is back, and the subscriptions of before are gone. */
  onDataLost(): void;
  /** The gateway's own link to IBKR. */
  onLink(isUp: boolean, reason: string): void;
  /** The gateway did not answer a request in time. */
  onSilence(): void;
  onEnd(reason: string): void;
}
