import { describe, expect, it } from "vitest";
import { MessageBacklog } from "../../src/host/message-backlog.ts";
import { OutputBacklog } from "../../src/host/output-backlog.ts";
import { TurnSlices } from "../../src/host/turn-slices.ts";

const FILLS = { e: "fills" };
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
let now = 0;
const CLOCK = { monotonic: () => now, after: () => () => undefined };
/** A slice is four quarters. */
const QUARTER_MS = 0.5;
/** Each message takes so many quarters of a slice. */
function backlog(quarters: number, slices?: TurnSlices) {
  const taken: unknown[] = [];
  const ends: string[] = [];
  const dropped: number[] = [];
  const shared = slices ?? new TurnSlices(CLOCK);
  const messages = new MessageBacklog({
    slices: shared,
    take: (message) => {
      now += quarters * QUARTER_MS;
      taken.push(message);
    },
    dropped: (lines) => dropped.push(lines),
    end: (reason) => ends.push(reason),
  });
  return { messages, taken, ends, dropped, slices: shared };
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

  it.each(["fills", "reports", "activities", "quotes", "log", "request"])(
    "%s messages without a pause leave time for others",
    async (e) => {
      const { messages, taken } = backlog(1);
      for (let i = 0; i < 20; i++) messages.receive({ e });
      expect(taken).toHaveLength(4);
      await turn();
      expect(taken).toHaveLength(8);
      await messages.empty();
      expect(taken).toHaveLength(20);
    },
  );

  it("a reply to a ping does not wait for another worker's messages", () => {
    const flood = backlog(5);
    const calm = backlog(1, flood.slices);
    flood.messages.receive(FILLS);
    calm.messages.receive({ e: "ping-reply" });
    calm.messages.receive({ id: "1" });
    expect(calm.taken).toHaveLength(2);
  });

  it("of a calm worker get a fair part of each turn, whichever worker came first", async () => {
    const flood = backlog(1);
    const calm = backlog(1, flood.slices);
    for (let i = 0; i < 100; i++) flood.messages.receive(FILLS);
    for (let i = 0; i < 6; i++) calm.messages.receive({ e: "log" });
    expect([flood.taken.length, calm.taken.length]).toEqual([4, 0]);
    for (const expected of [2, 4, 6]) {
      await turn();
      expect(calm.taken).toHaveLength(expected);
    }
    expect(flood.taken.length).toBeGreaterThanOrEqual(4 + 3 * 2);
    await flood.messages.empty();
  });

  it("before a refused one are taken before the session ends", async () => {
    const { messages, taken, ends } = backlog(5);
    for (let i = 0; i < 3; i++) messages.receive(FILLS);
    messages.end("too large");
    expect([taken.length, ends]).toEqual([1, []]);
    await messages.empty();
    await turn();
    expect([taken.length, ends]).toEqual([3, ["too large"]]);
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
    const { messages, taken, ends } = backlog(5);
    for (let i = 0; i < 5_002; i++) messages.receive(FILLS);
    expect(ends).toEqual(["more than 5000 messages wait to be processed"]);
    messages.clear();
    await messages.empty();
    await turn();
    expect(taken).toHaveLength(1);
  });
});

describe("log lines of a worker", () => {
  it("that do not fit are dropped and counted, and the worker goes on", async () => {
    const { messages, taken, ends, dropped } = backlog(1);
    for (let i = 0; i < 5_000; i++) messages.receive({ e: "log" });
    messages.receive(FILLS);
    await messages.empty();
    expect(taken).toHaveLength(4 + 2_000 + 1);
    expect(taken.at(-1)).toBe(FILLS);
    expect([ends, dropped]).toEqual([[], [5_000 - 2_004]]);
    messages.receive({ e: "log" });
    expect(taken).toHaveLength(2_006);
    expect(dropped).toHaveLength(1);
  });

  it("end a worker that sends more than can wait, unless the host stalled", async () => {
    const { messages, ends, slices } = backlog(1);
    const endWatch = slices.stalls.watch();
    now += 1_050;
    let waiting = -4;
    for (; ends.length === 0; waiting++) messages.receive({ e: "log" });
    expect(waiting).toBe(5_000 + 20 * 1_002 + 1);
    expect(ends).toEqual(["more than 5000 messages wait to be processed"]);
    messages.clear();
    endWatch();
    await messages.empty();
  });
});

describe("lines of output", () => {
  function output(quarters: number) {
    const taken: string[] = [];
    const dropped: number[] = [];
    const slices = new TurnSlices(CLOCK);
    const take = (line: string): void => {
      now += quarters * QUARTER_MS;
      taken.push(line);
    };
    return { taken, dropped, lines: new OutputBacklog({ slices, take, dropped: (n) => dropped.push(n) }) };
  }

  it("are taken in order, some in each turn", async () => {
    const { taken, lines } = output(1);
    const written = Array.from({ length: 12 }, (_, i) => `line ${i}`);
    for (const line of written) lines.receive(line);
    for (const count of [4, 8, 12]) {
      expect(taken).toEqual(written.slice(0, count));
      await turn();
    }
  });

  it("of a flood are dropped, counted, and the later ones are taken again", async () => {
    const { taken, dropped, lines } = output(4);
    for (let i = 0; i < 1_501; i++) lines.receive(String(i));
    while (taken.length < 1_001) await turn();
    expect(dropped).toEqual([500]);
    await turn();
    lines.receive("later");
    expect(taken.at(-1)).toBe("later");
  });
});
