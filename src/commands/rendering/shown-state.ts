/** The states of the desk, of connectors and of orders as lists show them, with what contradicts a plain state. */
import { type StatusView, isStoppedByReadOnly } from "../../domain/status-view.ts";

interface ConnectorCondition {
  readonly state: string;
  /** The comparison with its venue fails, so that its orders are blocked. */
  readonly comparisonFails?: boolean | undefined;
}

/** A connector that answers may still take no orders. */
export function shownConnectorState({ state, comparisonFails = false }: ConnectorCondition): string {
  return comparisonFails ? `${state}, orders blocked` : state;
}

export function shownTradingState(status: Pick<StatusView, "readOnly" | "trading">): string {
  return isStoppedByReadOnly(status) ? "impossible: read-only" : status.trading.state;
}

interface OrderCondition {
  readonly state: string;
  readonly flags: readonly string[];
}

const SHOWN_FLAGS: readonly string[] = ["disputed", "overfilled", "missing"];

export function shownOrderState({ state, flags }: OrderCondition): string {
  return [state, ...flags.filter((flag) => SHOWN_FLAGS.includes(flag))].join(", ");
}
