/** One order is worth at most this much, in the account's currency. */
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney } from "../format.ts";
import type { Guard } from "./guard.ts";

export const maxOrderNotional: Guard<"max-order-notional"> = (options, facts) => {
  if ("missing" in facts.notional) return unavailable(options.key, facts.notional.missing);
  const notional = facts.notional.value;
  const figures = {
    limit: formatMoney(options.max_notional, facts.currency),
    actual: formatMoney(notional, facts.currency),
  };
  const message = `order is worth ${figures.actual} (limit ${figures.limit})`;
  if (notional.lte(options.max_notional)) return pass(options.key, message, figures);
  return block(options.key, "MAX_ORDER_NOTIONAL_EXCEEDED", message, figures);
};
