/**
 * If today's loss, realized and unrealized, exceeds this share of the NAV at the open of the day, only strictly
 * reducing orders pass. Today is the venue's date: on a replayed market the simulated date.
 */
import { ZERO, withinPercent } from "../../domain/decimal.ts";
import { localTime } from "../calendar.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney, formatPercent, formatShare } from "../format.ts";
import { dayResult } from "../nav.ts";
import type { Guard } from "../check-context.ts";

export const dayLossLimit: Guard<"day-loss-limit"> = (options, context) => {
  const { key } = options;
  const { state, order, venueNow, timezone } = context.input;
  if (context.reducing) return pass(key, "strictly reducing, so it passes at any loss");
  const account = state.accounts.get(order.terms.connector);
  if (account === undefined) return unavailable(key, `${order.terms.connector} has not reported its account yet`);
  const today = localTime(venueNow, timezone).date;
  if (account.venueDate < today) {
    return unavailable(
      key,
      `the last account of ${order.terms.connector} is from ${account.venueDate}, and today is ${today}`,
    );
  }
  const day = dayResult(context.input, options.scope);
  if ("missing" in day) return unavailable(key, day.missing);
  const { open, pnl, share, note } = day.value;
  if (open.lte(ZERO)) {
    const message = `the day opened with a NAV of ${formatMoney(open, context.currency)}${note}; only a strictly reducing order passes`;
    return block(key, "NAV_NOT_POSITIVE", message);
  }
  const loss = ZERO.minus(pnl);
  const limit = formatPercent(options.max_pct);
  if (loss.lte(ZERO))
    return pass(key, `no loss today (${formatMoney(pnl, context.currency)})`, { limit, actual: "0 %" });
  const figures = { limit, actual: formatShare(share.loss, share.of, options.max_pct) };
  const message =
    `today's loss of ${formatMoney(loss, context.currency)} is ${figures.actual} of the day's opening NAV ` +
    `${formatMoney(open, context.currency)}${note} (limit ${figures.limit})`;
  if (withinPercent(share.loss, options.max_pct, share.of)) return pass(key, message, figures);
  return block(key, "DAY_LOSS_LIMIT_EXCEEDED", `${message}; only strictly reducing orders pass`, figures);
};
