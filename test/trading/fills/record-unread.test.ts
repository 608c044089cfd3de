/** Fills that cannot be read are kept until they are read, so that a connector may have few of them. */
import { expect, it } from "vitest";
import { unreadLines } from "../../../src/commands/rendering/unread-items.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import { type ItemUnread, applyUnread } from "../../../src/domain/market/unread-item.ts";
import type { UnreadItem } from "../../../src/domain/market/venue.ts";
import { recordUnread } from "../../../src/trading/fills/record-unread.ts";
import { createFillBudgets } from "../../../src/trading/fills/fill-budget.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const CONNECTOR = "v" as ConnectorName;
const items = (from: number, count: number): readonly UnreadItem[] =>
  Array.from({ length: count }, (_, i) => ({ kind: "fill", id: `f${from + i}`, symbol: "AAPL", reason: "its price" }));

it("a connector that lists fills without end that cannot be read is cut off, however slowly it lists them", async () => {
  const clock = fakeClock();
  const unread = new Map();
  const desk = {
    fillBudgets: createFillBudgets(clock),
    state: { accounts: new Map([[CONNECTOR, { openedAt: 0 }]]), lastFillAt: new Map(), fills: new Map(), unread },
    commit: (event: ItemUnread) => Promise.resolve(applyUnread(unread, event)),
  } as unknown as Parameters<typeof recordUnread>[0];
  await recordUnread(desk, CONNECTOR, items(0, 1_000), 0);
  clock.advance(24 * 60 * 60 * 1000);
  await expect(recordUnread(desk, CONNECTOR, items(1_000, 1), 0)).rejects.toMatchObject({
    code: "FILL_FLOOD",
    message: "connector v reported more than 1000 fills and activities that cannot be read and was cut off",
  });
  await recordUnread(desk, CONNECTOR, items(0, 1_000), 0);
  expect(unread.size).toBe(1_000);
});

it("status shows the first of many on a terminal", () => {
  const item = { connector: "v", kind: "fill", key: "v/f1", symbol: null, untrusted: { text: "its price" } } as never;
  const lines = unreadLines({ unread: Array.from({ length: 12 }, () => item) });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe("and 2 more: qoc status | cat");
});
