/** Fault cases of the stream, of slow responses, of prices and of clocks. */
import { decimal } from "../../domain/decimal.ts";
import { assert, fail, leaveUntried } from "../assert.ts";
import { firstLine } from "../harness.ts";
import { assertSameTime, placeUnfilledOrder, statedTime } from "../fill-assertions.ts";
import { units } from "../order-terms.ts";
import { fillsOf, orderAtVenue, orderFor, sendOrder, waitForFills } from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";

const RECONNECT_MS = 10_000;
const SKEW_MS = 5 * 60 * 60_000;
const SLOW_MS = 1_500;
const CLOCK_MS = 60_000;
/** Long enough for an uncaught error to end the worker. */
const CRASH_WAIT_MS = 300;

export const FAULT_CASES: readonly TestCase[] = [
  {
    id: "C68",
    group: "faults",
    title: "a slow response is accepted",
    proves: "the adapter's timeouts are not shorter than the desk's",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      for (const route of ["quote", "place"] as const) harness.venue.armFault(route, { kind: "slow", ms: SLOW_MS });
      const quote = await harness.call("getQuote", harness.settings.symbol);
      if (!quote.ok)
        fail(`the venue took ${SLOW_MS} ms for a quote, and getQuote threw: ${quote.message}; the desk waits 5 s`);
      const outcome = await sendOrder(harness, orderFor(harness));
      assert(
        outcome.kind === "accepted",
        `the venue took ${SLOW_MS} ms to confirm an order, and placeOrder ended ${outcome.kind}; the desk waits 10 s`,
      );
    },
  },
  {
    id: "C69",
    group: "faults",
    title: "the stream reconnects after it was cut",
    proves: "fills are emitted again within 10 s, without a person",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness, "2");
      const opened = harness.venue.streamsOpened;
      // The first reconnect is refused, as by a venue that restarts.
      harness.venue.armFault("stream", { kind: "reset" });
      harness.venue.dropStreams();
      if (opened > 0)
        await harness.waitFor(
          () => harness.venue.streamsOpened > opened && harness.venue.streams > 0,
          `the venue cut the stream, and ${RECONNECT_MS / 1000} s later the adapter had not reconnected: ` +
            `reconnect on close`,
          RECONNECT_MS,
        );
      const { restarts, lastError } = harness.connector.status;
      assert(
        restarts === 0,
        `after a cut the stream was refused once, and the worker ended: ${firstLine(lastError ?? "")}; ` +
          `catch that error`,
      );
      await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), { quantity: units(harness, "1") });
      await waitForFills(harness, placed, 1);
    },
  },
  {
    id: "C70",
    group: "faults",
    title: "invalid messages do not end the stream",
    proves: "an invalid message does not cause lost fills",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness, "2");
      for (const message of ["{", "", "null", "[]", "12", '"text"', '{"type":"unknown-type"}', '{"type":null}'])
        harness.venue.push(message);
      await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), { quantity: units(harness, "1") });
      await waitForFills(harness, placed, 1).catch(() => []);
      await harness.sleep(CRASH_WAIT_MS);
      // An adapter that closes the stream has still received the first fill, so a second one is needed.
      await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), { quantity: units(harness, "1") });
      const fills = await waitForFills(harness, placed, 2).catch(() => fillsOf(harness, placed));
      const { state, restarts, lastError } = harness.connector.status;
      const crash =
        state === "ready" && restarts === 0
          ? ""
          : `; the connector is ${state} after ${restarts} restart(s): ${firstLine(lastError ?? "")}`;
      assert(
        crash === "" && fills.length > 1,
        `after 8 invalid messages ${fills.length} of 2 fills were emitted${crash}; ` +
          `catch errors of each message separately`,
      );
    },
  },
  {
    id: "C71",
    group: "faults",
    title: "a crossed quote is passed on or an error",
    proves: "a crossed market is never hidden",
    needs: { venue: "hooked" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      await harness.venue.setQuote(symbol, { bid: "101", ask: "100", last: "100.50" });
      const response = await harness.call("getQuote", symbol);
      if (!response.ok) return;
      const { bid, ask } = await harness.calls.quote("kit", symbol);
      assert(
        decimal(bid).eq(decimal("101")) && decimal(ask).eq(decimal("100")),
        `the venue's bid is 101 and its ask 100, but getQuote returned ${bid}/${ask}: ` +
          `pass the prices on unchanged, or throw`,
      );
    },
  },
  {
    id: "C72",
    group: "faults",
    title: "the venue's clock is five hours ahead",
    proves: "times are the venue's, and nothing depends on the local clock",
    needs: { venue: "hooked", orders: true },
    startsConnector: true,
    run: async (harness) => {
      await harness.venue.setClock(SKEW_MS);
      await harness.start();
      const placed = await placeUnfilledOrder(harness, "1");
      const made = await harness.venue.fillOrder(await orderAtVenue(harness, placed.order));
      const time = statedTime(made, made.time ?? 0);
      if (Math.abs(time - harness.venue.now) > CLOCK_MS)
        leaveUntried(`the clock of the fake venue was set to ${harness.venue.now}, and its fill has the time ${time}`);
      const [fill] = await waitForFills(harness, placed, 1);
      assertSameTime(fill?.at, time, "the fill");
    },
  },
];
