import { expect, it } from "vitest";
import type { OrderId } from "../../../src/domain/ids.ts";
import { detailOf } from "../../../src/trading/orders/order-view.ts";
import { scenario } from "../../support/journal-scenario.ts";

it("an order with 20,000 fills has a bounded view with the newest fills and their number", () => {
  const told = scenario().desk().account("paper").working("a", { quantity: "20000" });
  for (let n = 0; n < 20_000; n++) told.fill("a", { quantity: "1" });
  const order = told.state().orders.get("a" as OrderId);
  if (order === undefined) throw new Error("no order");
  const detail = detailOf(order, "orders/executed/a.toml");
  expect([detail.fillCount, detail.fills.length, detail.fills.at(-1)?.fillId]).toEqual([20_000, 100, "f20000"]);
  expect([detail.filled, detail.averagePrice, detail.history.length]).toEqual(["20000", "100", 200]);
  expect(JSON.stringify(detail).length).toBeLessThan(60_000);
});
