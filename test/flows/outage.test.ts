/**
 * A venue that is away for an hour, with orders that rest there: nothing is lost and nothing is sent twice, the desk
 * says what is so, and it neither asks all the time nor fills the inbox, the journal and the log.
 */
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import type { FakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import type { Clock } from "../../src/domain/ports.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import type { DoctorCheck } from "../../src/trading/doctor.ts";
import { ALPACA_ENV, alpacaTable, openAlpaca } from "../support/alpaca-desk.ts";
import { CCXT_ENV, ccxtTable, openExchange } from "../support/ccxt-desk.ts";
import { type OutageProxy, outageProxy } from "../support/outage-proxy.ts";
import { type TempDesk, discard, tempDesk, withoutPaper } from "../support/temp-desk.ts";

const HOUR_MS = 3_600_000;
const MINUTES = 60;
const SPEED = 720;
/** Limits of calls and of pings stay those of the real clock. The pauses between attempts are never so round. */
const REAL_MS: ReadonlySet<number> = new Set([900, 1_000, 2_000, 3_000, 5_000, 7_000, 10_000, 30_000]);

/** The desk's clock. While an hour passes, its pauses and what it counts by them are a 720th of their time. */
class DeskClock implements Clock {
  readonly now = systemClock.now;
  #speed = 1;
  #changed = { real: systemClock.monotonic(), shown: 0 };

  monotonic = (): number => this.#changed.shown + (systemClock.monotonic() - this.#changed.real) * this.#speed;

  after: Clock["after"] = (ms, run) => systemClock.after(REAL_MS.has(ms) ? ms : ms / this.#speed, run);

  async passHour(): Promise<void> {
    this.#run(SPEED);
    await new Promise((resolve) => void systemClock.after(HOUR_MS / SPEED, () => resolve(undefined)));
  }

  /** Ends the hour. Pauses that began in it stay short. */
  slowDown(): void {
    this.#run(1);
  }

  #run(speed: number): void {
    this.#changed = { real: systemClock.monotonic(), shown: this.monotonic() };
    this.#speed = speed;
  }
}

interface Venue {
  readonly connector: string;
  readonly symbol: string;
  readonly open: () => Promise<FakeVenue>;
  readonly table: (url: string) => string;
  readonly env: Readonly<Record<string, string>>;
}

const ALPACA: Venue = {
  ...{ connector: "alpaca", symbol: "AAPL", open: openAlpaca, env: ALPACA_ENV },
  table: (venue) => alpacaTable({ venue }),
};
const BINANCE: Venue = {
  ...{ connector: "coins", symbol: "BTC/USDT", open: () => openExchange("binance"), env: CCXT_ENV },
  table: (venue) => ccxtTable({ exchange: "binance", venue }),
};

let venue: FakeVenue;
let proxy: OutageProxy;
let desk: TempDesk;
let clock: DeskClock;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
  await proxy.close();
  await venue.close();
});

async function start({ open, table, env }: Venue, isAway: boolean): Promise<void> {
  venue = await open();
  venue.filling = "manual";
  proxy = await outageProxy(venue.url);
  if (isAway) proxy.goAway();
  clock = new DeskClock();
  desk = await tempDesk({ config: (template) => withoutPaper(template, table(proxy.url)), env, clock });
}

async function rest({ connector, symbol }: Venue, limitPrice: string): Promise<string> {
  const terms = { connector, symbol, side: "buy", type: "limit", quantity: "1", limitPrice, timeInForce: "gtc" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...terms,
    rationale: "x",
  });
  await desk.call("approve", { id, digest });
  await desk.reaches(id, "accepted");
  return id;
}

async function stateOf({ connector }: Venue): Promise<StatusView["connectors"][number] | undefined> {
  const { connectors } = await desk.call<StatusView>("status");
  return connectors.find(({ name }) => name === connector);
}

/** How much the desk has written so far. */
function written(): { readonly inbox: number; readonly log: number; readonly journal: number } {
  const lines = (folder: string): number =>
    readdirSync(`${desk.root}/${folder}`)
      .map((name) => readFileSync(`${desk.root}/${folder}/${name}`, "utf8").split("\n").length - 1)
      .reduce((sum, count) => sum + count, 0);
  const inbox = readdirSync(`${desk.root}/inbox`).filter((name) => name.endsWith(".md")).length;
  return { inbox, log: lines(".qoc/logs"), journal: lines(".qoc/journal") };
}

describe.each([
  ["Alpaca", ALPACA],
  ["Binance", BINANCE],
])("%s is away for an hour", (_name, tested) => {
  it("while orders rest there: fills of that time are found, and no order is sent again", async () => {
    await start(tested, false);
    const [filled, open] = [await rest(tested, "50"), await rest(tested, "40")];
    await desk.settled();
    proxy.goAway();
    await expect.poll(async () => (await stateOf(tested))?.state).toBe("degraded");
    const [order] = venue.orders;
    if (order !== undefined) venue.fillSilently(order, { price: "50" });
    await desk.settled();
    const before = written();
    await clock.passHour();
    const asked = proxy.refused;
    const after = written();

    const status = await desk.call<StatusView>("status");
    expect(status.connectors).toMatchObject([{ state: "degraded", untrusted: { text: expect.any(String) as string } }]);
    expect(status.orders.map(({ id, state }) => [id, state])).toEqual([
      [filled, "accepted"],
      [open, "accepted"],
    ]);
    const { checks } = await desk.call<{ checks: readonly DoctorCheck[] }>("doctor");
    expect(checks.find(({ name }) => name.includes(tested.connector))).toMatchObject({ status: "fail" });
    expect([after.inbox - before.inbox, asked / MINUTES <= 3]).toEqual([0, true]);
    expect(after.log - before.log).toBeLessThanOrEqual(20);
    expect(after.journal - before.journal).toBeLessThanOrEqual(10);

    proxy.comeBack();
    expect(await desk.reaches(filled, "filled")).toBe("filled");
    await expect.poll(async () => (await stateOf(tested))?.state).toBe("ready");
    expect(desk.open.desk.state.orders.get(open as never)?.state).toBe("accepted");
    expect(await desk.call("positions list")).toMatchObject([{ symbol: tested.symbol, quantity: "1" }]);
    expect(venue.orders).toHaveLength(2);
    await desk.settled();
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });

  it("when the desk starts: it is tried again by longer and longer pauses, and is ready soon after its return", async () => {
    await start(tested, true);
    expect((await stateOf(tested))?.state).toBe("restarting");
    await desk.settled();
    const before = written();
    await clock.passHour();
    const after = written();
    const asked = proxy.refused;
    expect(await stateOf(tested)).toMatchObject({
      state: "restarting",
      untrusted: { text: expect.any(String) as string },
    });
    expect([after.inbox - before.inbox, asked / MINUTES <= 3]).toEqual([0, true]);
    expect(after.log - before.log).toBeLessThanOrEqual(20);
    expect(after.journal - before.journal).toBeLessThanOrEqual(10);
    proxy.comeBack();
    await expect.poll(async () => (await stateOf(tested))?.state).toBe("ready");
    clock.slowDown();
    await rest(tested, "50");
    expect(venue.orders).toHaveLength(1);
  });
});
