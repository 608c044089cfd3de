import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArchivedMap } from "../../src/domain/archived-map.ts";
import { type DeskState, applyEvent, foldDeskState, growingParts } from "../../src/domain/desk-state.ts";
import type { Recorded } from "../../src/domain/event.ts";
import { stateOf } from "../../src/bus/state-reader.ts";
import { StateCut, stateText } from "../../src/bus/state-text.ts";
import { type Decimal, decimal, isDecimal } from "../../src/domain/decimal.ts";
import { CHANGES_KEPT, PositionRecord, adoptQuantity } from "../../src/domain/account/position.ts";
import type { VenueFill } from "../../src/domain/market/venue.ts";
import { amount, scenario } from "../support/journal-scenario.ts";
import { journalOf, randomSteps } from "../support/random-journal.ts";

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

/** All records of an order that fills 700 times, with corrections and a bust. */
function largeOrder(): readonly Recorded[] {
  const told = scenario().desk().connector("paper").account("paper").working("a", { quantity: "10000" });
  for (let n = 0; n < 700; n++) told.fill("a", { quantity: "1" });
  const fills = told.records().flatMap(({ event }) => (event.type === "fill.received" ? [event] : []));
  for (const [n, event] of fills.slice(0, 40).entries()) {
    const { fillId } = event.fill;
    const again = n % 2 === 0 ? { busts: fillId } : { corrects: fillId, quantity: amount("2") };
    told.event({ ...event, fill: { ...event.fill, ...again, fillId: `${fillId}x` } });
  }
  return told.records();
}

function cutOf(state: DeskState): StateCut {
  return new StateCut(state, { growing: new Set(growingParts(state)), lineChars: 1 });
}

/** The text of the state at a record: all at once, and with the next records between any two of its lines. */
function textsAt(records: readonly Recorded[], place: number): readonly [atOnce: string, inParts: string] {
  const atOnce = [...cutOf(foldDeskState(records.slice(0, place))).lines()].join("\n");
  const state = foldDeskState(records.slice(0, place));
  const later = records.slice(place).values();
  const cut = cutOf(state);
  const lines: string[] = [];
  for (const line of cut.lines()) {
    lines.push(line);
    const next = later.next();
    if (next.done !== true) applyEvent(state, next.value);
  }
  cut.release();
  return [atOnce, lines.join("\n")];
}

describe("A state that is written while it changes", () => {
  it("is that of the record of its cut, over random journals, places and records between its lines", () => {
    let isChanged = false;
    fc.assert(
      fc.property(randomSteps, fc.nat(200), (steps, at) => {
        const records = journalOf(steps).records();
        const place = at % records.length;
        const [atOnce, inParts] = textsAt(records, place);
        expect(inParts).toBe(atOnce);
        isChanged ||= place < records.length - 20;
      }),
    );
    expect(isChanged).toBe(true);
  });

  it("has a position as it was, if one of its fills is corrected before its line is written", () => {
    const position = new PositionRecord("paper", "AAPL");
    position.applyFill("k1", buy(1, "1", "101"));
    const positions = new Map([["AAPL", position]]);
    const cut = (): StateCut => new StateCut({ positions }, { growing: new Set([positions]), lineChars: 1 });
    const atOnce = [...cut().lines()];
    const inParts = cut().lines();
    const lines = [inParts.next().value];
    position.applyFill("k1", buy(1, "5", "90"), buy(1, "1", "101"));
    expect([...lines, ...inParts]).toEqual(atOnce);
    expect([...cut().lines()]).not.toEqual(atOnce);
  });

  it("that has what no text holds keeps no copies", () => {
    const map = new ArchivedMap<string, string>("stems");
    expect(() => new StateCut({ map, other: () => undefined })).toThrow("a state has no function");
    expect(() => [...map.heldEntries(new Map())]).toThrow("nothing holds the map");
  });

  it("has an order of many fills in several parts", () => {
    const records = largeOrder();
    for (const place of [300, 600, records.length - 60, records.length]) {
      const [atOnce, inParts] = textsAt(records, place);
      expect(inParts === atOnce, `at record ${place}`).toBe(true);
    }
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
