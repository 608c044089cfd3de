/** A sell is at most the held quantity less other sells in flight, so that two sells cannot use the same position. */
import { text } from "../../domain/decimal.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { sellableQuantity } from "../exposure.ts";
import type { Guard } from "../check-context.ts";

export const noShort: Guard<"no-short"> = (options, context) => {
  const { key } = options;
  const { terms } = context.input.order;
  if (terms.side === "buy") return pass(key, "a buy");
  const { exposureWithoutReplaced: exposure } = context;
  if (!exposure.marked) return unavailable(key, `${terms.connector} has not reported its positions yet`);
  const free = sellableQuantity(exposure);
  const figures = { limit: text(free), actual: text(context.quantity) };
  const message = `sells ${figures.actual} ${terms.symbol}; ${figures.limit} held and not claimed by other sells`;
  if (context.quantity.lte(free)) return pass(key, message, figures);
  return block(key, "SHORT_SALE", message, figures);
};
