import { describe, expect, it } from "vitest";
import type { DeskEvent, Recorded } from "../../../src/domain/event.ts";
import { createEventLog } from "../../../src/trading/projections/event-log.ts";
import { eventLine } from "../../../src/trading/projections/event-line.ts";

const terms = { side: "buy", quantity: "9", symbol: "SPX", type: "market", timeInForce: "day", connector: "paper" };
const order = { ...terms, mode: "paper" };
const orders = new Map([["a-1", { state: "filled" }]]) as never;
function recorded(event: Record<string, unknown>): Recorded {
  return { seq: 1, at: 0, epoch: 1, event: event as unknown as DeskEvent };
}
const fill = { symbol: "SPX", side: "buy", quantity: "9", price: "3119.41" };
const reasons = [{ guard: "no-short", message: "it opens a short" }];

describe("the line of an event", () => {
  it.each([
    [
      { type: "proposal.seen", id: "a-1", proposedBy: "agent:x", terms: order },
      "info",
      "a-1 proposed by agent:x: buy 9 SPX market day at paper (paper)",
    ],
    [
      { type: "page.opened", session: "a-b-c", scope: "paper" },
      "warn",
      "page session a-b-c was opened; it approves paper",
    ],
    [{ type: "page.closed", session: "a-b-c", reason: "revoked" }, "info", "page session a-b-c ended: revoked"],
    [{ type: "page.refused", reason: "used code", count: 2 }, "warn", "2 logins of a page were refused: used code"],
    [{ type: "order.accepted", id: "a-1", venueOrderId: "P-1" }, "info", "a-1 accepted by the venue as P-1"],
    [{ type: "fill.received", id: "a-1", fill }, "info", "a-1 bought 9 SPX at 3,119.41 (filled)"],
    [
      { type: "fill.received", id: "a-1", fill, finding: { kind: "disputed", misfits: ["price"] } },
      "warn",
      "a-1 disputed fill, not counted, SPX is blocked: bought 9 SPX at 3,119.41 contradicts the order (price)",
    ],
    [
      { type: "fill.received", id: "a-1", fill, finding: { kind: "overfill", misfits: [] } },
      "warn",
      "a-1 bought 9 SPX at 3,119.41: more than the order, SPX is blocked",
    ],
    [{ type: "fill.received", id: null, fill }, "warn", "fill of an order that is not ours: bought 9 SPX at 3,119.41"],
    [
      { type: "guards.evaluated", id: "a-1", stage: "approve", reasons },
      "warn",
      "a-1 blocked at approve by no-short: it opens a short",
    ],
    [{ type: "order.reported", id: "a-1", status: "cancelled" }, "info", "a-1 cancelled at the venue"],
    [
      { type: "cancel.requested", id: "a-1", actor: "human", proposal: "a-2" },
      "info",
      "a-1 cancel requested by human for a-2",
    ],
    [{ type: "cancel.accepted", id: "a-1", proposal: "a-2" }, "info", "a-1 cancel taken by the venue for a-2"],
    [
      { type: "cancel.failed", id: "a-1", proposal: "a-2", reason: "too late" },
      "warn",
      "a-1 cancel failed for a-2: too late",
    ],
    [
      { type: "order.submitting", id: "a-1", quantity: "6" },
      "info",
      "a-1 is sent with the quantity 6: the order that it replaces filled the rest",
    ],
    [{ type: "trading.changed", state: "halted", reason: "lunch" }, "warn", "trading is halted: lunch"],
    [{ type: "connector.changed", connector: "v", state: "ready" }, "info", "v is ready"],
    [
      { type: "instrument.agreed", connector: "v", symbol: "AAA" },
      "info",
      "AAA at v: the venue has what the fills say, and orders pass again",
    ],
    [
      {
        ...{ type: "instrument.split", connector: "v", symbol: "AAA" },
        ...{ ratio: ["7", "1"], actor: "human", note: "letter" },
      },
      "info",
      "AAA at v split 7:1, as human says: letter",
    ],
    [
      {
        ...{ type: "instrument.split", connector: "v", symbol: "AAA", newSymbol: "BBB" },
        ...{ ratio: ["1", "10"], actor: "human", note: "letter" },
      },
      "info",
      "AAA at v split 1:10 and is named BBB, as human says: letter",
    ],
    [
      { type: "connector.changed", connector: "v", state: "restarting", reason: "exit 7" },
      "warn",
      "v is restarting: exit 7",
    ],
  ])("%j", (event, level, message) => {
    expect(eventLine(recorded(event), { orders })).toMatchObject({ level, message });
  });

  it("says of a proposal that is seen again that it changed", () => {
    const event = { type: "proposal.seen", id: "a-1", proposedBy: "agent:x", terms: order };
    const known = new Map([["a-1", { state: "proposed", proposedAt: 0 }]]) as never;
    const first = eventLine(recorded(event), { orders: known });
    expect(first?.message).toBe("a-1 proposed by agent:x: buy 9 SPX market day at paper (paper)");
    const later = eventLine({ ...recorded(event), at: 1 }, { orders: known });
    expect(later?.message).toBe("a-1 changed: buy 9 SPX market day at paper (paper), proposed by agent:x");
  });

  it.each([
    [{ type: "account.marked", connector: "v" }],
    [{ type: "order.reviewed", id: "a-1" }],
    [{ type: "order.submitting", id: "a-1" }],
    [{ type: "guards.evaluated", id: "a-1", stage: "propose", reasons }],
    [{ type: "guards.evaluated", id: "a-1", stage: "approve", reasons: [] }],
  ])("%j has none", (event) => {
    expect(eventLine(recorded(event), { orders })).toBeUndefined();
  });
});

it("a flood of fills is cut to 50 lines a second, and the next line says how many are missing", () => {
  let now = 0;
  const lines: string[] = [];
  const clock = { monotonic: () => now };
  const take = createEventLog({ clock, state: { orders }, write: ({ message }) => void lines.push(message) });
  for (let n = 0; n < 4_000; n++) take(recorded({ type: "fill.received", id: "a-1", fill }));
  expect(lines).toHaveLength(50);
  take(recorded({ type: "trading.changed", state: "halted", reason: "" }));
  expect(lines.at(-1)).toBe("trading is halted (3950 earlier fills have no line)");
  now = 1_001;
  take(recorded({ type: "fill.received", id: "a-1", fill }));
  expect(lines).toHaveLength(52);
});
