/** A venue that stops answering for a while and recovers by itself. Timeouts run twenty times as fast. */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterFixture("hanging-quotes");

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("a degraded connector is probed automatically, and is ready and reconciled after its first response", async () => {
  desk = await tempDesk({
    clock: { ...systemClock, after: (ms, run) => systemClock.after(ms / 20, run) },
    files: { "slow.ts": VENUE },
    config: (text) =>
      `${text}\n[[connector]]\nname = "slow"\ntype = "custom"\nadapter = "./slow.ts"\n`.replaceAll(
        "enabled = true",
        "enabled = false",
      ),
  });
  const { venues } = desk.open.fleet;
  // The records of the start are committed before the listener is added.
  await desk.settled();
  const states: string[] = [];
  desk.open.onCommit(({ event }) => void (event.type === "connector.changed" && states.push(event.state)));
  const quotes = Array.from({ length: 3 }, () => venues.quote("slow", "X").catch(() => undefined));
  await Promise.all(quotes);
  await expect.poll(() => states).toEqual(["degraded", "ready"]);
  await expect.poll(() => desk.open.desk.market.reconciled.has("slow")).toBe(true);
});
