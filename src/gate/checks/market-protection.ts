/** A market or stop order needs a protection price, and is not sent while the market is beyond that price. */
import { decimal } from "../../domain/decimal.ts";
import { isTwoSided } from "../../domain/market/quote.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { isWorseThan, needsProtection, bestPrice } from "../protection.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";

const key = "market-protection";

export const marketProtection: GateCheck = {
  key,
  stages: EVERY_STAGE,
  evaluate: (context) => {
    const { terms } = context.input.order;
    if (!needsProtection(terms)) return pass(key, "the limit price protects it");
    if (terms.protectionPrice === undefined) {
      return unavailable(
        key,
        `the ${terms.type} order has no protection price, because there was no quote to derive it from`,
      );
    }
    if ("missing" in context.quote) return unavailable(key, context.quote.missing);
    const quote = context.quote.value;
    if (!isTwoSided(quote))
      return unavailable(key, `the book is one-sided or crossed (bid ${quote.bid}, ask ${quote.ask})`);
    const price = bestPrice(terms, quote);
    const figures = { limit: terms.protectionPrice, actual: price.toFixed() };
    if (!isWorseThan(terms.side, price, decimal(terms.protectionPrice))) {
      return pass(key, `the market is at ${figures.actual}, the protection price is ${figures.limit}`, figures);
    }
    const relation = terms.side === "buy" ? "above" : "below";
    return block(
      key,
      "BEYOND_PROTECTION",
      `the market is at ${figures.actual}, ${relation} the protection price of ${figures.limit}`,
      figures,
    );
  },
};
