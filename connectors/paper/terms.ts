/** What an order must be before the venue looks at the money: known words, whole ticks and lots, a combination it trades. */
import { type Order, VenueRejection } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, parseAmount, textOf } from "./amount.ts";
import { LOT } from "./market.ts";
import type { Working } from "./state.ts";

export const ORDER_TYPES = ["market", "limit", "stop", "stop_limit"] as const;
export const TIMES_IN_FORCE = ["day", "gtc", "ioc", "fok"] as const;

export const QUANTITY_MAX: Amount = amount("1000000000");
const PRICE_MAX: Amount = amount("1000000000");
const CLIENT_ID = /^[\x21-\x7e]{1,48}$/;

export type Terms = Pick<
  Working,
  "clientOrderId" | "symbol" | "side" | "type" | "timeInForce" | "quantity" | "limitPrice" | "stopPrice" | "reduceOnly"
>;

/** The id is checked first and alone, because a refused order is remembered under it. @throws VenueRejection */
export function readClientId(order: Order): string {
  if (typeof order.clientOrderId === "string" && CLIENT_ID.test(order.clientOrderId)) return order.clientOrderId;
  throw new VenueRejection(
    `client order id ${JSON.stringify(order.clientOrderId)} is not 1 to 48 printable characters`,
  );
}

/** @throws VenueRejection with what is wrong and what would be right. */
export function readTerms(order: Order, tickSize: Amount): Terms {
  const { side, type, timeInForce, symbol } = order;
  if (side !== "buy" && side !== "sell")
    throw new VenueRejection(`side ${JSON.stringify(side)} is neither buy nor sell`);
  oneOf("order type", type, ORDER_TYPES);
  oneOf("time in force", timeInForce, TIMES_IN_FORCE);
  const wantsLimit = type === "limit" || type === "stop_limit";
  const wantsStop = type === "stop" || type === "stop_limit";
  if (wantsStop && (timeInForce === "ioc" || timeInForce === "fok")) {
    throw new VenueRejection(`a ${type} order cannot be ${timeInForce}: it waits for its trigger; send it day or gtc`);
  }
  const limitPrice = readPrice("limit price", order.limitPriceText ?? order.limitPrice, wantsLimit, type, tickSize);
  const stopPrice = readPrice("stop price", order.stopPriceText ?? order.stopPrice, wantsStop, type, tickSize);
  return {
    clientOrderId: readClientId(order),
    symbol,
    side,
    type,
    timeInForce,
    quantity: readQuantity(order.quantityText ?? order.quantity),
    ...(limitPrice === undefined ? {} : { limitPrice }),
    ...(stopPrice === undefined ? {} : { stopPrice }),
    ...(order.reduceOnly === true ? { reduceOnly: true as const } : {}),
  };
}

function oneOf(what: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new VenueRejection(`${what} ${JSON.stringify(value)} is not one of ${allowed.join(", ")}`);
}

function readQuantity(raw: unknown): string {
  const quantity = parseAmount(raw);
  if (quantity === undefined || quantity.lte(ZERO))
    throw new VenueRejection(`quantity ${JSON.stringify(raw)} is not a number above zero`);
  if (quantity.gt(QUANTITY_MAX))
    throw new VenueRejection(`quantity ${textOf(quantity)} is above the venue's ${textOf(QUANTITY_MAX)}`);
  if (!quantity.mod(LOT).eq(ZERO))
    throw new VenueRejection(`quantity ${textOf(quantity)} is not a multiple of the lot, ${textOf(LOT)}`);
  return textOf(quantity);
}

function readPrice(what: string, raw: unknown, wanted: boolean, type: string, tickSize: Amount): string | undefined {
  if (raw === undefined || raw === null) {
    if (wanted) throw new VenueRejection(`a ${type} order needs a ${what}`);
    return undefined;
  }
  if (!wanted) throw new VenueRejection(`a ${type} order takes no ${what}`);
  const price = parseAmount(raw);
  if (price === undefined || price.lte(ZERO))
    throw new VenueRejection(`${what} ${JSON.stringify(raw)} is not a number above zero`);
  if (price.gt(PRICE_MAX))
    throw new VenueRejection(`${what} ${textOf(price)} is above the venue's ${textOf(PRICE_MAX)}`);
  if (!price.mod(tickSize).eq(ZERO)) {
    throw new VenueRejection(`${what} ${textOf(price)} is not a multiple of the tick, ${textOf(tickSize)}`);
  }
  return textOf(price);
}
