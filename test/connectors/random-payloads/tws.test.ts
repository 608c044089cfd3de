/** Random messages that TWS may send, read by the library as the connector uses it: each number arrives exact. */
import { EventName } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountFrom, accountValues, positionOf, ratesFrom } from "../../../connectors/ibkr/account.ts";
import { Contracts, type Listed, instrumentOf } from "../../../connectors/ibkr/contracts.ts";
import { feeOf, fillOf } from "../../../connectors/ibkr/fills.ts";
import { Quotes } from "../../../connectors/ibkr/quotes.ts";
import { completedReport, openReport, statedIdOf } from "../../../connectors/ibkr/reports.ts";
import type { GatewaySession } from "../../../connectors/ibkr/session.ts";
import { listedFill, listedOrder } from "../../../connectors/listed-item.ts";
import * as tws from "../../../src/conformance/tws/answers.ts";
import type { Quote } from "../../../src/domain/sdk.ts";
import * as schemas from "../../../src/protocol/schemas.ts";
import {
  ANY,
  type Kind,
  POSITIVE,
  SEED,
  RUNS,
  SHORT,
  SIGNED,
  type Stated,
  isAboveZero,
  negative,
  present,
  product,
  received,
  rounded,
  comparable,
  tryPayloads,
} from "../../support/random-payload.ts";
import { readMessage, readMessages } from "../../support/tws-message.ts";

const UNSET = "1.7976931348623157E308";
/** How TWS writes a quantity that is not set. */
const NO_QUANTITY = ["", UNSET, "2147483647", "9223372036854775807", "-9223372036854775808"];
const SIDES: Readonly<Record<string, string>> = { BOT: "buy", SLD: "sell" };
const PERM = fc.integer({ min: 1, max: 2_147_483_647 });
const REF = fc.constantFrom("", "q-17", "hand ✓");
const contractOf = (secType: string, multiplier = "") => [
  ...[265_598, "AAPL", secType, "", "0", "", multiplier, "SMART", "USD", "AAPL", "AAPL"],
];

/** A time of TWS, and its milliseconds. The gateway's own zone is two hours ahead. */
const ZONE_MS = 2 * 60 * 60_000;
const TIME = fc
  .tuple(fc.integer({ min: 946_684_800, max: 2_051_222_400 }), fc.constantFrom("utc", "gateway", "Asia/Tokyo"))
  .map(([seconds, zone]) => {
    const ahead = { utc: 0, gateway: 7_200, "Asia/Tokyo": 32_400 }[zone] ?? 0;
    const [day = "", time = ""] = new Date((seconds + ahead) * 1_000).toISOString().slice(0, 19).split("T");
    const date = day.replaceAll("-", "");
    const texts = { utc: `${date}-${time}`, gateway: `${date}  ${time}` };
    return { ms: seconds * 1_000, text: texts[zone as keyof typeof texts] ?? `${date} ${time} ${zone}` };
  });

const EXECUTION = fc
  .record({
    ...{ id: fc.uuid(), side: fc.constantFrom("BOT", "SLD", "LENT"), shares: POSITIVE, price: SIGNED, at: TIME },
    ...{ perm: fc.oneof(PERM, fc.constant(0)), ref: REF, liquidity: fc.integer({ min: 0, max: 3 }) },
    ...{ correction: fc.integer({ min: 1, max: 12 }), isPence: fc.boolean() },
  })
  .map(({ id, side, shares, price, at, perm, ref, liquidity, correction, isPence }): Stated => {
    const two = (count: number) => String(count).padStart(2, "0");
    const execId = `${id}.${two(correction)}`;
    const made = [execId, at.text, "DU1", "ARCA", side, shares, isPence ? product(price, "100") : price];
    const end = ["12", "1.5", ref, "", "", "", liquidity, 0];
    const payload = [isPence ? 100 : 1, [11, -1, 5, ...contractOf("STK"), ...made, perm, 71, 0, ...end]];
    if (side === "LENT")
      return { payload, expected: { fillId: execId, venueOrderId: String(perm), symbol: "AAPL", status: "unknown" } };
    const expected = present({
      ...{ fillId: execId, venueOrderId: perm === 0 ? `execution ${execId}` : String(perm), symbol: "AAPL" },
      ...{ side: SIDES[side], quantity: shares, price, timestamp: at.ms, clientOrderId: ref === "" ? undefined : ref },
      corrects: correction > 1 ? `${id}.01` : undefined,
      liquidity: [undefined, "maker", "taker"][liquidity],
    });
    return { payload, expected };
  });

function readExecution([magnifier, message]: [string, (string | number)[]]): unknown {
  const [, contract, execution] = readMessage(EventName.execDetails, message) as [never, never, any];
  const row = { contract, execution };
  const names = { fillId: execution.execId, venueOrderId: String(execution.permId), symbol: "AAPL" };
  return listedFill(names, () => fillOf(row, { symbol: "AAPL", magnifier: Number(magnifier) }, ZONE_MS));
}

const COMMISSION = fc
  .record({ fee: SIGNED, currency: fc.constantFrom("USD", "EUR", ""), isSet: fc.boolean() })
  .map(({ fee, currency, isSet }): Stated => {
    const expected = present({ fee, feeCurrency: currency === "" ? undefined : currency });
    const payload = [59, 1, "0001.01.01", isSet ? fee : UNSET, currency, UNSET, UNSET, ""];
    return { payload, expected: isSet ? expected : undefined };
  });

const STATES: Readonly<Record<string, string>> = {
  ...{ ApiPending: "open", PendingSubmit: "open", PreSubmitted: "open", Submitted: "open", PendingCancel: "open" },
  ...{ Inactive: "open", Filled: "filled", Cancelled: "cancelled", ApiCancelled: "cancelled" },
};
const ACTIONS: Readonly<Record<string, string>> = { BUY: "buy", SELL: "sell", SSHORT: "sell" };
const FAKE = {
  ...({ order_id: "7", client_order_id: "q1", symbol: "AAPL", side: "buy", quantity: "10", type: "limit" } as const),
  ...({ limit_price: "1", time_in_force: "day", filled_quantity: "0", average_price: null, status: "open" } as const),
};
const NAMED = { conId: 265_598, symbol: "AAPL", secType: "STK", exchange: "SMART", currency: "USD" };
const OPEN_AT = { action: 13, quantity: 14, type: 15, limit: 16, ref: 23, client: 24, perm: 25 };

const ORDER = fc
  .record({
    ...{ perm: PERM, ref: REF, action: fc.constantFrom(...Object.keys(ACTIONS), "LEND"), quantity: ANY, limit: ANY },
    ...{ filled: ANY, average: ANY, state: fc.constantFrom(...Object.keys(STATES), "StateOf2031") },
    type: fc.constantFrom("LMT", "MKT", "STP LMT", "MOC", "STP", "REL"),
  })
  .map(({ perm, ref, action, quantity, limit, filled, average, state, type }): Stated => {
    const fields = { action, quantity, type, limit, ref, client: "71", perm: String(perm) };
    const message = [...tws.openOrder(FAKE, NAMED, { orderId: 5, clientId: 71, account: "DU1" })];
    for (const [name, value] of Object.entries(fields)) message[OPEN_AT[name as keyof typeof OPEN_AT]] = value;
    const payload = [message, [3, 5, state, filled, "0", average, perm, 0, 0, 71, "", 0]];
    const names = { venueOrderId: String(perm), clientOrderId: ref === "" ? undefined : ref, symbol: "AAPL" };
    if (STATES[state] === undefined || ACTIONS[action] === undefined) {
      // The id of a client is shown of what can be named alone.
      const clientOrderId = /^[\x20-\x7e]+$/.test(ref) ? ref : undefined;
      return { payload, expected: { ...present({ ...names, clientOrderId }), status: "unknown" } };
    }
    const isOpen = STATES[state] === "open";
    const expected = present({
      ...{ ...names, status: isOpen && isAboveZero(filled) ? "partially_filled" : STATES[state] },
      ...{ filledQuantity: filled, side: ACTIONS[action], quantity: isAboveZero(quantity) ? quantity : undefined },
      averagePrice: isAboveZero(filled) && isAboveZero(average) ? average : undefined,
      limitPrice: type.includes("LMT") || (type === "REL" && isAboveZero(limit)) ? limit : undefined,
    });
    return { payload, expected };
  });

function readOrder([message, status]: [(string | number)[], (string | number)[]]): unknown {
  const [, contract, order, state] = readMessage(EventName.openOrder, message) as [never, any, any, any];
  const [orderId, words, filled, , averagePrice, permId] = readMessage(EventName.orderStatus, status) as any[];
  const row = { kind: "status", orderId, clientId: 71, permId, status: words, filled, averagePrice } as const;
  const names = { venueOrderId: statedIdOf(order), clientOrderId: order.orderRef, symbol: "AAPL" };
  const named = { symbol: "AAPL", magnifier: 1 };
  return listedOrder(names, () => openReport({ kind: "order", contract, order, state }, row, named));
}

const DONE_AT = { action: 12, quantity: 13, type: 14, limit: 15, ref: 22, perm: 23 };
const ENDS: Readonly<Record<string, string>> = {
  ...{ Filled: "filled", "Cancelled by Trader": "cancelled", "Cancelled: the order expired": "expired" },
  "Rejected: margin": "rejected",
};

const COMPLETED = fc
  .record({
    ...{
      perm: PERM,
      action: fc.constantFrom(...Object.keys(ACTIONS)),
      quantity: POSITIVE,
      limit: POSITIVE,
      filled: POSITIVE,
    },
    ...{ words: fc.constantFrom(...Object.keys(ENDS)), unset: fc.constantFrom(undefined, ...NO_QUANTITY) },
    ...{
      type: fc.constantFrom("LMT", "MKT", "STP"),
      parent: fc.constantFrom("9223372036854775807", "0", "1057681538"),
    },
  })
  .map(({ perm, action, quantity, limit, filled, words, unset, type, parent }): Stated => {
    const message = [...tws.completedOrder({ ...FAKE, filled_quantity: "77" }, NAMED, { account: "DU1", now: 0 })];
    const fields = { action, quantity, type, limit, ref: "q-1", perm: String(perm) };
    for (const [name, value] of Object.entries(fields)) message[DONE_AT[name as keyof typeof DONE_AT]] = value;
    const at = message.lastIndexOf("77");
    message[at] = unset ?? filled;
    message[at + 6] = parent;
    // The words are two fields after the time, and the state is before the limits of margin.
    message[message.lastIndexOf("")] = "";
    const place = message.findLastIndex((field) => String(field).includes("US/Eastern")) + 1;
    message[place] = words;
    message[message.indexOf("Submitted")] = words.split(/[ :]/)[0] ?? "";
    const isFilled = ENDS[words] === "filled";
    const done = unset === undefined ? filled : isFilled ? quantity : "0";
    const expected = present({
      ...{ venueOrderId: String(perm), clientOrderId: "q-1", status: ENDS[words], filledQuantity: done, updatedAt: 0 },
      ...{ symbol: "AAPL", side: ACTIONS[action], quantity, reason: isFilled ? undefined : words },
      // TWS states a price of the market in the place of the limit of an order without one.
      limitPrice: type === "LMT" ? limit : undefined,
    });
    return { payload: message, expected };
  });

function readCompleted(message: (string | number)[]): unknown {
  const [contract, order, state] = readMessage(EventName.completedOrder, message) as any[];
  return completedReport({ contract, order, state }, { symbol: "AAPL", magnifier: 1 }, ZONE_MS);
}

const POSITION = fc
  .record({
    ...{ quantity: SHORT, isShort: fc.boolean(), price: SHORT, cost: SHORT },
    of: fc.constantFrom(["STK", "", "1"], ["FUT", "50", "50"], ["OPT", "100", "100"], ["FUT", "0.1", "0.1"]),
  })
  .map(({ quantity, isShort, price, cost, of: [secType = "", multiplier = "", units = "1"] }): Stated => {
    const held = isShort ? negative(quantity) : quantity;
    const value = rounded(product(product(held, price), units), 2);
    const payload = [7, 8, ...contractOf(secType, multiplier).toSpliced(5, 0).slice(0, 6)];
    const message = [
      ...payload,
      multiplier,
      "NYSE",
      "USD",
      "X",
      "X",
      held,
      price,
      value,
      product(cost, units),
      0,
      0,
      "DU1",
    ];
    return {
      payload: message,
      expected: { symbol: "X", quantity: held, markPrice: price, averagePrice: cost, currency: "USD" },
    };
  });

function readPosition(message: (string | number)[]): unknown {
  const [contract, quantity, marketPrice, marketValue, averageCost] = readMessage(EventName.updatePortfolio, message);
  return positionOf({ kind: "position", contract, quantity, marketPrice, marketValue, averageCost } as never, "X");
}

const ACCOUNT = fc
  .record({
    ...{ nav: SIGNED, cash: SIGNED, funds: SIGNED, settled: SIGNED, margin: ANY, profit: SIGNED, rate: POSITIVE },
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 }),
  })
  .map(({ nav, cash, funds, settled, margin, profit, rate, order }): Stated => {
    const values = [
      ...[
        ["NetLiquidation", nav, "EUR"],
        ["TotalCashValue", cash, "EUR"],
        ["AvailableFunds", funds, "EUR"],
      ],
      ...[
        ["SettledCash", settled, "EUR"],
        ["InitMarginReq", margin, "EUR"],
        ["UnrealizedPnL", profit, "BASE"],
      ],
      ...[
        ["UnrealizedPnL", "9", "EUR"],
        ["ExchangeRate", rate, "USD"],
        ["ExchangeRate", "1.00", "EUR"],
      ],
      ["KeyOf2031", "x", "EUR"],
    ];
    const expected = {
      ...{ nav, cash, buyingPower: funds.startsWith("-") ? "0" : funds, currency: "EUR", settledCash: settled },
      ...{ marginUsed: margin, unrealizedPnl: profit, rate },
    };
    return { payload: order.map((index) => [6, 2, ...(values[index] ?? []), "DU1"]), expected };
  });

function readAccount(messages: (string | number)[][]): unknown {
  const rows = readMessages(EventName.updateAccountValue, messages).map(([key, value, currency]) => ({
    ...{ kind: "value", key, value, currency },
  }));
  const values = accountValues(rows as never);
  const [rate] = ratesFrom(values, ["USD/EUR"], 0);
  return { ...accountFrom(values), rate: rate?.rate };
}

/** Places of fields in the message of a contract; the last ones are counted from its end. */
const CONTRACT_AT = { secType: 3, multiplier: 15, least: -4, lot: -3 };

const CONTRACT = fc
  .record({
    ...{ steps: fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 3 }), step: POSITIVE },
    ...{ multiplier: fc.oneof(POSITIVE, fc.constantFrom("", "0")), least: POSITIVE, lot: POSITIVE },
  })
  .map(({ steps, step, multiplier, least, lot }): Stated => {
    const edges = steps.toSorted((a, b) => a - b).map(String);
    const about = { steps: { tick_size: "0.01", lot_size: "1" }, rule: 26, sessions: [] };
    const message = [...tws.contractData(7, NAMED, about)];
    const fields = { secType: "STK", multiplier, least, lot };
    for (const [name, value] of Object.entries(fields)) {
      const place = CONTRACT_AT[name as keyof typeof CONTRACT_AT];
      message[place < 0 ? message.length + place : place] = value;
    }
    const rule = [93, 26, edges.length, ...edges.flatMap((edge, index) => [edge, product(step, String(index + 1))])];
    const ticks = edges.map((from, index) => ({ from, tickSize: product(step, String(index + 1)) }));
    const expected = present({
      ...{ symbol: "AAPL", currency: "USD", multiplier: multiplier === "" || multiplier === "0" ? "1" : multiplier },
      ...{ tickSize: step, lotSize: lot, minQuantity: least, ticks: ticks.length > 1 ? ticks : undefined },
    });
    return { payload: [message, rule], expected };
  });

/** Only those members: the others are words. */
async function readContract([message, rule]: [(string | number)[], (string | number)[]]): Promise<unknown> {
  const [, details] = readMessage(EventName.contractDetails, message);
  const [, increments] = readMessage(EventName.marketRule, rule);
  const session = {
    details: () => Promise.resolve([details]),
    marketRule: () => Promise.resolve(increments),
  } as unknown as GatewaySession;
  const listed = await new Contracts().find(session, "AAPL");
  const { symbol, currency, multiplier, tickSize, lotSize, minQuantity, ticks } = instrumentOf(listed as Listed);
  return { symbol, currency, multiplier, tickSize, lotSize, minQuantity, ticks };
}

it("any legal contract of TWS has its steps, its lot and its multiplier exact", async () => {
  const property = fc.asyncProperty(CONTRACT, async ({ payload, expected }) => {
    expect(comparable(await readContract(received(payload)))).toEqual(comparable(expected));
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
});

const KINDS: readonly Kind[] = [
  ["execution", EXECUTION, readExecution, schemas.fillSchema],
  ["commission", COMMISSION, (message) => feeOf(readMessage(EventName.commissionReport, message)[0] as never)],
  ["open order", ORDER, readOrder, schemas.reportSchema],
  ["completed order", COMPLETED, readCompleted, schemas.reportSchema],
  ["position", POSITION, readPosition, schemas.positionSchema],
  ["account", ACCOUNT, readAccount],
];

describe("any legal message of TWS", () => {
  it.each(KINDS as Kind[])("%s arrives exact", (_name, cases, read, shape) => tryPayloads(cases, read, shape));
});

const FIELDS: Readonly<Record<number, keyof Quote>> = {
  ...{ 0: "bidSize", 1: "bid", 2: "ask", 3: "askSize", 4: "last" },
  ...{ 66: "bid", 67: "ask", 68: "last", 69: "bidSize", 70: "askSize" },
};
const SIZES = [0, 3, 69, 70];
const TICK = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 3, 4, 66, 67, 68, 69, 70, 9, 14, 75),
    fc.oneof(ANY, fc.constantFrom("-1", "0", UNSET)),
  )
  .map(([type, text]) => ({ type, text: SIZES.includes(type) && text === "-1" ? "0" : text }));

it("any ticks of TWS are the newest price of each side, and none where TWS has none", async () => {
  const session = {
    ...{ aheadMs: 0, now: () => 0, nextRequestId: () => 7, alive: () => Promise.resolve() },
    send: () => Promise.resolve(),
  } as unknown as GatewaySession;
  const contracts = {
    priced: () => Promise.resolve({ symbol: "AAPL", contract: {}, magnifier: 1 }),
  } as unknown as Contracts;
  const property = fc.asyncProperty(fc.array(TICK, { maxLength: 12 }), async (ticks) => {
    const emitted: Quote[] = [];
    const quotes = new Quotes(contracts, false, (quote) => void emitted.push(quote));
    quotes.get(session, "AAPL").catch(() => undefined);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    const stated: Partial<Record<keyof Quote, string>> = {};
    for (const { type, text } of ticks) {
      const isSize = SIZES.includes(type);
      const message = isSize ? [2, 6, 7, type, text] : [1, 6, 7, type, text, "", 0];
      const event = isSize ? EventName.tickSize : EventName.tickPrice;
      const before = emitted.length;
      for (const [id, field, value] of readMessages(event, [message]) as [number, number, undefined][])
        quotes.onTick(id, field, value);
      const name = FIELDS[type];
      if (name === undefined) continue;
      const isMissing = text === UNSET || (!isSize && !isAboveZero(text));
      if (isMissing) delete stated[name];
      else stated[name] = text;
      if (stated.bid === undefined || stated.ask === undefined) expect(emitted).toHaveLength(before);
      else expect(comparable(emitted.at(-1))).toMatchObject(comparable(stated) as object);
    }
    quotes.clear();
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
});
