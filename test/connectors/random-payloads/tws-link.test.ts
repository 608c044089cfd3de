/** Random notices of TWS about its links: a quote is confirmed as of now only if each of them is there. */
import { EventName } from "@stoqey/ib";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Contracts } from "../../../connectors/ibkr/contracts.ts";
import { barOf, inOrder } from "../../../connectors/ibkr/history.ts";
import { Quotes } from "../../../connectors/ibkr/quotes.ts";
import type { SessionEvents } from "../../../connectors/ibkr/rows.ts";
import { GatewaySession } from "../../../connectors/ibkr/session.ts";
import { POSITIVE, RUNS, SEED, comparable } from "../../support/random-payload.ts";

const FARM_CODES = [2103, 2104, 2105, 2106, 2107, 2108, 2119] as const;
const LINK_CODES = [1100, 1101, 1102, 2110] as const;
const STEP = fc.oneof(
  fc.record({ kind: fc.constant("link" as const), code: fc.constantFrom(...LINK_CODES) }),
  fc.record({
    ...{ kind: fc.constant("farm" as const), code: fc.constantFrom(...FARM_CODES) },
    farm: fc.constantFrom("usfarm", "usfarm.nj", "eufarm"),
  }),
  fc.record({ kind: fc.constant("tick" as const), price: fc.integer({ min: 1, max: 99 }) }),
  fc.record({ kind: fc.constant("ask" as const), cut: fc.constantFrom(undefined, undefined, 1100, 1101) }),
);

const CONTRACTS = {
  priced: async (_session: GatewaySession, symbol: string) => {
    await Promise.resolve();
    return { symbol, contract: {}, magnifier: 1 };
  },
} as unknown as Contracts;

/** A gateway that answers at once, with the quotes of its subscriptions. */
function openGateway(onQuote: (bid: unknown) => void) {
  const quotes = new Quotes(CONTRACTS, false, ({ bid }) => onQuote(bid));
  const nothing = (): void => undefined;
  const events: SessionEvents = {
    ...{ onOrder: nothing, onExecution: nothing, onCommission: nothing, onUnreadable: nothing, onSilence: nothing },
    ...{ onEnd: nothing, onError: (id, error) => void quotes.onError(id, error) },
    ...{ onTick: (id, type, value) => quotes.onTick(id, type, value), onDataType: nothing },
    ...{ onDataLost: () => quotes.clear(), onLink: (isUp) => (isUp ? undefined : quotes.clear()) },
  };
  const settings = { environment: "paper", host: "127.0.0.1", port: 1, clientId: 1, isDelayed: false } as const;
  const session = new GatewaySession({ ...settings, account: undefined }, events);
  const gateway = { ids: [] as number[], price: 50 };
  const tick = (id: number): void => {
    session.api.emit(EventName.tickPrice, id, 1, gateway.price, {});
    session.api.emit(EventName.tickPrice, id, 2, gateway.price + 1, {});
  };
  Object.assign(session.api, {
    reqCurrentTime: () => session.api.emit(EventName.currentTime, Math.floor(Date.now() / 1_000)),
    cancelMktData: nothing,
    reqMktData: (id: number) => {
      gateway.ids.push(id);
      tick(id);
    },
  });
  const notify = (code: number, words: string) => void session.api.emit(EventName.error, new Error(words), code, -1);
  return { quotes, session, gateway, tick, notify };
}

it("any notices about the links: no price of before a loss, and none is confirmed while a farm is lost", async () => {
  const property = fc.asyncProperty(fc.array(STEP, { maxLength: 25 }), async (steps) => {
    let isUp = true;
    const lost = new Set<string>();
    const { quotes, session, gateway, tick, notify } = openGateway(() => expect(isUp).toBe(true));
    const link = (code: number): void => {
      isUp = code === 1101 || code === 1102;
      notify(code, "Connectivity between IBKR and Trader Workstation has changed");
    };
    for (const step of steps)
      if (step.kind === "link") link(step.code);
      else if (step.kind === "farm") {
        if (step.code === 2103) lost.add(step.farm);
        if (step.code === 2104 || step.code === 2108) lost.delete(step.farm);
        notify(step.code, `Market data farm connection has changed:${step.farm}`);
      } else if (step.kind === "tick") {
        gateway.price = step.price;
        for (const id of gateway.ids) tick(id);
      } else if (isUp) {
        const asked = quotes.get(session, "AAPL");
        if (step.cut !== undefined) link(step.cut);
        const quote = await asked.catch(() => undefined);
        expect(quote === undefined).toBe(step.cut !== undefined);
        if (quote === undefined) continue;
        expect([quote.bid, quote.ask]).toEqual([String(gateway.price), String(gateway.price + 1)]);
        expect(quote.asOf !== undefined).toBe(lost.size === 0);
      } else expect(session.linkProblem).toBeDefined();
    quotes.clear();
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
});

const ROW = fc.record({
  day: fc.integer({ min: 0, max: 5 }),
  ...{ open: POSITIVE, high: POSITIVE, low: POSITIVE, close: POSITIVE },
  volume: fc.oneof(POSITIVE, fc.constantFrom("-1", "-1.0", undefined)),
});

it("any bars are in the order of their times, each once with its newest version, in days and in seconds", () => {
  const property = fc.property(fc.array(ROW, { maxLength: 12 }), fc.boolean(), (rows, isOfDays) => {
    const start = Date.UTC(2026, 9, 24);
    const bars = rows.map(({ day, ...row }) => {
      const at = start + day * 86_400_000;
      const time = isOfDays ? new Date(at).toISOString().slice(0, 10).replaceAll("-", "") : String(at / 1_000);
      return barOf({ symbol: "A", magnifier: 1 } as never, { time, ...row }, isOfDays ? "1d" : "1h");
    });
    const expected = new Map<number, object>();
    for (const { day, volume, ...prices } of rows) {
      const traded = volume === undefined || volume.startsWith("-") ? {} : { volume };
      expected.set(day, { symbol: "A", timestamp: start + day * 86_400_000, ...prices, ...traded });
    }
    const days = [...expected.keys()].toSorted((a, b) => a - b);
    expect(comparable(inOrder(bars, {}))).toEqual(comparable(days.map((day) => expected.get(day))));
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
});
