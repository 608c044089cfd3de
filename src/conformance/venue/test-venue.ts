/**
 * The venue of one case. The kit's own fake venue can do everything; behind the kit's proxy is the author's fake venue,
 * with hooks, or any other venue, without.
 */
import type {
  FakeActivity,
  FakeFill,
  FakeOrder,
  FakeQuote,
  FakeSession,
  InstrumentSteps,
  VenueEnding,
} from "../../domain/sdk-kit.ts";
import { type CertifySettings, usesVenue } from "../../workspace/certify-settings.ts";
import type { Fault, VenueRoute } from "./fake-venue-faults.ts";
import type { VenueRequest } from "./fake-venue-http.ts";
import type { FillTerms } from "./fake-venue-state.ts";
import type { HeldMessages } from "./held-messages.ts";

/** What the kit can do at the venue; each level includes those before it. */
const LEVELS = ["none", "proxied", "hooked", "kit"] as const;
export type VenueLevel = (typeof LEVELS)[number];

/** When a marketable order is filled; "manual": only by the case. */
export type FillTiming = "after-ack" | "before-ack" | "manual";

/** A fill as the venue states it. */
export interface MadeFill extends Omit<FakeFill, "time" | "fee" | "fee_currency"> {
  /** Milliseconds; undefined if the author's venue does not state it. */
  readonly time: number | undefined;
  /** null if the venue charges no fee; undefined if the author's venue does not state it. */
  readonly fee: string | null | undefined;
  readonly fee_currency: string | null | undefined;
}

export interface StatedPosition {
  readonly symbol: string;
  /** Negative for a short position. */
  readonly quantity: string;
  readonly averagePrice?: string | undefined;
  readonly markPrice?: string | undefined;
  readonly currency?: string | undefined;
}

/** The account as the venue has it. A member that the venue does not have is undefined. */
export interface StatedAccount {
  readonly buyingPower: string;
  readonly nav?: string | undefined;
  readonly cash?: string | undefined;
  readonly settledCash?: string | undefined;
  readonly marginUsed?: string | undefined;
  readonly unrealizedPnl?: string | undefined;
  readonly currency?: string | undefined;
  readonly positions: readonly StatedPosition[];
}

export interface StatedInstrument {
  readonly tickSize: string;
  readonly lotSize: string;
  readonly currency?: string | undefined;
  /** 1 if undefined. */
  readonly multiplier?: string | undefined;
}

/** A trade of someone else in the same account. */
export interface TradeTerms {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly price: string;
}

export interface StatedRate {
  /** Such as `EUR/USD`. */
  readonly pair: string;
  readonly rate: string;
  readonly time: number;
}

/** Below the level "hooked", the methods that return promises reject with an Error. */
export interface TestVenue {
  readonly url: string;
  readonly stream: string;
  /** The venue's time, as far as the kit knows it. */
  readonly now: number;
  /** Every request that the adapter sent, in order. */
  readonly requests: readonly VenueRequest[];
  /** Number of open streams. */
  readonly streams: number;
  /** Number of streams that are signed in; of open ones, behind the proxy. */
  readonly listening: number;
  readonly streamsOpened: number;
  filling: FillTiming;
  /** Called after every change: a request, an order event, a stream opened or closed. */
  onChange: () => void;
  /** Arms a fault for the next `times` requests of the route. */
  armFault(route: VenueRoute, fault: Fault, times?: number): void;
  clearFaults(): void;
  /** From now on the venue accepts connections, and answers no request. */
  goSilent(): void;
  /** Sends a text to every stream. */
  push(text: string): void;
  /** Sends a binary frame to every stream; returns false if the streams of the venue have no frames. */
  pushBinary(frame: Buffer): boolean;
  /** Sends the messages of these fills to every stream again; returns false if no message names one of them. */
  resendFills(fills: readonly MadeFill[]): boolean;
  /** Terminates every stream without a closing handshake. */
  dropStreams(): void;
  /** Closes every stream with this code and reason; returns false if streams of this venue have none. */
  closeStreams(code: number, reason: string): boolean;
  /** Holds every message of the streams back from now on. */
  holdStreams(): HeldMessages;
  /** Every order that the venue accepted, oldest first. */
  listOrders(): Promise<readonly FakeOrder[]>;
  /** Every fill that the kit had the venue make, oldest first. */
  readonly fills: readonly MadeFill[];
  /** Fills the order, in any state and for any quantity, and reports the fill on the streams. */
  fillOrder(order: FakeOrder, terms?: FillTerms): Promise<MadeFill>;
  /** Returns the time that the venue states for the quote: null if it states none, undefined if that is not known. */
  setQuote(symbol: string, quote: FakeQuote): Promise<number | null | undefined>;
  /** Sets how far the venue's clock is ahead of the local one. */
  setClock(aheadMs: number): Promise<void>;
  readAccount(): Promise<StatedAccount>;
  /** Returns the instrument, after its steps were changed to `steps`. */
  describeInstrument(symbol: string, steps?: InstrumentSteps): Promise<StatedInstrument>;
  /** Ends the order at the venue; returns whether the venue has such an ending. */
  endOrder(order: FakeOrder, status: VenueEnding): Promise<boolean>;
  /**
   * The answer to the next order has a success status and calls the order rejected; returns whether the venue has such
   * an answer.
   */
  rejectNext(): Promise<boolean>;
  /**
   * Places and fills an order that the adapter did not send, and reports the fill on the streams; returns undefined if
   * the venue does not allow the trade.
   */
  trade(terms: TradeTerms): Promise<MadeFill | undefined>;
  addActivities(activities: readonly FakeActivity[]): Promise<void>;
  /** `rate`: the price of one unit of the pair's first currency in its second. */
  setRate(rate: StatedRate): Promise<void>;
  setSessions(symbol: string, sessions: readonly FakeSession[]): Promise<void>;
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
