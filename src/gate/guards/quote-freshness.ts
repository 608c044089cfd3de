/**
 * The quote is recent by two clocks: by the host's monotonic clock at receipt, which ignores changes of the wall clock,
 * and by the venue's timestamp, which exposes a sleeping laptop, a cache or a delayed feed. A timestamp in the future
 * blocks. On a quiet market the venue's word that the quote is still valid (`asOf`) counts as its timestamp.
 */
import { validAt } from "../../domain/market/quote.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatDuration } from "../format.ts";
import type { Guard } from "../check-context.ts";

/** The accepted difference between the clocks of two machines. */
const SKEW_MS = 2000;

export const quoteFreshness: Guard<"quote-freshness"> = (options, context) => {
  const { key } = options;
  const { monoNow, venueNow } = context.input;
  if ("missing" in context.quote) return unavailable(key, context.quote.missing);
  const quote = context.quote.value;
  const limitMs = options.max_age_s * 1000;
  const latest = validAt(quote);
  const [received, stamped] = [monoNow - quote.receivedMono, venueNow - latest];
  if (!Number.isFinite(received) || !Number.isFinite(stamped)) return unavailable(key, "the quote has an invalid time");
  if (received < 0) return unavailable(key, `the quote was received ${formatDuration(received)} after now`);
  const figures = { limit: formatDuration(limitMs), actual: formatDuration(Math.max(received, stamped)) };
  if (stamped < -SKEW_MS) {
    return block(
      key,
      "QUOTE_FROM_FUTURE",
      `the quote's time is ${formatDuration(stamped)} ahead of the desk's: compare the clock of this machine with the venue's`,
      figures,
    );
  }
  const stamp = latest === quote.at ? "the venue's stamp" : "the venue's word that it is still valid";
  const message = `quote is ${formatDuration(received)} old here and ${formatDuration(stamped)} by ${stamp} (limit ${figures.limit})`;
  if (received <= limitMs && stamped <= limitMs) return pass(key, message, figures);
  return block(key, "QUOTE_STALE", message, figures);
};
