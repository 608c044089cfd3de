/** An instrument whose contract stands for fifty units, through a real worker: review, book and restart. */
import { afterEach, expect, it } from "vitest";
import type { AccountView } from "../../src/domain/account/account-view.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterSource(
  `async getInstrument(symbol: string) { return { symbol, currency: "USD", multiplier: "50", tickSize: "0.25" }; }
   async getAccount() { return { nav: "1000000", cash: "1000000", buyingPower: "1000000", currency: "USD" }; }
   async getQuote(symbol: string) { return { symbol, bid: 99.75, ask: 100, timestamp: Date.now() }; }
   async getPositions() { return this.held === 0 ? [] : [{ symbol: "ESZ6", quantity: this.held, markPrice: "110" }]; }
   async placeOrder(order: any) {
     this.held = order.quantity;
     this.ctx.emitFill({
       fillId: "1", venueOrderId: "v", clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side,
       quantity: order.quantityText, price: "100", timestamp: Date.now(),
     });
     return { venueOrderId: "v", status: "acknowledged" };
   }
   held = 0;
   static capabilities = { mode: "paper" };`,
);

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("the review, the guards and the positions count the units of a contract, also after a restart", async () => {
  desk = await tempDesk({
    files: { "v.ts": VENUE },
    config: (template) =>
      `${template.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n`,
  });
  const order = { connector: "v", side: "buy", symbol: "ESZ6", quantity: "2", type: "limit", limitPrice: "100" };
  const proposed = await desk.call<{ id: string; digest: string }>("orders propose", { ...order, rationale: "x" });
  const { id, digest } = proposed;
  const shown = await desk.call<{ review: { notional: string; warnings: string[] } }>("orders show", { id });
  expect(shown.review).toMatchObject({
    notional: "10000",
    book: expect.arrayContaining([
      { what: "ESZ6 weight", before: "0", after: "1", unit: "%" },
      { what: "cash", before: "1000000", after: "990000", unit: "USD" },
    ]),
    warnings: expect.arrayContaining(["One ESZ6 stands for 50 units of its price; every amount here counts them."]),
  });
  await desk.call("approve", { id, digest });
  await desk.reaches(id, "filled");
  expect(desk.open.desk.state.orders.get(id as OrderId)?.state).toBe("filled");
  const expected = { symbol: "ESZ6", quantity: "2", multiplier: "50", value: "11000", unrealizedPnl: "1000" };
  await expect.poll(async () => desk.call<AccountView["positions"]>("positions list")).toMatchObject([expected]);
  const { root, home } = desk;
  await desk.stop();
  desk = await tempDesk({ again: { root, home } });
  expect(desk.open.desk.state.positions.get("v/ESZ6" as never)?.multiplier.toFixed()).toBe("50");
});
