/** Reads quotes, accounts and positions. Behind the author's venue, what a stream brings is there a moment later. */
import { accountSchema, quoteSchema } from "../protocol/schemas.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { VenueQuote } from "../domain/market/venue.ts";
import { fail } from "./assert.ts";
import type { ConformanceHarness } from "./harness.ts";

const STREAM_MS = 1_000;
const POLL_MS = 50;

/** Reads until `isReady`, at most a second; returns the last value. At the kit's own venue reads once. */
export async function readUntil<T>(
  harness: ConformanceHarness,
  read: () => Promise<T>,
  isReady: (value: T) => boolean,
): Promise<T> {
  let value = await read();
  for (let rest = STREAM_MS / POLL_MS; rest > 0 && !isReady(value) && harness.level !== "kit"; rest -= 1) {
    await harness.sleep(POLL_MS);
    value = await read();
  }
  return value;
}

/** Returns the quote once it is the expected one, or the last one; undefined if getQuote throws. */
export function quoteUntil(
  harness: ConformanceHarness,
  symbol: string,
  isReady: (quote: VenueQuote) => boolean,
): Promise<VenueQuote | undefined> {
  const read = async (): Promise<VenueQuote | undefined> => {
    const response = await harness.call("getQuote", symbol);
    return response.ok ? quoteSchema.safeParse(response.value).data : undefined;
  };
  return readUntil(harness, read, (quote) => quote === undefined || isReady(quote));
}

/** Awaits a parsed result; fails the case with the method's name if the call throws. */
export async function readOrFail<T>(method: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    return fail(`${method}: ${messageOf(error)}`);
  }
}

/** Returns what getAccount returned, without the desk's own calculations; fails the case if it is no account. */
export async function readAccountOf(harness: ConformanceHarness) {
  const response = await harness.call("getAccount");
  if (!response.ok) return fail(`getAccount threw: ${response.message}`);
  const account = accountSchema.safeParse(response.value);
  if (account.success) return account.data;
  return fail(`getAccount returned ${JSON.stringify(response.value)}: ${account.error.issues[0]?.message ?? ""}`);
}
