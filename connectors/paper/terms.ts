/** Validates an order's fields: known values, whole ticks and lots, and supported combinations. */
import { type Order, VenueRejection } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, parseAmount, textOf } from "../amount.ts";
import { LOT } from "./market.ts";
import type { WorkingOrder } from "./state.ts";

export const ORDER_TYPES = ["market", "limit", "stop", "stop_limit"] as const;
export const TIMES_IN_FORCE = ["day", "gtc", "ioc", "fok"] as const;

export const QUANTITY_MAX: Amount = amount("1000000000");
const PRICE_MAX: Amount = amount("1000000000");
const CLIENT_ID = /^[\x21-\x7e]{1,48}$/;

export type Terms = Pick<
  WorkingOrder,
  "clientOrderId" | "symbol" | "side" | "type" | "timeInForce" | "quantity" | "limitPrice" | "stopPrice" | "reduceOnly"
>;

/** Checked first, because a rejected order is stored under this id. @throws VenueRejection */
export function readClientId(order: Order): string {
  if (typeof order.clientOrderId === "string" && CLIENT_ID.test(order.clientOrderId)) return order.clientOrderId;
  throw new VenueRejection(
    `client order id ${JSON.stringify(order.clientOrderId)} is not 1 to 48 printable characters`,
  );
}

/** @throws VenueRejection with the invalid field and the allowed values. */
export function readTerms(order: Order, tickSize: Amount, lot: Amount = LOT): Terms {
  const { side, type, timeInForce, symbol } = order;
  if (side !== "buy" && side !== "sell")
    throw new VenueRejection(`side ${JSON.stringify(side)} is neither buy nor sell`);
  assertOneOf("order type", type, ORDER_TYPES);
  assertOneOf("time in force", timeInForce, TIMES_IN_FORCE);
  const needsLimit = type === "limit" || type === "stop_limit";
  const needsStop = type === "stop" || type === "stop_limit";
  if (needsStop && (timeInForce === "ioc" || timeInForce === "fok")) {
    throw new VenueRejection(
      `a ${type} order cannot be ${timeInForce}, because it waits for its trigger: use day or gtc`,
    );
  }
  const limitPrice = readPrice(order.limitPriceText ?? order.limitPrice, {
    label: "limit price",
    isNeeded: needsLimit,
    type,
    tickSize,
  });
  const stopPrice = readPrice(order.stopPriceText ?? order.stopPrice, {
    label: "stop price",
    isNeeded: needsStop,
    type,
    tickSize,
  });
  return {
    clientOrderId: readClientId(order),
    symbol,
    side,
    type,
    timeInForce,
    quantity: readQuantity(order.quantityText ?? order.quantity, lot),
    limitPrice,
    stopPrice,
    reduceOnly: order.reduceOnly === true ? true : undefined,
  };
}

function assertOneOf(label: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new VenueRejection(`${label} ${JSON.stringify(value)} is not one of ${allowed.join(", ")}`);
}

function readQuantity(raw: unknown, lot: Amount): string {
  const quantity = parseAmount(raw);
  if (quantity === undefined || quantity.lte(ZERO))
    throw new VenueRejection(`quantity ${JSON.stringify(raw)} is not a number above zero`);
  if (quantity.gt(QUANTITY_MAX))
    throw new VenueRejection(`quantity ${textOf(quantity)} is above the venue's ${textOf(QUANTITY_MAX)}`);
  if (!quantity.mod(lot).eq(ZERO))
    throw new VenueRejection(`quantity ${textOf(quantity)} is not a multiple of the lot, ${textOf(lot)}`);
  return textOf(quantity);
}

interface PriceField {
  readonly label: string;
  readonly isNeeded: boolean;
  readonly type: string;
  readonly tickSize: Amount;
}

function readPrice(raw: unknown, { label, isNeeded, type, tickSize }: PriceField): string | undefined {
  if (raw === undefined || raw === null) {
    if (isNeeded) throw new VenueRejection(`a ${type} order needs a ${label}`);
    return undefined;
  }
  if (!isNeeded) throw new VenueRejection(`a ${type} order takes no ${label}`);
  const price = parseAmount(raw);
  if (price === undefined || price.lte(ZERO))
    throw new VenueRejection(`${label} ${JSON.stringify(raw)} is not a number above zero`);
  if (price.gt(PRICE_MAX))
    throw new VenueRejection(`${label} ${textOf(price)} is above the venue's ${textOf(PRICE_MAX)}`);
  if (!price.mod(tickSize).eq(ZERO)) {
    throw new VenueRejection(`${label} ${textOf(price)} is not a multiple of the tick, ${textOf(tickSize)}`);
  }
  return textOf(price);
}
