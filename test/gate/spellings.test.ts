/** Spellings of one instrument: rules that limit or block add them up, rules that allow compare the exact symbol. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { comparableSymbol } from "../../src/domain/orders/order.ts";
import { strictlyReducing, exposureOf } from "../../src/gate/exposure.ts";
import { evaluate } from "../../src/gate/gate.ts";
import { ask, checkOf, guard, inputOf, quote } from "../support/gate-case.ts";
import { type JournalScenario, scenario, terms } from "../support/journal-scenario.ts";

const SPELLINGS = ["BTC-USD", "BTC/USD", "BTC_USD", "BTC.USD", "btcusd", "^BTCUSD", "BTCUSD="] as const;
const at100 = (symbol: string) => ({ quote: quote("100", "100", { symbol }) });

function desk(): JournalScenario {
  return scenario().desk().account("paper");
}
function check(tale: JournalScenario, key: string, symbol: string) {
  return checkOf(evaluate(inputOf(tale, { symbol })), key);
}

describe("rules that limit or block", () => {
  it("max-position-nav of 20 % stops the fifth purchase of 50, whatever its spelling", () => {
    const rule = guard("max-position-nav", { max_pct: 20 });
    const tale = desk();
    for (const [index, symbol] of SPELLINGS.entries()) {
      const decision = index < 4 ? "allow" : "block";
      expect(ask(tale, { symbol, quantity: "50" }, rule, at100(symbol)).decision, symbol).toBe(decision);
      if (decision === "allow") tale.filled(`o${index}`, { symbol, quantity: "50" });
    }
  });

  it("max-position-nav counts once what fills and marks spell differently, and the order's own spelling with both", () => {
    const rule = guard("max-position-nav", { max_pct: 20 });
    const marked = { positions: [{ symbol: "BTCUSD", quantity: "100", markPrice: "100" }] };
    const tale = desk().filled("a", { symbol: "BTC-USD", quantity: "100" }).account("paper", marked);
    for (const symbol of ["BTC-USD", "BTCUSD", "BTC/USD"]) {
      expect(ask(tale, { symbol, quantity: "100" }, rule, at100(symbol)).decision).toBe("allow");
      expect(ask(tale, { symbol, quantity: "101" }, rule, at100(symbol)).decision).toBe("block");
    }
  });

  it("max-position-nav adds longs and shorts of two spellings to neither's favour", () => {
    const rule = guard("max-position-nav", { max_pct: 20 });
    const held = [
      { symbol: "BTC-USD", quantity: "150", markPrice: "100" },
      { symbol: "BTC/USD", quantity: "-150", markPrice: "100" },
    ];
    const tale = scenario().desk().account("paper", { positions: held });
    expect(ask(tale, { symbol: "BTC-USD", quantity: "51" }, rule, at100("BTC-USD")).decision).toBe("block");
    expect(ask(tale, { symbol: "BTCUSD", quantity: "51" }, rule, at100("BTCUSD")).decision).toBe("block");
  });

  it.each(SPELLINGS)("unknown-instrument blocks %s while an order or the position of BTC-USD is unknown", (symbol) => {
    const unknown = desk().proposed("u", { symbol: "BTC-USD" }).approved("u").submitting("u").unknown("u");
    expect(check(unknown, "unknown-instrument", symbol).code).toBe("INSTRUMENT_UNKNOWN");
    const flagged = check(desk().flagged("paper", "BTC-USD", "1", "2"), "unknown-instrument", symbol);
    expect(flagged.code).toBe("INSTRUMENT_FLAGGED");
    expect(flagged.message).toContain("qoc resolve paper/BTC-USD");
    expect(check(desk().flagged("other", "BTC-USD", "1", "2"), "unknown-instrument", symbol).decision).toBe("allow");
  });

  it.each([
    ["held", [{ symbol: "AAA", quantity: "10", markPrice: "100" }]],
    ["not held", []],
  ])("unknown-instrument blocks the new name of an instrument, %s, while an order of the old one works", (_, held) => {
    const renamed = (symbol: string, newSymbol: string) =>
      ({ id: symbol, kind: "rename", symbol, newSymbol, at: 1 }) as const;
    const tale = desk()
      .account("paper", { positions: held })
      .working("s", { symbol: "AAA", side: "sell", quantity: "10" });
    const connector = "paper" as ConnectorName;
    tale.event({ type: "venue.activity", connector, activity: renamed("AAA", "BBB") });
    tale.event({ type: "venue.activity", connector, activity: renamed("B.BB", "CCC") });
    expect(check(tale, "unknown-instrument", "ccc")).toMatchObject({ decision: "block", actual: "s" });
    expect(check(tale, "unknown-instrument", "DDD").decision).toBe("allow");
    tale.reported("s", "cancelled");
    expect(check(tale, "unknown-instrument", "CCC").decision).toBe("allow");
  });

  it.each<[string, (tale: JournalScenario) => JournalScenario]>([
    ["the operator", (tale) => tale.renamed("paper", "AAA", "BBB")],
    ["a merger", (tale) => tale.merged("paper", "AAA", "BBB")],
  ])("unknown-instrument blocks the new name that %s states, until the order of the old one ends", (_, state) => {
    for (const positions of [[], [{ symbol: "AAA", quantity: "10", markPrice: "100" }]]) {
      const tale = state(desk().account("paper", { positions }).working("s", { symbol: "A.AA", quantity: "10" }));
      expect(check(tale, "unknown-instrument", "bbb")).toMatchObject({ decision: "block", actual: "s" });
      expect(check(tale, "unknown-instrument", "CCC").decision).toBe("allow");
      tale.reported("s", "expired");
      expect(check(tale, "unknown-instrument", "BBB").decision).toBe("allow");
    }
  });

  it.each(["AAA", "A.AA"])(
    "unknown-instrument blocks nothing after a change that leaves the name, to %s",
    (newSymbol) => {
      const change = { id: "cusip", kind: "rename", symbol: "AAA", newSymbol, at: 1 } as const;
      for (const positions of [[], [{ symbol: "AAA", quantity: "10", markPrice: "100" }]]) {
        const tale = desk().account("paper", { positions }).working("s", { symbol: "AAA", quantity: "10" });
        tale.event({ type: "venue.activity", connector: "paper" as ConnectorName, activity: change });
        expect(check(tale, "unknown-instrument", "AAA").decision).toBe("allow");
      }
    },
  );

  it("names the venue's spelling of a flagged symbol in quotes, if a shell would take it for more", () => {
    const { message } = check(desk().flagged("paper", "AAPL;. ./*", "1", "2"), "unknown-instrument", "AAPL");
    expect(message).toContain("run qoc resolve 'paper/AAPL;. ./*' -m");
  });

  it.each(SPELLINGS)("duplicate-order and the denylist stop %s", (symbol) => {
    const tale = desk().working("a", { symbol: "BTC-USD" });
    expect(ask(tale, { symbol }, guard("duplicate-order")).code).toBe("DUPLICATE_ORDER");
    expect(ask(desk(), { symbol }, guard("symbol-denylist", { symbols: ["BTC USD"] })).code).toBe("SYMBOL_DENIED");
  });

  it.each(["^TSLA", "TSLA=", "tsla", "T.S.L.A"])("a denylist of TSLA stops %s", (symbol) => {
    expect(ask(desk(), { symbol }, guard("symbol-denylist", { symbols: ["TSLA"] })).decision).toBe("block");
  });
});

describe("rules that allow", () => {
  const held = [{ symbol: "BTC-USD", quantity: "10", markPrice: "100" }];
  const tale = () => scenario().desk().account("paper", { positions: held });

  it.each(["BTC/USD", "btcusd"])("no-short, the allowlist and reduces take no other spelling: %s", (symbol) => {
    const sell = { symbol, side: "sell", quantity: "10" } as const;
    expect(ask(tale(), sell, guard("no-short")).code).toBe("SHORT_SALE");
    expect(ask(tale(), sell, guard("symbol-allowlist", { symbols: ["BTC-USD"] })).decision).toBe("block");
    expect(strictlyReducing(terms(sell), exposureOf(tale().state(), "paper", symbol, undefined))).toBe(false);
  });

  it("a flag of another spelling ends reduces", () => {
    const sell = { symbol: "BTC-USD", side: "sell", quantity: "10" } as const;
    const decision = (told: JournalScenario) => checkOf(evaluate(inputOf(told, sell)), "trading-state").decision;
    expect(decision(tale().trading("reducing"))).toBe("allow");
    expect(decision(tale().flagged("paper", "BTC/USD", "0", "5").trading("reducing"))).toBe("block");
  });
});

it("another spelling of the order is never allowed where its own spelling is blocked", () => {
  const guards = [guard("duplicate-order"), guard("symbol-denylist", { symbols: ["GME"] })];
  const symbol = fc.constantFrom(...SPELLINGS, "GME", "ETH-USD");
  const step = fc.record({ symbol, unknown: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4 }), symbol, fc.constantFrom("-", "/", ".", "^"), (steps, first, sign) => {
      const told = desk();
      for (const [index, { symbol: other, unknown }] of steps.entries()) {
        told.proposed(`s${index}`, { symbol: other }).approved(`s${index}`).submitting(`s${index}`);
        if (unknown) told.unknown(`s${index}`);
        else told.accepted(`s${index}`);
      }
      const decide = (name: string) =>
        ["unknown-instrument", "duplicate-order", "symbol-denylist"].map(
          (key) => checkOf(evaluate(inputOf(told, { symbol: name }, { guards })), key).decision,
        );
      const second = `${first.slice(0, 1)}${sign}${first.slice(1)}`;
      expect(comparableSymbol(second)).toBe(comparableSymbol(first));
      expect(decide(second)).toEqual(decide(first));
    }),
  );
});

it("an order is blocked if a venue that lists instruments does not list or return its symbol", () => {
  const input = inputOf(desk(), {});
  const lists = { ...input, connector: { ...input.connector, listsInstruments: true } };
  expect(checkOf(evaluate(lists), "order-validity").code).toBe("ORDER_VALIDITY_UNAVAILABLE");
  expect(checkOf(evaluate({ ...lists, instrument: null }), "order-validity").code).toBe("NOT_LISTED");
  expect(checkOf(evaluate({ ...lists, instrument: { symbol: "AAPL" } }), "order-validity").decision).toBe("allow");
  expect(checkOf(evaluate(input), "order-validity").decision).toBe("allow");
});
