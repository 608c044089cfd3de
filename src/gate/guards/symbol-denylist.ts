/** These symbols are blocked in any spelling: `BRK.B` also blocks `brk-b`, `^BRKB`, `BRKB=` and full-width letters. */
import { comparableSymbol } from "../../domain/orders/order.ts";
import { block, pass } from "../check-result.ts";
import type { Guard } from "../check-context.ts";

export const symbolDenylist: Guard<"symbol-denylist"> = (options, context) => {
  const { symbol } = context.input.order.terms;
  const entry = options.symbols.find((denied) => comparableSymbol(denied) === comparableSymbol(symbol));
  if (entry === undefined) return pass(options.key, `${symbol} is not on the list`);
  return block(options.key, "SYMBOL_DENIED", `${symbol} is on the list of denied symbols (${entry})`, {
    actual: symbol,
  });
};
