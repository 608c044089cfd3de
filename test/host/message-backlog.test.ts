import { describe, expect, it } from "vitest";
import { MessageBacklog } from "../../src/host/message-backlog.ts";
import { TurnSlices } from "../../src/host/turn-slices.ts";

const FILLS = { e: "fills" };
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
/** Each message takes `ms` of the turn. */
function backlog(ms: number, slices?: TurnSlices) {
  let now = 0;
  const taken: unknown[] = [];
  const overflows: number[] = [];
  const shared = slices ?? new TurnSlices({ monotonic: () => now });
  const messages = new MessageBacklog({
    slices: shared,
    take: (message) => {
      now += ms;
      taken.push(message);
    },
    overflow: (limit) => overflows.push(limit),
  });
  return { messages, taken, overflows, slices: shared };
}

describe("messages of a worker", () => {
  it("are taken at once while the turn has time", () => {
    const { messages, taken } = backlog(0);
    for (const message of [FILLS, { e: "log" }, FILLS]) messages.receive(message);
    expect(taken).toHaveLength(3);
  });

  it("wait for the next turn, in their order, once fills have used up the turn", async () => {
    const { messages, taken } = backlog(3);
    const sent = [FILLS, { ...FILLS }, { ...FILLS }, { e: "log" }, { id: "1" }];
    for (const message of sent) messages.receive(message);
    expect(taken).toEqual(sent.slice(0, 2));
    await messages.empty();
    expect(taken).toEqual(sent);
  });

  it("of two workers share the turn", async () => {
    const first = backlog(5);
    const second = backlog(5, first.slices);
    first.messages.receive(FILLS);
    second.messages.receive(FILLS);
    second.messages.receive({ e: "log" });
    expect([first.taken.length, second.taken.length]).toEqual([1, 0]);
    await turn();
    await second.messages.empty();
    expect(second.taken).toHaveLength(2);
  });

  it("are limited in number while they wait, and dropped when the session ends", async () => {
    const { messages, taken, overflows } = backlog(5);
    for (let i = 0; i < 5_002; i++) messages.receive(FILLS);
    expect(overflows).toEqual([5_000]);
    messages.clear();
    await messages.empty();
    await turn();
    expect(taken).toHaveLength(1);
  });
});
