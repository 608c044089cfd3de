/** Limit cases: heavy load, idle operation, memory, and a store that fails temporarily. */
import { messageOf } from "../../domain/errors/error.ts";
import { assert, fail, skip } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import { orderFor, sendOrder } from "../place-orders.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";

const CONCURRENT_QUOTES = 200;
const BLOCKED_MS_MAX = 1_000;
const GROWTH_MB_MAX = 32;
const MEMORY_ROUNDS = 3;
const MEMORY_QUOTES = 300;
const IDLE = { ms: 1_000, messages: 50, requests: 50 };
const STORE_FAILURES = 2;
const RESTART_TIMEOUT_MS = 20_000;
/** Long enough for an uncaught error to end the worker. */
const CRASH_WAIT_MS = 300;
const CRASH_ROUNDS = 3;

/**
 * Fails the case if the worker thread does not respond during the call.
 * Tries twice: a busy machine delays the thread once, a blocking adapter every time.
 */
async function assertThreadResponsive(
  harness: ConformanceHarness,
  condition: string,
  call: () => Promise<unknown>,
): Promise<void> {
  for (const isLast of [false, true]) {
    const pending = call().catch(() => undefined);
    const isResponsive = await measureHeap(harness, condition).then(
      () => true,
      (error: unknown) => {
        if (isLast) throw error;
        return false;
      },
    );
    await pending;
    if (isResponsive) return;
  }
}

/** Pings the worker and returns its heap in MB; fails the case if the thread did not respond in time. */
export async function measureHeap(
  harness: ConformanceHarness,
  condition: string,
  timeoutMs = BLOCKED_MS_MAX,
): Promise<number> {
  const { length } = harness.spy.pingReplies;
  harness.spy.ping();
  const pong = await harness.waitFor(
    () => harness.spy.pingReplies[length],
    `${condition} the worker thread was busy for more than ${timeoutMs} ms, and could neither return results nor ` +
      `emit ` +
      `fills: do not compute or wait in a loop`,
    timeoutMs,
  );
  return pong.heapMb;
}

/**
 * Requests `count` quotes concurrently (buying powers without quotes); fails the case if one of them fails.
 * Tries twice: on a busy machine some take longer than the adapter's own timeout once, and then its code is compiled
 * and its connections are open; an adapter that loses calls loses them every time.
 */
async function requestQuotes(harness: ConformanceHarness, count: number): Promise<void> {
  if ((await lostQuotes(harness, count)) === undefined) return;
  const again = await lostQuotes(harness, count);
  if (again !== undefined) fail(again);
}

/** Says how many of so many concurrent quotes were lost; undefined if none was. */
async function lostQuotes(harness: ConformanceHarness, count: number): Promise<string | undefined> {
  const toFailure = (error: unknown) => ({ ok: false, message: messageOf(error) }) as const;
  const { quotes, symbol } = harness.settings;
  const call = () => (quotes ? harness.call("getQuote", symbol) : harness.call("getBuyingPower"));
  const calls = Array.from({ length: count }, () => call().catch(toFailure));
  const responses = await Promise.all(calls);
  const succeeded = responses.filter((response) => response.ok).length;
  const failure = responses.find((response) => !response.ok);
  if (failure === undefined || failure.ok) return undefined;
  const what = `of ${count} concurrent ${quotes ? "quotes" : "reads"} only ${succeeded} were returned`;
  return `${what}: ${firstLine(failure.message)}`;
}

export const LIMIT_CASES: readonly TestCase[] = [
  {
    id: "C88",
    group: "limits",
    title: "two hundred concurrent quotes are returned",
    proves: "the adapter works under load",
    run: (harness) => requestQuotes(harness, CONCURRENT_QUOTES),
  },
  {
    id: "C89",
    group: "limits",
    title: "the worker thread stays responsive",
    proves: "no call delays other calls or fills for a second",
    run: async (harness) => {
      const { symbol, orders } = harness.settings;
      const calls = [
        ["getQuote", symbol],
        ["getPositions"],
        ["getBuyingPower"],
        ["getAccount"],
        ["getInstrument", symbol],
        ["getOpenOrders"],
        ["getFills", harness.venue.now - 60_000],
      ] as const;
      const { methods } = harness.connector.status;
      for (const [method, ...args] of calls.filter(([name]) => methods.includes(name)))
        await assertThreadResponsive(harness, `during ${method}`, () => harness.call(method, ...args));
      if (orders)
        await assertThreadResponsive(harness, "during placeOrder", () => sendOrder(harness, orderFor(harness)));
    },
  },
  {
    id: "C90",
    group: "limits",
    title: "an idle connector is quiet",
    proves: "the adapter does not flood the desk or the venue",
    run: async (harness) => {
      await harness.sleep(IDLE.ms / 4);
      const [messages, requests] = [harness.spy.received.length, harness.venue.requests.length];
      await harness.sleep(IDLE.ms);
      const [sent, requested] = [harness.spy.received.length - messages, harness.venue.requests.length - requests];
      assert(
        sent <= IDLE.messages,
        `an idle connector sent ${sent} messages to the desk in ${IDLE.ms} ms; the limit is ${IDLE.messages}`,
      );
      assert(
        requested <= IDLE.requests,
        `an idle connector sent ${requested} requests to the venue in ${IDLE.ms} ms; the limit is ${IDLE.requests}`,
      );
    },
  },
  {
    id: "C91",
    group: "limits",
    title: "memory does not grow with the number of calls",
    proves: "the connector can run for weeks",
    run: async (harness) => {
      const work = async (): Promise<number> => {
        for (let remaining = MEMORY_QUOTES; remaining > 0; remaining -= 50) await requestQuotes(harness, 50);
        return measureHeap(harness, `after ${MEMORY_QUOTES} quotes`, 5_000);
      };
      await work();
      const before = await measureHeap(harness, "while idle", 5_000);
      const readings: number[] = [];
      // One low reading is enough: garbage may be collected late, but leaked memory stays in every reading. The first
      // one does not count, because what is collected then may have been in the heap before.
      const isFlat = (): boolean => readings.slice(1).some((heapMb) => heapMb <= before + GROWTH_MB_MAX);
      while (readings.length < MEMORY_ROUNDS && !isFlat()) readings.push(await work());
      assert(
        isFlat(),
        `the heap had ${before} MB, and after each ${MEMORY_QUOTES} quotes ${readings.join(", ")} MB: ` +
          `the adapter keeps data of each call`,
      );
    },
  },
  {
    id: "C92",
    group: "limits",
    title: "the connector survives a temporary failure of its store",
    proves: "a full disk on the desk's side does not crash the adapter",
    run: async (harness) => {
      const { store, connector, settings } = harness;
      // An adapter may use its store at its first order or fill only.
      const trade = async (): Promise<void> => {
        if (settings.orders) await sendOrder(harness, orderFor(harness));
        for (let round = 1; round <= CRASH_ROUNDS; round++) {
          await harness.sleep(CRASH_WAIT_MS);
          // On a busy machine the end of a worker comes late: it does not answer before that.
          await connector.invoke("getPositions", []).catch(() => undefined);
        }
      };
      await trade();
      if (store.requestCount === 0) skip("the adapter does not use ctx.store");
      store.failuresRemaining = STORE_FAILURES;
      await connector.restart();
      await harness.waitFor(
        () => connector.status.state === "ready",
        () =>
          `ctx.store failed ${STORE_FAILURES} times during connect; ` +
          `${RESTART_TIMEOUT_MS / 1000} s later it was ${connector.status.state}: ` +
          `${firstLine(connector.status.lastError ?? "")}`,
        RESTART_TIMEOUT_MS,
      );
      store.failuresRemaining = STORE_FAILURES;
      await trade();
      store.failuresRemaining = 0;
      const crash = harness.logLines.find(
        ({ message }) => message.startsWith("its worker ended") || message.includes("stopped during"),
      );
      assert(
        crash === undefined,
        `ctx.store failed ${STORE_FAILURES} times, and the worker ended: ${firstLine(crash?.message ?? "")}; ` +
          `catch errors of ctx.store`,
      );
    },
  },
];
