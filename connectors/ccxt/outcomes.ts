/** What the error of a request means: nothing was found, the keys cannot work, an order was refused or exists. */
import { ConnectRefused, type OrderAck, type OrderReport, RateLimited, VenueRejection } from "@qoc-app/sdk";
import { ExchangeError, type Refusal } from "./client.ts";

/** What a request found; null if the exchange says by one of these codes that there is nothing. */
export async function foundOr<T>(request: Promise<T>, codes: readonly string[]): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ExchangeError && codes.includes(error.refusal.code)) return null;
    throw error;
  }
}

/** Runs a request that signs in. @throws ConnectRefused with these words if the exchange refuses the keys. */
export async function withKeys<T>(request: Promise<T>, words: (refusal: Refusal) => string): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ExchangeError && error.refusal.kind === "keys") throw new ConnectRefused(words(error.refusal));
    throw error;
  }
}

/**
 * Runs the request of an order, or of its cancel. @throws VenueRejection if the exchange refused it for good; any other
 * error leaves the outcome unknown.
 */
export async function definitely<T>(name: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    // An exchange that limits requests answers before it reads them.
    if (error instanceof RateLimited) throw new VenueRejection(`${error.message}; nothing was done`);
    if (!(error instanceof ExchangeError) || error.refusal.kind === "unclear") throw error;
    throw new VenueRejection(`${name}: ${error.refusal.words} (${error.refusal.code})`);
  }
}

/**
 * Acknowledges an order whose client order id is at the exchange already: the desk never repeats an id, so the order
 * that has it is this order. @throws Error of no special kind, because a failed look-up says nothing about the order.
 */
export async function acknowledgeTwin(name: string, lookUp: Promise<OrderReport | null>): Promise<OrderAck> {
  try {
    const twin = await lookUp;
    if (twin === null) throw new Error(`${name} has an order with this client order id, and does not find it`);
    return { venueOrderId: twin.venueOrderId, status: "acknowledged" };
  } catch (error) {
    throw new Error(`the order is at the exchange, and was not found: ${String(error)}`, { cause: error });
  }
}
