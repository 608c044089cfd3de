/** Prices, times in force and ids of the kit's test orders, as the tested instrument and the desk need them. */
import { makeClientOrderId } from "../domain/orders/client-order-id.ts";
import { type Decimal, ZERO, decimal, floored, ratio, text } from "../domain/decimal.ts";
import type { TimeInForce } from "../domain/sdk.ts";
import { tickAt } from "../domain/market/tick-size.ts";
import type { VenueQuote } from "../domain/market/venue.ts";
import { leaveUntried } from "./assert.ts";
import type { ConformanceHarness } from "./harness.ts";
import { reaches } from "./venue/test-venue.ts";

const TIMES_IN_FORCE: readonly TimeInForce[] = ["day", "gtc", "ioc", "fok"];

/** Returns a new client order id, made as the desk makes it. */
export function newClientOrderId({ ids }: ConformanceHarness): string {
  return makeClientOrderId(ids.random(4), Number(`0x${ids.random(3)}`));
}

/** The times in force that the tested instrument takes. */
export function timesInForce({ settings, instrument }: ConformanceHarness): readonly TimeInForce[] {
  const listed = instrument?.timesInForce ?? (settings.timeInForce === undefined ? TIMES_IN_FORCE : []);
  return listed.length > 0 ? listed : [settings.timeInForce ?? "day"];
}

export function defaultTimeInForce(harness: ConformanceHarness): TimeInForce {
  return harness.settings.timeInForce ?? TIMES_IN_FORCE.find((one) => timesInForce(harness).includes(one)) ?? "day";
}

/** Returns the time in force of an order that rests. */
export function restingTimeInForce(harness: ConformanceHarness): TimeInForce {
  const resting = (["gtc", "day"] as const).find((one) => timesInForce(harness).includes(one));
  return resting ?? defaultTimeInForce(harness);
}

/** Rounds a price down to the instrument's tick, or to as many places as the quote has. */
export function onTick({ instrument }: ConformanceHarness, price: Decimal, like: string): string {
  const places = like.split(".")[1]?.length ?? 0;
  const step = instrument === undefined ? undefined : tickAt(text(price), instrument);
  if (step === undefined) return text(floored(price, Math.max(places, 2)));
  const tick = decimal(step);
  return text(floored(ratio(price, tick, 8), 0).times(tick));
}

/** Returns the price at `percent` of a price, on the tick; leaves the case untried if that is 0. */
export function priceAt(harness: ConformanceHarness, quoted: string, percent: number): string {
  const price = onTick(harness, ratio(decimal(quoted).times(decimal(String(percent))), decimal("100"), 12), quoted);
  return decimal(price).eq(ZERO)
    ? leaveUntried(`${percent} % of ${quoted} is less than a tick of ${harness.settings.symbol}: set another symbol`)
    : price;
}

/** Returns the first multiple of the step from `value` on whose last digit is neither 0 nor 5. */
export function withAllDigits(value: Decimal, step: string): string {
  const size = decimal(step);
  let count = floored(ratio(value, size, 8), 0);
  while (!/[1379]$/.test(text(count))) count = count.plus(decimal("1"));
  return text(count.times(size));
}

/** Whether the kit does not know the venue's time. It knows that of its own venue, and of one with hooks. */
export function simulatesTime({ connector, level }: ConformanceHarness): boolean {
  return connector.status.capabilities.simulatedTime === true && !reaches(level, "hooked");
}

/** Returns `count` times the quantity of certify.toml; that many units at the kit's own venue. */
export function units({ level, settings }: ConformanceHarness, count: string): string {
  return level === "kit" ? count : text(decimal(settings.quantity).times(decimal(count)));
}

/** A second symbol of the venue; leaves the case untried if certify.toml names none and the venue is not the kit's. */
export function otherSymbol(harness: ConformanceHarness): string {
  const { settings, level } = harness;
  if (level === "kit") {
    const [first, second] = harness.kit.traits.symbols;
    return settings.symbol === second ? first : second;
  }
  return (
    settings.otherSymbol ?? leaveUntried("certify.toml names one symbol: set other_symbol to a second one of the venue")
  );
}

/** A third symbol of the kit's own venue, with a sign or a small letter: an adapter could change or refuse it. */
export function signedSymbol(harness: ConformanceHarness): string | undefined {
  if (harness.level !== "kit") return undefined;
  const { symbols } = harness.kit.traits;
  const usual = [harness.settings.symbol, otherSymbol(harness)];
  return symbols.find((symbol) => /[^A-Z0-9]/.test(symbol) && !usual.includes(symbol));
}

export function fetchQuote(harness: ConformanceHarness): Promise<VenueQuote> {
  return harness.calls.quote("kit", harness.settings.symbol);
}

/** Returns a limit price for a buy order far below the market. */
export async function restingPrice(harness: ConformanceHarness): Promise<string> {
  return priceAt(harness, (await fetchQuote(harness)).bid, 50);
}
