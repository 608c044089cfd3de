/** A venue that stops answering for a while and recovers by itself. */
import { afterEach, expect, it } from "vitest";
import type { StatusView } from "../../src/domain/status-view.ts";
import { systemClock } from "../../src/app/system.ts";
import { callTimeout } from "../../src/host/worker-session.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** A desk with this connector alone. `pause` makes the desk's pauses shorter. */
function deskWith(name: string, fixture: string, pause: (ms: number) => number): Promise<TempDesk> {
  return tempDesk({
    clock: { ...systemClock, after: (ms, run) => systemClock.after(pause(ms), run) },
    files: { [`${name}.ts`]: adapterFixture(fixture) },
    config: (text) =>
      `${text}\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\n`.replaceAll(
        "enabled = true",
        "enabled = false",
      ),
  });
}

/** The states that connectors take from now on. The records before are committed first. */
async function statesFromNow(): Promise<readonly string[]> {
  await desk.settled();
  const states: string[] = [];
  desk.open.onCommit(({ event }) => void (event.type === "connector.changed" && states.push(event.state)));
  return states;
}

/** The desk's pauses, which are never so round, are a fiftieth of their time. Limits of calls and pings are real. */
function hurried(ms: number): number {
  return ms % 100 === 0 ? ms : ms / 50;
}

/** A call of a venue that does not answer ends after a fifth of its time, too. */
function impatient(ms: number): number {
  return hurried(ms === callTimeout("getQuote") ? ms / 5 : ms);
}

it("a degraded connector is probed automatically, and is ready and reconciled after its first response", async () => {
  desk = await deskWith("slow", "hanging-quotes", impatient);
  const { venues } = desk.open.fleet;
  const states = await statesFromNow();
  const quotes = Array.from({ length: 3 }, () => venues.quote("slow", "X").catch(() => undefined));
  await Promise.all(quotes);
  await expect.poll(() => states).toEqual(["degraded", "ready"]);
  await expect.poll(() => desk.open.desk.market.reconciled.has("slow")).toBe(true);
});

it("a connector whose fills alone cannot be read is degraded, with its reason, until they can", async () => {
  desk = await deskWith("v", "fills-refused", hurried);
  const { venues } = desk.open.fleet;
  const states = await statesFromNow();
  await venues.quote("v", "REFUSE");
  await venues.quote("v", "DOWN");
  await venues.quote("v", "UP");
  const tried = async (): Promise<number> => Number((await venues.quote("v", "CALLS")).bid);
  await expect.poll(tried).toBeGreaterThan(6);
  expect(states).toEqual(["degraded", "ready", "degraded"]);
  const { connectors } = await desk.call<StatusView>("status");
  expect(connectors.find(({ name }) => name === "v")).toMatchObject({
    state: "degraded",
    untrusted: { text: expect.stringContaining("getFills: the archive of fills is being moved") },
  });
  const order = { connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "9" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...order,
    rationale: "x",
  });
  await expect(desk.call("approve", { id, digest })).rejects.toMatchObject({ code: "GUARD_BLOCKED" });
  await venues.quote("v", "OK");
  await expect.poll(() => states).toEqual(["degraded", "ready", "degraded", "ready"]);
  await expect.poll(() => desk.open.desk.market.reconciled.has("v")).toBe(true);
});
