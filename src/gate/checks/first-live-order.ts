/**
 * The first order at a connector that is not paper is small: a wrong symbol, price or account then costs little. Larger
 * ones are blocked until one was filled. An order that strictly reduces a position passes.
 */
import { decimal } from "../../domain/decimal.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney } from "../format.ts";

const key = "first-live-order";

export const firstLiveOrder: GateCheck = {
  key,
  stages: EVERY_STAGE,
  appliesTo: ({ mode }) => mode !== "paper",
  evaluate: (context) => {
    const { connector, order, state } = context.input;
    const name = order.terms.connector;
    if (state.liveFilled.has(name)) return pass(key, `an order at ${name} was filled before`);
    if (context.reducing) return pass(key, "strictly reducing, so it passes at any size");
    if ("missing" in context.notional) return unavailable(key, context.notional.missing);
    const notional = context.notional.value;
    const limit = decimal(connector.firstOrderNotional);
    const figures = { limit: formatMoney(limit, context.currency), actual: formatMoney(notional, context.currency) };
    const worth = `order is worth ${figures.actual}`;
    if (notional.lte(limit)) return pass(key, `${worth}; the first at ${name} may be worth ${figures.limit}`, figures);
    const message =
      `${worth}, and no order at ${name} was filled yet: the first may be worth ${figures.limit} ` +
      `(first_order_notional)`;
    return block(key, "FIRST_ORDER_TOO_LARGE", message, figures);
  },
};
