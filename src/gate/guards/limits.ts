/** Limits on one order: its share of NAV, its worth, its quantity, and the number of orders in flight. */
import { text } from "../../domain/decimal.ts";
import type { Guard } from "../check-context.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney } from "../format.ts";
import { shareOfNav } from "../nav.ts";

/** A size limit must not keep a position from being closed. */
const ANY_SIZE = "strictly reducing, so it passes at any size";

/** An order is worth at most `max_pct` percent of NAV. */
export const maxOrderNav: Guard<"max-order-nav"> = (options, context) =>
  shareOfNav(context, {
    key: options.key,
    scope: options.scope,
    percent: options.max_pct,
    noun: "order",
    part: context.notional,
  });

/** An order is worth at most `max_notional`, in the account's currency. */
export const maxOrderNotional: Guard<"max-order-notional"> = (options, context) => {
  if (context.reducing) return pass(options.key, ANY_SIZE);
  if ("missing" in context.notional) return unavailable(options.key, context.notional.missing);
  const notional = context.notional.value;
  const figures = {
    limit: formatMoney(options.max_notional, context.currency),
    actual: formatMoney(notional, context.currency),
  };
  const message = `order is worth ${figures.actual} (limit ${figures.limit})`;
  if (notional.lte(options.max_notional)) return pass(options.key, message, figures);
  return block(options.key, "MAX_ORDER_NOTIONAL_EXCEEDED", message, figures);
};

/** An order is for at most `max_quantity` units. */
export const maxOrderQuantity: Guard<"max-order-quantity"> = (options, context) => {
  if (context.reducing) return pass(options.key, ANY_SIZE);
  const figures = { limit: text(options.max_quantity), actual: text(context.quantity) };
  const message = `order is for ${figures.actual} ${context.input.order.terms.symbol} (limit ${figures.limit})`;
  if (context.quantity.lte(options.max_quantity)) return pass(options.key, message, figures);
  return block(options.key, "MAX_ORDER_QUANTITY_EXCEEDED", message, figures);
};

/** At most `max` orders are in flight at once, this order included. */
export const maxOpenOrders: Guard<"max-open-orders"> = (options, context) => {
  const count = context.others.length + 1;
  const figures = { limit: String(options.max), actual: String(count) };
  const message = `order would be number ${count} in flight (limit ${options.max})`;
  if (count <= options.max) return pass(options.key, message, figures);
  return block(options.key, "MAX_OPEN_ORDERS_EXCEEDED", message, figures);
};
