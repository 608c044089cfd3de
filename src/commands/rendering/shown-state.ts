/** The states of connectors and orders as lists show them, with what contradicts a plain state. */
interface ConnectorCondition {
  readonly state: string;
  /** The comparison with its venue fails, so that its orders are blocked. */
  readonly comparisonFails?: boolean | undefined;
}

/** A connector that answers may still take no orders. */
export function shownConnectorState({ state, comparisonFails = false }: ConnectorCondition): string {
  return comparisonFails ? `${state}, orders blocked` : state;
}

interface OrderCondition {
  readonly state: string;
  readonly flags: readonly string[];
}

const SHOWN_FLAGS: readonly string[] = ["disputed", "overfilled", "missing"];

export function shownOrderState({ state, flags }: OrderCondition): string {
  return [state, ...flags.filter((flag) => SHOWN_FLAGS.includes(flag))].join(", ");
}
