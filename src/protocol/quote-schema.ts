/**
 * Parses quotes. Connectors can stream ten thousand a second, and an approval waits for the quote that it asked for: a
 * quote in a simple form skips the zod schema. Its amounts are canonical decimal text, but for zeros at the end, or
 * numbers that are written as such. All others go through the schema.
 */
import { DECIMAL_CHARS_MAX, type DecimalText, isCanonical } from "../domain/decimal.ts";
import type { VenueQuote } from "../domain/market/venue.ts";
import { isName, isTimeMs } from "./fill-schema.ts";
import { FEED_CHARS_MAX } from "./schemas.ts";

const AMOUNTS = ["bid", "ask", "last", "bidSize", "askSize"] as const;
const REQUIRED: ReadonlySet<string> = new Set(["bid", "ask"]);
/** Members that are taken as they are, with what each may be. */
const STATEMENTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  asOf: isTimeMs,
  timeSource: (value) => value === "venue" || value === "received",
  delayedMs: isTimeMs,
  coverage: (value) => value === "full" || value === "partial",
  feed: (value) => isName(value) && value.length <= FEED_CHARS_MAX,
};
const MEMBERS: ReadonlySet<string> = new Set(["symbol", "timestamp", ...Object.keys(STATEMENTS), ...AMOUNTS]);

/** Returns what the schema would return, or undefined if the quote is not in canonical form. */
export function parseCanonicalQuote(raw: unknown): VenueQuote | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const quote = raw as Record<string, unknown>;
  for (const member in quote) if (!MEMBERS.has(member)) return undefined;
  const { symbol, timestamp } = quote;
  if (!isName(symbol) || !isTimeMs(timestamp)) return undefined;
  const parsed: Record<string, unknown> = { symbol, at: timestamp };
  for (const name of AMOUNTS) {
    const amount = quote[name];
    if (amount === undefined && !REQUIRED.has(name) && !(name in quote)) continue;
    const text = canonicalAmount(amount);
    if (text === undefined || (name.endsWith("Size") && text.startsWith("-"))) return undefined;
    parsed[name] = text;
  }
  for (const name in STATEMENTS) {
    if (!(name in quote)) continue;
    if (STATEMENTS[name]?.(quote[name]) !== true) return undefined;
    parsed[name] = quote[name];
  }
  return parsed as unknown as VenueQuote;
}

function canonicalAmount(raw: unknown): DecimalText | undefined {
  const text = typeof raw === "number" ? String(raw) : raw;
  if (isCanonical(text)) return text;
  // Venues write prices with zeros at the end.
  if (typeof raw !== "string" || !raw.includes(".") || raw.length > DECIMAL_CHARS_MAX) return undefined;
  const short = raw.replace(/\.?0+$/, "");
  return isCanonical(short) ? short : undefined;
}
