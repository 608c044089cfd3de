/** What the gateway states: rows of its lists, and what it says by itself. */
import type { CommissionReport, Contract, Execution, Order, OrderState } from "@stoqey/ib";
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
  readonly filled: number;
  readonly averagePrice: number;
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
      readonly quantity: number;
      readonly marketPrice: number;
      readonly averageCost: number;
    };

/** What the gateway says by itself, or of an order. */
export interface SessionEvents {
  onOrder(row: OpenOrderRow | StatusRow): void;
  onExecution(row: ExecutionRow): void;
  onCommission(report: CommissionReport): void;
  onTick(id: number, type: number, value: number): void;
  onDataType(id: number, type: number): void;
  /** An error or warning whose id is that of an order or of a subscription. */
  onError(id: number, error: GatewayError): void;
  /** A message that could not be read: anything may be missing. */
  onUnreadable(): void;
  /** The gateway's own link to IBKR. */
  onLink(isUp: boolean, reason: string): void;
  onEnd(reason: string): void;
}
