/** Only these symbols pass. The match is exact. */
import { block, pass } from "../check-result.ts";
import type { Guard } from "../check-context.ts";

export const symbolAllowlist: Guard<"symbol-allowlist"> = (options, context) => {
  const { symbol } = context.input.order.terms;
  if (options.symbols.includes(symbol)) return pass(options.key, `${symbol} is on the list`);
  return block(
    options.key,
    "SYMBOL_NOT_ALLOWED",
    `${symbol} is not on the list of ${options.symbols.length} allowed symbols`,
    {
      actual: symbol,
    },
  );
};
