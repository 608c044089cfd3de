/** Lots of which those between the oldest and the newest are texts: each look at them is that of a list of all lots. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, ZERO, decimal } from "../../../src/domain/decimal.ts";
import { LOTS_PACKED, type Lot, Lots } from "../../../src/domain/account/lots.ts";

function shown(lots: Iterable<Readonly<Lot>>): readonly string[] {
  return Array.from(
    lots,
    ({ quantity, price, cost }) => `${quantity.toFixed()}@${price?.toFixed()} ${cost?.toFixed()}`,
  );
}

function costOf(lots: readonly Lot[]): Decimal | undefined {
  let sum = ZERO;
  for (const { quantity, price, cost } of lots) {
    if (price === undefined) return undefined;
    sum = sum.plus(cost ?? quantity.times(price));
  }
  return sum;
}

const lotOf = fc
  .record({
    quantity: fc.integer({ min: -1_000_000, max: 1_000_000 }).filter((units) => units !== 0),
    price: fc.option(fc.integer({ min: -10, max: 10_000_000 }), { freq: 60 }),
    cost: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { freq: 3 }),
  })
  .map(({ quantity, price, cost }): Lot => {
    const known = { quantity: decimal(`${quantity}e-3`), price: price === null ? undefined : decimal(`${price}e-4`) };
    return cost === null || price === null ? known : { ...known, cost: decimal(`${cost}e-8`) };
  });

type Step = { readonly push: readonly Lot[] } | { readonly take: "first" | "last"; readonly count: number } | "restart";

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ push: fc.array(lotOf, { minLength: 1, maxLength: 3 * LOTS_PACKED, size: "max" }) }),
    fc.record({ take: fc.constantFrom("first" as const, "last" as const), count: fc.nat(2 * LOTS_PACKED) }),
    fc.constant("restart" as const),
  ),
  { maxLength: 12 },
);

describe("many lots", () => {
  it("are those of a list, whatever is opened and closed at either end", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        let lots = new Lots();
        const list: Lot[] = [];
        for (const step of taken) {
          if (step === "restart") lots = new Lots(lots.copy().parts);
          else if ("push" in step) {
            for (const lot of step.push) {
              lots.push({ ...lot });
              list.push({ ...lot });
            }
          } else
            for (let i = 0; i < step.count; i++) {
              const [mine, own] = step.take === "first" ? [lots.first(), list[0]] : [lots.last(), list.at(-1)];
              expect(shown(mine === undefined ? [] : [mine])).toEqual(shown(own === undefined ? [] : [own]));
              if (mine === undefined || own === undefined) break;
              // Half of the lot is closed: the change stays, wherever the lot is.
              mine.quantity = own.quantity = own.quantity.plus(decimal("0.5"));
              if (i % 3 === 2) continue;
              if (step.take === "first") {
                lots.removeFirst();
                list.shift();
              } else {
                lots.removeLast();
                list.pop();
              }
            }
          expect(lots.cost?.toFixed()).toBe(costOf(list)?.toFixed());
          expect(shown(lots.newest === undefined ? [] : [lots.newest])).toEqual(shown(list.slice(-1)));
        }
        expect(shown(lots)).toEqual(shown(list));
        expect(shown(lots.newestFirst())).toEqual(shown(list.toReversed()));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it("take few bytes each, and a base has the texts of its book", () => {
    const lotAt = (place: number): Lot => ({ quantity: decimal("10"), price: decimal(`1${place}e-2`) });
    const [book, base] = [new Lots(), new Lots()];
    for (let place = 0; place < 10_000; place++) {
      book.push(lotAt(place));
      if (place > 100) base.push(lotAt(place - 101));
      if (place % 64 === 0) base.shareTexts(book);
    }
    const { packed, newest, oldest } = book.parts;
    expect(packed.reduce((bytes, { text }) => bytes + text.length, 0)).toBeLessThan(10_000 * 15);
    expect(newest.length + oldest.length).toBeLessThanOrEqual(2 * LOTS_PACKED);
    expect(base.parts.packed.length).toBeGreaterThan(150);
    expect(base.parts.packed.filter((each) => !packed.includes(each))).toEqual([]);
  });
});
