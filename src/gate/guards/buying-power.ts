/**
 * The order, and all that is promised before it, fits into the connector's buying power. Selling what is held takes none,
 * and buying back a short that is held takes none; a short sale does.
 */
import { ZERO } from "../../domain/decimal.ts";
import { reportedPower, reservedCash } from "../buying-power.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney } from "../format.ts";
import { shortOpeningQuantity } from "../exposure.ts";
import type { Guard } from "./guard.ts";

export const buyingPower: Guard<"buying-power"> = (options, facts) => {
  const { key } = options;
  const { order, connector } = facts.input;
  const { side } = order.terms;
  const sold = shortOpeningQuantity(order.terms, facts.exposure);
  if (facts.reducing) return pass(key, `a ${side} that only reduces the position takes no buying power`);
  if (side === "sell" && facts.exposure.marked && sold.eq(ZERO))
    return pass(key, "a sale of what is held takes no buying power");
  if ("missing" in facts.price) return unavailable(key, facts.price.missing);
  const reported = reportedPower(facts.input);
  if ("missing" in reported) return unavailable(key, reported.missing);
  const reserved = reservedCash(facts.input, order.id);
  if ("missing" in reserved) return unavailable(key, reserved.missing);
  const need = (side === "buy" ? facts.quantity : sold).times(facts.price.value);
  const free = reported.value.minus(reserved.value);
  const figures = { limit: formatMoney(free, facts.currency), actual: formatMoney(need, facts.currency) };
  const reservedWords = reserved.value.eq(ZERO)
    ? ""
    : ` after ${formatMoney(reserved.value, facts.currency)} for orders in flight`;
  const message = `order needs ${figures.actual}; ${connector.name} has ${figures.limit} of buying power${reservedWords}`;
  if (need.lte(free)) return pass(key, message, figures);
  return block(key, "BUYING_POWER_EXCEEDED", message, figures);
};
