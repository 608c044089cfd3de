/** The kill switch. Cancels do not go through the gate, so they pass in every state. */
import { block, pass } from "../check-result.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";

const key = "trading-state";

export const tradingState: GateCheck = {
  key,
  stages: EVERY_STAGE,
  evaluate: (context) => {
    const { state, reason } = context.input.state.trading;
    const because = reason === "" ? "" : ` (${reason})`;
    switch (state) {
      case "active":
        return pass(key, "trading is active");
      case "reducing":
        if (context.reducing) return pass(key, "trading is reducing, and the order reduces a position");
        return block(
          key,
          "TRADING_REDUCING",
          `trading is reducing${because}: only orders that strictly reduce a position pass`,
        );
      default: {
        const or = context.reducing ? ", or qoc halt --reducing, under which orders that only reduce pass" : "";
        return block(key, "TRADING_HALTED", `trading is ${state}${because}; run qoc resume${or}`);
      }
    }
  },
};
