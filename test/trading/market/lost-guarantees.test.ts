import { expect, it } from "vitest";
import { lostGuarantees } from "../../../src/trading/market/venue-gateway.ts";

it("a connector without orders loses no guarantee about orders", () => {
  expect(lostGuarantees({ orders: true, methods: ["getAccount"] })).toHaveLength(4);
  expect(lostGuarantees({ orders: false, methods: ["getAccount"] })).toEqual([]);
  expect(lostGuarantees({ orders: false, methods: [] })).toEqual(["NAV is buying power plus positions at their marks"]);
});
