import fc from "fast-check";
import { expect, it } from "vitest";
import { makeClientOrderId } from "../../../src/domain/orders/client-order-id.ts";

const tag = fc.integer({ min: 0, max: 0xffff_ffff }).map((number) => number.toString(16).padStart(8, "0"));
const place = fc.integer({ min: 1, max: 2_000_000_000 });

it("a client order id has 17 of [a-z0-9], and no two places or epochs share one", () => {
  fc.assert(
    fc.property(tag, tag, place, place, (a, b, first, second) => {
      const ids = [makeClientOrderId(a, first), makeClientOrderId(b, second)];
      for (const id of ids) expect(id).toMatch(/^[a-z0-9]{17}$/);
      expect(ids[0] === ids[1]).toBe(a === b && first === second);
    }),
  );
});
