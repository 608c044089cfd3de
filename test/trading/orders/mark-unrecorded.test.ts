/** The desk's state after the journal failed: what is not on disk was not sent, and what is on disk stays as it is. */
import { describe, expect, it } from "vitest";
import { markUnrecorded } from "../../../src/trading/orders/mark-unrecorded.ts";
import { JournalScenario } from "../../support/journal-scenario.ts";

describe("orders after the journal failed", () => {
  it("lose what is not on disk, and keep what is", () => {
    const held = new JournalScenario()
      .proposed("sent")
      .approved("sent")
      .submitting("sent")
      .proposed("works")
      .approved("works")
      .submitting("works")
      .accepted("works")
      .proposed("asked")
      .approved("asked")
      .submitting("asked")
      .accepted("asked")
      .cancelling("asked");
    const durable = held.state().seq;
    held
      .proposed("unsent")
      .approved("unsent")
      .submitting("unsent")
      .proposed("cancel", { cancels: "works" })
      .approved("cancel")
      .cancelling("works", "cancel")
      .cancelling("asked");
    const state = held.state();
    const shown = () =>
      [...state.orders.values()].map(({ id, state: now, cancelRequested }) => [id, now, cancelRequested !== undefined]);
    expect(shown()).toContainEqual(["unsent", "submitting", false]);
    markUnrecorded(state, durable, 0);
    expect(shown()).toEqual([
      ["sent", "submitting", false],
      ["works", "accepted", false],
      ["asked", "accepted", true],
      ["unsent", "cancelled", false],
      ["cancel", "cancelled", false],
    ]);
  });
});
