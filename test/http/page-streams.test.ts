/** The event streams of pages: coalesced, bounded, one for each session. */
import type { ServerResponse } from "node:http";
import { beforeEach, describe, expect, it } from "vitest";
import type { DeskEvent, Recorded } from "../../src/domain/event.ts";
import { PageStreams } from "../../src/http/page-streams.ts";
import { fakeClock } from "../support/fake-clock.ts";

/** A response that a test reads, and that can be slow. */
class Reader {
  text = "";
  isEnded = false;
  writableNeedDrain = false;
  #drain: (() => void) | undefined;
  #close: (() => void) | undefined;

  write(part: string): boolean {
    this.text += part;
    return true;
  }
  end(): void {
    this.isEnded = true;
    this.#close?.();
  }
  once(event: string, listener: () => void): void {
    if (event === "drain") this.#drain = listener;
    if (event === "close") this.#close = listener;
  }
  drained(): void {
    this.writableNeedDrain = false;
    this.#drain?.();
  }

  /** The events since the last call. */
  take(): readonly (readonly [string, Record<string, unknown>])[] {
    const blocks = this.text.split("\n\n").filter((block) => block.includes("event: "));
    this.text = "";
    return blocks.map((block) => [
      /event: (.*)/.exec(block)?.[1] ?? "",
      JSON.parse(/data: (.*)/.exec(block)?.[1] ?? "{}") as Record<string, unknown>,
    ]);
  }
}

let clock: ReturnType<typeof fakeClock>;
let streams: PageStreams;
let seq: number;
beforeEach(() => {
  clock = fakeClock();
  seq = 100;
  streams = new PageStreams(clock, seq);
});

function record(event: Partial<DeskEvent> & { readonly type: DeskEvent["type"] }): void {
  seq += 1;
  streams.take({ seq, at: 0, epoch: 1, event } as unknown as Recorded);
}
function fill(id: string): void {
  record({ type: "fill.received", id: id as never });
}
function open(session = "a", after?: number): Reader {
  const reader = new Reader();
  streams.open(reader as unknown as ServerResponse, { session, after, hello: { epoch: 1 } });
  return reader;
}

describe("a stream", () => {
  it("names what changed, once and at most four times a second, without a text or an amount", () => {
    const reader = open();
    expect(reader.take()).toEqual([["hello", { seq: 100, epoch: 1 }]]);
    for (let n = 0; n < 1_000; n++) fill("x");
    expect(reader.take()).toEqual([]);
    clock.advance(250);
    expect(reader.take()).toEqual([["changed", { seq: 1_100, topics: ["order:x", "fills", "book", "inbox"] }]]);
    record({ type: "trading.changed", reason: "a secret reason" } as never);
    record({ type: "connector.changed", connector: "paper" as never });
    record({ type: "order.rejected", id: "y" as never, reason: "a secret comment" } as never);
    clock.advance(250);
    expect(reader.take()).toEqual([["changed", { seq: 1_103, topics: ["trading", "connector:paper", "order:y"] }]]);
  });

  it("W75 of a storm of names is a gap, and keeps few of them for a page that does not read", () => {
    const reader = open();
    reader.writableNeedDrain = true;
    for (let n = 0; n < 20_000; n++) fill(`order-${n}`);
    clock.advance(10_000);
    expect(reader.take()).toEqual([["hello", { seq: 100, epoch: 1 }]]);
    reader.drained();
    expect(reader.take()).toEqual([["gap", { seq: 20_100 }]]);
    fill("z");
    clock.advance(250);
    expect(reader.take()[0]?.[1]["topics"]).toContain("order:z");
  });

  it("that comes back is sent what it missed, or a gap", () => {
    for (let n = 1; n <= 50; n++) fill(`order-${n}`);
    const known = open("a", 149);
    clock.advance(250);
    expect(known.take().at(-1)).toEqual([
      "changed",
      { seq: 150, topics: ["order:order-50", "fills", "book", "inbox"] },
    ]);
    const early = open("b", 99);
    clock.advance(250);
    expect(early.take().at(-1)).toEqual(["gap", { seq: 150 }]);
    const first = open("c", 100);
    clock.advance(250);
    expect(first.take().at(-1)?.[0]).toBe("changed");
    for (let n = 0; n < 2_000; n++) fill("x");
    const late = open("d", 150);
    clock.advance(250);
    expect(late.take().at(-1)?.[0]).toBe("gap");
    const current = open("e", seq);
    clock.advance(250);
    expect(current.take().map(([event]) => event)).toEqual(["hello"]);
  });

  it("is the only one of its session: a flood of streams leaves one", () => {
    const readers = Array.from({ length: 300 }, () => open());
    expect(streams.count).toBe(1);
    expect(readers.slice(0, -1).every(({ isEnded }) => isEnded)).toBe(true);
    expect(readers[0]?.take().at(-1)?.[0]).toBe("replaced");
    expect(readers.at(-1)?.isEnded).toBe(false);
  });

  it("W65 ends with its session, and with the desk", () => {
    const [a, b] = [open("a"), open("b")];
    streams.end("a", "revoked");
    expect([a.take().at(-1), a.isEnded, b.isEnded]).toEqual([["ended", { reason: "revoked" }], true, false]);
    streams.stop();
    expect([b.take().at(-1)?.[0], b.isEnded, streams.count]).toEqual(["stopping", true, 0]);
    fill("x");
    clock.advance(60_000);
    expect(b.take()).toEqual([]);
  });

  it("beats every 15 seconds while nothing happens", () => {
    const reader = open();
    reader.take();
    clock.advance(30_000);
    expect(reader.text).toBe(":\n\n:\n\n");
  });
});
