/**
 * Blocks an order with the same terms as an order in flight or an order that was sent within the window, whatever its
 * end. File name, rationale and the spelling of numbers do not count, and neither does the order that it replaces.
 */
import { hasSameTerms } from "../../domain/orders/order.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatDuration } from "../format.ts";
import { recentIntents } from "../recent-intents.ts";
import type { Guard } from "../check-context.ts";

export const duplicateOrder: Guard<"duplicate-order"> = (options, context) => {
  const { key } = options;
  const { state, order, hostNow } = context.input;
  if (!Number.isFinite(hostNow)) return unavailable(key, "the host's time is unknown");
  const windowMs = options.window_s * 1000;
  const limit = formatDuration(windowMs);
  const replaced = order.terms.replaces?.id;
  for (const other of context.others) {
    if (other.id !== replaced && hasSameTerms(other.terms, order.terms)) {
      return block(key, "DUPLICATE_ORDER", `the same order is in flight as ${other.id} (${other.state})`, {
        limit,
        actual: other.id,
      });
    }
  }
  for (const intent of recentIntents(state.intents, hostNow, windowMs)) {
    if (intent.id === order.id || intent.id === replaced || !hasSameTerms(intent.terms, order.terms)) continue;
    const message = `the same order was sent as ${intent.id} ${formatDuration(hostNow - intent.at)} ago (window ${limit})`;
    return block(key, "DUPLICATE_ORDER", message, { limit, actual: formatDuration(hostNow - intent.at) });
  }
  return pass(key, `no equal order in flight or sent within ${limit}`, { limit });
};
