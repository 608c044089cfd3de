/** Long answers of a venue: lists are bounded, and other work runs while a long page is read. */
import { describe, expect, it } from "vitest";
import { issueText } from "../../src/host/answer-issue.ts";
import { openVenueClient } from "../../src/host/venue-client.ts";
import type { Connector } from "../../src/host/connector.ts";
import { RefusedFills } from "../../src/host/refused-fills.ts";
import { UnknownMembers } from "../../src/host/unknown-members.ts";
import { METHODS } from "../../src/protocol/messages.ts";
import { quietLog } from "../support/quiet-log.ts";

function clientOf(answer: unknown) {
  const unknownMembers = new UnknownMembers(quietLog(), (text) => text);
  const connector = {
    status: { methods: METHODS, state: "ready", capabilities: {} },
    unknownMembers,
    refusedFills: new RefusedFills("v", quietLog(), unknownMembers),
    invoke: () => Promise.resolve({ ok: true, value: answer }),
  } as unknown as Connector;
  return openVenueClient(new Map([["v", connector]]));
}
function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe("a list of too many", () => {
  const report = { status: "open", filledQuantity: "0" };
  it.each([
    ["positions", times(10_001, (i) => ({ symbol: `S${i}`, quantity: "1" }))],
    ["openOrders", times(10_001, (i) => ({ ...report, venueOrderId: `o${i}` }))],
  ] as const)("%s is refused with its limit", async (method, answer) => {
    await expect(clientOf(answer)[method]("v")).rejects.toMatchObject({
      code: "PROTOCOL",
      message: expect.stringContaining("has more than 10000 entries") as string,
    });
    expect(await clientOf(answer.slice(1))[method]("v")).toHaveLength(10_000);
  });
});

async function turnsOf(reading: Promise<readonly unknown[] | undefined>): Promise<number> {
  let turns = 0;
  const count = (): void => void setImmediate(() => ((turns += 1), count()));
  count();
  expect(await reading).toHaveLength(10_000);
  const passed = turns;
  turns = Number.NEGATIVE_INFINITY;
  return passed;
}

it.each([
  ["fills", { fillId: "f", venueOrderId: "o", symbol: "A", side: "buy", quantity: "1", price: "2", timestamp: 5 }],
  ["activities", { id: "a", kind: "fee", amount: "-1", currency: "USD", timestamp: 5 }],
] as const)("a page of 10,000 %s is read in slices, between which other work runs", async (method, item) => {
  const client = clientOf(times(10_000, () => item));
  const reading = method === "fills" ? client.fills("v", 0, { symbols: [] }) : client.activities("v", 0);
  expect(await turnsOf(reading.then((page) => page?.items))).toBeGreaterThan(30);
});

it.each([
  ["bars", { symbol: "A", timestamp: 5, open: "1", high: "1", low: "1", close: "1" }],
  ["positions", { symbol: "A", quantity: "1" }],
  ["openOrders", { venueOrderId: "o", status: "open", filledQuantity: "0" }],
  ["search", { symbol: "A" }],
  ["schedule", { open: 1, close: 2, kind: "core" }],
] as const)("a list of 10,000 %s is read in slices, between which other work runs", async (method, item) => {
  const client = clientOf(times(10_000, () => item));
  const calls: Readonly<Record<typeof method, () => Promise<readonly unknown[] | undefined>>> = {
    bars: () => client.bars("v", "A"),
    positions: () => client.positions("v"),
    openOrders: () => client.openOrders("v"),
    search: () => client.search("v", "A", 10),
    schedule: () => client.schedule("v", "A", { from: 1, to: 2 }),
  };
  expect(await turnsOf(calls[method]())).toBeGreaterThan(30);
});

describe("an answer of faults", () => {
  it("is read up to its first one", async () => {
    let read = 0;
    const bars = times(1_000, () => ({
      get symbol() {
        read += 1;
        return 1;
      },
    }));
    await expect(clientOf(bars).bars("v", "A")).rejects.toMatchObject({
      message: expect.stringContaining("0.symbol must be a text, not 1") as string,
    });
    expect(read).toBeLessThan(10);
  });

  it("has a list of order types, times or flags of at most 50 entries", async () => {
    for (const list of ["orderTypes", "timesInForce", "orderFlags"])
      await expect(
        clientOf({ symbol: "A", [list]: times(900_000, () => 0) }).instrument("v", "A"),
      ).rejects.toMatchObject({ message: expect.stringContaining(`${list} must have at most 50 entries`) as string });
  });

  it("has an object of more than 2,000 members, or names of megabytes, of which the words repeat no more than 100", async () => {
    const quote = { symbol: "A", bid: "1", ask: "2", timestamp: 5 };
    const others = (count: number) => Object.fromEntries(times(count, (n) => [`other${n}`, n]));
    expect(await clientOf({ ...quote, ...others(1_996) }).quote("v", "A")).toMatchObject({ bid: "1" });
    await expect(clientOf({ ...quote, ...others(1_997) }).quote("v", "A")).rejects.toMatchObject({
      message: expect.stringContaining("it has more than 2000 members") as string,
    });
    const name = `c${"_".repeat(5_000)}urrency`;
    expect(await clientOf({ ...quote, [name]: "EUR" }).quote("v", "A")).toMatchObject({ bid: "1" });
    expect(issueText({ path: [name], message: "x" }, {})).toHaveLength(102);
  });
});
