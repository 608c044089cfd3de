/** Faults: the venue does something wrong, and the adapter neither invents a yes nor a no. */
import { decimal } from "../domain/decimal.ts";
import { type Case, fail, must } from "./test-case.ts";
import type { Fault, Route } from "./fake-venue-faults.ts";
import {
  acked,
  orderAtVenue,
  fillsOf,
  fillsWithin,
  mustBeUnclear,
  mustNotBeAcked,
  orderFor,
  send,
} from "./place-orders.ts";
import { type ConformanceHarness, firstLine } from "./harness.ts";

const ALWAYS = 1_000;
const RECONNECT_MS = 10_000;
const SKEW_MS = 5 * 60 * 60_000;
const SLOW_MS = 1_500;
/** For an error that was thrown to be felt. */
const QUIET_MS = 300;

async function spoilt(stand: ConformanceHarness, fault: Fault, what: string, times = ALWAYS): Promise<void> {
  stand.venue.filling = "held";
  stand.venue.fault("place", fault, times);
  const order = orderFor(stand);
  const outcome = await send(stand, order);
  const requests = stand.venue.requests.filter(({ route }) => route === "place").length;
  must(requests > 0, "placeOrder sent nothing to the kit's venue");
  mustBeUnclear(outcome, what);
  const taken = stand.venue.orders;
  must(
    taken.length <= 1,
    `${what}, and the order was sent again under another client order id: the venue now has ${taken.length}; never change the id`,
  );
  // One that looked the order up may confirm it.
  const isFound = outcome.kind === "acked" && taken[0]?.order_id === outcome.venueOrderId;
  if (!isFound) mustNotBeAcked(outcome, what);
}

/** A case of one spoilt answer to an order. */
function spoiltCase(id: Case["id"], title: string, proves: string, fault: Fault, what: string): Case {
  return {
    id,
    group: "faults",
    title,
    proves,
    needs: { venue: true, orders: true },
    run: (stand) => spoilt(stand, fault, what),
  };
}

const UNKNOWN = "the order is unknown, and the desk asks after it";

const ORDER_FAULTS: readonly Case[] = [
  spoiltCase(
    "C57",
    "the venue takes an order and never answers",
    UNKNOWN,
    { kind: "hang", isDone: true },
    "the venue took the order and never answered",
  ),
  spoiltCase("C58", "the venue never answers, and took nothing", UNKNOWN, { kind: "hang" }, "the venue never answered"),
  spoiltCase("C59", "the venue answers 500", UNKNOWN, { kind: "500" }, "the venue answered 500"),
  spoiltCase(
    "C60",
    "the venue takes an order and answers 500",
    UNKNOWN,
    { kind: "500", isDone: true },
    "the venue took the order and answered 500",
  ),
  spoiltCase(
    "C61",
    "a proxy answers 503 in HTML",
    UNKNOWN,
    { kind: "html", isDone: true },
    "a proxy answered 503 with a page of HTML",
  ),
  spoiltCase(
    "C62",
    "the answer to an order is half a JSON text",
    UNKNOWN,
    { kind: "malformed", isDone: true },
    "the venue's answer was half a JSON text",
  ),
  spoiltCase(
    "C63",
    "the answer confirms no order",
    "an acknowledgement is never made up",
    { kind: "empty" },
    "the venue answered 200 with {} and confirmed nothing",
  ),
  spoiltCase(
    "C65",
    "the connection is cut after the order was taken",
    UNKNOWN,
    { kind: "reset", isDone: true },
    "the venue took the order and cut the connection",
  ),
  spoiltCase(
    "C66",
    "the connection is cut before the answer",
    UNKNOWN,
    { kind: "reset" },
    "the venue cut the connection",
  ),
];

/** The calls that only read, and what an answer in trouble must not look like. */
async function readsMustThrow(
  stand: ConformanceHarness,
  route: Route,
  method: "getQuote" | "getOrder" | "getFills" | "getOpenOrders" | "getInstrument",
  argument: unknown,
  instead: string,
): Promise<void> {
  for (const fault of [{ kind: "500" }, { kind: "html" }, { kind: "malformed" }, { kind: "reset" }] as const) {
    stand.venue.noFaults();
    stand.venue.fault(route, fault, ALWAYS);
    const answer = await stand.call(method, argument).catch(() => ({ ok: false }) as const);
    if (answer.ok)
      fail(
        `the venue's answer was spoilt (${fault.kind}), and ${method} answered ${JSON.stringify(answer.value ?? null)}: throw; ${instead}`,
      );
  }
}

export const FAULT_CASES: readonly Case[] = [
  ...ORDER_FAULTS,
  {
    id: "C64",
    group: "faults",
    title: "the venue asks to slow down",
    proves: "429 leads to an error, or to one more try under the same id: never to two orders",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      stand.venue.fault("place", { kind: "429" });
      const order = orderFor(stand);
      const outcome = await send(stand, order);
      const { length } = stand.venue.orders;
      must(length <= 1, `after one 429 the venue has ${length} orders: try again only under the same client order id`);
      must(
        length === 1 || outcome.kind !== "acked",
        "the venue answered 429 and took nothing, and the order was acknowledged",
      );
      if (length === 1) orderAtVenue(stand, order);
      if (length === 1)
        must(
          outcome.kind === "acked",
          `after 429 it tried again and the venue took the order, and placeOrder ended ${outcome.kind}`,
        );
    },
  },
  {
    id: "C67",
    group: "faults",
    title: "nobody answers at the venue's address",
    proves: "an order that was not sent is never acknowledged, nor called rejected by the venue",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      await stand.venue.close();
      const outcome = await send(stand, orderFor(stand));
      mustNotBeAcked(outcome, "the venue's address refused the connection");
      must(
        outcome.kind !== "rejected",
        "the venue's address refused the connection, and it threw VenueRejection: throw NotSent, or a plain Error",
      );
    },
  },
  {
    id: "C68",
    group: "faults",
    title: "a slow answer is an answer",
    proves: "patience up to the desk's own deadline",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      for (const route of ["quote", "place"] as const) stand.venue.fault(route, { kind: "slow", ms: SLOW_MS });
      const quote = await stand.call("getQuote", stand.settings.symbol);
      if (!quote.ok)
        fail(`the venue took ${SLOW_MS} ms for a quote, and getQuote threw: ${quote.message}; the desk waits 5 s`);
      const outcome = await send(stand, orderFor(stand));
      must(
        outcome.kind === "acked",
        `the venue took ${SLOW_MS} ms to confirm an order, and it ended ${outcome.kind}; the desk waits 10 s`,
      );
    },
  },
  {
    id: "C69",
    group: "faults",
    title: "the stream comes back after it was cut",
    proves: "fills arrive again within 10 s, without a human",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      stand.venue.filling = "held";
      const placed = await acked(stand, { quantity: "2" });
      const opened = stand.venue.streamsOpened;
      // It is refused once before it is let in again: a venue that restarts does that.
      stand.venue.fault("stream", { kind: "reset" });
      stand.venue.dropStreams();
      if (opened > 0)
        await stand.until(
          () => stand.venue.streamsOpened > opened && stand.venue.streams > 0,
          `the venue cut the stream, and ${RECONNECT_MS / 1000} s later it was not open again: reconnect on close`,
          RECONNECT_MS,
        );
      const { restarts, lastError } = stand.connector.facts;
      must(
        restarts === 0,
        `the stream was refused once after a cut, and its life ended: ${firstLine(lastError ?? "")}; catch that`,
      );
      stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "1" });
      await fillsWithin(stand, placed, 1);
    },
  },
  {
    id: "C70",
    group: "faults",
    title: "garbage on the stream does not end it",
    proves: "one bad message costs no fills",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      stand.venue.filling = "held";
      const placed = await acked(stand, { quantity: "2" });
      for (const text of ["{", "", "null", "[]", "12", '"text"', '{"type":"never-heard-of"}', '{"type":null}'])
        stand.venue.push(text);
      stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "1" });
      await fillsWithin(stand, placed, 1).catch(() => []);
      await stand.quiet(QUIET_MS);
      // One that hangs up has still heard what came with the garbage.
      stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "1" });
      const fills = await fillsWithin(stand, placed, 2).catch(() => fillsOf(stand, placed));
      const { state, restarts, lastError } = stand.connector.facts;
      const why =
        state === "ready" && restarts === 0
          ? ""
          : `; it is ${state} after ${restarts} restart(s): ${firstLine(lastError ?? "")}`;
      must(
        why === "" && fills.length > 1,
        `after 8 messages that cannot be read, ${fills.length} of 2 fills came${why}; catch what one message does`,
      );
    },
  },
  {
    id: "C71",
    group: "faults",
    title: "a crossed quote is passed on or refused",
    proves: "a broken market is not made to look whole",
    needs: { venue: true },
    run: async (stand) => {
      const { symbol } = stand.settings;
      stand.venue.book.quotes.set(symbol, { bid: "101", ask: "100", last: "100.50" });
      const answer = await stand.call("getQuote", symbol);
      if (!answer.ok) return;
      const { bid, ask } = await stand.ask.quote("kit", symbol);
      must(
        decimal(bid).eq(decimal("101")) && decimal(ask).eq(decimal("100")),
        `the venue's bid was 101 and its ask 100, and getQuote answered ${bid}/${ask}: pass it on as it is, or throw`,
      );
    },
  },
  {
    id: "C72",
    group: "faults",
    title: "a venue whose clock is five hours ahead",
    proves: "times stay the venue's, and nothing hangs on our clock",
    needs: { venue: true, orders: true },
    isCold: true,
    run: async (stand) => {
      stand.venue.skewMs = SKEW_MS;
      await stand.start();
      const placed = await acked(stand);
      const [fill] = await fillsWithin(stand, placed, 1);
      const time = stand.venue.book.fills[0]?.time ?? 0;
      must(
        fill?.at === time,
        `the venue filled at ${time}, emitted as ${fill?.at}: that is ${Math.round(((fill?.at ?? 0) - time) / 60_000)} minutes off; ` +
          `use the venue's time`,
      );
    },
  },
  {
    id: "C73",
    group: "faults",
    title: "a quote that cannot be read is an error",
    proves: "no order is judged by an invented price",
    needs: { venue: true },
    run: (stand) =>
      readsMustThrow(stand, "quote", "getQuote", stand.settings.symbol, "an old or empty quote is no quote"),
  },
  {
    id: "C74",
    group: "faults",
    title: "an order that cannot be read is an error, and not unknown",
    proves: "trouble at the venue never looks like an order that was not taken",
    needs: { venue: true, orders: true, methods: ["getOrder"] },
    run: async (stand) => {
      const { order, venueOrderId } = await acked(stand);
      const instead = "null says that the venue does not know it";
      await readsMustThrow(stand, "order", "getOrder", { venueOrderId }, instead);
      if (stand.connector.facts.capabilities.queryByClientId !== true) return;
      await readsMustThrow(stand, "orders", "getOrder", { clientOrderId: order.clientOrderId }, instead);
    },
  },
  {
    id: "C75",
    group: "faults",
    title: "fills that cannot be read are an error, and not none",
    proves: "trouble at the venue never looks like a day without trades",
    needs: { venue: true, methods: ["getFills"] },
    run: (stand) => readsMustThrow(stand, "fills", "getFills", 0, "an empty list says that there were none"),
  },
  {
    id: "C93",
    group: "faults",
    title: "open orders that cannot be read are an error, and not none",
    proves: "trouble at the venue never looks like a book without orders",
    needs: { venue: true, methods: ["getOpenOrders"] },
    run: (stand) => readsMustThrow(stand, "orders", "getOpenOrders", undefined, "an empty list says that none is open"),
  },
  {
    id: "C94",
    group: "faults",
    title: "an instrument that cannot be read is an error, and not unlisted",
    proves: "trouble at the venue never takes a symbol off the list",
    needs: { venue: true, methods: ["getInstrument"] },
    run: (stand) =>
      readsMustThrow(stand, "instrument", "getInstrument", stand.settings.symbol, "null says that it is not listed"),
  },
  {
    id: "C95",
    group: "faults",
    title: "an order that was taken is not refused by its own copy",
    proves: "a second try under the same id that meets the first is no refusal",
    needs: { venue: true, orders: true },
    run: (stand) =>
      spoilt(stand, { kind: "reset", isDone: true }, "the venue took the order and cut the connection once", 1),
  },
];
