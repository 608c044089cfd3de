/** A live connector cannot replace the host's time by its own. */
import { afterEach, describe, expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { dateInZone, markAccount, venueNow } from "../../src/trading/market/market-snapshot.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

async function open(capabilities: string, mode: string, guard = ""): Promise<void> {
  const adapter = adapterFixture("scripted-venue").replace("Capabilities = {}", `Capabilities = ${capabilities}`);
  desk = await tempDesk({
    files: { "venue.ts": adapter },
    config: (template) =>
      `${template}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\n${mode}\n${guard}`,
  });
}
function status() {
  return desk.open.fleet.venues.status().find(({ name }) => name === "broker");
}

async function set(setting: string): Promise<void> {
  await desk.open.fleet.venues.quote("broker", `SET:${setting}`);
}
/** The guards that block a small order. */
async function blockers(): Promise<readonly string[]> {
  const terms = { connector: "broker", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100" };
  const { verdict } = await desk.call<{ verdict: { reasons: { guard: string }[] } }>("orders propose", {
    ...terms,
    rationale: "x",
  });
  return verdict.reasons.map(({ guard }) => guard);
}
/** A Wednesday in the past week, six hours before the host's time of day, and a market that is open around it. */
function oldQuotes() {
  const now = Date.now();
  const daysBack = ((new Date(now - 6 * HOUR_MS).getUTCDay() + 3) % 7) + 1;
  const when = -daysBack * DAY_MS - 6 * HOUR_MS;
  const clock = (ms: number): string => new Date(now + when + ms).toISOString().slice(11, 16);
  const guard = `[[guard]]\nkey = "market-hours"\ntz = "UTC"\nopen = "${clock(-HOUR_MS)}"\nclose = "${clock(HOUR_MS)}"\n`;
  return { when, guard };
}

describe("an adapter with simulatedTime", () => {
  it.each([
    ["desk.toml says live", "{ simulatedTime: true }", 'mode = "live"'],
    ["the adapter says live", '{ simulatedTime: true, mode: "live" }', ""],
    ["the adapter says live and desk.toml paper", '{ simulatedTime: true, mode: "live" }', 'mode = "paper"'],
  ])("does not start if %s", async (_, capabilities, mode) => {
    await open(capabilities, mode);
    expect(status()).toMatchObject({ state: "quarantined" });
    expect(status()?.lastError).toContain("connector broker is live and its adapter declares simulatedTime");
  });

  it("starts on paper", async () => {
    await open("{ simulatedTime: true }", 'mode = "paper"');
    expect(status()).toMatchObject({ state: "ready" });
  });

  it.each([
    ["no stated mode", "", ["quote-freshness", "market-hours"]],
    ["mode paper", 'mode = "paper"', []],
  ])("trades at quotes of days ago, in whose time the market is open, on paper only: %s", async (_, mode, guards) => {
    const { when, guard } = oldQuotes();
    await open("{ simulatedTime: true }", mode, guard);
    await set(`when:${when}`);
    expect((await blockers()).filter((name) => /fresh|hours/.test(name))).toEqual(guards);
  });

  it("one quote of a later day does not reset the day's loss of a live connector", async () => {
    await open("{}", `mode = "live"\n${LIVE_LINES}`, LIVE_GUARD);
    await set("nav:10000");
    await markAccount(desk.open.desk, "broker" as ConnectorName);
    expect(await blockers()).toContain("day-loss-limit");
    await set(`when:${DAY_MS}`);
    await markAccount(desk.open.desk, "broker" as ConnectorName);
    await set("when:0");
    expect(await blockers()).toContain("day-loss-limit");
  });

  it("a live connector's quote of a later day does not end the day of the day-loss limit", async () => {
    await open("{}", `mode = "live"\n${LIVE_LINES}${LIVE_GUARD}`);
    const before = desk.open.desk.clock.now();
    desk.open.desk.market.venueTimes.set("broker", before + 86_400_000);
    await markAccount(desk.open.desk, "broker" as ConnectorName);
    const account = desk.open.desk.state.accounts.get("broker");
    expect(account?.venueDate).toBe(dateInZone(desk.open.desk.config.workspace.timezone, before));
  });

  it("has the host's time and date if no mode is stated", async () => {
    await open("{ simulatedTime: true }", "");
    expect(status()).toMatchObject({ state: "ready", mode: "unstated" });
    const before = desk.open.desk.clock.now();
    desk.open.desk.market.venueTimes.set("broker", before + 7 * 86_400_000);
    expect(venueNow(desk.open.desk, "broker")).toBeLessThan(before + 60_000);
    await markAccount(desk.open.desk, "broker" as ConnectorName);
    expect(desk.open.desk.state.accounts.get("broker")?.venueTime).toBeLessThan(before + 60_000);
  });
});
