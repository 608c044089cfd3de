import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stateOf, stateText } from "../../src/bus/state-text.ts";
import { type Decimal, decimal, isDecimal } from "../../src/domain/decimal.ts";
import { CHANGES_KEPT, PositionRecord, adoptQuantity } from "../../src/domain/account/position.ts";
import type { VenueFill } from "../../src/domain/market/venue.ts";
import { amount } from "../support/journal-scenario.ts";

function buy(n: number, quantity: string, price: string): VenueFill {
  const ids = { fillId: `f${n}`, venueOrderId: "v", symbol: "AAPL", side: "buy" as const };
  return { ...ids, quantity: amount(quantity), price: amount(price), at: n };
}

/** With a name that is not an ordinary member of an object literal. */
const OBJECTS = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.integer().map((units) => decimal(`${units}`)),
    fc.array(tie("value")),
    fc.uniqueArray(fc.string()).map((keys) => new Set(keys)),
    fc.array(fc.tuple(fc.string(), tie("value"))).map((entries) => new Map(entries)),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "length")), tie("value")),
  ),
})).value;

function plain(value: unknown): unknown {
  if (typeof value === "object" && value !== null && isDecimal(value)) return { decimal: (value as Decimal).toFixed() };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return { map: [...value].map(([key, member]) => [key, plain(member)]) };
  if (value instanceof Set) return { set: [...value] };
  if (typeof value !== "object" || value === null) return value;
  return { object: Object.entries(value as object).map(([name, member]) => [name, plain(member)]) };
}

describe("The text of a state", () => {
  it("has the value again, over random values", () => {
    fc.assert(
      fc.property(OBJECTS, (value) => {
        expect(plain(stateOf(stateText(value)))).toEqual(plain(value));
      }),
    );
  });

  it("keeps which objects are one", () => {
    const order = { id: "a" };
    const read = stateOf(stateText({ orders: new Map([["a", order]]), last: order })) as {
      orders: Map<string, object>;
      last: object;
    };
    expect(read.orders.get("a")).toBe(read.last);
  });
});

describe("A position in the text of a state", () => {
  const written = (fills = 10): PositionRecord => {
    const position = new PositionRecord("paper", "AAPL");
    for (let n = 1; n <= fills; n++) position.applyFill(`k${n}`, buy(n, "1", `${100 + n}`));
    return position;
  };
  const shown = (position: PositionRecord): unknown => [
    position.quantity.toFixed(),
    Array.from(position.lots, ({ quantity, price }) => `${quantity.toFixed()}@${price?.toFixed()}`),
  ];

  it("is what it was, and its changes are written again as they were read", () => {
    const text = stateText(written());
    const read = stateOf(text) as PositionRecord;
    expect(shown(read)).toEqual(shown(written()));
    expect(stateText(read)).toBe(text);
    expect(read.movements).toEqual(written().movements);
    expect(stateText(read)).toBe(text);
  });

  it.each([
    ["a fill that is corrected", (p: PositionRecord) => p.applyFill("k3", buy(3, "5", "90"), buy(3, "1", "103"))],
    ["a fill that is busted", (p: PositionRecord) => p.applyFill("k1", { ...buy(1, "1", "101"), busts: "f1" })],
    ["a late fee", (p: PositionRecord) => p.completeFill("k2", { ...buy(2, "1", "102"), fee: amount("0.5") })],
    ["a split between two fills", (p: PositionRecord) => p.split({ after: decimal("7"), before: decimal("1") }, 5)],
    [
      "a quantity of the venue and then a correction",
      (p: PositionRecord) => {
        adoptQuantity(p, { quantity: decimal("4"), price: decimal("50"), at: 11 });
        p.applyFill("k3", buy(3, "5", "90"), buy(3, "1", "103"));
      },
    ],
    ["a later fill", (p: PositionRecord) => p.applyFill("k11", buy(11, "2", "99"))],
    [
      "more fills than it keeps",
      (p: PositionRecord) => {
        for (let n = 11; n < 11 + 2 * CHANGES_KEPT; n++) p.applyFill(`k${n}`, buy(n, "1", `${n}`));
      },
    ],
  ])("takes %s as if it had not been written down", (_name, change) => {
    // Of 400 lots most are texts.
    for (const fills of [10, 400]) {
      const [read, kept] = [stateOf(stateText(written(fills))) as PositionRecord, written(fills)];
      for (const position of [read, kept]) change(position);
      expect(shown(read)).toEqual(shown(kept));
      expect(stateText(read)).toBe(stateText(kept));
    }
  });
});
