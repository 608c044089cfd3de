/** None of these symbols, however they are spelled: `brk-b` is held by `BRK.B`, and so is a full-width letter. */
import { block, pass } from "../check-result.ts";
import type { Guard } from "../check-context.ts";

/** Capitals, digits, and the signs that make another instrument (`^` index, `=` future). */
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
