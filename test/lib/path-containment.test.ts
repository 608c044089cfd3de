import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInside, isWithin } from "../../src/lib/path-containment.ts";

const anyName = fc.string({ unit: fc.constantFrom("a", "b", ".x", "-"), minLength: 1, maxLength: 4 });
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);

describe("path containment", () => {
  it("finds every path below a folder inside it, with or without a slash at the folder's end", () => {
    fc.assert(
      fc.property(anyPath, fc.array(anyName, { minLength: 1, maxLength: 3 }), (folder, names) => {
        const path = join(folder, ...names);
        for (const spelling of [folder, `${folder}/`, "/"]) {
          expect([isInside(spelling, path), isWithin(spelling, path)]).toEqual([true, true]);
        }
      }),
    );
  });

  it("does not take a sibling whose name begins alike, a parent, or an empty rest for inside", () => {
    fc.assert(
      fc.property(anyPath, anyName, (folder, name) => {
        expect(isInside(folder, `${folder}${name}`)).toBe(false);
        expect(isInside(`${folder}/${name}`, folder)).toBe(false);
        expect(isInside(folder, `${folder}/`)).toBe(false);
      }),
    );
  });

  it("counts a folder as within itself, and not as inside itself", () => {
    fc.assert(
      fc.property(anyPath, (folder) => {
        expect([isWithin(folder, folder), isInside(folder, folder)]).toEqual([true, false]);
      }),
    );
  });
});
