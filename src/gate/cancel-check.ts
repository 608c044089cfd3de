/** The check of a cancel. No guard and no trading state stops it: the order must be in flight, at the same account. */
import type { DeskState } from "../domain/desk-state.ts";
import type { OrderTerms } from "../domain/orders/order.ts";
import { isTerminal } from "../domain/orders/order-state.ts";
import { type Check, type Verdict, verdictOf } from "../domain/orders/verdict.ts";
import type { Mode } from "../domain/market/venue.ts";
import { block, pass } from "./check-result.ts";

const key = "cancelled-order";

interface CancelInput {
  readonly terms: OrderTerms;
  readonly state: Readonly<DeskState>;
  /** The connector's mode now; undefined if the connector is not known. */
  readonly mode: Mode | undefined;
}

export function evaluateCancel(input: CancelInput): Verdict {
  return verdictOf([checkCancel(input)]);
}

function checkCancel({ terms: { cancels, connector, mode: sentAs }, state, mode }: CancelInput): Check {
  const target = cancels === undefined ? undefined : state.orders.get(cancels.id);
  if (target === undefined) return block(key, "CANCELLED_UNKNOWN", `the journal has no order ${cancels?.id}`);
  const { id } = target;
  const actual = { actual: target.state };
  if (isTerminal(target.state))
    return block(key, "CANCELLED_ENDED", `${id} is ${target.state}; there is nothing to cancel`, actual);
  // The venue's ids of another account may name other orders.
  if (mode !== undefined && mode !== sentAs) {
    const message = `${id} was sent to a ${sentAs} connector, and ${connector} is now ${mode}`;
    return block(key, "CONNECTOR_MODE_CHANGED", message, { limit: sentAs, actual: mode });
  }
  return pass(key, `${id} is ${target.state}; a cancel passes in every trading state`, actual);
}
