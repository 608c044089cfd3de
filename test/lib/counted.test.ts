/** One of a thing is not written as many: the function, and texts of several layers that state a count. */
import { expect, it } from "vitest";
import * as z from "zod";
import { command as verify } from "../../src/commands/journal/verify.ts";
import { command as bars } from "../../src/commands/bars/get.ts";
import type { OutputStyle } from "../../src/commands/rendering/table-text.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import { counted } from "../../src/lib/counted.ts";
import { eventLine } from "../../src/trading/projections/event-line.ts";
import { parseBars } from "../../src/workspace/bars-csv.ts";
import "../../src/lib/schema-words.ts";

const style = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text } as OutputStyle;

it.each([
  [0, "0 orders"],
  [1, "1 order"],
  [2, "2 orders"],
  [1n, "1 order"],
])("%s is %s", (count, text) => {
  expect(counted(count, "order")).toBe(text);
  expect(counted(count, "order is", "orders are")).toBe(`${text} ${text === "1 order" ? "is" : "are"}`);
});

it.each([
  [
    1,
    "1 record; checked 1 signature, 1 approval, 1 intent, 1 head, 1 page session with 1 decision, 1 approval unsigned",
  ],
  [
    2,
    "2 records; checked 2 signatures, 2 approvals, 2 intents, 2 heads, 2 page sessions with 2 decisions, 2 approvals unsigned",
  ],
])("journal verify with %s of each", (n, text) => {
  const counts = { records: n, signatures: n, approvals: n, intents: n, heads: n, pages: n, byPage: n, unsigned: n };
  const report = { ok: true, records: n, segments: 1, head: "x", anchors: 0, checkpoint: null, waiting: n, torn: null };
  const lists = { formats: [{ format: 3, ...counts }], keysReplaced: [], gaps: [] };
  const lines = verify.render?.({ ...report, ...lists } as never, { ...style, isTty: false });
  expect(lines).toContain(`format 3\t${text}`);
  expect(lines).toContain(`desk.toml\t${n === 1 ? "1 change waits" : "2 changes wait"} for qoc reload`);
});

it("a schema's limit, a login, a row of a file and a list that goes on", () => {
  const { error } = z.strictObject({ a: z.string().max(1), b: z.array(z.string()).max(1) }).safeParse({
    a: "xx",
    b: ["x", "y"],
  });
  const words = error?.issues.map(({ message }) => message);
  expect(words).toEqual(["must have at most 1 character", "must have at most 1 entry"]);
  const event = { type: "page.refused", reason: "used code", count: 1 } as unknown as DeskEvent;
  const line = eventLine({ seq: 1, at: 0, epoch: 1, event }, { orders: new Map() as never });
  expect(line?.message).toBe("1 login of a page was refused: used code");
  const csv = "timestamp,open,high,low,close\n2026-01-01\n";
  expect(() => parseBars(csv, { path: "a.csv", symbol: "A" })).toThrow("the row has 1 cell and the header 5");
  const view = { resolution: "1d", bars: [], source: "paper", earlier: 1 };
  expect(bars.render?.(view as never, style).at(-1)).toBe("from paper; 1 earlier one");
});
