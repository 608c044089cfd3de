import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LruMap } from "../../src/lib/lru-map.ts";

/** The same map as a list of entries, the one used last first. */
class ModelMap {
  entries: (readonly [number, number])[] = [];
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: number): number | undefined {
    const entry = this.entries.find(([other]) => other === key);
    if (entry !== undefined) this.set(key, entry[1]);
    return entry?.[1];
  }

  set(key: number, value: number): void {
    const others = this.entries.filter(([other]) => other !== key);
    this.entries = [[key, value] as const, ...others].slice(0, this.#maxEntries);
  }

  delete(key: number): boolean {
    const count = this.entries.length;
    this.entries = this.entries.filter(([other]) => other !== key);
    return this.entries.length < count;
  }
}

describe("an LRU map", () => {
  it("keeps the entries that were used last, for any sequence of operations", () => {
    const operation = fc.record({
      kind: fc.constantFrom("get" as const, "set" as const, "delete" as const),
      key: fc.integer({ min: 0, max: 6 }),
      value: fc.integer(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(operation, { maxLength: 60 }), (maxEntries, operations) => {
        const map = new LruMap<number, number>(maxEntries);
        const model = new ModelMap(maxEntries);
        for (const { kind, key, value } of operations) {
          if (kind === "get") expect(map.get(key)).toBe(model.get(key));
          else if (kind === "delete") expect(map.delete(key)).toBe(model.delete(key));
          else {
            map.set(key, value);
            model.set(key, value);
          }
          expect(map.keys()).toEqual(model.entries.map(([known]) => known));
          expect(map.size).toBe(model.entries.length);
        }
      }),
    );
  });

  it("counts reading an entry whose value is undefined as a use", () => {
    const map = new LruMap<string, undefined>(2);
    map.set("a", undefined);
    map.set("b", undefined);
    map.get("a");
    map.set("c", undefined);
    expect(map.keys()).toEqual(["c", "a"]);
  });
});
