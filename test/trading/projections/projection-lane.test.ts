/** When the files of one connector's orders are written. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ProjectionLane } from "../../../src/trading/projections/projection-lane.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { quietLog } from "../../support/quiet-log.ts";

function open() {
  const clock = fakeClock();
  const written: string[] = [];
  const writer = { order: async (id: string) => void written.push(id), item: async () => undefined };
  const lane = new ProjectionLane({ clock, log: quietLog(), writer });
  return { clock, written, lane, add: (id: string) => lane.addOrder(id as never) };
}

it("a file is written after the answers that wait for the same flush", async () => {
  const { written, lane, add } = open();
  add("a");
  for (let step = 0; step < 20; step++) await Promise.resolve();
  expect(written).toEqual([]);
  await lane.settled();
  expect(written).toEqual(["a"]);
});

describe("the file of an order that is on its way", () => {
  it("waits for the order's result, and is written once", async () => {
    const { clock, written, lane, add } = open();
    lane.addPassingOrder("a" as never);
    await turn();
    expect(written).toEqual([]);
    add("a");
    await lane.settled();
    clock.advance(1_000);
    await lane.settled();
    expect(written).toEqual(["a"]);
  });

  it("is written after a quarter of a second if the venue is slow", async () => {
    const { clock, written, lane } = open();
    lane.addPassingOrder("a" as never);
    clock.advance(249);
    await turn();
    expect(written).toEqual([]);
    clock.advance(1);
    await turn();
    expect(written).toEqual(["a"]);
  });

  it.each([
    ["settled", (lane: ProjectionLane) => lane.settled()],
    ["orderSettled", (lane: ProjectionLane) => lane.orderSettled("a" as never)],
    ["ordersSettled", (lane: ProjectionLane) => lane.ordersSettled()],
  ])("is written at once for a caller of %s", async (_, settle) => {
    const { written, lane } = open();
    lane.addPassingOrder("a" as never);
    await settle(lane);
    expect(written).toEqual(["a"]);
  });
});
