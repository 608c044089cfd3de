import { describe, expect, it } from "vitest";
import type { OrderId } from "../../src/domain/ids.ts";
import type { ConnectorState } from "../../src/domain/event.ts";
import type { VenueInstrument } from "../../src/domain/market/venue.ts";
import { evaluate } from "../../src/gate/gate.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { checkOf, guard, inputOf, quote } from "../support/gate-case.ts";
import {
  type JournalScenario,
  type TermsDraft,
  amount,
  justOver,
  scenario,
  scenarioClientId,
  terms,
} from "../support/journal-scenario.ts";

function desk() {
  return scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity: "60", markPrice: "100" }] });
}
function ask(key: string, tale: JournalScenario, order: string | TermsDraft, more: Partial<GateInput> = {}) {
  return checkOf(evaluate(inputOf(tale, order, more)), key);
}
const dispatch = { stage: "dispatch" } as const;

describe("trading-state", () => {
  const of = (tale: JournalScenario, order: TermsDraft, more: Partial<GateInput> = {}) =>
    ask("trading-state", tale, order, more).code;

  it("trading-state passes every order while active and blocks every order while halted", () => {
    expect(of(desk(), {})).toBe("OK");
    expect(of(desk().trading("halted"), {})).toBe("TRADING_HALTED");
    expect(of(desk().trading("halted"), { side: "sell", quantity: "60" })).toBe("TRADING_HALTED");
    expect(of(desk().trading("halted").trading("active"), {})).toBe("OK");
  });

  it("names the way to close a position while trading is halted", () => {
    const halted = desk().connector("paper").trading("halted");
    expect(ask("trading-state", halted, { side: "sell", quantity: "60" }).message).toMatch(
      /run qoc resume, or qoc halt --reducing, under which orders that only reduce pass$/,
    );
    expect(ask("trading-state", halted, { side: "buy" }).message).toMatch(/run qoc resume$/);
  });

  it("trading-state blocks in an unknown state", () => {
    expect(of(desk().trading("mended" as "active"), {})).toBe("TRADING_HALTED");
  });

  it.each<[string, TermsDraft, string]>([
    ["a sell of all that is held", { side: "sell", quantity: "60" }, "OK"],
    ["a sell of more", { side: "sell", quantity: "60.01" }, "TRADING_REDUCING"],
    ["a sell of 100 against 60", { side: "sell", quantity: "100" }, "TRADING_REDUCING"],
    ["a buy", { quantity: "1" }, "TRADING_REDUCING"],
    ["a sell of what is flat", { side: "sell", quantity: "1", symbol: "MSFT" }, "TRADING_REDUCING"],
  ])("trading-state while reducing: %s", (_, order, code) => {
    expect(of(desk().trading("reducing"), order)).toBe(code);
  });

  it("trading-state treats an order as reducing only if the position is confirmed", () => {
    const sell: TermsDraft = { side: "sell", quantity: "10" };
    expect(of(desk().trading("reducing").working("s", { side: "sell", quantity: "55" }), sell)).toBe(
      "TRADING_REDUCING",
    );
    expect(of(desk().flagged("paper", "AAPL", "60", "70").trading("reducing"), sell)).toBe("TRADING_REDUCING");
    expect(of(scenario().desk().trading("reducing"), sell)).toBe("TRADING_REDUCING");
    const { connector } = inputOf(desk(), {});
    expect(of(desk().trading("reducing"), sell, { connector: { ...connector, ready: false } })).toBe(
      "TRADING_REDUCING",
    );
    expect(of(desk().trading("reducing"), sell, { connector: { ...connector, reconciled: false } })).toBe(
      "TRADING_REDUCING",
    );
  });
});

describe("connector-ready", () => {
  const of = (more: Partial<GateInput["connector"]>) =>
    ask("connector-ready", desk(), {}, { connector: { ...inputOf(desk(), {}).connector, ...more } });

  it.each<[ConnectorState, boolean, string]>([
    ["ready", true, "OK"],
    ["degraded", true, "OK"],
    ["ready", false, "CONNECTOR_NOT_READY"],
    ["starting", true, "CONNECTOR_NOT_READY"],
    ["unresponsive", true, "CONNECTOR_NOT_READY"],
    ["restarting", true, "CONNECTOR_NOT_READY"],
    ["quarantined", true, "CONNECTOR_NOT_READY"],
    ["zombie", true, "CONNECTOR_NOT_READY"],
    ["stopped", true, "CONNECTOR_NOT_READY"],
  ])("connector-ready in state %s, ready %s: %s", (state, ready, code) => {
    expect(of({ state, ready }).code).toBe(code);
  });

  it("connector-ready names where to find the reason and does not repeat the connector's text", () => {
    expect(of({ state: "quarantined", ready: false }).message).toBe(
      "connector paper is quarantined; see qoc connectors list",
    );
  });

  it("connector-ready requires reconciliation, the approved mode and the order's own connector", () => {
    expect(of({ reconciled: false }).code).toBe("CONNECTOR_NOT_RECONCILED");
    expect(of({ mode: "live" }).code).toBe("CONNECTOR_MODE_CHANGED");
    expect(of({ name: "other" }).code).toBe("CONNECTOR_DIFFERS");
  });
});

describe("journal-health", () => {
  it.each([
    [true, { bytes: 100_000_000, files: undefined }, "OK"],
    [true, { bytes: 100_000_000, files: 1_000 }, "OK"],
    [true, { bytes: 99_999_999, files: undefined }, "DISK_LOW"],
    [true, { bytes: 0, files: undefined }, "DISK_LOW"],
    [true, undefined, "JOURNAL_HEALTH_UNAVAILABLE"],
    [true, { bytes: Number.NaN, files: undefined }, "JOURNAL_HEALTH_UNAVAILABLE"],
    [true, { bytes: 1e12, files: Number.NaN }, "JOURNAL_HEALTH_UNAVAILABLE"],
    [false, { bytes: 1e12, files: undefined }, "JOURNAL_FAILED"],
  ])("journal-health with healthy %s and free space %o: %s", (journalHealthy, freeSpace, code) => {
    expect(ask("journal-health", desk(), {}, { journalHealthy, freeSpace }).code).toBe(code);
  });

  it("blocks if the disk takes few more files", () => {
    const ofFiles = (files: number) => ask("journal-health", desk(), {}, { freeSpace: { bytes: 1e12, files } }).code;
    expect([0, 999, 1_000].map(ofFiles)).toEqual(["DISK_LOW", "DISK_LOW", "OK"]);
  });
});

describe("unknown-instrument", () => {
  const of = (tale: JournalScenario, order: string | TermsDraft) => ask("unknown-instrument", tale, order).code;
  const sent = () => desk().proposed("a").approved("a").submitting("a");

  it("unknown-instrument blocks the instrument while the outcome of an order is unknown", () => {
    expect(of(sent(), {})).toBe("INSTRUMENT_UNKNOWN");
    expect(of(sent().unknown("a"), { side: "sell", quantity: "1" })).toBe("INSTRUMENT_UNKNOWN");
    expect(of(sent().unknown("a"), { symbol: "aapl" })).toBe("INSTRUMENT_UNKNOWN");
    const { message } = ask("unknown-instrument", sent().unknown("a", "worker died"), {});
    expect(message).toBe("order a of AAPL at paper is unknown (worker died)");
  });

  it("unknown-instrument blocks only that instrument on that connector, and not because of the order itself", () => {
    expect(of(sent().unknown("a"), { symbol: "MSFT" })).toBe("OK");
    expect(of(sent().unknown("a"), { connector: "other" })).toBe("OK");
    expect(of(sent(), "a")).toBe("OK");
  });

  it.each<[string, (tale: JournalScenario) => JournalScenario]>([
    ["acknowledged", (tale) => tale.accepted("a")],
    ["reported cancelled", (tale) => tale.reported("a", "cancelled")],
    ["rejected by the venue", (tale) => tale.rejected("a")],
    ["resolved by hand", (tale) => tale.resolved("a")],
    ["filled", (tale) => tale.fill("a")],
  ])("unknown-instrument passes once the order is %s", (_, settle) => {
    expect(of(settle(sent().unknown("a")), {})).toBe("OK");
  });

  it("unknown-instrument blocks a flagged instrument until a human clears it", () => {
    const tale = desk().flagged("paper", "AAPL", "60", "70");
    expect(of(tale, { side: "sell", quantity: "1" })).toBe("INSTRUMENT_FLAGGED");
    expect(of(tale, { symbol: "MSFT" })).toBe("OK");
    expect(of(tale.cleared("paper", "AAPL", "70"), {})).toBe("OK");
  });
});

describe("order-validity", () => {
  const facts: VenueInstrument = {
    symbol: "AAPL",
    tickSize: amount("0.05"),
    lotSize: amount("0.1"),
    minQuantity: amount("0.5"),
    maxQuantity: amount("1000"),
    minNotional: amount("50"),
    orderTypes: ["limit", "market", "stop_limit"],
    timesInForce: ["day", "gtc"],
    tradable: true,
  };
  it.each<[string, TermsDraft, Partial<VenueInstrument>, string]>([
    ["on the step of its price", { limitPrice: "0.1234" }, {}, "OK"],
    ["on a step of lower prices", { limitPrice: "1.2345" }, {}, "OFF_TICK"],
    ["at the edge of a band", { limitPrice: "1" }, {}, "OK"],
    ["a trigger off the step", { type: "stop_limit", stopPrice: "1.005", limitPrice: "1.01" }, {}, "OFF_TICK"],
    ["a limit order off the market lot", { limitPrice: "1", quantity: "15" }, {}, "OK"],
    ["a market order off the market lot", { type: "market", quantity: "15" }, {}, "OFF_LOT"],
    ["worth the maximum", { limitPrice: "100", quantity: "10" }, {}, "OK"],
    ["worth more", { limitPrice: "100.01", quantity: "10" }, {}, "ABOVE_MAX_NOTIONAL"],
    ["a short sale", { side: "sell", limitPrice: "1", quantity: "500" }, { shortable: false }, "NOT_SHORTABLE"],
    [
      "a short sale of shares that can be borrowed",
      { side: "sell", limitPrice: "1", quantity: "500" },
      { shortable: true, maxNotional: amount("100000") },
      "OK",
    ],
  ])("%s", (_name, order, more, code) => {
    const bands = [
      { from: amount("0"), tickSize: amount("0.0001") },
      { from: amount("1"), tickSize: amount("0.01") },
    ];
    const sizes = { lotSize: amount("1"), marketLot: amount("10"), maxNotional: amount("1000") };
    const instrument = { symbol: "AAPL", currency: "USD", tickSize: amount("0.0001"), ticks: bands, ...sizes, ...more };
    expect(ask("order-validity", desk(), order, { instrument }).code).toBe(code);
  });

  const of = (order: TermsDraft, instrument?: VenueInstrument | null, more: Partial<GateInput> = {}) =>
    ask("order-validity", desk(), order, { ...(instrument === undefined ? {} : { instrument }), ...more }).code;

  it.each<[string, TermsDraft, string]>([
    ["fits", { quantity: "10", limitPrice: "100.05" }, "OK"],
    ["off the tick", { quantity: "10", limitPrice: "100.06" }, "OFF_TICK"],
    ["a trigger off the tick", { type: "stop_limit", stopPrice: "100.01", limitPrice: "100.05" }, "OFF_TICK"],
    ["off the lot", { quantity: "10.05" }, "OFF_LOT"],
    ["at the minimum", { quantity: "0.5", limitPrice: "100" }, "OK"],
    ["below the minimum", { quantity: "0.4", limitPrice: "200" }, "BELOW_MIN_QUANTITY"],
    ["at the maximum", { quantity: "1000" }, "OK"],
    ["above the maximum", { quantity: "1000.1" }, "ABOVE_MAX_QUANTITY"],
    ["worth the minimum", { quantity: "1", limitPrice: "50" }, "OK"],
    ["worth less", { quantity: "1", limitPrice: "49.95" }, "BELOW_MIN_NOTIONAL"],
    ["a market order worth less at the bid", { type: "market", side: "sell", quantity: "0.5" }, "BELOW_MIN_NOTIONAL"],
    ["a type it does not take", { type: "stop", stopPrice: "100" }, "TYPE_NOT_SUPPORTED"],
    ["a time in force it does not take", { timeInForce: "fok" }, "TIME_IN_FORCE_NOT_SUPPORTED"],
  ])("order-validity of %s: %s", (_, order, code) => {
    expect(of(order, facts)).toBe(code);
  });

  it("order-validity is exact where a float is not: 0.3 is three ticks of 0.1", () => {
    expect(0.3 % 0.1).not.toBe(0);
    expect(of({ quantity: "10", limitPrice: "0.3" }, { symbol: "AAPL", tickSize: amount("0.1") })).toBe("OK");
  });

  it("order-validity checks only the limits that the instrument states", () => {
    expect(of({ quantity: "0.123", limitPrice: "100.061" })).toBe("OK");
    expect(of({ quantity: "0.123", limitPrice: "100.061" }, { symbol: "AAPL" })).toBe("OK");
    expect(of({}, { ...facts, tradable: false })).toBe("NOT_TRADABLE");
    expect(of({}, { ...facts, multiplier: amount("50") })).toBe("MULTIPLIER_DIFFERS");
    expect(of({}, { ...facts, multiplier: amount("1") })).toBe("OK");
    expect(of({}, null)).toBe("NOT_LISTED");
    expect(of({}, { ...facts, symbol: "MSFT" })).toBe("ORDER_VALIDITY_UNAVAILABLE");
    expect(of({}, { symbol: "AAPL", tickSize: amount("0") })).toBe("ORDER_VALIDITY_UNAVAILABLE");
    expect(of({ type: "market" }, { symbol: "AAPL", minNotional: amount("1") }, { quote: undefined })).toBe(
      "ORDER_VALIDITY_UNAVAILABLE",
    );
  });

  it.each<[string, TermsDraft, Partial<VenueInstrument>, string]>([
    ["post-only where the instrument names it", { flags: { postOnly: true } }, { orderFlags: ["postOnly"] }, "OK"],
    [
      "post-only where it names another",
      { flags: { postOnly: true } },
      { orderFlags: ["session"] },
      "FLAG_NOT_SUPPORTED",
    ],
    ["extended hours where it names none", { flags: { session: "extended" } }, {}, "FLAG_NOT_SUPPORTED"],
    ["regular hours where it names none", { flags: { session: "regular" } }, {}, "FLAG_NOT_SUPPORTED"],
    [
      "a sale of what is held to close",
      { side: "sell", quantity: "10", flags: { positionIntent: "close" } },
      { orderFlags: ["positionIntent"] },
      "OK",
    ],
    [
      "a purchase to close a long position",
      { flags: { positionIntent: "close" } },
      { orderFlags: ["positionIntent"] },
      "POSITION_INTENT_WRONG",
    ],
    [
      "a sale of what is held to open",
      { side: "sell", quantity: "10", flags: { positionIntent: "open" } },
      { orderFlags: ["positionIntent"] },
      "POSITION_INTENT_WRONG",
    ],
    ["a fraction of a whole number", { quantity: "1.5" }, { fractional: false }, "OFF_LOT"],
    ["a whole number with zeros", { quantity: "15" }, { fractional: false }, "OK"],
    ["after the last trading day", {}, { expires: 0 }, "INSTRUMENT_EXPIRED"],
    ["before the last trading day", {}, { expires: Number.MAX_SAFE_INTEGER }, "OK"],
  ])("order-validity of %s: %s", (_, order, more, code) => {
    expect(of(order, { symbol: "AAPL", ...more })).toBe(code);
  });

  it("order-validity refuses a flag of a connector without instruments, which could not pass it on", () => {
    expect(of({ flags: { postOnly: true } })).toBe("FLAG_NOT_SUPPORTED");
  });

  it("no order is taken by a price that is late, and a limit order needs none", () => {
    const late = { quote: quote("99", "100", { delayedMs: 900_000 }) };
    expect(of({ type: "market" }, undefined, late)).toBe("QUOTE_DELAYED");
    expect(of({ limitPrice: "100" }, undefined, late)).toBe("OK");
    const { code, message } = ask(
      "price-collar",
      desk(),
      { limitPrice: "100" },
      { ...late, guards: [guard("price-collar")] },
    );
    expect(code).toBe("PRICE_COLLAR_UNAVAILABLE");
    expect(message).toContain("900 s late");
  });

  it("order-validity refuses an amount without an exact number, unless the connector takes exact decimals", () => {
    const { connector } = inputOf(desk(), {});
    const exact = { connector: { ...connector, capabilities: { exactDecimals: true } } };
    for (const order of [
      { quantity: "123.456789012345678901" },
      { limitPrice: justOver("100", 18) },
      { quantity: "9007199254740993" },
    ]) {
      expect(of(order)).toBe("NOT_REPRESENTABLE");
      expect(of(order, undefined, exact)).toBe("OK");
    }
    expect(of({ quantity: "0.1" })).toBe("OK");
  });

  it("order-validity refuses amounts that are not above zero and prices that do not fit the order type", () => {
    expect(of({ quantity: "0" })).toBe("AMOUNT_NOT_POSITIVE");
    expect(of({ limitPrice: "-1" })).toBe("AMOUNT_NOT_POSITIVE");
    expect(of({ type: "market", limitPrice: "100" })).toBe("ORDER_PRICES_WRONG");
    expect(of({ type: "stop_limit" })).toBe("ORDER_PRICES_WRONG");
    expect(of({ stopPrice: "100" })).toBe("ORDER_PRICES_WRONG");
  });
});

describe("a market below zero", () => {
  const oil = { quote: quote("-37.7", "-37.6") };
  const verdict = (order: TermsDraft, more: Partial<GateInput> = oil) => evaluate(inputOf(desk(), order, more));
  const worst = { type: "market", protectionPrice: "-38.55" } as const;

  it.each<[string, TermsDraft, string]>([
    ["a purchase", { quantity: "1" }, "NEGATIVE_PRICE"],
    ["a purchase at market", { ...worst, quantity: "1", protectionPrice: "-36.4" }, "NEGATIVE_PRICE"],
    ["a sale beyond the position", { ...worst, side: "sell", quantity: "61" }, "NEGATIVE_PRICE"],
    ["a sale of the position", { ...worst, side: "sell", quantity: "60" }, "OK"],
  ])("%s", (_, order, code) => {
    expect(checkOf(verdict(order), "order-validity").code).toBe(code);
  });

  it("a bid below zero with an ask above it is below zero", () => {
    expect(checkOf(verdict({}, { quote: quote("-0.1", "0.1") }), "order-validity").code).toBe("NEGATIVE_PRICE");
  });

  it("the order that closes the position passes every size and price guard", () => {
    const guards = [
      guard("max-order-nav"),
      guard("max-position-nav"),
      guard("price-collar"),
      guard("buying-power"),
      guard("max-order-notional", { max_notional: 100_000 }),
      guard("no-short"),
    ];
    const closing = verdict({ ...worst, side: "sell", quantity: "60" }, { ...oil, guards });
    expect(closing.checks.filter(({ decision }) => decision === "block")).toEqual([]);
  });
});

describe("market-protection", () => {
  const of = (order: TermsDraft, more: Partial<GateInput> = {}) =>
    ask("market-protection", desk(), order, { quote: quote("99", "100"), ...more }).code;

  it.each<[TermsDraft, string]>([
    [{}, "OK"],
    [{ type: "market", protectionPrice: "100" }, "OK"],
    [{ type: "market", protectionPrice: "99.999" }, "BEYOND_PROTECTION"],
    [{ type: "market", side: "sell", protectionPrice: "99" }, "OK"],
    [{ type: "market", side: "sell", protectionPrice: "99.001" }, "BEYOND_PROTECTION"],
    [{ type: "stop", stopPrice: "110", protectionPrice: "110" }, "OK"],
    [{ type: "stop", stopPrice: "110", protectionPrice: "109" }, "BEYOND_PROTECTION"],
    [{ type: "stop", side: "sell", stopPrice: "90", protectionPrice: "91" }, "BEYOND_PROTECTION"],
    [{ type: "market" }, "MARKET_PROTECTION_UNAVAILABLE"],
    [{ type: "stop", stopPrice: "110" }, "MARKET_PROTECTION_UNAVAILABLE"],
  ])("market-protection of %j: %s", (order, code) => {
    expect(of(order)).toBe(code);
  });

  it("market-protection blocks a market order without a two-sided quote", () => {
    const order: TermsDraft = { type: "market", protectionPrice: "103" };
    expect(of(order, { quote: undefined })).toBe("MARKET_PROTECTION_UNAVAILABLE");
    expect(of(order, { quote: quote("0", "100") })).toBe("MARKET_PROTECTION_UNAVAILABLE");
    expect(of(order, { quote: quote("101", "100") })).toBe("MARKET_PROTECTION_UNAVAILABLE");
  });
});

describe("approval-freshness", () => {
  const approved = () => desk().proposed("a").approved("a");
  const at = (hostNow: number) => ask("approval-freshness", approved(), "a", { ...dispatch, hostNow }).code;
  const { at: given, expiresAt } = approved()
    .state()
    .orders.get("a" as OrderId)?.approvals[0] ?? { at: 0, expiresAt: 0 };

  it.each([
    [given, "OK"],
    [expiresAt, "OK"],
    [expiresAt + 1, "APPROVAL_EXPIRED"],
    [given - 2000, "OK"],
    [given - 2001, "APPROVAL_FROM_FUTURE"],
    [Number.NaN, "APPROVAL_FRESHNESS_UNAVAILABLE"],
  ])("approval-freshness at %d: %s", (hostNow, code) => {
    expect(at(hostNow)).toBe(code);
  });

  it("approval-freshness requires an approval at dispatch, none at approve, and does not run at propose", () => {
    expect(ask("approval-freshness", desk().proposed("a"), "a", dispatch).code).toBe("APPROVAL_MISSING");
    expect(ask("approval-freshness", desk().proposed("a"), "a", { stage: "approve" }).code).toBe("OK");
    expect(evaluate(inputOf(desk(), {})).checks.map((check) => check.guard)).not.toContain("approval-freshness");
  });
});

describe("drift", () => {
  const of = (mid: string | undefined, order: TermsDraft = {}, more: Partial<GateInput> = {}) => {
    const tale = desk()
      .proposed("a", order)
      .approved("a", mid === undefined ? {} : { mid });
    return ask("drift", tale, "a", { ...dispatch, quote: quote("100", "102"), ...more }).code; // middle 101
  };

  it.each([
    ["101", "OK"],
    ["100", "OK"], // exactly 1 %
    ["99.999", "PRICE_DRIFTED"],
    ["102.02", "OK"], // 1.02 of 102.02 is just under 1 %
    ["102.03", "PRICE_DRIFTED"],
    ["0", "DRIFT_UNAVAILABLE"],
    ["-1", "PRICE_DRIFTED"],
  ])("drift from the shown price %s to 101: %s", (mid, code) => {
    expect(of(mid)).toBe(code);
  });

  it("drift requires a limit price if no quote was shown", () => {
    expect(of(undefined)).toBe("OK");
    expect(of(undefined, { type: "market", protectionPrice: "110" })).toBe("APPROVED_WITHOUT_QUOTE");
  });

  it("drift blocks without a current quote", () => {
    expect(of("101", {}, { quote: undefined })).toBe("DRIFT_UNAVAILABLE");
    expect(of("101", {}, { quote: quote("0", "102") })).toBe("DRIFT_UNAVAILABLE");
  });
});

describe("exit-point", () => {
  const approved = () => desk().proposed("a").approved("a");
  const of = (tale: JournalScenario, more: Partial<GateInput> = {}) =>
    ask("exit-point", tale, "a", { ...dispatch, ...more }).code;

  it("exit-point passes the approved order and runs only at dispatch", () => {
    expect(of(approved())).toBe("OK");
    for (const stage of ["propose", "approve"] as const) {
      expect(evaluate(inputOf(approved(), "a", { stage })).checks.map((check) => check.guard)).not.toContain(
        "exit-point",
      );
    }
  });

  it.each<[string, TermsDraft]>([
    ["quantity", { quantity: "11" }],
    ["price", { limitPrice: "100.01" }],
    ["side", { side: "sell" }],
    ["symbol", { symbol: "MSFT" }],
    ["mode", { mode: "live" }],
    ["time in force", { timeInForce: "gtc" }],
  ])("exit-point blocks another %s than the approved one", (_, other) => {
    const order = { id: "a" as OrderId, terms: terms(other), clientOrderId: scenarioClientId("a") };
    expect(of(approved(), { order })).toBe("EXIT_TERMS_DIFFER");
  });

  it("exit-point requires an approval in the journal", () => {
    const real = inputOf(approved(), "a").approval;
    if (real === undefined) throw new Error("no approval");
    expect(of(desk().proposed("a"), { approval: real })).toBe("EXIT_NOT_APPROVED");
    expect(of(approved(), { approval: { ...real, expiresAt: real.expiresAt + 1 } })).toBe("EXIT_NOT_APPROVED");
    expect(of(approved(), { approval: { ...real, at: real.at + 1 } })).toBe("EXIT_NOT_APPROVED");
    expect(of(approved(), { approval: undefined })).toBe("EXIT_TERMS_DIFFER");
  });

  it.each<[string, (tale: JournalScenario) => JournalScenario]>([
    ["submitting", (tale) => tale.submitting("a")],
    ["unknown", (tale) => tale.submitting("a").unknown("a")],
    ["acknowledged", (tale) => tale.submitting("a").accepted("a")],
    ["filled", (tale) => tale.submitting("a").accepted("a").fill("a")],
    ["rejected by a guard", (tale) => tale.denied("a")],
    ["withdrawn", (tale) => tale.notSent("a")],
  ])("exit-point blocks a second submission: %s", (_, later) => {
    expect(of(later(approved()))).toBe("EXIT_ALREADY_DECIDED");
  });

  it("exit-point requires the approved client order id of this order", () => {
    const order = inputOf(approved(), "a").order;
    expect(of(approved(), { order: { ...order, clientOrderId: undefined } })).toBe("EXIT_CLIENT_ID_DIFFERS");
    expect(of(approved(), { order: { ...order, clientOrderId: scenarioClientId("b") } })).toBe(
      "EXIT_CLIENT_ID_DIFFERS",
    );
  });

  it("exit-point blocks every order if an order without approval is in flight", () => {
    const tale = desk().proposed("x", { symbol: "MSFT" }).submitting("x").proposed("a").approved("a");
    expect(of(tale)).toBe("EXIT_SUBMITS_EXCEED_APPROVALS");
  });

  it("exit-point blocks an order that is not in the journal", () => {
    expect(ask("exit-point", desk(), {}, dispatch).code).toBe("EXIT_NO_RECORD");
  });
});
