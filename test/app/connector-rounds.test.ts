import { expect, it } from "vitest";
import { ConnectorRounds } from "../../src/app/connector-rounds.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { Desk } from "../../src/trading/desk.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";

const VENUE = "venue" as ConnectorName;

it("a connector that stays degraded is called by longer and longer pauses, up to a minute", async () => {
  const clock = fakeClock();
  const calls: number[] = [];
  let state = "degraded";
  const buyingPower = (): Promise<never> => {
    calls.push(Math.round(clock.monotonic() / 1_000));
    return Promise.reject(new Error("the venue is away"));
  };
  const desk = { venues: { facts: () => ({ state }), buyingPower }, market: { polls: { waitMs: () => 0 } } };
  const rounds = new ConnectorRounds({
    ...{ clock, log: quietLog(), markMs: 60_000, desk: () => desk as unknown as Desk },
    ...{ isStopping: () => false, random: () => 0.5 },
  });
  rounds.probeDegraded(VENUE);
  for (let second = 0; second < 3_600; second++) {
    clock.advance(1_000);
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(calls.slice(0, 6)).toEqual([5, 15, 35, 75, 135, 195]);
  expect(calls.length).toBeLessThanOrEqual(63);
  // The next time begins with short pauses again.
  state = "ready";
  clock.advance(120_000);
  state = "degraded";
  const before = calls.length;
  rounds.probeDegraded(VENUE);
  clock.advance(5_000);
  expect(calls).toHaveLength(before + 1);
});
