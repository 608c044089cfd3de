/** Decimals of texts that every evaluation reads again: the marks of positions, and the prices of orders in flight. */
import { type Decimal, decimal } from "../domain/decimal.ts";

const KNOWN_MAX = 4_096;
const known = new Map<string, Decimal>();

export function knownDecimal(text: string): Decimal {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size === KNOWN_MAX) known.clear();
  const parsed = decimal(text);
  known.set(text, parsed);
  return parsed;
}
