/** These symbols are blocked, in any spelling: `BRK.B` also blocks `brk-b` and full-width letters. */
import { block, pass } from "../check-result.ts";
import type { Guard } from "../check-context.ts";

/** Upper case, without separators. Signs that name another instrument stay (`^` index, `=` future). */
function plain(symbol: string): string {
  return symbol
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\s.:/_-]/g, "");
}

export const symbolDenylist: Guard<"symbol-denylist"> = (options, context) => {
  const { symbol } = context.input.order.terms;
  const entry = options.symbols.find((denied) => plain(denied) === plain(symbol));
  if (entry === undefined) return pass(options.key, `${symbol} is not on the list`);
  return block(options.key, "SYMBOL_DENIED", `${symbol} is on the list of denied symbols (${entry})`, {
    actual: symbol,
  });
};
