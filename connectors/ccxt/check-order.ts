/** What is approved is what is sent: an order that the exchange would round or refuse is not sent. Pure. */
import { type Instrument, NotSent, type Numeric, type Order } from "@qoc-app/sdk";
import { ZERO, amount } from "../amount.ts";
import type { Market } from "./venue.ts";

interface Checked {
  readonly name: string;
  readonly market: Market;
  /** The account's currency. */
  readonly currency: string;
}

/** @throws NotSent with the numbers. */
export function checkOrder(order: Order, { name, market, currency }: Checked): void {
  const { symbol, instrument } = market;
  const refuse = (why: string): never => {
    throw new NotSent(`${name}: ${why}`);
  };
  if (market.quote !== currency)
    refuse(`${symbol} is paid in ${market.quote}; this connector trades against ${currency}, its account's currency`);
  if (instrument.tradable === false) refuse(`${symbol} is not open for trading`);
  if (instrument.orderTypes?.includes(order.type) !== true)
    refuse(`${symbol} takes ${instrument.orderTypes?.join(", ") ?? "no"} orders, not ${order.type}`);
  if (instrument.timesInForce?.includes(order.timeInForce) !== true)
    refuse(`${symbol} takes ${instrument.timesInForce?.join(", ") ?? "no time in force"}, not ${order.timeInForce}`);
  for (const flag of ["session", "positionIntent", "postOnly"] as const)
    if (order[flag] !== undefined && instrument.orderFlags?.includes(flag) !== true)
      refuse(`${symbol} takes no order with ${flag}`);
  const why = stepProblem(order, instrument) ?? sizeProblem(order, instrument);
  if (why !== undefined) refuse(`${symbol}: ${why}`);
}

function isMultiple(value: string, step: Numeric): boolean {
  return amount(value)
    .mod(amount(String(step)))
    .eq(ZERO);
}

function stepProblem(order: Order, { tickSize, lotSize, marketLot }: Instrument): string | undefined {
  const { quantityText, limitPriceText, stopPriceText } = order;
  for (const lot of [lotSize, order.type === "market" ? marketLot : undefined])
    if (lot !== undefined && !isMultiple(quantityText, lot))
      return `the quantity ${quantityText} is not a multiple of ${lot}`;
  for (const price of [limitPriceText, stopPriceText])
    if (price !== undefined && tickSize !== undefined && !isMultiple(price, tickSize))
      return `the price ${price} is not a multiple of ${tickSize}`;
  return undefined;
}

function sizeProblem(order: Order, { minQuantity, maxQuantity, minNotional }: Instrument): string | undefined {
  const quantity = amount(order.quantityText);
  if (maxQuantity !== undefined && quantity.gt(amount(String(maxQuantity))))
    return `the quantity ${order.quantityText} is above the maximum of ${maxQuantity}`;
  if (minQuantity !== undefined && quantity.lt(amount(String(minQuantity))))
    return `the quantity ${order.quantityText} is below the minimum of ${minQuantity}`;
  const price = order.limitPriceText;
  if (minNotional === undefined || price === undefined) return undefined;
  const notional = quantity.times(amount(price));
  return notional.lt(amount(String(minNotional)))
    ? `${order.quantityText} at ${price} is worth less than the minimum of ${minNotional}`
    : undefined;
}
