import { describe, expect, it } from "vitest";
import { type Bus, openBus } from "../../src/bus/bus.ts";
import { LINE_BYTES_MAX } from "../../src/bus/journal-record.ts";
import { type DeskState, applyEvent, emptyDeskState } from "../../src/domain/desk-state.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import { type JournalHarness, openJournalHarness, outcomeOf, runStarted, settled } from "../support/journal-harness.ts";

async function open(): Promise<JournalHarness & { bus: Bus; state: DeskState }> {
  const stand = await openJournalHarness();
  const state = emptyDeskState();
  return { ...stand, state, bus: openBus(stand.journal, (recorded) => applyEvent(state, recorded), stand.log) };
}
const halted: DeskEvent = { type: "trading.changed", state: "halted", reason: "test", actor: "human" };

describe("publish", () => {
  it("publish updates the state and calls its subscribers before it returns", async () => {
    const { bus, state } = await open();
    const seen: string[] = [];
    bus.subscribe("publish", ({ seq }) => seen.push(`${seq} ${state.trading.state}`));
    const recorded = bus.publish(halted);
    expect(state.trading).toEqual({ state: "halted", reason: "test", seq: 1, at: recorded.at, actor: "human" });
    expect(state.seq).toBe(recorded.seq);
    expect(seen).toEqual(["1 halted"]);
  });

  it("commit subscribers are called in order, only after the record is on disk", async () => {
    const { bus, disk } = await open();
    const seen: number[] = [];
    bus.subscribe("commit", ({ seq }) => {
      expect(disk.counts.syncs).toBeGreaterThan(0);
      seen.push(seq);
    });
    const held = disk.hold();
    bus.publish(runStarted("a"));
    const committed = bus.commit(runStarted("b"));
    bus.publish(runStarted("c"));
    await settled();
    expect(disk.counts.writes).toBe(1);
    expect(seen).toEqual([]);
    held.release();
    await committed;
    await settled();
    expect(seen).toEqual([1, 2, 3]);
  });

  it("those that wait for a record go on before commit subscribers are called", async () => {
    const { bus } = await open();
    const seen: string[] = [];
    bus.subscribe("commit", ({ seq }) => seen.push(`record ${seq}`));
    bus.publish(runStarted("a"));
    await bus.commit(runStarted("b"));
    seen.push("waited");
    await settled();
    expect(seen).toEqual(["waited", "record 1", "record 2"]);
  });

  it("commit subscribers are not called for a record that could not be written", async () => {
    const { bus, disk } = await open();
    const seen: number[] = [];
    bus.subscribe("commit", ({ seq }) => seen.push(seq));
    disk.fail({ on: "sync", nth: 1, code: "EIO" });
    expect(await outcomeOf(bus.commit(halted))).toBe("JOURNAL_FAILED");
    await settled();
    expect(seen).toEqual([]);
  });

  it("publish changes no state and calls no subscriber if the journal refuses the record", async () => {
    const { bus, state, disk } = await open();
    const seen: number[] = [];
    bus.subscribe("publish", ({ seq }) => seen.push(seq));
    expect(() => bus.publish({ ...halted, reason: "x".repeat(LINE_BYTES_MAX) })).toThrowError(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
    disk.fail({ on: "write", nth: 1, code: "ENOSPC" });
    await outcomeOf(bus.commit(runStarted("doomed")));
    expect(() => bus.publish(halted)).toThrowError(expect.objectContaining({ code: "JOURNAL_FAILED" }));
    expect(state.trading.state).toBe("active");
    expect(seen).toEqual([1]);
  });
});

describe("subscribers", () => {
  for (const after of ["publish", "commit"] as const) {
    it(`a ${after} subscriber that throws does not affect the others or the state`, async () => {
      const { bus, state, log, journal } = await open();
      const seen: number[] = [];
      bus.subscribe(after, () => {
        throw new Error("mine");
      });
      bus.subscribe(after, ({ seq }) => seen.push(seq));
      bus.publish(halted);
      await journal.flush();
      bus.publish(runStarted("next"));
      await journal.flush();
      await settled();
      expect(seen).toEqual([1, 2]);
      expect(state.seq).toBe(2);
      expect(log.lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
        "subscriber failed on trading.changed, record 1: mine",
        "subscriber failed on run.started, record 2: mine",
      ]);
    });
  }

  it("a subscriber is not called after it has unsubscribed", async () => {
    const { bus } = await open();
    const seen: number[] = [];
    const stop = bus.subscribe("publish", ({ seq }) => seen.push(seq));
    bus.publish(runStarted("one"));
    stop();
    bus.publish(runStarted("two"));
    expect(seen).toEqual([1]);
  });
});
