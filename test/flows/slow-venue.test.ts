/** A venue that never responds delays only its own reconciliation rounds. */
import { afterEach, expect, it } from "vitest";
import type { Clock } from "../../src/domain/ports.ts";
import { systemClock } from "../../src/app/system.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterFixture("stalling-venue");
const [ANSWER_MS, ROUND_MS] = [5_000, 60_000];
/** Rounds start soon, and calls never time out, so the slow venue's round does not end. */
const after: Clock["after"] = (ms, run) =>
  ms === ANSWER_MS ? () => undefined : systemClock.after(ms === ROUND_MS ? 20 : ms, run);

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("the rounds of one connector continue while the rounds of another connector hang", async () => {
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\n`;
  desk = await tempDesk({
    clock: { ...systemClock, after },
    files: { "a-slow.ts": VENUE, "b-quick.ts": VENUE },
    config: (text) =>
      `${text.replaceAll("enabled = true", "enabled = false")}${connector("a-slow")}  [connector.options]\n  stalls = true\n${connector("b-quick")}`,
  });
  const { venues } = desk.open.fleet;
  const asked = async (): Promise<number> => Number((await venues.quote("b-quick", "X")).last);
  const before = await asked();
  await expect.poll(asked).toBeGreaterThan(before + 10);
  await expect.poll(async () => Number((await venues.quote("a-slow", "X")).last)).toBe(5);
});
