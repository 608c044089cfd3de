/** Orders and fills in parts: every one comes once, newest first, whatever happens between two parts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeskState, foldDeskState } from "../../../src/domain/desk-state.ts";
import type { DeskEvent, Recorded } from "../../../src/domain/event.ts";
import { RepeatedWords, cellOf } from "../../../src/domain/pages/row-page.ts";
import type { Desk } from "../../../src/trading/desk.ts";
import { fillRows } from "../../../src/trading/fills/fill-rows.ts";
import { orderRows } from "../../../src/trading/orders/order-rows.ts";
import { NO_ARCHIVE } from "../../support/no-archive.ts";
import { scenario } from "../../support/journal-scenario.ts";

/** A desk from whose memory nothing has left. */
function inMemory(state: DeskState): Pick<Desk, "state" | "archive"> {
  return { state, archive: NO_ARCHIVE };
}

function orders(count: number): Recorded[] {
  const journal = scenario().desk().connector("paper");
  for (let n = 0; n < count; n++) journal.proposed(`20260706-${String(n).padStart(5, "0")}`);
  return journal.records();
}

describe("orders in parts", () => {
  it("come once each, newest first, with the columns' cells", async () => {
    const state = foldDeskState(orders(1_234));
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await orderRows(inMemory(state), { after, limit: 500 });
      expect(page.total).toBe(1_234);
      expect(page.rows.every((row) => row.length === page.columns.length)).toBe(true);
      ids.push(...page.rows.map(([id]) => String(id)));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(ids).toEqual([...state.orders.keys()].toReversed());
  });

  it("go on behind an order that left the state since", async () => {
    const events = orders(5);
    const state = foldDeskState(events);
    const { next } = await orderRows(inMemory(state), { state: "proposed", limit: 2 });
    const rejected = { type: "order.rejected", id: next as never, by: "human", reason: "", actor: "human" } as const;
    const later = foldDeskState([...events, { ...(events.at(-1) as Recorded), seq: 99, event: rejected as DeskEvent }]);
    const page = await orderRows(inMemory(later), { state: "proposed", after: next ?? undefined, limit: 2 });
    expect(page.rows.map(([id]) => id)).toEqual(["20260706-00002", "20260706-00001"]);
    await expect(orderRows(inMemory(state), { after: "20260101-001", limit: 1 })).rejects.toThrow(
      /no order 20260101-001/,
    );
  });
});

describe("texts that rows repeat", () => {
  it("are sent once, and every cell is the same again", async () => {
    const state = foldDeskState(orders(300));
    const page = await orderRows(inMemory(state), { limit: 300 });
    expect(page.words.length).toBeLessThan(10);
    for (const row of page.rows) {
      const cells = Object.fromEntries(page.columns.map((name, index) => [name, cellOf(page, row[index])]));
      const { terms } = state.orders.get(cells["id"] as never) ?? {};
      expect(cells).toMatchObject({ state: "proposed", side: terms?.side, symbol: terms?.symbol, flags: "" });
    }
  });

  it("of any rows are the cells that were put in", () => {
    const cells = fc.array(fc.option(fc.string(), { nil: null }));
    fc.assert(
      fc.property(cells, (values) => {
        const repeated = new RepeatedWords();
        const sent = values.map((value) => repeated.placeOf(value));
        expect(sent.map((cell) => cellOf(repeated, cell))).toEqual(values);
      }),
    );
  });
});

describe("fills in parts", () => {
  it("come once each, newest first, with the order that they fill", async () => {
    const state = foldDeskState(
      scenario()
        .desk()
        .connector("paper")
        .proposed("a")
        .approved("a")
        .submitting("a")
        .accepted("a")
        .fill("a", { quantity: "1" })
        .fill("a", { quantity: "2" })
        .fill("a", { quantity: "3" })
        .records(),
    );
    const first = await fillRows(inMemory(state), { limit: 2 });
    expect(first).toMatchObject({ total: 3, next: 1 });
    const rest = await fillRows(inMemory(state), { limit: 2, after: first.next ?? 0 });
    expect(rest.next).toBeNull();
    const quantity = first.columns.indexOf("quantity");
    expect([...first.rows, ...rest.rows].map((row) => [row[1], row[quantity]])).toEqual([
      ["a", "3"],
      ["a", "2"],
      ["a", "1"],
    ]);
  });
});
