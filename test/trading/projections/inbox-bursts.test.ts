/** Inbox items of fills: one for an order, one for a burst, and a new one once a person has changed the file. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { DeskState } from "../../../src/domain/desk-state.ts";
import type { FillReceived, Recorded } from "../../../src/domain/event.ts";
import type { OrderId } from "../../../src/domain/ids.ts";
import { InboxBursts } from "../../../src/trading/projections/inbox-bursts.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { Inbox } from "../../../src/workspace/inbox.ts";
import { SCENARIO_START, amount, scenario } from "../../support/journal-scenario.ts";

let root: string;
let bursts: InboxBursts;
let seq = 0;
let state: DeskState;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "qoc-inbox-"));
  seq = 0;
  const disk = nodeDisk();
  await disk.mkdir(join(root, "inbox"));
  state = scenario().desk().account("paper").working("a").state();
  bursts = new InboxBursts(new Inbox({ disk, root, clock: { now: () => SCENARIO_START } }), state);
});

function fill(
  more: Partial<FillReceived> & { readonly at?: number; readonly symbol?: string } = {},
): Recorded<FillReceived> {
  const { at = SCENARIO_START, symbol = "AAPL", ...change } = more;
  seq += 1;
  const content = { fillId: `f${seq}`, venueOrderId: "v-a", symbol, side: "buy" as const, at };
  const event: FillReceived = {
    ...{ type: "fill.received", id: "a" as OrderId, connector: "paper" as never, generation: 1 },
    fill: { ...content, quantity: amount("2"), price: amount("100") },
    ...change,
  };
  return { seq, at, epoch: 1, event };
}
async function take(recorded: Recorded<FillReceived>): Promise<void> {
  const key = bursts.take(recorded);
  if (key !== undefined) await bursts.write(key);
}
function files(): readonly string[] {
  return readdirSync(join(root, "inbox")).toSorted();
}
function read(name: string | undefined): string {
  return readFileSync(join(root, "inbox", name ?? ""), "utf8");
}

it("a fill of an order that was resolved is an alert that says so", async () => {
  const order = state.orders.get("a" as OrderId);
  if (order !== undefined) order.resolved = { note: "the venue's page is empty", by: "human" };
  await take(fill());
  expect(read(files()[0])).toMatch(/kind: "?alert[^]*title: "?Bought 2 AAPL at 100.00 although a was resolved/);
});

describe("fills of one order", () => {
  it("are one item, which is updated", async () => {
    for (let n = 0; n < 30; n++) await take(fill());
    expect(files()).toEqual(["2026-07-06-fill-AAPL-BUY-1.md"]);
    expect(read(files()[0])).toMatch(/quantity: "?60[^]*fills: "?30[^]*Bought 60 AAPL in 30 fills at 100 on average/);
    expect(read(files()[0])).toContain("The last 20 of 30");
    expect(read(files()[0])).toContain(", 6,000.00 USD in all.");
  });

  it.each<[string, (path: string) => void]>([
    ["edited", (path) => writeFileSync(path, readFileSync(path, "utf8").replace("new", "done"))],
    ["removed", (path) => rmSync(path)],
  ])("have a further item once a person has %s the first", async (_, change) => {
    await take(fill());
    change(join(root, "inbox", files()[0] ?? ""));
    const before = files().map(read);
    await take(fill());
    await take(fill());
    expect(files().slice(before.length)).toEqual(["2026-07-06-fill-AAPL-BUY-2.md"]);
    expect(read("2026-07-06-fill-AAPL-BUY-2.md")).toContain("Bought 4 AAPL in 2 fills");
    expect(files().slice(0, before.length).map(read)).toEqual(before);
  });

  it("that are disputed have an item of their own", async () => {
    await take(fill());
    await take(fill({ finding: { kind: "disputed", misfits: ["price"] } }));
    await take(fill({ finding: { kind: "disputed", misfits: ["side"] } }));
    expect(files()).toHaveLength(2);
    expect(read(files()[1])).toMatch(/kind: "?alert[^]*They contradict their order \(price, side\)/);
  });
});

it("external fills are one item a burst, whatever their symbols, and a later burst has another", async () => {
  const external = { id: null, finding: { kind: "external", misfits: [] } } as const;
  for (let n = 0; n < 30; n++) await take(fill({ ...external, symbol: `S${n}` }));
  expect(files()).toHaveLength(1);
  expect(read(files()[0])).toContain("30 fills of orders this desk did not send");
  expect(read(files()[0]).length).toBeLessThan(5_000);
  await take(fill({ ...external, at: SCENARIO_START + 11 * 60_000 }));
  expect(files()).toHaveLength(2);
});
