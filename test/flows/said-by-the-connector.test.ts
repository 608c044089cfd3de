/** What a connector says of itself: another account, how far its fills reach, leveraged buying power. */
import { afterEach, expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { markAccount } from "../../src/trading/market/market-snapshot.ts";
import { recoverFills } from "../../src/trading/orders/reconcile.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const NAME = "venue" as ConnectorName;
const HOUR_MS = 3_600_000;
async function start(methods: string): Promise<void> {
  const config = `[[connector]]\nname = "venue"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`;
  desk = await tempDesk({ files: { "venue.ts": adapterSource(methods) }, config: () => config });
}

it("an account that is not the one of connect cuts the connector off, and marks nothing", async () => {
  await start(`
    id = "A-1";
    async connect(ctx: any) { return { mode: "paper", environment: "test", accountId: "A-1" }; }
    async getQuote(symbol: string) { this.id = "A-2"; return { symbol, bid: 1, ask: 1, timestamp: Date.now() }; }
    async getAccount() { return { nav: this.id === "A-1" ? 1000 : 5, cash: 5, buyingPower: 5, currency: "USD", accountId: this.id }; }
  `);
  await markAccount(desk.open.desk, NAME);
  const before = desk.open.desk.state.accounts.get("venue")?.account.nav;
  await desk.open.fleet.venues.quote("venue", "OTHER");
  await expect(markAccount(desk.open.desk, NAME)).rejects.toMatchObject({ code: "ACCOUNT_CHANGED" });
  expect(desk.open.desk.state.accounts.get("venue")?.account.nav).toBe(before);
  expect(desk.open.desk.venues.facts("venue")?.state).not.toBe("ready");
});

it("fills that the venue cannot itemise any more are named, and not taken for none", async () => {
  await start(`
    static capabilities = { fillsReachBackMs: ${HOUR_MS} };
    async getFills() { return []; }
  `);
  const warnings: string[] = [];
  const state = { ...desk.open.desk.state, lastFillAt: new Map([["venue", Date.now() - 5 * HOUR_MS]]) };
  const log = { ...desk.open.desk.log, warn: (words: string) => void warnings.push(words) };
  const { clock, venues, market, config } = desk.open.desk;
  await markAccount(desk.open.desk, NAME);
  await recoverFills({ ...desk.open.desk, clock, venues, market, config, state, log }, NAME);
  expect(warnings.join()).toContain("a fill in between shows as a difference of positions");
  state.lastFillAt.set("venue", Date.now());
  warnings.length = 0;
  await recoverFills({ ...desk.open.desk, clock, venues, market, config, state, log }, NAME);
  expect(warnings).toEqual([]);
});

it("leveraged buying power without an account is refused, because it is no NAV", async () => {
  await start("static capabilities = { marginAccount: true };");
  const [status] = await desk.call<readonly { readonly lastError: unknown }[]>("connectors list");
  expect(JSON.stringify(status)).toContain("marginAccount needs getAccount");
});
