/** The states of the desk, of connectors and of orders as lists show them, with what contradicts a plain state. */
import { lostWords } from "../../domain/orders/order-flags.ts";
import { type StatusView, isStoppedByReadOnly } from "../../domain/status-view.ts";
import { INDENT, type OutputStyle } from "./table-text.ts";
import { oneLine, wrap } from "./terminal-text.ts";

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

/** Why the venue's answers count for nothing, and what to do; undefined if they count. */
export function lostAdvice({
  id,
  flags,
}: {
  readonly id: string;
  readonly flags: readonly string[];
}): string | undefined {
  const words = lostWords(flags);
  return words && `${words}; look at the venue's own page, then: qoc resolve ${id} -m "what you saw"`;
}

interface OrderCondition {
  readonly state: string;
  readonly flags: readonly string[];
}

const SHOWN_FLAGS: readonly string[] = ["disputed", "overfilled", "missing", "misreported"];

export function shownOrderState({ state, flags }: OrderCondition): string {
  return [state, ...flags.filter((flag) => SHOWN_FLAGS.includes(flag))].join(", ");
}

/** An order in flight. */
export function orderLines(
  { id, state, sentence, flags }: StatusView["orders"][number],
  style: OutputStyle,
): readonly string[] {
  const line = oneLine(`${id}  ${shownOrderState({ state, flags })}  ${sentence}`);
  const lost = lostAdvice({ id, flags });
  if (lost === undefined) return [line];
  const advice = wrap(oneLine(lost), style.columns - 2 * INDENT.length).map((text) => `${INDENT}${text}`);
  return [`✗ ${line}`, ...advice].map((text) => style.paint("red", text));
}
