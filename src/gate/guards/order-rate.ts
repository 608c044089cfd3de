/**
 * Limits the orders sent within a minute and within 24 hours. Counts the submit intents of the journal, so a restart
 * resets nothing. Cancels are never counted.
 */
import { block, pass, unavailable } from "../check-result.ts";
import { recentIntents } from "../recent-intents.ts";
import type { CheckContext, Guard } from "../check-context.ts";
import { counted } from "../../lib/counted.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const orderRate: Guard<"order-rate"> = (options, context) => {
  const { key, max_per_minute: perMinute, max_per_day: perDay } = options;
  if (!Number.isFinite(context.input.hostNow)) return unavailable(key, "the host's time is unknown");
  const minute = sentWithin(context, MINUTE_MS);
  const figures = { limit: `${perMinute} per minute`, actual: `${minute + 1} per minute` };
  if (minute + 1 > perMinute) {
    return block(
      key,
      "ORDER_RATE_EXCEEDED",
      `${counted(minute, "order was", "orders were")} submitted in the last minute (limit ${perMinute})`,
      figures,
    );
  }
  if (perDay === undefined)
    return pass(key, `${counted(minute, "order")} in the last minute (limit ${perMinute})`, figures);
  const day = sentWithin(context, DAY_MS);
  if (day + 1 > perDay) {
    return block(
      key,
      "ORDER_RATE_EXCEEDED",
      `${counted(day, "order was", "orders were")} submitted in the last 24 hours (limit ${perDay})`,
      {
        limit: `${perDay} per day`,
        actual: `${day + 1} per day`,
      },
    );
  }
  return pass(
    key,
    `${counted(minute, "order")} in the last minute (limit ${perMinute}), ${day} in 24 hours (limit ${perDay})`,
    figures,
  );
};

function sentWithin({ input }: CheckContext, windowMs: number): number {
  let count = 0;
  for (const intent of recentIntents(input.state.intents, input.hostNow, windowMs))
    if (intent.id !== input.order.id) count++;
  return count;
}
