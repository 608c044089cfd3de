/** An adapter that responds immediately and keeps an account, and a desk with only that connector. */
import { fileURLToPath } from "node:url";
import type { Method } from "../../src/protocol/messages.ts";
import { adapterSource, adapterHarness } from "../support/adapter-harness.ts";
import type { TempDeskOptions } from "../support/temp-desk.ts";

export const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

const VENUE = `
export default class Instant {
  static capabilities = { mode: "paper" };
  n = 0; ctx: any; cash = 1_000_000_000; held = new Map<string, number>();
  async connect(ctx: any) { this.ctx = ctx; } async disconnect() {}
  async getQuote(symbol: string) { return { symbol, bid: 99, ask: 101, timestamp: Date.now() }; }
  async getPositions() { return [...this.held].map(([symbol, quantity]) => ({ symbol, quantity, averagePrice: 100, markPrice: 100 })); }
  async getBuyingPower() { return this.cash; }
  async getAccount() { return { nav: 1_000_000_000, cash: this.cash, buyingPower: this.cash, currency: "USD" }; }
  async placeOrder(order: any) {
    const venueOrderId = "V" + ++this.n;
    const fill = { fillId: venueOrderId, venueOrderId, clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side, quantity: order.quantityText, price: "100", timestamp: Date.now() };
    this.cash -= order.quantity * 100;
    this.held.set(order.symbol, (this.held.get(order.symbol) ?? 0) + order.quantity);
    setTimeout(() => this.ctx.emitFill(fill), 1);
    return { venueOrderId, status: "acknowledged" };
  }
  async cancelOrder() {}
}
`;

const GUARDS = [
  "max-order-nav",
  "max-position-nav",
  "day-loss-limit",
  "buying-power",
  "price-collar",
  "quote-freshness",
  "no-short",
];

export const instantVenue: TempDeskOptions = {
  files: { "instant.ts": VENUE },
  config: () =>
    `[workspace]\nhistory_enabled = false\n[[connector]]\nname = "instant"\ntype = "custom"\nadapter = "./instant.ts"\n${GUARDS.map((key) => `[[guard]]\nkey = "${key}"\n`).join("")}`,
};

export async function adapterOnWorker() {
  const harness = await adapterHarness(adapterSource(""));
  await harness.connector.start();
  return {
    call: (method: Method, args: readonly unknown[]) => harness.connector.invoke(method, args),
    stop: () => harness.connector.stop(),
  };
}
