/**
 * Blocks an instrument while the outcome of one of its orders is unknown, while an order works that was of another
 * name, or while the venue's position differs from the fills: in all cases the position is unknown.
 */
import { comparableSymbol } from "../../domain/orders/order.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { block, pass } from "../check-result.ts";
import { disputeOf, flagOf } from "../exposure.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";

const key = "unknown-instrument";

/** The venue chose the spelling of the symbol. */
function resolveAdvice(connector: string, symbol: string): string {
  return `check the venue, then run qoc resolve ${quoteForShell(`${connector}/${symbol}`)} -m "what you saw"`;
}

function isSame(symbol: string, other: string): boolean {
  return comparableSymbol(symbol) === comparableSymbol(other);
}

export const unknownInstrument: GateCheck = {
  key,
  stages: EVERY_STAGE,
  evaluate: ({ input: { state, order }, others }) => {
    const { connector, symbol } = order.terms;
    const flagged = flagOf(state, connector, symbol);
    if (flagged !== undefined) {
      const figures = { limit: flagged.expected, actual: flagged.actual };
      const advice = resolveAdvice(connector, flagged.symbol);
      const message = `the venue reports ${figures.actual} ${flagged.symbol}, the fills add up to ${figures.limit}; ${advice}`;
      return block(key, "INSTRUMENT_FLAGGED", message, figures);
    }
    const dispute = disputeOf(state, connector, symbol);
    if (dispute !== undefined) {
      const finding =
        dispute.kind === "overfill" ? "exceeds its open quantity" : `contradicts it (${dispute.misfits.join(", ")})`;
      const advice = resolveAdvice(connector, dispute.symbol);
      return block(key, "INSTRUMENT_DISPUTED", `a fill of order ${dispute.order} ${finding}; ${advice}`);
    }
    for (const other of others) {
      const { renamedTo } = other;
      if (other.terms.connector === connector && renamedTo !== undefined && isSame(renamedTo, symbol)) {
        const message = `order ${other.id} works under the old name ${other.terms.symbol}; cancel it: qoc cancel ${other.id}`;
        return block(key, "INSTRUMENT_UNKNOWN", message, { actual: other.id });
      }
      if (other.state !== "unknown" && other.state !== "submitting") continue;
      if (other.terms.connector !== connector || !isSame(other.terms.symbol, symbol)) continue;
      const reason = other.unknownReason === undefined ? "" : ` (${other.unknownReason})`;
      const message = `order ${other.id} of ${other.terms.symbol} at ${connector} is ${other.state}${reason}`;
      return block(key, "INSTRUMENT_UNKNOWN", message, { actual: other.id });
    }
    return pass(key, `no unknown outcome for ${symbol} at ${connector}`);
  },
};
