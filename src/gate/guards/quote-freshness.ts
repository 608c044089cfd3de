/**
 * The quote is recent by two clocks: received not long ago by the monotonic one (which no time step can fool), and stamped
 * not long ago by the venue (which sees through a sleeping laptop, a cache and a delayed feed). A stamp from the future is
 * no stamp.
 */
import { block, pass, unavailable } from "../check-result.ts";
import { formatDuration } from "../format.ts";
import type { Guard } from "../check-context.ts";

/** Clocks of two machines may differ by this much. */
const SKEW_MS = 2000;

export const quoteFreshness: Guard<"quote-freshness"> = (options, context) => {
  const { key } = options;
  const { monoNow, venueNow } = context.input;
  if ("missing" in context.quote) return unavailable(key, context.quote.missing);
  const quote = context.quote.value;
  const limitMs = options.max_age_s * 1000;
  const [received, stamped] = [monoNow - quote.receivedMono, venueNow - quote.at];
  if (!Number.isFinite(received) || !Number.isFinite(stamped))
    return unavailable(key, "the quote's times are not times");
  if (received < 0) return unavailable(key, `the quote was received ${formatDuration(received)} after now`);
  const figures = { limit: formatDuration(limitMs), actual: formatDuration(Math.max(received, stamped)) };
  if (stamped < -SKEW_MS) {
    return block(
      key,
      "QUOTE_FROM_FUTURE",
      `the venue stamped the quote ${formatDuration(stamped)} ahead of its own time`,
      figures,
    );
  }
  const message = `quote is ${formatDuration(received)} old here and ${formatDuration(stamped)} by the venue's stamp (limit ${figures.limit})`;
  if (received <= limitMs && stamped <= limitMs) return pass(key, message, figures);
  return block(key, "QUOTE_STALE", message, figures);
};
