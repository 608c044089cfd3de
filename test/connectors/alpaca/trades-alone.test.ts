/** Activities among trades: what has trades alone is read once, and no activity is lost, however late it was booked. */
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { PART_MS, TradesAlone } from "../../../connectors/alpaca/trades-alone.ts";
import type { ActivityEvent } from "../../../connectors/alpaca/wire.ts";
import type { Store } from "../../../src/domain/sdk.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Listed {
  readonly at: number;
  readonly listedAt: number;
  readonly event: ActivityEvent;
}

let stored: Map<string, unknown>;
let store: Store;
beforeEach(() => {
  stored = new Map();
  store = {
    get: (key) => Promise.resolve(stored.get(key)),
    put: (key, value) => Promise.resolve(void stored.set(key, value)),
  };
});

function listed(activity_type: string, at: number, lateMs = 0): Listed {
  const event = { activity_type, event_id: "e", ref_id: `${activity_type}-${at}`, status: "executed" };
  const time = new Date(at).toISOString();
  return { at, listedAt: at + lateMs, event: { ...event, at: time, executed_at: time } };
}

interface Question extends Record<"since" | "now", number> {
  /** How many requests succeed. */
  readonly requests?: number;
}

/** One hourly question of the desk. The events of all requests. */
async function ask(known: TradesAlone, all: readonly Listed[], { since, now, requests = 1_000 }: Question) {
  const found: ActivityEvent[] = [];
  let from: number | undefined = since;
  for (let count = 0; from !== undefined && count < requests; count += 1) {
    const asked = { since: from, until: now };
    const part = known.partOf(asked);
    expect(part.until - part.since).toBeLessThanOrEqual(PART_MS);
    const events = all
      .filter(({ at, listedAt }) => at >= part.since && at <= part.until && listedAt <= now)
      .map(({ event }) => event);
    await known.keep(part, events);
    found.push(...events);
    from = TradesAlone.after(part, asked);
  }
  return found;
}

it("an account that trades every ten minutes for 60 days, and deposited once: an hourly reading stays small", async () => {
  const all: Listed[] = [];
  for (let at = START; at < START + 60 * DAY; at += 600_000) all.push(listed("FILL", at));
  all.push(listed("CSD", START + DAY));
  let known = await TradesAlone.open(store, "PA1");
  const sizes: number[] = [];
  let newest = START;
  for (let now = START + HOUR; now < START + 60 * DAY; now += HOUR) {
    // A start of the desk, each day.
    if ((now - START) % DAY === 0) known = await TradesAlone.open(store, "PA1");
    const since = Math.max(START, newest - 7 * DAY);
    const events = await ask(known, all, { since, now });
    sizes.push(events.length);
    if (events.some(({ activity_type }) => activity_type === "CSD")) newest = START + DAY;
  }
  expect(newest).toBe(START + DAY);
  // Seven days and those before the deposit, of six trades an hour.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * 24 * 6 + 20);
});

it("every activity is read that Alpaca books within a week", async () => {
  const hours = fc.integer({ min: 1, max: 60 * 24 });
  const booked = fc.record({ hour: hours, lateHours: fc.integer({ min: 0, max: 6 * 24 }) });
  const property = fc.asyncProperty(fc.array(booked, { maxLength: 6 }), fc.array(hours), async (others, trades) => {
    stored.clear();
    const all = [
      ...others.map(({ hour, lateHours }) => listed("DIV", START + hour * HOUR, lateHours * HOUR)),
      ...trades.map((hour) => listed("FILL", START + hour * HOUR)),
    ];
    const known = await TradesAlone.open(store, "PA1");
    const read = new Set<string>();
    let newest = START;
    for (let now = START; now < START + 70 * DAY; now += 5 * HOUR) {
      const since = Math.max(START, newest - 7 * DAY);
      for (const event of await ask(known, all, { since, now })) {
        if (event.activity_type === "FILL") continue;
        read.add(event.ref_id);
        newest = Math.max(newest, Date.parse(event.at));
      }
    }
    expect(all.filter(({ event }) => event.activity_type === "DIV" && !read.has(event.ref_id))).toEqual([]);
  });
  await fc.assert(property, { numRuns: 60, seed: 20_261_201 });
});

it("an activity that cannot be read yet is listed each time that the desk asks from before it", async () => {
  const known = await TradesAlone.open(store, "PA1");
  const all = [listed("DIV", START + DAY), listed("FILL", START + 2 * DAY)];
  for (let day = 2; day < 40; day += 1) {
    const events = await ask(known, all, { since: START, now: START + day * DAY });
    expect(events.map(({ activity_type }) => activity_type)).toContain("DIV");
  }
});

it("what was read of another account says nothing", async () => {
  const all = [listed("DIV", START + DAY)];
  await ask(await TradesAlone.open(store, "PA1"), [], { since: START, now: START + 30 * DAY });
  const events = await ask(await TradesAlone.open(store, "PA2"), all, { since: START, now: START + 31 * DAY });
  expect(events).toHaveLength(1);
});

it("three years that were never read are read in parts, and what was read of them counts after a failure", async () => {
  const all: Listed[] = [listed("CSD", START + DAY)];
  for (let at = START; at < START + 1_095 * DAY; at += DAY) all.push(listed("FILL", at));
  const now = START + 1_095 * DAY;
  const begun = await ask(await TradesAlone.open(store, "PA1"), all, { since: START, now, requests: 20 });
  const rest = await ask(await TradesAlone.open(store, "PA1"), all, { since: START, now });
  expect([begun.length, rest.length]).toEqual([602, 505]);
  expect(new Set([...begun, ...rest].map(({ ref_id }) => ref_id)).size).toBe(all.length);
});
