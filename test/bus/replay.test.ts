import { expect, it } from "vitest";
import { replay, upgraded } from "../../src/bus/replay.ts";
import { JOURNAL_FORMAT, readLine } from "../../src/bus/journal-record.ts";
import { journalLine } from "../support/journal-line.ts";
import { openBus } from "../../src/bus/bus.ts";
import { applyEvent, emptyDeskState } from "../../src/domain/desk-state.ts";
import type { DeskEvent, Recorded } from "../../src/domain/event.ts";
import { openJournalHarness } from "../support/journal-harness.ts";

function created(format: number): DeskEvent {
  return { type: "desk.created", format, deskId: "d1" };
}
const started: DeskEvent = { type: "desk.started", version: "0.1.0", machine: "m1", nonce: "n1" };
const at = Date.UTC(2026, 6, 6);
function numbered(events: readonly DeskEvent[], epoch: number): Recorded[] {
  return events.map((event, i) => ({ seq: i + 1, at, epoch, event }));
}

it("reads format 0, which had no epoch, as epoch 1", () => {
  const old = numbered([created(0), started], 0);
  expect(upgraded(old).map(({ epoch }) => epoch)).toEqual([1, 1]);
  expect(replay(old)).toMatchObject({ deskId: "d1", epoch: 1, seq: 2, epochTag: "n1" });
});

it("keeps the epochs that were written after an upgrade", () => {
  const mixed = [...numbered([created(0)], 0), { seq: 2, at, epoch: 2, event: started }];
  expect(upgraded(mixed).map(({ epoch }) => epoch)).toEqual([1, 2]);
});

it("reads a line without an epoch", () => {
  const { text } = journalLine(
    { seq: 1, at, epoch: undefined as unknown as number, event: created(0) },
    "0".repeat(64),
  );
  expect(text).not.toContain("epoch");
  const read = readLine(Buffer.from(text.trimEnd()));
  expect(typeof read === "string" ? read : upgraded([read.recorded])[0]?.epoch).toBe(1);
});

it("leaves this version's records as they are", () => {
  const own = numbered([created(JOURNAL_FORMAT), started], 4);
  expect(upgraded(own)).toEqual(own);
  expect(replay(own).epoch).toBe(4);
});

const acked = { type: "order.acked", id: "a", venueOrderId: "v" } as unknown as DeskEvent;
const rejectedByGuard = {
  type: "order.rejected",
  id: "a",
  by: "guard",
  reason: "no",
  actor: "host",
} as unknown as DeskEvent;

function boundary(to: number): DeskEvent {
  return { type: "journal.upgraded", from: 1, to, lastSeq: 1, lastHash: "0".repeat(64) };
}

it("reads the events of format 1 under their current names", () => {
  expect(upgraded(numbered([created(1), acked, rejectedByGuard], 1)).map(({ event }) => event)).toEqual([
    created(1),
    { type: "order.accepted", id: "a", venueOrderId: "v" },
    { type: "order.denied", id: "a", reason: "no" },
  ]);
});

it("changes no record that follows a boundary to format 2", () => {
  const mixed = numbered([created(1), acked, boundary(2), acked], 1);
  expect(upgraded(mixed).map(({ event }) => event.type)).toEqual([
    "desk.created",
    "order.accepted",
    "journal.upgraded",
    "order.acked",
  ]);
  expect(replay(numbered([created(1)], 1)).journalFormat).toBe(1);
  expect(replay(mixed).journalFormat).toBe(2);
});

it("refuses a boundary to a newer format", () => {
  expect(() => replay(numbered([created(1), boundary(JOURNAL_FORMAT + 1)], 1))).toThrowError(
    expect.objectContaining({ code: "FORMAT_TOO_NEW" }),
  );
});

it("refuses a newer format", () => {
  expect(() => replay(numbered([created(JOURNAL_FORMAT + 1)], 1))).toThrowError(
    expect.objectContaining({
      code: "FORMAT_TOO_NEW",
      details: { what: "the journal", found: JOURNAL_FORMAT + 1, known: JOURNAL_FORMAT },
    }),
  );
});

it("replay of no records is the empty state", () => {
  expect(replay([])).toEqual(emptyDeskState());
});

it("replay of the journal is the state before the restart", async () => {
  const stand = await openJournalHarness();
  const state = emptyDeskState();
  const bus = openBus(stand.journal, (recorded) => applyEvent(state, recorded), stand.log);
  stand.journal.epoch = 1;
  bus.publish(created(JOURNAL_FORMAT));
  bus.publish(started);
  bus.publish({ type: "trading.changed", state: "reducing", reason: "loss", actor: "host" });
  await stand.journal.close();
  expect(replay((await openJournalHarness(stand.disk)).scan.events)).toEqual(state);
});
