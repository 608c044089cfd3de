/** The states of the desk, of connectors and of orders as lists show them, with what contradicts a plain state. */
interface ConnectorCondition {
  readonly state: string;
  /** The comparison with its venue fails, so that its orders are blocked. */
  readonly comparisonFails?: boolean | undefined;
}

/** A connector that answers may still take no orders. */
export function shownConnectorState({ state, comparisonFails = false }: ConnectorCondition): string {
  return comparisonFails ? `${state}, orders blocked` : state;
}

interface DeskCondition {
  readonly trading: { readonly state: string };
  /** Why the desk writes nothing; null if it does. */
  readonly readOnly: string | null;
}

/** A desk that cannot write sends no order, also if the operator did not halt it. */
export function shownTradingState({ trading, readOnly }: DeskCondition): string {
  return readOnly !== null && trading.state === "active" ? "impossible: read-only" : trading.state;
}

interface OrderCondition {
  readonly state: string;
  readonly flags: readonly string[];
}

const SHOWN_FLAGS: readonly string[] = ["disputed", "overfilled", "missing"];

export function shownOrderState({ state, flags }: OrderCondition): string {
  return [state, ...flags.filter((flag) => SHOWN_FLAGS.includes(flag))].join(", ");
}
