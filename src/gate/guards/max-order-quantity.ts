/** One order is for at most this many units. */
import { text } from "../../domain/decimal.ts";
import { block, pass } from "../check-result.ts";
import type { Guard } from "./guard.ts";

export const maxOrderQuantity: Guard<"max-order-quantity"> = (options, facts) => {
  const figures = { limit: text(options.max_quantity), actual: text(facts.quantity) };
  const message = `order is for ${figures.actual} ${facts.input.order.terms.symbol} (limit ${figures.limit})`;
  if (facts.quantity.lte(options.max_quantity)) return pass(options.key, message, figures);
  return block(options.key, "MAX_ORDER_QUANTITY_EXCEEDED", message, figures);
};
