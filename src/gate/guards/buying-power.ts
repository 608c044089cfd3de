/**
 * The order and the reservations before it fit into the connector's buying power. Selling a long position and buying
 * back a short position take none; a short sale does.
 */
import { ZERO } from "../../domain/decimal.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import { type PeggedMoney, peggedMoney, reportedPower, reservedCash } from "../buying-power.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatMoney } from "../format.ts";
import { shortOpeningQuantity } from "../exposure.ts";
import type { Guard } from "../check-context.ts";

export const buyingPower: Guard<"buying-power"> = (options, context) => {
  const { key } = options;
  const { order, connector } = context.input;
  const { side } = order.terms;
  const sold = shortOpeningQuantity(order.terms, context.exposure);
  if (context.reducing) return pass(key, `a ${side} that only reduces the position takes no buying power`);
  if (side === "sell" && context.exposure.marked && sold.eq(ZERO))
    return pass(key, "a sale of a held position takes no buying power");
  if ("missing" in context.price) return unavailable(key, context.price.missing);
  const pegged = peggedMoney(context.input);
  const reported = reportedPower(context.input, pegged);
  if ("missing" in reported) return unavailable(key, reported.missing);
  const reserved = reservedCash(context, pegged);
  if ("missing" in reserved) return unavailable(key, reserved.missing);
  const { state } = context.input;
  const multiplier = multiplierOf(state, order.terms.connector, order.terms.symbol);
  const need = (side === "buy" ? context.quantity : sold).times(multiplier).times(context.price.value);
  const free = reported.value.minus(reserved.value);
  const currency = pegged?.balance?.currency ?? context.currency;
  const figures = { limit: formatMoney(free, currency), actual: formatMoney(need, currency) };
  const reservedNote = reserved.value.eq(ZERO)
    ? ""
    : ` after ${formatMoney(reserved.value, currency)} for orders in flight`;
  const message =
    `order needs ${figures.actual}; ${connector.name} has ${figures.limit} of buying power${reservedNote}` +
    pegNote(pegged);
  if (need.lte(free)) return pass(key, message, figures);
  return block(key, "BUYING_POWER_EXCEEDED", message, figures);
};

/** By which statement of the operator the money counts. */
function pegNote(pegged: PeggedMoney | undefined): string {
  if (pegged === undefined) return "";
  const { currency, peg, balance } = pegged;
  return balance === undefined
    ? `, which pays ${currency} by the peg ${peg} of [fx]`
    : `, in its balance of ${currency}, which counts by the peg ${peg} of [fx]`;
}
