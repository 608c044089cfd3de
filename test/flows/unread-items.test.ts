/** One fill or activity that cannot be read hides no other, is shown until it is read or resolved, and is asked for. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, it } from "vitest";
import { readLedger } from "../../src/app/read-ledger.ts";
import type { OutputStyle } from "../../src/commands/rendering/table-text.ts";
import { renderStatus } from "../../src/commands/rendering/status.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import { followActivities } from "../../src/trading/account/record-activity.ts";
import { followUnreadFills, recoverFills } from "../../src/trading/orders/reconcile.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { requireBuild } from "../support/built.ts";
import { amount } from "../support/journal-scenario.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

beforeAll(requireBuild);

const NAME = "v" as ConnectorName;
const CONFIG = `[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "paper"\n`;
/** Quotes the time from which fills were asked for. After LIST it has items that cannot be read; READ corrects them. */
const VENUE = adapterSource(`
  at = 0;
  asked = 0;
  canRead = false;
  async getQuote(symbol: string) {
    if (symbol === "LIST") this.at = Date.now();
    if (symbol === "READ") this.canRead = true;
    if (symbol === "NAMED") this.ctx.emitFill({ fillId: "BBB", status: "unknown", reason: "its side is BOTH" });
    if (symbol === "EMIT") this.ctx.emitFill({ fillId: "f4", status: "unknown", reason: "its side is BOTH" });
    return { symbol, bid: this.asked, ask: this.asked + 1, timestamp: Date.now() };
  }
  async getFills(since: number) {
    this.asked = since;
    if (this.at === 0) return [];
    const fill = { venueOrderId: "o", symbol: "AA/A", side: "buy", quantity: "1", price: "2", timestamp: this.at };
    const f2 = { fillId: "f2", status: "unknown", reason: "its price is n/a", symbol: "AA/A", timestamp: this.at };
    return [
      { ...fill, fillId: "f1" },
      this.canRead ? { ...fill, fillId: "f2" } : f2,
      { ...fill, fillId: "f3", quantity: "about ten" },
      { ...fill, fillId: "f5" },
    ];
  }
  async getActivities() {
    if (this.at === 0) return [];
    const fee = { kind: "fee", amount: "-1", currency: "USD", timestamp: this.at };
    return [
      { ...fee, id: "a 1" },
      this.canRead ? { ...fee, id: "a 2" } : { id: "a 2", status: "unknown", reason: "its amount is n/a" },
    ];
  }`);

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

async function unreadKeys(): Promise<readonly (string | null)[]> {
  return ((await desk.call<StatusView>("status")).unread ?? []).map(({ key, untrusted }) => key ?? untrusted.text);
}

it("the others are booked; it is shown, asked for from its time on, read later or resolved, and audited", async () => {
  desk = await tempDesk({ files: { "v.ts": VENUE }, config: () => CONFIG });
  const { desk: open, fleet } = desk.open;
  const quote = (symbol: string) => fleet.venues.quote("v", symbol);
  await quote("LIST");
  await recoverFills(open, NAME);
  open.market.activitiesAt.clear();
  await followActivities(open, NAME);
  await quote("EMIT");
  await expect.poll(unreadKeys).toEqual(["v/AA/A/f2", "v/AA/A/f3", "v/a 2: its amount is n/a", "v/f4"]);
  expect([...open.state.fills.keys()]).toEqual(["v/AAA/f1", "v/AAA/f5"]);
  expect(open.state.activities.has("v/a 1")).toBe(true);

  const status = await desk.call<StatusView>("status");
  expect(status.book.accounts).toMatchObject([{ connector: "v", unread: 4 }]);
  const lines = renderStatus(status, { isTty: true, columns: 120, paint: (_, text) => text } as OutputStyle).join("\n");
  expect(lines).toContain("fill of v  AA/A  its price is n/a");
  expect(lines).toContain('qoc resolve v/AA/A/f2 -m "what it is"');
  expect(lines).toContain("v: incomplete, 4 fills and activities cannot be read");
  await expect
    .poll(() => readdirSync(join(desk.root, "inbox")).filter((name) => /unread-v/.test(name)))
    .toHaveLength(1);

  const place = { ...desk.open, disk: nodeDisk(), root: desk.root, version: "" };
  expect(await readLedger(place, { config: desk.open.desk.config })).toMatchObject({ unread: ["v"] });

  // A newer fill does not move the request past it.
  const since = Number((await quote("ASKED")).bid);
  open.state.lastFillAt.set(NAME, Date.now() + 30 * 24 * 60 * 60 * 1000);
  expect(await followUnreadFills(open, NAME)).toBe(false);
  open.market.fillsAt.clear();
  expect(await followUnreadFills(open, NAME)).toBe(true);
  expect(Number((await quote("ASKED")).bid)).toBe(since);

  await quote("READ");
  await recoverFills(open, NAME);
  open.market.activitiesAt.clear();
  await followActivities(open, NAME);
  expect(await unreadKeys()).toEqual(["v/AA/A/f3", "v/f4"]);
  expect(open.state.fills.has("v/AAA/f2")).toBe(true);

  for (const id of ["v/AA/A/f3", "v/f4"]) await desk.call("resolve", { id, note: "seen at the venue" });
  await recoverFills(open, NAME);
  expect(await unreadKeys()).toEqual([]);
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
});

it("an item with the id of a symbol keeps no instrument blocked: the first resolution ends it, the second the block", async () => {
  desk = await tempDesk({ files: { "v.ts": VENUE }, config: () => CONFIG });
  const { desk: open, fleet } = desk.open;
  const differing = { expected: amount("1"), actual: amount("2") };
  open.publish({ type: "instrument.flagged", connector: NAME, symbol: "BBB", ...differing });
  await fleet.venues.quote("v", "NAMED");
  await expect.poll(unreadKeys).toEqual(["v/BBB"]);
  const resolve = () => desk.call("resolve", { id: "v/BBB", note: "seen at the venue" });
  expect(await resolve()).toEqual({ item: "v/BBB" });
  expect(await resolve()).toEqual({ instrument: "v/BBB", quantity: "0" });
  expect([await unreadKeys(), open.state.flagged.size]).toEqual([[], 0]);
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
}, 30_000);
