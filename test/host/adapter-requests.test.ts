/** What an adapter requests of the host does not keep the host busy. */
import { expect, it } from "vitest";
import { createRequestHandler } from "../../src/host/adapter-requests.ts";
import { fakeClock } from "../support/fake-clock.ts";

it("bars are read one after the other, with a rest of three times the read between two", async () => {
  const clock = fakeClock();
  const read: string[] = [];
  const handler = createRequestHandler({
    clock,
    store: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
    source: undefined,
    // A file that takes 100 ms.
    bars: async (symbol) => {
      clock.advance(100);
      read.push(symbol);
      return [symbol];
    },
  });
  const rests = () => expect.poll(() => clock.waiting).toBe(1);
  const answers = ["A", "B", "C"].map((key) => handler.handle({ operation: "bars", key }));
  expect([await answers[0], read]).toEqual([["A"], ["A"]]);
  await rests();
  clock.advance(299);
  expect(read).toEqual(["A"]);
  clock.advance(1);
  expect([await answers[1], read]).toEqual([["B"], ["A", "B"]]);
  expect(await handler.handle({ operation: "get", key: "k" })).toBeUndefined();
  await rests();
  clock.advance(300);
  expect(await answers[2]).toEqual(["C"]);
});
