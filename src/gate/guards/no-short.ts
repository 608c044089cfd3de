/** A sale is at most what is held, less what other sells in flight may take. Two sells that are each covered alone are not both. */
import { text } from "../../domain/decimal.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { sellableQuantity } from "../exposure.ts";
import type { Guard } from "./guard.ts";

export const noShort: Guard<"no-short"> = (options, facts) => {
  const { key } = options;
  const { terms } = facts.input.order;
  if (terms.side === "buy") return pass(key, "a buy");
  if (!facts.exposure.marked) return unavailable(key, `${terms.connector} has not reported its positions yet`);
  const free = sellableQuantity(facts.exposure);
  const figures = { limit: text(free), actual: text(facts.quantity) };
  const message = `sells ${figures.actual} ${terms.symbol}; ${figures.limit} held and not claimed by other sells`;
  if (facts.quantity.lte(free)) return pass(key, message, figures);
  return block(key, "SHORT_SALE", message, figures);
};
