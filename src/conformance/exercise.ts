/** Calls the methods of an adapter, for cases that observe what it does meanwhile. */
import type { ConformanceHarness } from "./harness.ts";
import { orderFor, sendOrder } from "./place-orders.ts";

/** Ignores the results. */
export async function exercise(harness: ConformanceHarness): Promise<void> {
  const { symbol, unknownSymbol, orders } = harness.settings;
  const settle = (call: Promise<unknown>): Promise<unknown> => call.catch(() => undefined);
  await settle(harness.call("getQuote", symbol));
  await settle(harness.call("getQuote", unknownSymbol));
  await settle(harness.call("getPositions"));
  await settle(harness.call("getBuyingPower"));
  for (const [method, ...args] of [
    ["getAccount"],
    ["getInstrument", symbol],
    ["getOpenOrders"],
    ["getFills", 0],
    ["getOrder", { venueOrderId: "7999999999999999999" }],
  ] as const)
    await settle(harness.call(method, ...args));
  if (orders) await sendOrder(harness, orderFor(harness));
  if (orders) await settle(harness.call("cancelOrder", "7999999999999999999"));
}
