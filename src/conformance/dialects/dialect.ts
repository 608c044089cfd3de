/**
 * The wire format of a venue: how the kit's fake venue reads requests and writes answers. The book, the faults and the
 * cases are the same for every dialect. All values are plain data, because a dialect of an author runs in a process.
 */
import type { Dialect, DialectTraits, FakeQuote, Secrets, VenueCommand, WireMessage } from "../../domain/sdk-kit.ts";
import type { VenueRoute } from "../venue/fake-venue-faults.ts";

type WithoutAuthorization<T> = T extends unknown ? Omit<T, "isAuthorized"> : never;
/** A command before its keys were checked. */
export type UnsignedCommand = WithoutAuthorization<VenueCommand>;

export interface QuoteReply {
  readonly send: readonly WireMessage[];
  /** The venue closes the stream. */
  readonly isRefused?: boolean;
  readonly subscribes?: readonly string[];
  readonly unsubscribes?: readonly string[];
}

export interface StreamedQuote {
  readonly symbol: string;
  readonly quote: FakeQuote;
  /** Counts the quotes of the venue from 0. */
  readonly sequence: number;
  readonly now: number;
}

/** The streams of quotes of a venue, which are not those of an account. Symbols are the venue's own. */
export interface QuoteChannel {
  hasPath(path: string): boolean;
  /** `message` is undefined when a stream opens. */
  converse(message: string | undefined, secrets: Secrets): QuoteReply;
  /** The name of a symbol in messages. */
  nameOf(symbol: string): string;
  message(quote: StreamedQuote): WireMessage;
}

/** A dialect of the kit's own. That of an author has no streams of quotes. */
export interface QuotingDialect extends Dialect {
  readonly quotes?: QuoteChannel;
}

/** What most venues have in common. */
export const USUAL_TRAITS = {
  confirmsId: true,
  hasFeeCurrencies: true,
  endings: ["rejected", "expired", "cancelled"],
  steps: [
    { tickSize: "0.05", lotSize: "0.5" },
    { tickSize: "0.0001", lotSize: "10" },
  ],
} satisfies Partial<DialectTraits>;

/** The route of a command for faults and for the record of requests. */
export function faultRouteOf({ route }: VenueCommand): VenueRoute | "unknown" {
  // A venue that lists all instruments in one answer has no other request for them.
  if (route === "instruments") return "instrument";
  return route === "other" ? "unknown" : route;
}
