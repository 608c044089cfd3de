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

/** The time, ms, until the account with these positions is marked. */
function delayWith(account: object, positions: readonly object[]): number {
  const delays: number[] = [];
  const clock = { ...fakeClock(), after: (ms: number) => (delays.push(ms), () => undefined) };
  const record = { account, positions: new Map(positions.map((position, place) => [`S${place}`, position])) };
  const desk = { state: { accounts: new Map([[VENUE, record]]) } } as unknown as Desk;
  const options = { clock, log: quietLog(), markMs: 60_000, desk: () => desk, isStopping: () => false };
  const rounds = new ConnectorRounds({ ...options, random: () => 0 });
  rounds.markSoon(VENUE);
  rounds.markSoon(VENUE);
  expect(delays).toHaveLength(1);
  return delays[0] ?? 0;
}

it("an account is marked the later after a fill, the more its mark adds to the journal", () => {
  const account = { nav: "1", cash: "1", buyingPower: "1", currency: "USD" };
  const position = { symbol: "AAPL", quantity: "10", markPrice: "190.55", averagePrice: "180" };
  expect(delayWith(account, [])).toBeLessThan(150);
  expect(delayWith(account, [position])).toBeLessThan(150);
  const long = { ...position, symbol: "\u6f22".repeat(125), currency: "\u6f22".repeat(125) };
  // 250 KB at 16 KB a second.
  expect(
    delayWith(
      account,
      Array.from({ length: 300 }, () => long),
    ),
  ).toBeGreaterThan(15_000);
  const balances = Array.from({ length: 200 }, () => ({ currency: "EUR", total: "1", rate: "1.1" }));
  expect(delayWith({ ...account, balances }, [])).toBeGreaterThan(3_000);
});
