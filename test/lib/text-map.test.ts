import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextMap } from "../../src/lib/text-map.ts";

/** Texts with one hash: "Aa" and "BB" add the same to it. */
function alike(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) =>
    i.toString(2).padStart(12, "0").replaceAll("0", "Aa").replaceAll("1", "BB"),
  );
}

const keys = fc.oneof(fc.nat(60).map(String), fc.constantFrom(...alike(60)));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("set" as const), key: keys, value: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("many" as const), from: fc.nat(9), to: fc.nat(1_500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("none" as const) }) },
);

/** Ids of one pass, of which some are removed again. */
function pass(map: Map<string, number>, from: number, to: number): void {
  for (let i = 0; i < to; i++) map.set(`${from}-${i}`, i);
  for (let i = from; i < to; i += 1 + (from % 2)) map.delete(`${from}-${i}`);
}

describe("A map by text", () => {
  it("has what a map of the language has, in the same order, over random changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [ours, theirs] = [new TextMap<string, number>(), new Map<string, number>()];
        for (const each of steps) {
          for (const map of [ours, theirs])
            if (each.kind === "set") map.set(each.key, each.value);
            else if (each.kind === "many") pass(map, each.from, each.to);
            else if (each.kind === "none") map.clear();
          if (each.kind === "delete") expect(ours.delete(each.key)).toBe(theirs.delete(each.key));
          if (each.kind === "set" || each.kind === "delete") expect(ours.get(each.key)).toBe(theirs.get(each.key));
          expect(ours.size).toBe(theirs.size);
        }
        expect([...ours]).toEqual([...theirs]);
        expect([...ours.keys()]).toEqual([...theirs.keys()]);
        expect([...ours.values()]).toEqual([...theirs.values()]);
        for (const key of theirs.keys()) expect([ours.has(key), ours.get(key)]).toEqual([true, theirs.get(key)]);
        for (const key of [...alike(70), "60", "9-1500"]) expect(ours.has(key)).toBe(theirs.has(key));
      }),
      { numRuns: 30 },
    );
  });

  it("keeps texts apart whose hashes are alike, and finds none of them that was removed", () => {
    const texts = alike(4_000);
    const map = new TextMap<string, number>();
    for (const [index, text] of texts.entries()) map.set(text, index);
    for (const text of texts.slice(0, 3_999)) map.delete(text);
    expect([...map]).toEqual([[texts[3_999], 3_999]]);
    expect(map.get(texts[0] ?? "")).toBeUndefined();
  });

  it("is iterated while it changes: later entries follow, removed ones do not", () => {
    const map = new TextMap<string, number>();
    for (let i = 0; i < 5_000; i++) map.set(`k${i}`, i);
    const seen: number[] = [];
    for (const value of map.values()) {
      seen.push(value);
      if (value % 2 === 0 && value < 5_000) map.delete(`k${value + 1}`);
      if (value === 4_000) for (let i = 5_000; i < 20_000; i++) map.set(`k${i}`, i);
    }
    const expected = Array.from({ length: 20_000 }, (_, i) => i).filter((i) => i % 2 === 0 || i >= 5_000);
    expect(seen).toEqual(expected);
  });
});
