/** The kill switch. Cancels never come here, so they pass in every state. */
import { block, pass } from "../check-result.ts";
import { EVERY_STAGE, type Rule } from "./rule.ts";

const key = "trading-state";

export const tradingState: Rule = {
  key,
  stages: EVERY_STAGE,
  evaluate: (facts) => {
    const { state, reason } = facts.input.state.trading;
    const why = reason === "" ? "" : ` (${reason})`;
    switch (state) {
      case "active":
        return pass(key, "trading is active");
      case "reducing":
        if (facts.reducing) return pass(key, "trading is reducing, and so is this order");
        return block(
          key,
          "TRADING_REDUCING",
          `trading is reducing${why}: only orders that strictly reduce a position pass`,
        );
      default:
        return block(key, "TRADING_HALTED", `trading is ${state}${why}; qoc resume`);
    }
  },
};
