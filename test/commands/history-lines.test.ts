/** Tables on a terminal of 80 columns: the history of an order, and the schedules. */
import { expect, it } from "vitest";
import type { DeskEvent } from "../../src/domain/event.ts";
import { EVENT_WORDS, eventWords } from "../../src/domain/orders/event-words.ts";
import { table } from "../../src/commands/rendering/table-text.ts";
import { widthOf } from "../../src/commands/rendering/terminal-text.ts";
import { renderSchedules } from "../../src/commands/schedules/list.ts";
import { REGISTRY } from "../support/commands.ts";

type HistoryEvent = Extract<
  DeskEvent["type"],
  `order.${string}` | `cancel.${string}` | `fill.${string}` | "proposal.seen" | "guards.evaluated"
>;
/** What an order's history calls a fill that is not an ordinary one. */
type FillVariant = "fill.disputed" | "fill.busted" | "fill.completed";
/** Each event has words: the types are compared. */
const WORDS: Readonly<Record<HistoryEvent | FillVariant, string>> = EVENT_WORDS;

const STYLE = { isTty: true, columns: 80, paint: (_: unknown, text: string) => text };

it("the history of an order has words on a terminal and names off it", async () => {
  const { render } = await REGISTRY.load("orders show");
  const at = "2026-07-05T10:00:00.000Z";
  const terms = { connector: "paper", mode: "paper", symbol: "SPX", side: "buy", quantity: "1", type: "market" };
  const events = [
    "proposal.seen",
    "guards.evaluated",
    "order.submitting",
    "fill.received",
    "fill.disputed",
    "fill.busted",
  ];
  const order = {
    ...{ id: "20260705-001", state: "filled", path: "p", digest: "d", terms, filled: "1", averagePrice: "3000" },
    ...{ flags: [], rejectedBy: null, resolvedBy: null, proposedBy: "human", proposedAt: at, issue: null },
    ...{ clientOrderId: null, venueOrderId: null, sources: [], approvals: [], fills: [], fillCount: 0 },
    untrusted: { rationale: null, reason: null, names: null },
    history: events.map((event, seq) => ({ seq, at, event, state: "filled" })),
  };
  const shown = render(order, STYLE).join("\n");
  for (const event of events) {
    expect(shown).toContain(`  ${eventWords(event)}`);
    expect(shown).not.toContain(event);
    expect(render(order, { ...STYLE, isTty: false }).join("\n")).toContain(`\t${event}`);
  }
  for (const [event, words] of Object.entries(WORDS)) expect(eventWords(event)).toBe(words);
  expect(eventWords("toString")).toBe("toString");
});

it.each([
  ["one zone", ["Europe/Berlin", "Europe/Berlin"]],
  ["several zones", ["America/Argentina/Buenos_Aires", "Europe/Berlin"]],
])("the schedules of %s fit into 80 columns", (_, zones) => {
  const schedules = zones.map((timezone) => ({
    ...{ name: "morning-scan", path: "schedules/a.toml", state: "active", task: "morning-research-of-markets" },
    ...{ cron: "30 7 * * 1-5", timezone, next: ["2026-07-06T07:30:00.000Z"], last: null, problem: null, fix: null },
  }));
  const lines = renderSchedules({ schedules, queue: [] } as never, STYLE);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
  expect(lines.join("\n")).toMatch(/Europe\//);
  expect(lines[0]).toMatch(/^NAME +STATE +TASK +CRON .*NEXT +LAST$/);
});

it("several columns shrink, the last one first, none below its title", () => {
  const column = (title: string, shrinks: boolean) => ({ title, shrinks, cell: () => "x".repeat(20) });
  const columns = [column("first", true), column("fixed", false), column("lastlastlast", true)];
  const [header, row] = table({ ...STYLE, columns: 56 }, columns, [{}]);
  expect(row?.split("  ").map(widthOf)).toEqual([20, 20, 12]);
  expect(header).toMatch(/LASTLASTLAST$/);
  expect(
    table({ ...STYLE, columns: 50 }, columns, [{}])[1]
      ?.split("  ")
      .map(widthOf),
  ).toEqual([14, 20, 12]);
});
