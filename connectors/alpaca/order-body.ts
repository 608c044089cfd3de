/** The desk's orders as Alpaca's. Pure. */
import { NotSent, type Order } from "@qoc-app/sdk";
import { CRYPTO_TERMS, EQUITY_TERMS, isCrypto } from "./map.ts";

/** Alpaca takes quantities with at most nine decimals. */
const QUANTITY_DECIMALS = 9;

function decimalsOf(amount: string): number {
  return amount.split(".")[1]?.length ?? 0;
}

/** The body of an order. @throws NotSent for what Alpaca would refuse, round or not understand. */
export function orderBody(order: Order): Readonly<Record<string, string | boolean | undefined>> {
  const { symbol, quantityText, limitPriceText, stopPriceText, type, timeInForce } = order;
  if (decimalsOf(quantityText) > QUANTITY_DECIMALS)
    throw new NotSent(`Alpaca takes quantities with at most ${QUANTITY_DECIMALS} decimals, not ${quantityText}`);
  const { orderTypes, timesInForce } = isCrypto(symbol) ? CRYPTO_TERMS : EQUITY_TERMS;
  if (!orderTypes.some((allowed) => allowed === type))
    throw new NotSent(`Alpaca takes ${orderTypes.join(", ")} orders in ${symbol}, not ${type}`);
  if (!timesInForce.some((allowed) => allowed === timeInForce))
    throw new NotSent(`Alpaca takes ${timesInForce.join(", ")} for ${symbol}, not ${timeInForce}`);
  if (isCrypto(symbol)) assertNoFlags(order);
  else {
    for (const price of [limitPriceText, stopPriceText]) if (price !== undefined) assertPenny(price);
    if (/\.\d*[1-9]/.test(quantityText) && timeInForce !== "day")
      throw new NotSent(`Alpaca takes a fraction of a share (${quantityText}) with day only, not ${timeInForce}`);
  }
  return {
    client_order_id: order.clientOrderId,
    symbol,
    side: order.side,
    qty: quantityText,
    type,
    time_in_force: timeInForce,
    limit_price: limitPriceText,
    stop_price: stopPriceText,
    ...flagMembers(order),
  };
}

function assertNoFlags({ session, positionIntent, postOnly }: Order): void {
  if (session !== undefined || positionIntent !== undefined || postOnly !== undefined)
    throw new NotSent("Alpaca takes orders in coins without session, position intent and post-only");
}

/** @throws NotSent for flags that Alpaca would refuse. */
function flagMembers({ session, positionIntent, postOnly, side, type, timeInForce }: Order) {
  if (postOnly !== undefined) throw new NotSent("Alpaca takes no post-only orders");
  const isExtended = session === "extended";
  if (isExtended && (type !== "limit" || (timeInForce !== "day" && timeInForce !== "gtc")))
    throw new NotSent(`Alpaca takes extended hours for limit orders with day or gtc, not ${type} with ${timeInForce}`);
  return {
    ...(session !== undefined && { extended_hours: isExtended }),
    ...(positionIntent !== undefined && { position_intent: `${side}_to_${positionIntent}` }),
  };
}

function assertPenny(price: string): void {
  const allowed = /^0*\./.test(price) || /^0+(?:\.|$)/.test(price) ? 4 : 2;
  if (decimalsOf(price.replace(/0+$/, "")) > allowed && price.includes("."))
    throw new NotSent(`Alpaca takes prices with at most ${allowed} decimals here, not ${price}`);
}
