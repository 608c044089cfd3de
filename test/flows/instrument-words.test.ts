/** What a venue says of its instruments: the times in force that it takes, and that an old quote is still valid. */
import { afterEach, expect, it } from "vitest";
import type { OrderId } from "../../src/domain/ids.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** The quote is an hour old; CONFIRMED is still valid. COIN takes ioc and gtc. */
const VENUE = adapterSource(`
  async getQuote(symbol: string) {
    const [timestamp, now] = [Date.now() - 3_600_000, Date.now()];
    return { symbol, bid: 99, ask: 100, timestamp, asOf: symbol === "CONFIRMED" ? now : undefined };
  }
  async getInstrument(symbol: string) {
    if (symbol === "BROKEN") throw new Error("no list of instruments");
    return { symbol, currency: "USD", timesInForce: symbol === "COIN" ? ["ioc", "gtc"] : ["day", "gtc"] };
  }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }
`);
async function open(): Promise<void> {
  desk = await tempDesk({
    files: { "venue.ts": VENUE },
    config: () =>
      '[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n[[guard]]\nkey = "quote-freshness"\nmax_age_s = 15\n',
  });
}
interface Proposed {
  readonly id: string;
  readonly digest: string;
  readonly path: string;
  readonly verdict: { readonly reasons: readonly { readonly code: string }[] };
}
function propose(symbol: string, more: object = {}): Promise<Proposed> {
  const order = { side: "buy", symbol, quantity: "1", type: "limit", limitPrice: "100", rationale: "x" };
  return desk.call("orders propose", { connector: "v", ...order, ...more });
}
function termsOf(id: string) {
  return desk.open.desk.state.orders.get(id as OrderId)?.terms;
}

it("an order without a time in force has what the instrument takes, in its file too", async () => {
  await open();
  const { id, path } = await propose("COIN");
  expect(termsOf(id)?.timeInForce).toBe("gtc");
  expect(desk.read(path)).toContain('time_in_force = "gtc"');
  expect(termsOf((await propose("AAA")).id)?.timeInForce).toBe("day");
  expect(termsOf((await propose("BROKEN")).id)?.timeInForce).toBe("day");
  expect(termsOf((await propose("COIN", { time_in_force: "ioc" })).id)?.timeInForce).toBe("ioc");
});

it("a file by hand keeps its digest while it is unchanged, whatever the venue lists meanwhile", async () => {
  await open();
  await desk.write(
    "orders/proposed/coin.md",
    "---\nconnector: v\nside: buy\nsymbol: COIN\nquantity: 1\norder_type: limit\nlimit_price: 100\n---\nA reason.\n",
  );
  await desk.call("orders list");
  const before = await desk.call<{ digest: string }>("orders show", { id: "coin" });
  expect(termsOf("coin")?.timeInForce).toBe("gtc");
  desk.open.desk.market.instruments.clear();
  await desk.open.fleet.venues.quarantine("v", "a test");
  expect(await desk.call("orders show", { id: "coin" })).toMatchObject({ digest: before.digest });
});

it("a quote that its venue confirms is fresh, and the quote and the review say until when", async () => {
  await open();
  const stale = await propose("AAA");
  expect(stale.verdict.reasons.map(({ code }) => code)).toEqual(["QUOTE_STALE"]);
  const { id, verdict } = await propose("CONFIRMED");
  expect(verdict.reasons).toEqual([]);
  const quote = await desk.call<{ validAsOf: string; time: string }>("quotes get", { symbol: "CONFIRMED" });
  expect(Date.parse(quote.validAsOf) - Date.parse(quote.time)).toBeGreaterThan(3_500_000);
  const { review } = await desk.call<{ review: { quote: { at: string; asOf: string } } }>("orders show", { id });
  expect(Date.parse(review.quote.asOf)).toBeGreaterThan(Date.parse(review.quote.at));
});

/** The five methods of a connector that brings data only. */
const FEED = `export default class Feed {
  async connect() {}
  async disconnect() {}
  async getQuote(symbol: string) { return { symbol, bid: 1, ask: 2, timestamp: Date.now() }; }
  async getPositions() { return []; }
  async getBuyingPower() { return 0; }
}`;

it("a data-only connector needs no methods for orders, and the demo agent works beside it", async () => {
  const table = (name: string, more: string): string =>
    `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./feed.ts"\n${more}\n`;
  desk = await tempDesk({
    files: { "feed.ts": FEED },
    config: (template) => `${template}\n${table("feed", "orders = false")}${table("venue", "")}`,
  });
  const { connectors } = await desk.call<{ connectors: { name: string; state: string; untrusted: unknown }[] }>(
    "status",
  );
  expect(connectors.map(({ name, state }) => [name, state])).toEqual([
    ["paper", "ready"],
    ["feed", "ready"],
    ["venue", "quarantined"],
  ]);
  expect(JSON.stringify(connectors)).toContain("a connector that only brings data has orders = false in desk.toml");
  const { summary, proposals } = await desk.call<{ summary: string; proposals: string[] }>("run", { issue: "001" });
  expect([proposals.length, summary]).toEqual([2, expect.any(String)]);
  expect(proposals.map((id) => termsOf(id)?.connector)).toEqual(["paper", "paper"]);
});

it("a Markdown file of orders/proposed is a proposal", async () => {
  await open();
  await desk.write("orders/proposed/hand.md", "---\nside: buy\nsymbol: AAA\nquantity: 2\ntype: market\n---\nWhy.\n");
  const { proposals } = await desk.call<{ proposals: { id: string }[] }>("status");
  expect(proposals.map(({ id }) => id)).toContain("hand");
});
