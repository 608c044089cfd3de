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

async function open(capabilities: string, mode: string): Promise<void> {
  const adapter = adapterFixture("scripted-venue").replace("Capabilities = {}", `Capabilities = ${capabilities}`);
  desk = await tempDesk({
    files: { "venue.ts": adapter },
    config: (template) =>
      `${template}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\n${mode}\n`,
  });
}
function status() {
  return desk.open.fleet.venues.status().find(({ name }) => name === "broker");
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
