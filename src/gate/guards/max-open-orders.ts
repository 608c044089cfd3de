/** At most this many orders in flight at once, this one included. */
import { block, pass } from "../check-result.ts";
import { othersInFlight } from "../exposure.ts";
import type { Guard } from "./guard.ts";

export const maxOpenOrders: Guard<"max-open-orders"> = (options, facts) => {
  const count = [...othersInFlight(facts.input.state, facts.input.order.id)].length + 1;
  const figures = { limit: String(options.max), actual: String(count) };
  const message = `order would be number ${count} in flight (limit ${options.max})`;
  if (count <= options.max) return pass(options.key, message, figures);
  return block(options.key, "MAX_OPEN_ORDERS_EXCEEDED", message, figures);
};
