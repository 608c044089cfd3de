/**
 * The venue of one case. The kit's own fake venue can do everything; behind the kit's proxy is the author's fake venue,
 * with hooks, or any other venue, without.
 */
import { type CertifySettings, usesVenue } from "../workspace/certify-settings.ts";
import type { Fault, VenueRoute } from "./fake-venue-faults.ts";
import type { VenueRequest } from "./fake-venue-http.ts";
import type { FakeFill, FakeOrder, FakeQuote, FillTerms } from "./fake-venue-state.ts";

/** What the kit can do at the venue; each level includes those before it. */
const LEVELS = ["none", "proxied", "hooked", "kit"] as const;
export type VenueLevel = (typeof LEVELS)[number];

/** When a marketable order is filled; "manual": only by the case. */
export type FillTiming = "after-ack" | "before-ack" | "manual";

export interface TestVenue {
  readonly url: string;
  readonly stream: string;
  /** The venue's time, as far as the kit knows it. */
  readonly now: number;
  /** Every request that the adapter sent, in order. */
  readonly requests: readonly VenueRequest[];
  /** Number of open streams. */
  readonly streams: number;
  readonly streamsOpened: number;
  filling: FillTiming;
  /** Called after every change: a request, an order event, a stream opened or closed. */
  onChange: () => void;
  /** Arms a fault for the next `times` requests of the route. */
  armFault(route: VenueRoute, fault: Fault, times?: number): void;
  clearFaults(): void;
  /** Sends a text to every stream. */
  push(text: string): void;
  /** Terminates every stream without a closing handshake. */
  dropStreams(): void;
  /** Every order that the venue accepted, oldest first. @throws Error below the level "hooked". */
  listOrders(): Promise<readonly FakeOrder[]>;
  /** Fills the order and reports the fill on the streams. @throws Error below the level "hooked". */
  fillOrder(order: FakeOrder, terms?: FillTerms): Promise<FakeFill>;
  /** @throws Error below the level "hooked". */
  setQuote(symbol: string, quote: FakeQuote): Promise<void>;
  /** Can be called more than once. */
  close(): Promise<void>;
}

export function venueLevelOf({ venue, upstream, options }: CertifySettings): VenueLevel {
  if (venue !== undefined) return "hooked";
  if (upstream !== undefined) return "proxied";
  return usesVenue(options) ? "kit" : "none";
}

export function reaches(level: VenueLevel, needed: VenueLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(needed);
}
