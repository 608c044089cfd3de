/** Limits: much work at once, no work at all, and a host that fails for a moment. */
import { messageOf } from "../domain/error.ts";
import { type Case, must, skip } from "./test-case.ts";
import { orderFor, send } from "./place-orders.ts";
import { type ConformanceHarness, firstLine } from "./harness.ts";

const QUOTES = 200;
const BLOCKED_MS = 1_000;
const GROWTH_MB = 32;
const MEMORY_ROUNDS = 3;
const MEMORY_QUOTES = 300;
const IDLE = { ms: 1_000, messages: 50, requests: 50 };
const STORE_FAILS = 2;
const BACK_MS = 20_000;
/** For an error that was thrown to be felt. */
const QUIET_MS = 300;

/** Asks again once: a machine that is busy elsewhere is not the adapter's fault, and a thread that blocks does so each time. */
async function mustBeFree(stand: ConformanceHarness, what: string, call: () => Promise<unknown>): Promise<void> {
  for (const isLast of [false, true]) {
    const answered = call().catch(() => undefined);
    const isFree = await pong(stand, what).then(
      () => true,
      (error: unknown) => {
        if (isLast) throw error;
        return false;
      },
    );
    await answered;
    if (isFree) return;
  }
}

/** Answers with its heap in MB, or fails the case where the thread was not free in time. */
async function pong(stand: ConformanceHarness, what: string, ms = BLOCKED_MS): Promise<number> {
  const { length } = stand.wire.pongs;
  stand.wire.ping();
  const heard = await stand.until(
    () => stand.wire.pongs[length],
    `${what}, its thread was busy for more than ${ms} ms: it can neither answer nor take fills meanwhile; do not compute or wait in a loop`,
    ms,
  );
  return heard.heapMb;
}

async function quotes(stand: ConformanceHarness, count: number): Promise<void> {
  const failed = (error: unknown) => ({ ok: false, message: messageOf(error) }) as const;
  const asked = Array.from({ length: count }, () => stand.call("getQuote", stand.settings.symbol).catch(failed));
  const answers = await Promise.all(asked);
  const bad = answers.find((answer) => !answer.ok);
  const good = answers.filter((answer) => answer.ok).length;
  must(
    bad === undefined,
    `${count} quotes were asked at once and ${good} were answered: ${bad !== undefined && !bad.ok ? firstLine(bad.message) : ""}`,
  );
}

export const LIMIT_CASES: readonly Case[] = [
  {
    id: "C88",
    group: "limits",
    title: "two hundred quotes at once are answered",
    proves: "a busy desk does not break it",
    run: (stand) => quotes(stand, QUOTES),
  },
  {
    id: "C89",
    group: "limits",
    title: "its thread stays free",
    proves: "no call holds up another, nor a fill, for a second",
    run: async (stand) => {
      const { symbol, orders } = stand.settings;
      const calls = [["getQuote", symbol], ["getPositions"], ["getBuyingPower"]] as const;
      for (const [method, ...args] of calls)
        await mustBeFree(stand, `during ${method}`, () => stand.call(method, ...args));
      if (orders) await mustBeFree(stand, "during placeOrder", () => send(stand, orderFor(stand)));
    },
  },
  {
    id: "C90",
    group: "limits",
    title: "it is quiet when nothing happens",
    proves: "no flood of logs, fills or requests",
    run: async (stand) => {
      await stand.quiet(IDLE.ms / 4);
      const [messages, requests] = [stand.wire.crossed.length, stand.venue.requests.length];
      await stand.quiet(IDLE.ms);
      const [said, asked] = [stand.wire.crossed.length - messages, stand.venue.requests.length - requests];
      must(
        said <= IDLE.messages,
        `with nothing to do it sent ${said} messages to the desk in ${IDLE.ms} ms; ${IDLE.messages} are plenty`,
      );
      must(
        asked <= IDLE.requests,
        `with nothing to do it sent ${asked} requests to the venue in ${IDLE.ms} ms; ${IDLE.requests} are plenty`,
      );
    },
  },
  {
    id: "C91",
    group: "limits",
    title: "its memory does not grow with its work",
    proves: "it can run for weeks",
    run: async (stand) => {
      const work = async (): Promise<number> => {
        for (let left = MEMORY_QUOTES; left > 0; left -= 50) await quotes(stand, 50);
        return pong(stand, `after ${MEMORY_QUOTES} quotes`, 5_000);
      };
      await work();
      const before = await pong(stand, "when nothing was asked", 5_000);
      const readings: number[] = [];
      // Garbage comes and goes; what is kept is there each time.
      while (readings.length < MEMORY_ROUNDS && readings.every((heapMb) => heapMb > before + GROWTH_MB))
        readings.push(await work());
      must(
        readings.some((heapMb) => heapMb <= before + GROWTH_MB),
        `its heap held ${before} MB, and after each ${MEMORY_QUOTES} quotes ${readings.join(", ")} MB: it keeps something of each call`,
      );
    },
  },
  {
    id: "C92",
    group: "limits",
    title: "it survives a store that fails for a moment",
    proves: "a full disk on our side is no crash on its side",
    run: async (stand) => {
      const { store, connector } = stand;
      if (store.asked === 0) skip("it keeps nothing in ctx.store");
      store.failing = STORE_FAILS;
      await connector.restart();
      await stand.until(
        () => connector.facts.state === "ready",
        () =>
          `ctx.store failed ${STORE_FAILS} times during connect; ${BACK_MS / 1000} s later it was ${connector.facts.state}: ` +
          `${firstLine(connector.facts.lastError ?? "")}`,
        BACK_MS,
      );
      await stand.quiet(QUIET_MS);
      const died = stand.lines.find(
        ({ message }) => message.startsWith("its worker ended") || message.includes("died during"),
      );
      must(
        died === undefined,
        `ctx.store failed ${STORE_FAILS} times, and its life ended: ${firstLine(died?.message ?? "")}; catch what it throws`,
      );
    },
  },
];
