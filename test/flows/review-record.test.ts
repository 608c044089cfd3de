/** The review that a human was shown is journaled. Drift and age are measured from it; one answer has one digest. */
import type { ReviewedOrder } from "../../src/domain/orders/review-view.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import type { Disk } from "../../src/domain/ports.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let aheadMs = 0;
afterEach(async () => {
  aheadMs = 0;
  await desk.stop();
  await discard(desk);
});

/** A venue at 99.9/100 and a proposal to buy 1 AAA at 200 at most, which only the review's price can stop. */
async function proposed(disk = nodeDisk()): Promise<string> {
  desk = await tempDesk({
    disk,
    files: { "venue.ts": adapterFixture("scripted-venue") },
    clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
    config: (template) =>
      `${template.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const terms = { connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "200" };
  return (await desk.call<{ id: string }>("orders propose", { ...terms, rationale: "x" })).id;
}
function review(id: string): Promise<ReviewedOrder> {
  return desk.call<ReviewedOrder>("approve", { id, review: true });
}
async function approve({ id, digest, signing }: ReviewedOrder): Promise<unknown> {
  if (signing === undefined) throw new Error("the review has nothing to sign");
  const { shown } = signing.statement;
  return desk.call("approve", { id, digest, shown, authority: await desk.sign(signing) });
}
async function market(bid: string, ask: string): Promise<void> {
  await desk.open.fleet.venues.quote("v", `SET:bid:${bid}`);
  await desk.open.fleet.venues.quote("v", `SET:ask:${ask}`);
}
function orderOf(id: string) {
  const order = desk.open.desk.state.orders.get(id as OrderId);
  if (order === undefined) throw new Error(`no order ${id}`);
  return order;
}

describe("an approval of a journaled review", () => {
  it.each([
    ["fallen by 37 %", "62.9", "63"],
    ["risen by 2 %", "101.9", "102"],
  ])("is refused while the market has %s since, and the order can be reviewed again", async (_, bid, ask) => {
    const id = await proposed();
    const shown = await review(id);
    await market(bid, ask);
    await expect(approve(shown)).rejects.toMatchObject({ code: "GUARD_BLOCKED", details: { guard: "drift" } });
    expect(orderOf(id)).toMatchObject({ state: "proposed", submitted: false });
    await approve(await review(id));
    expect(orderOf(id).submitted).toBe(true);
  });

  it("keeps the mid price that the human was shown in the journal, not a later one", async () => {
    const id = await proposed();
    const shown = await review(id);
    await market("100.3", "100.4");
    await approve(shown);
    const [approval] = orderOf(id).approvals;
    expect([approval?.mid, approval?.reviewedAt]).toEqual(["99.95", orderOf(id).reviews[0]?.at]);
    expect(shown.review?.quote).toMatchObject({ bid: "99.9", ask: "100" });
  });

  it("is refused 15 minutes after the review, and if the clock was set back before it", async () => {
    const id = await proposed();
    const shown = await review(id);
    aheadMs = 15 * 60_000 + 1_000;
    await expect(approve(shown)).rejects.toMatchObject({ details: { guard: "approval-freshness" } });
    aheadMs = -60_000;
    await expect(approve(shown)).rejects.toMatchObject({ details: { guard: "approval-freshness" } });
    aheadMs = 0;
    await approve(shown);
    expect(orderOf(id).submitted).toBe(true);
  });

  it("is refused for a review that the journal does not have, and for another review than the signed one", async () => {
    const id = await proposed();
    const { digest, signing } = await review(id);
    if (signing === undefined) throw new Error("the review has nothing to sign");
    const shown = `sha256:${"0".repeat(64)}`;
    const authority = await desk.sign(signing);
    await expect(desk.call("approve", { id, digest, shown, authority })).rejects.toMatchObject({
      code: "SIGNATURE_INVALID",
    });
    const invented = { ...signing, statement: { ...signing.statement, shown } };
    await expect(
      desk.call("approve", { id, digest, shown, authority: await desk.sign(invented) }),
    ).rejects.toMatchObject({ code: "SIGNATURE_STALE" });
  });
});

describe("the protection price of a market order", () => {
  it.each([
    ["down", "89.9", "90", "91.35"],
    ["up", "101.9", "102", "103.53"],
    // The price of before is still within the collar.
    ["a little down", "99.3", "99.4", "100.891"],
    ["a little up", "100.5", "100.6", "102.109"],
  ])("follows the market %s in a review, which says so", async (_, bid, ask, price) => {
    await proposed();
    const terms = { connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "market", venue: "NASDAQ" };
    const { id } = await desk.call<{ id: string }>("orders propose", terms);
    expect((await review(id)).review).toMatchObject({ terms: { protectionPrice: "101.5" }, repriced: null });
    await market(bid, ask);
    const { review: again } = await review(id);
    expect(again).toMatchObject({ terms: { protectionPrice: price }, repriced: { from: "101.5" }, venue: "NASDAQ" });
    expect(again?.prices).toMatchObject([{ what: "protection price", price, market: ask, percent: "1.5" }]);
    await approve(await review(id));
  });

  it.each([
    ["fell within the collar", "98.7", "98.8", undefined],
    ["fell, so that the price is further away than the collar", "89.9", "90", "DIGEST_MISMATCH"],
    ["is beyond it", "101.5", "101.6", "DIGEST_MISMATCH"],
  ])("an approval by digest of a market that %s", async (_, bid, ask, code) => {
    await proposed();
    const terms = { connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "market" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", terms);
    await market(bid, ask);
    const approved = desk.call("approve", { id, digest });
    if (code === undefined) await approved;
    else await expect(approved).rejects.toMatchObject({ code });
    expect(orderOf(id).submitted).toBe(code === undefined);
    if (code === undefined) expect(orderOf(id).terms.protectionPrice).toBe("101.5");
  });
});

describe("off a terminal", () => {
  it("an approval by digest makes its review at that moment, whatever an earlier review showed", async () => {
    const id = await proposed();
    const { digest } = await review(id);
    await market("62.9", "63");
    await desk.call("approve", { id, digest });
    expect(orderOf(id)).toMatchObject({ submitted: true, approvals: [{ mid: "62.95" }] });
  });

  it("orders show journals no review, of an agent or a human", async () => {
    const id = await proposed();
    await desk.call("orders show", { id }, { actor: "agent:interactive", channel: "mcp" });
    await desk.call("orders show", { id });
    expect(orderOf(id).reviews).toEqual([]);
  });
});

it("an approval reads desk.toml and its proposal once, and writes no order's file before it answers", async () => {
  const disk = nodeDisk();
  const calls: string[] = [];
  const counted: Disk = {
    ...disk,
    readSmall: (path, most) => (calls.push(`read ${path}`), disk.readSmall(path, most)),
    read: (path, limit) => (calls.push(`read ${path}`), disk.read(path, limit)),
    readText: (path, limit) => (calls.push(`read ${path}`), disk.readText(path, limit)),
    writeAtomic: (path, data, mode) => (calls.push(`write ${path}`), disk.writeAtomic(path, data, mode)),
  };
  const id = await proposed(counted);
  const shown = await review(id);
  await desk.settled();
  calls.length = 0;
  await approve(shown);
  // Whether another program has begun the next file of the journal: that file is absent, so nothing is read.
  const isLookAhead = (call: string): boolean => call.includes("/.qoc/journal/");
  const before = calls
    .filter((call) => !call.includes(desk.home) && !isLookAhead(call))
    .map((call) => call.replace(`${desk.root}/`, ""));
  expect(before.toSorted()).toEqual(["read desk.toml", `read orders/pending/${id}.toml`]);
  await desk.settled();
  expect(desk.read(`orders/approved/${id}.toml`)).toContain("accepted");
});

it("orders show answers one digest if the proposal is edited while the quote is fetched", async () => {
  const id = await proposed();
  const { path } = await desk.call<{ path: string }>("orders show", { id });
  const edited = desk.read(path).replace(/quantity = "\d+"/, 'quantity = "7"');
  const { venues } = desk.open.desk;
  const { quote } = venues;
  const later: string[] = [];
  vi.spyOn(venues, "quote").mockImplementation(async (...args) => {
    if (later.length === 0) {
      later.push("asked");
      writeFileSync(join(desk.root, path), edited);
      later.push((await desk.call<ReviewedOrder>("orders show", { id })).digest);
    }
    return quote(...args);
  });
  const { digest, terms, review } = await desk.call<ReviewedOrder>("orders show", { id });
  expect([review?.digest, review?.terms]).toEqual([digest, terms]);
  expect(later[1]).not.toBe(digest);
});

it("orders show answers one digest while the proposal's file is being edited", async () => {
  const id = await proposed();
  const { path } = await desk.call<{ path: string }>("orders show", { id });
  const text = desk.read(path);
  const digests = new Set<string>();
  for (let round = 1; round <= 25; round++) {
    const answers = [desk.call<ReviewedOrder>("orders show", { id }), desk.call<ReviewedOrder>("orders show", { id })];
    writeFileSync(join(desk.root, path), text.replace(/quantity = "\d+"/, `quantity = "${round + 1}"`));
    for (const answer of await Promise.all([...answers, desk.call<ReviewedOrder>("orders show", { id })])) {
      expect([answer.review?.digest, answer.review?.terms]).toEqual([answer.digest, answer.terms]);
      digests.add(answer.digest);
    }
  }
  expect(digests.size).toBeGreaterThan(5);
});
