/**
 * Refuses orders that the venue would refuse: not tradable, unsupported type or time in force, off tick or lot, or out
 * of size limits. Only fields that the connector provides are checked. Without `exactDecimals` each amount must fit a
 * JavaScript number exactly.
 */
import { type Decimal, ZERO, decimal, exactNumber, onStep } from "../../domain/decimal.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import { type OrderTerms, flagsOf } from "../../domain/orders/order.ts";
import { isDelayed, isNegative, quoteWords } from "../../domain/market/quote.ts";
import { tickAt } from "../../domain/market/tick-size.ts";
import type { VenueInstrument } from "../../domain/market/venue.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { iso } from "../../lib/time.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { shortOpeningQuantity } from "../exposure.ts";
import { highestPrice } from "../valuation.ts";
import { type CheckContext, EVERY_STAGE, type GateCheck } from "../check-context.ts";

const key = "order-validity";
type Finding = Check | undefined;

export const orderValidity: GateCheck = {
  key,
  stages: EVERY_STAGE,
  evaluate: (context) => {
    const { order, instrument, connector } = context.input;
    const { terms } = order;
    const finding =
      amounts(terms) ??
      belowZero(context) ??
      (connector.capabilities.exactDecimals === true ? undefined : representable(terms)) ??
      delayedPrice(context) ??
      unsupportedFlag(terms, instrument) ??
      (instrument === undefined
        ? notReturned(context)
        : instrument === null
          ? unlisted(context.input)
          : fits(terms, instrument, context));
    if (finding !== undefined) return finding;
    return pass(
      key,
      instrument === undefined ? "the connector provides no instrument data" : `${terms.symbol} accepts this order`,
    );
  },
};

/** A market or stop order trades at what the market is now, which a late feed does not say. */
function delayedPrice({ input: { order, quote } }: CheckContext): Finding {
  const { type, symbol } = order.terms;
  if (quote === undefined || !isDelayed(quote) || type === "limit" || type === "stop_limit") return undefined;
  return block(key, "QUOTE_DELAYED", `the quote of ${symbol} is ${quoteWords(quote)}; send a limit order`);
}

/** A flag that a connector does not pass on would be an order without it. */
function unsupportedFlag(terms: OrderTerms, instrument: VenueInstrument | null | undefined): Finding {
  if (instrument === null) return undefined;
  const taken = instrument?.orderFlags ?? [];
  const flag = flagsOf(terms).find((asked) => !taken.includes(asked));
  if (flag === undefined) return undefined;
  const all = taken.length === 0 ? "none" : taken.join(", ");
  const message = `${terms.symbol} at ${terms.connector} takes no order with ${flag} (it takes ${all})`;
  return block(key, "FLAG_NOT_SUPPORTED", message, { actual: flag });
}

/** An order to close that would open is refused here, before its venue refuses it. */
function wrongIntent({ input, reducing }: CheckContext): Finding {
  const { positionIntent, symbol } = input.order.terms;
  if (positionIntent === undefined || (positionIntent === "close") === reducing) return undefined;
  const does = reducing ? "reduces" : "does not only reduce";
  const message = `the order is to ${positionIntent}, and it ${does} the position in ${symbol}`;
  return block(key, "POSITION_INTENT_WRONG", message, { actual: positionIntent });
}

/** A venue that lists instruments did not return this one, so nothing shows that it lists the symbol. */
function notReturned({ input: { connector, order } }: CheckContext): Finding {
  if (connector.listsInstruments !== true) return undefined;
  return unavailable(key, `${connector.name} lists instruments and returned none for ${order.terms.symbol}`);
}

function unlisted({ order: { terms }, nearSymbol = "" }: CheckContext["input"]): Check {
  return block(key, "NOT_LISTED", `${terms.connector} does not list ${terms.symbol}${nearSymbol}`);
}

function prices(terms: OrderTerms): [name: string, price: string | undefined][] {
  return [
    ["limit price", terms.limitPrice],
    ["stop price", terms.stopPrice],
  ];
}

function amounts(terms: OrderTerms): Finding {
  const wantsLimit = terms.type === "limit" || terms.type === "stop_limit";
  const wantsStop = terms.type === "stop" || terms.type === "stop_limit";
  if (wantsLimit !== (terms.limitPrice !== undefined) || wantsStop !== (terms.stopPrice !== undefined)) {
    return block(key, "ORDER_PRICES_WRONG", `the prices do not match a ${terms.type.replace("_", "-")} order`);
  }
  for (const [name, amount] of [["quantity", terms.quantity], ...prices(terms)]) {
    if (amount !== undefined && !decimal(amount).gt(ZERO))
      return block(key, "AMOUNT_NOT_POSITIVE", `${name} ${amount} is not above zero`);
  }
  return undefined;
}

/** What such a position may lose has no bound that the guards know. */
function belowZero(context: CheckContext): Finding {
  if ("missing" in context.quote || !isNegative(context.quote.value) || context.reducing) return undefined;
  const { bid, ask, symbol } = context.quote.value;
  const message = `${symbol} trades below zero (bid ${bid}, ask ${ask}); only orders that reduce a position are sent`;
  return block(key, "NEGATIVE_PRICE", message, { actual: bid });
}

function representable(terms: OrderTerms): Finding {
  for (const [name, amount] of [["quantity", terms.quantity], ...prices(terms)]) {
    if (amount === undefined || exactNumber(decimal(amount)) !== undefined) continue;
    const message = `${name} ${amount} does not fit a JavaScript number, and ${terms.connector} does not support exact decimals`;
    return block(key, "NOT_REPRESENTABLE", message, { actual: amount });
  }
  return undefined;
}

function fits(terms: OrderTerms, instrument: VenueInstrument, context: CheckContext): Finding {
  const { orderTypes, timesInForce } = instrument;
  if (instrument.symbol !== terms.symbol)
    return unavailable(key, `the instrument is ${instrument.symbol}, not ${terms.symbol}`);
  // The value of every order and position is computed with the journal's multiplier.
  const known = multiplierOf(context.input.state, terms.connector, terms.symbol);
  const { multiplier = "1" } = instrument;
  if (!decimal(multiplier).eq(known)) {
    const message = `one contract of ${terms.symbol} is ${multiplier} units, and the desk counts ${known.toFixed()}`;
    return block(key, "MULTIPLIER_DIFFERS", message, { limit: known.toFixed(), actual: multiplier });
  }
  if (instrument.tradable === false)
    return block(key, "NOT_TRADABLE", `${terms.symbol} is not tradable at ${terms.connector} now`);
  if (instrument.fractional === false && /\.\d*[1-9]/.test(terms.quantity))
    return block(key, "OFF_LOT", `quantity ${terms.quantity} is not a whole number`, {
      limit: "1",
      actual: terms.quantity,
    });
  if (instrument.expires !== undefined && context.input.venueNow >= instrument.expires)
    return block(key, "INSTRUMENT_EXPIRED", `${terms.symbol} expired at ${iso(instrument.expires)}`);
  if (orderTypes !== undefined && !orderTypes.includes(terms.type)) {
    return block(
      key,
      "TYPE_NOT_SUPPORTED",
      `${terms.symbol} supports ${orderTypes.join(", ")} orders, not ${terms.type}`,
    );
  }
  if (timesInForce !== undefined && !timesInForce.includes(terms.timeInForce)) {
    return block(
      key,
      "TIME_IN_FORCE_NOT_SUPPORTED",
      `${terms.symbol} supports ${timesInForce.join(", ")}, not ${terms.timeInForce}`,
    );
  }
  return (
    wrongIntent(context) ??
    shortSale(context, instrument) ??
    steps(terms, instrument) ??
    sizes(context.quantity, instrument) ??
    notional(context, instrument)
  );
}

function shortSale({ input, exposure }: CheckContext, { shortable }: VenueInstrument): Finding {
  const { terms } = input.order;
  const opening = shortable === false ? shortOpeningQuantity(terms, exposure) : ZERO;
  if (opening.eq(ZERO)) return undefined;
  const actual = opening.toFixed();
  const message = `the order would sell ${actual} ${terms.symbol} short, and none of it can be borrowed at ${terms.connector} now`;
  return block(key, "NOT_SHORTABLE", message, { limit: "0", actual });
}

function steps(terms: OrderTerms, instrument: VenueInstrument): Finding {
  const { lotSize, marketLot } = instrument;
  for (const [name, amount, step, code] of [
    ["quantity", terms.quantity, lotSize, "OFF_LOT"],
    ["quantity", terms.quantity, terms.type === "market" ? marketLot : undefined, "OFF_LOT"],
    ["limit price", terms.limitPrice, tickAt(terms.limitPrice, instrument), "OFF_TICK"],
    ["stop price", terms.stopPrice, tickAt(terms.stopPrice, instrument), "OFF_TICK"],
  ] as const) {
    if (amount === undefined || step === undefined) continue;
    if (!decimal(step).gt(ZERO)) return unavailable(key, `${terms.connector} states a step of ${step} for the ${name}`);
    if (onStep(decimal(amount), decimal(step))) continue;
    return block(key, code, `${name} ${amount} is not a multiple of ${step}`, { limit: step, actual: amount });
  }
  return undefined;
}

function sizes(quantity: Decimal, { minQuantity, maxQuantity }: VenueInstrument): Finding {
  const actual = quantity.toFixed();
  if (minQuantity !== undefined && quantity.lt(decimal(minQuantity))) {
    const figures = { limit: minQuantity, actual };
    return block(
      key,
      "BELOW_MIN_QUANTITY",
      `quantity ${actual} is below the venue's minimum of ${minQuantity}`,
      figures,
    );
  }
  if (maxQuantity !== undefined && quantity.gt(decimal(maxQuantity))) {
    const figures = { limit: maxQuantity, actual };
    return block(
      key,
      "ABOVE_MAX_QUANTITY",
      `quantity ${actual} is above the venue's maximum of ${maxQuantity}`,
      figures,
    );
  }
  return undefined;
}

function notional(context: CheckContext, instrument: VenueInstrument): Finding {
  return least(context, instrument) ?? most(context, instrument);
}

function most({ notional: worth }: CheckContext, { maxNotional }: VenueInstrument): Finding {
  if (maxNotional === undefined) return undefined;
  if ("missing" in worth) return unavailable(key, worth.missing);
  if (worth.value.lte(decimal(maxNotional))) return undefined;
  const figures = { limit: maxNotional, actual: worth.value.toFixed() };
  const message = `order is worth ${figures.actual}, above the venue's maximum of ${maxNotional}`;
  return block(key, "ABOVE_MAX_NOTIONAL", message, figures);
}

/** For a minimum the conservative price is the low one: the limit, else the trigger, else the bid. */
function least({ input, units, quote }: CheckContext, { minNotional }: VenueInstrument): Finding {
  if (minNotional === undefined) return undefined;
  const { limitPrice, stopPrice } = input.order.terms;
  const price = highestPrice(limitPrice ?? stopPrice ?? ("value" in quote ? quote.value.bid : undefined));
  if (price === undefined) return unavailable(key, `no price to compare with the minimum of ${minNotional}`);
  const worth = units.times(price);
  if (worth.gte(decimal(minNotional))) return undefined;
  const figures = { limit: minNotional, actual: worth.toFixed() };
  return block(
    key,
    "BELOW_MIN_NOTIONAL",
    `order is worth ${figures.actual}, below the venue's minimum of ${minNotional}`,
    figures,
  );
}
