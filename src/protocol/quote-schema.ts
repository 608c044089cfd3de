/**
 * Parses quotes. Connectors can stream ten thousand a second, so a quote in canonical form skips the zod schema: its
 * amounts are canonical decimal text, or numbers that are written as such. All others go through the schema.
 */
import { isCanonical } from "../domain/decimal.ts";
import type { VenueQuote } from "../domain/market/venue.ts";
import { isName, isTimeMs } from "./fill-schema.ts";

const AMOUNTS = ["bid", "ask", "last", "bidSize", "askSize"] as const;
const REQUIRED: ReadonlySet<string> = new Set(["bid", "ask"]);
const MEMBERS: ReadonlySet<string> = new Set(["symbol", "timestamp", "asOf", ...AMOUNTS]);

/** Returns what the schema would return, or undefined if the quote is not in canonical form. */
export function parseCanonicalQuote(raw: unknown): VenueQuote | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const quote = raw as Record<string, unknown>;
  for (const member in quote) if (!MEMBERS.has(member)) return undefined;
  const { symbol, timestamp, asOf } = quote;
  if (!isName(symbol) || !isTimeMs(timestamp)) return undefined;
  const parsed: Record<string, unknown> = { symbol, at: timestamp };
  for (const name of AMOUNTS) {
    const amount = quote[name];
    if (amount === undefined && !REQUIRED.has(name) && !(name in quote)) continue;
    const text = typeof amount === "number" ? String(amount) : amount;
    if (!isCanonical(text) || (name.endsWith("Size") && text.startsWith("-"))) return undefined;
    parsed[name] = text;
  }
  if ("asOf" in quote) {
    if (!isTimeMs(asOf)) return undefined;
    parsed["asOf"] = asOf;
  }
  return parsed as unknown as VenueQuote;
}
