/** The market has not moved more than 1 % from the price that the human saw. */
import { ZERO, decimal, withinPercent } from "../../domain/decimal.ts";
import { isTwoSided, mid } from "../../domain/market/quote.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatPercent, formatShare } from "../format.ts";
import type { GateCheck } from "../check-context.ts";

const key = "drift";
const LIMIT = decimal("1");

export const priceDrift: GateCheck = {
  key,
  stages: ["approve", "dispatch"],
  evaluate: (context) => {
    const { approval, order, stage } = context.input;
    if (approval === undefined) {
      return stage === "approve" ? pass(key, "not approved yet") : unavailable(key, "the order is not approved");
    }
    if (approval.mid === undefined) {
      if (order.terms.limitPrice !== undefined) return pass(key, "approved without a quote; the limit price applies");
      const message = `a ${order.terms.type} order that was approved without a quote cannot be sent; use a limit order`;
      return block(key, "APPROVED_WITHOUT_QUOTE", message);
    }
    const shown = decimal(approval.mid);
    if (shown.eq(ZERO)) return unavailable(key, `the price shown at approval was ${approval.mid}`);
    if ("missing" in context.quote) return unavailable(key, context.quote.missing);
    const quote = context.quote.value;
    if (!isTwoSided(quote))
      return unavailable(key, `the book is one-sided or crossed (bid ${quote.bid}, ask ${quote.ask})`);
    const now = mid(quote);
    const moved = now.minus(shown).abs();
    const figures = { limit: formatPercent(LIMIT), actual: formatShare(moved, shown.abs(), LIMIT) };
    const message =
      `the market is at ${now.toFixed()}, ${figures.actual} from the ${approval.mid} shown at approval ` +
      `(limit ${figures.limit})`;
    return withinPercent(moved, LIMIT, shown.abs())
      ? pass(key, message, figures)
      : block(key, "PRICE_DRIFTED", message, figures);
  },
};
