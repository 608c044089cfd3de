/** A sale is at most what is held, less what other sells in flight may take. Two sells that are each covered alone are not both. */
import { text } from "../../domain/decimal.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { sellableQuantity } from "../exposure.ts";
import type { Guard } from "../check-context.ts";

export const noShort: Guard<"no-short"> = (options, context) => {
  const { key } = options;
  const { terms } = context.input.order;
  if (terms.side === "buy") return pass(key, "a buy");
  if (!context.exposure.marked) return unavailable(key, `${terms.connector} has not reported its positions yet`);
  const free = sellableQuantity(context.exposure);
  const figures = { limit: text(free), actual: text(context.quantity) };
  const message = `sells ${figures.actual} ${terms.symbol}; ${figures.limit} held and not claimed by other sells`;
  if (context.quantity.lte(free)) return pass(key, message, figures);
  return block(key, "SHORT_SALE", message, figures);
};
