/** Cancels and replacements by proposal: reviewed, approved and journaled like orders, and nothing is sent twice. */
import type { ReviewedOrder } from "../../src/domain/orders/review-view.ts";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import { decimal } from "../../src/domain/decimal.ts";
import type { OrderRecord } from "../../src/domain/orders/order-state.ts";
import { anchorJournal } from "../support/anchor.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

interface Proposed {
  readonly id: string;
  readonly path: string;
  readonly digest: string;
  readonly verdict: { readonly decision: string; readonly reasons: readonly { readonly message: string }[] };
  readonly equal: readonly { readonly id: string }[];
}
interface Target {
  readonly id: string;
  readonly state: string;
  readonly target?: { readonly id: string; readonly state: string };
}
const AGENT = { actor: "agent:run-1", channel: "mcp" } as const;

let desk: TempDesk;
afterEach(async () => {
  await desk.stop().catch(() => undefined);
  await discard(desk);
});

async function open(more = "", guards = "", clock = systemClock): Promise<void> {
  desk = await tempDesk({
    clock,
    files: { "v.ts": adapterFixture("cancelling-venue") },
    config: (template) =>
      `${template.split("\n# Guards are")[0]?.replaceAll("enabled = true", "enabled = false")}\n${guards}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "paper"\n${more}`,
  });
}
async function venue(words: string): Promise<{ bid: string; ask: string; last?: string | undefined }> {
  return desk.open.fleet.venues.quote("v", words);
}
async function sent(): Promise<{ orders: number; cancels: number; last: string | undefined }> {
  const { bid, ask, last } = await venue("SENT");
  return { orders: Number(bid), cancels: Number(ask), last };
}
const HELD = "[connector.options]\nheld = 10\n";
const LIMIT = { connector: "v", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "99" };
function propose(input: Record<string, unknown>, as?: typeof AGENT): Promise<Proposed> {
  return desk.call<Proposed>("orders propose", { rationale: "test", ...input }, as);
}
function approve({ id, digest }: Pick<Proposed, "id" | "digest">): Promise<Target> {
  return desk.call<Target>("approve", { id, digest });
}
async function working(change: Record<string, unknown> = {}): Promise<string> {
  const proposed = await propose({ ...LIMIT, ...change });
  await approve(proposed);
  return proposed.id;
}
function record(id: string): OrderRecord {
  return desk.open.desk.state.orders.get(id as never) as OrderRecord;
}
function show(id: string): Promise<ReviewedOrder> {
  return desk.call<ReviewedOrder>("orders show", { id });
}
async function inbox(): Promise<string> {
  await desk.settled();
  return JSON.stringify(await desk.call("inbox list"));
}
async function verified(): Promise<void> {
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
}

describe("a cancel by proposal", () => {
  it("of a live order needs the live key, like the order", async () => {
    desk = await tempDesk({
      files: { "v.ts": adapterFixture("cancelling-venue") },
      config: (template) =>
        `${template.split("\n# Guards are")[0]?.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "live"\n${LIVE_LINES}${LIVE_GUARD}`,
    });
    const review = (id: string) => desk.call<ReviewedOrder>("approve", { id, review: true });
    const approveSigned = async (id: string, key?: "desk"): Promise<Target> => {
      const { digest, signing } = await review(id);
      if (signing === undefined) throw new Error("the review has nothing to sign");
      const { shown } = signing.statement;
      const authority = { ...(await desk.sign(signing)), ...(key === undefined ? {} : { key }) };
      return desk.call<Target>("approve", { id, digest, shown, authority });
    };
    const order = await propose(LIMIT);
    await approveSigned(order.id);
    const cancel = await propose({ cancel: order.id });
    expect((await review(cancel.id)).review).toMatchObject({ mode: "live", target: { kind: "cancel" } });
    const { id, digest } = cancel;
    await expect(desk.call("approve", { id, digest }, { actor: "human" })).rejects.toMatchObject({
      code: "SIGNATURE_REQUIRED",
      details: { key: "live" },
    });
    await expect(approveSigned(cancel.id, "desk")).rejects.toMatchObject({ code: "SIGNATURE_REQUIRED" });
    expect((await sent()).cancels).toBe(0);
    expect(await approveSigned(cancel.id)).toMatchObject({ target: { id: order.id, state: "cancelled" } });
    expect((await sent()).cancels).toBe(1);
    await verified();
  });

  it("of an order whose venue id is not known sends nothing, and leaves no mark of a cancel", async () => {
    const silent = adapterSource(`async placeOrder() { throw new Error("the line went dead"); }`);
    desk = await tempDesk({
      files: { "v.ts": silent },
      config: (template) =>
        `${template.split("\n# Guards are")[0]?.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "paper"\n`,
    });
    const order = await propose(LIMIT);
    await approve(order).catch(() => undefined);
    expect(record(order.id).state).toBe("unknown");
    const unknown = { code: "OUTCOME_UNKNOWN", message: expect.stringContaining("no cancel was sent") as string };
    await expect(desk.call("cancel", { id: order.id })).rejects.toMatchObject(unknown);
    expect(record(order.id).cancelRequested).toBeUndefined();
    const cancel = await propose({ cancel: order.id });
    await expect(approve(cancel)).rejects.toMatchObject(unknown);
    expect(record(order.id).cancelRequested).toBeUndefined();
    expect(record(cancel.id).state).toBe("cancelled");
    await verified();
  });

  it("is reviewed, approved, sent once, and filed as executed", async () => {
    await open();
    const id = await working();
    const cancel = await propose({ cancel: id }, AGENT);
    expect(cancel.verdict.decision).toBe("allow");
    expect(desk.read(cancel.path)).toContain(`action = "cancel"\ncancels = "${id}"`);
    const { review } = await show(cancel.id);
    expect(review).toMatchObject({
      sentence: `cancel ${id}: buy 10 AAA limit 99 day at v (paper)`,
      target: { kind: "cancel", id, state: "accepted", filled: "0", leaves: "10", unprotected: null },
      book: [
        { what: "AAA held", before: "0", after: "0" },
        { what: "left to fill", before: "10", after: "0" },
        { what: "reserved for it", before: "990", after: "0", unit: "USD" },
      ],
    });
    expect(await sent()).toMatchObject({ cancels: 0 });
    expect(await approve(cancel)).toMatchObject({ state: "accepted", target: { id, state: "cancelled" } });
    await expect(approve(cancel)).rejects.toMatchObject({ code: "ALREADY_DECIDED" });
    expect(await sent()).toMatchObject({ orders: 1, cancels: 1 });
    expect(record(cancel.id).approvals).toMatchObject([{ by: "human", digest: cancel.digest }]);
    await verified();
    await desk.settled();
    const file = desk.read(`orders/executed/${cancel.id}.toml`);
    expect(file).toContain(`# cancel ${cancel.id}: accepted\n# cancels order ${id}, client order id`);
    expect(desk.read(`orders/cancelled/${id}.toml`)).toContain("cancelled");
  });

  it.each([
    ["fill", { state: "accepted", target: "filled" }],
    ["part:4", { state: "accepted", target: "cancelled" }],
    ["forget", { state: "accepted", target: "cancelled" }],
    ["pending", { state: "accepted", target: "accepted" }],
  ])("the venue's answer %s is the result", async (how, expected) => {
    await open();
    const id = await working();
    const cancel = await propose({ cancel: id });
    await venue(`SET:cancel:${how}`);
    const { state, target } = await approve(cancel);
    expect({ state, target: target?.state }).toEqual(expected);
    expect(record(cancel.id).state).toBe("accepted");
    await verified();
  });

  it("a refusal is a rejection by the venue, and the order still works", async () => {
    await open();
    const id = await working();
    const cancel = await propose({ cancel: id });
    await venue("SET:cancel:refuse");
    await expect(approve(cancel)).rejects.toMatchObject({ code: "CALL_FAILED", exit: 1 });
    const shown = await show(cancel.id);
    expect(shown).toMatchObject({ state: "rejected", rejectedBy: "venue" });
    expect(JSON.stringify(shown.untrusted.reason)).toContain("too late to cancel");
    expect(record(id).state).toBe("accepted");
    expect(record(id).cancelRequested).toBeUndefined();
    await desk.settled();
    expect(desk.read(`orders/rejected/${cancel.id}.toml`)).toContain("reason: ");
    await verified();
  });

  it("a worker that dies leaves the cancel unknown, sends no second one, and the end of the order settles it", async () => {
    await open();
    const id = await working();
    const cancel = await propose({ cancel: id });
    await venue("SET:cancel:die");
    await expect(approve(cancel)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", exit: 6 });
    expect(record(cancel.id).state).toBe("unknown");
    const { orders } = await desk.call<{ orders: { id: string; state: string }[] }>("status");
    expect(orders).toMatchObject([{ id }, { id: cancel.id, state: "unknown" }]);
    expect(JSON.stringify(await desk.call("doctor"))).toContain(`qoc orders show ${cancel.id}`);
    expect(await inbox()).toContain(`The outcome of the cancel of ${id} is unknown`);
    await expect.poll(() => desk.open.desk.venues.facts("v")?.state).toBe("ready");
    await expect.poll(() => desk.open.desk.market.reconciled.has("v")).toBe(true);
    // An unknown cancel reserves nothing and blocks no other order of the instrument.
    expect((await propose({ ...LIMIT, quantity: "2" })).verdict).toEqual({ decision: "allow", reasons: [] });
    await venue("END:v1");
    await expect.poll(() => record(cancel.id).state).toBe("accepted");
    expect(record(id).state).toBe("cancelled");
    expect(await inbox()).toContain(`The outcome of the cancel of ${id} was unknown; it is settled`);
    await verified();
  });

  it("passes while trading is halted, and while desk.toml has other guards than those in force", async () => {
    await open();
    const id = await working();
    await desk.call("halt", { reason: "stop" });
    await desk.write("desk.toml", `${desk.read("desk.toml")}\n[[guard]]\nkey = "no-short"\n`);
    const cancel = await propose({ cancel: id });
    expect(await approve(cancel)).toMatchObject({ target: { state: "cancelled" } });
  });
});

describe("an order that a cancel or a replacement names", () => {
  it.each([
    ["cancel", { cancel: "ID" }],
    ["replace", { replace: "ID", limitPrice: "98" }],
  ])("has ended: to %s it is refused in words, and nothing is written", async (verb, input) => {
    await open();
    const id = await working();
    await desk.call("cancel", { id });
    const named = JSON.parse(JSON.stringify(input).replace("ID", id)) as Record<string, unknown>;
    await expect(propose(named)).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      message: `nothing was proposed: ${id} is cancelled; there is nothing to ${verb}`,
      hint: `qoc orders show ${id}`,
    });
    expect([...desk.open.desk.state.proposed.keys()]).toEqual([]);
  });

  it("was cancelled after the proposal: the review says that it ended, not that a cancel is under way", async () => {
    await open();
    const id = await working();
    const { id: replacement } = await propose({ replace: id, limitPrice: "98" });
    await desk.call("cancel", { id });
    const { review } = await show(replacement);
    expect(review?.checks).toContainEqual(expect.objectContaining({ code: "REPLACED_NOT_WORKING" }));
    expect(review?.target).toMatchObject({ cancelRequested: false });
    expect(review?.warnings.join()).not.toContain("is under way");
  });

  it("was never sent, is a cancel, or does not exist: refused in words", async () => {
    await open();
    const id = await working();
    const waiting = await propose(LIMIT);
    const cancel = await propose({ cancel: id });
    await expect(propose({ cancel: waiting.id })).rejects.toMatchObject({
      message: expect.stringMatching(/was never sent; reject it instead/) as string,
      hint: `qoc reject ${waiting.id}`,
    });
    await expect(propose({ cancel: cancel.id })).rejects.toThrow(/is itself a cancel/);
    await expect(propose({ cancel: "20200101-001" })).rejects.toMatchObject({ code: "ORDER_NOT_FOUND" });
    await expect(propose({ cancel: id, connector: "w" })).rejects.toThrow(`${id} is at v, not at w`);
    await expect(desk.call("cancel", { id: cancel.id })).rejects.toMatchObject({
      code: "NOT_CANCELLABLE",
      hint: `qoc reject ${cancel.id}`,
    });
  });

  it("changed between review and approval: stale, with words, and nothing is sent", async () => {
    await open();
    const id = await working();
    const cancel = await propose({ cancel: id });
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await venue("FILL:v1:4");
    await expect.poll(() => record(id).filled.toFixed()).toBe("4");
    for (const proposal of [cancel, replacement])
      await expect(approve(proposal)).rejects.toMatchObject({
        code: "TARGET_CHANGED",
        exit: 7,
        message: `${proposal.id} is about ${id} as it was when it was shown; now ${id} is partially_filled, with 4 of 10 filled`,
      });
    await venue("FILL:v1:6");
    await desk.reaches(id, "filled");
    await expect(approve(cancel)).rejects.toThrow(`now ${id} has ended: it is filled`);
    const again = await show(cancel.id);
    expect(again.review).toMatchObject({ decision: "block", checks: [{ code: "CANCELLED_ENDED" }] });
    await expect(approve(again)).rejects.toMatchObject({ code: "GUARD_BLOCKED", hint: `qoc reject ${cancel.id}` });
    expect(await sent()).toMatchObject({ orders: 1, cancels: 0 });
  });

  it("a second proposal names the first; of two approvals at once one acts", async () => {
    await open();
    const id = await working();
    const first = await propose({ cancel: id });
    const second = await propose({ cancel: id }, AGENT);
    expect(second.equal).toMatchObject([{ id: first.id }]);
    const twice = await Promise.allSettled([approve(first), approve(first)]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(approve(second)).rejects.toMatchObject({ exit: 7 });
    expect(await sent()).toMatchObject({ cancels: 1 });
    await verified();
  });

  it("is named by a file that a person wrote", async () => {
    await open();
    const id = await working();
    await desk.write("orders/proposed/stop-it.yaml", `action: cancel\ncancels: ${id}\nrationale: enough\n`);
    await desk.write("orders/proposed/lower.toml", `replaces = "${id}"\nlimit_price = "98"\n`);
    await desk.write("orders/proposed/lost.toml", 'action = "cancel"\ncancels = "nothing"\n');
    const status = await desk.call<{
      proposals: { id: string; sentence?: string; untrusted: { text: string } | null }[];
    }>("status");
    expect(
      status.proposals.map(({ id: name, sentence, untrusted }) => [name, sentence ?? untrusted?.text]).toSorted(),
    ).toEqual([
      ["lost", "no order nothing"],
      ["lower", `replace ${id} by buy 10 AAA limit 98 day at v`],
      ["stop-it", `cancel ${id}: buy 10 AAA limit 99 day at v`],
    ]);
    const { digest } = record("stop-it");
    expect(await approve({ id: "stop-it", digest })).toMatchObject({ state: "accepted" });
    await desk.settled();
    expect(desk.read("orders/executed/stop-it.yaml")).toContain("# cancel stop-it: accepted");
  });

  it("is named in a call by the field of a file", async () => {
    await open();
    const id = await working();
    const cancel = await propose({ action: "cancel", cancels: id }, AGENT);
    expect(record(cancel.id).terms.cancels).toMatchObject({ id });
    const replacement = await propose({ replaces: id, limit_price: "98" }, AGENT);
    expect(record(replacement.id).terms.replaces).toMatchObject({ id });
    await expect(propose({ cancel: id, replace: id })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("protects a position: the review says that nothing else does", async () => {
    await open(HELD);
    const stop = await working({ side: "sell", type: "stop", stopPrice: "90", limitPrice: undefined });
    const cancel = await propose({ cancel: stop }, AGENT);
    const { review } = await show(cancel.id);
    expect(review?.target?.unprotected).toBe("10");
    expect(review?.warnings).toContain(`${stop} protects the position: without it no stop covers 10 AAA`);
    const moved = await propose({ replace: stop, stopPrice: "92" });
    expect((await show(moved.id)).review?.warnings.join()).toContain("until the new order works");
  });
});

describe("kill -9", () => {
  it("after any record of a replacement: a restart sends nothing, and says that the new order was not sent", async () => {
    await open();
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await approve(replacement);
    await desk.settled();
    await desk.stop();
    const path = `${desk.root}/.qoc/journal/000001.ndjson`;
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const types = lines.map((line) => JSON.parse(line) as { type: string; id?: string });
    const from = types.findIndex(({ type, id: of }) => type === "order.approved" && of === replacement.id);
    const until = types.findLastIndex(({ type, id: of }) => type === "order.accepted" && of === replacement.id);
    expect(until - from).toBeGreaterThan(3);
    const image = `${desk.root}-image`;
    cpSync(desk.root, image, { recursive: true });
    for (let cut = from; cut < until; cut++) {
      // The folder of the journal stays: the signed heads name it.
      for (const name of ["inbox", "orders", ".qoc/connectors"]) rmSync(join(desk.root, name), { recursive: true });
      cpSync(image, desk.root, { recursive: true });
      writeFileSync(path, `${lines.slice(0, cut + 1).join("\n")}\n`);
      await anchorJournal(desk);
      desk = await tempDesk({ again: desk });
      const isSent = types
        .slice(0, cut + 1)
        .some(({ type, id: of }) => type === "order.submitting" && of === replacement.id);
      // The venue has both orders: an order whose intent is on disk is found again, and no other is sent.
      await desk.reaches(replacement.id, isSent ? "accepted" : "cancelled");
      expect(await sent()).toMatchObject({ orders: 2, cancels: 1 });
      if (!isSent) expect(await inbox()).toContain(`${replacement.id} was not sent`);
      await verified();
      await desk.stop();
    }
  });

  it("after the intent of a cancel: it is not sent again, and the venue's report settles it", async () => {
    await open();
    const id = await working();
    const cancel = await propose({ cancel: id });
    await approve(cancel);
    await desk.stop();
    const path = `${desk.root}/.qoc/journal/000001.ndjson`;
    const lines = readFileSync(path, "utf8").split("\n");
    const cut = lines.findIndex((line) => line.includes('"type":"cancel.requested"'));
    writeFileSync(path, `${lines.slice(0, cut + 1).join("\n")}\n`);
    await anchorJournal(desk);
    desk = await tempDesk({ again: desk });
    await desk.reaches(cancel.id, "accepted");
    expect(record(id).state).toBe("cancelled");
    expect(await sent()).toMatchObject({ orders: 1, cancels: 1 });
    await verified();
  });
});

describe("a replacement", () => {
  it("cancels the order, waits for its end, and sends the new one", async () => {
    await open();
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98", quantity: "12" }, AGENT);
    expect(replacement.verdict).toMatchObject({ decision: "allow" });
    const { review } = await show(replacement.id);
    expect(review).toMatchObject({
      sentence: `replace ${id} by buy 12 AAA limit 98 day at v (paper)`,
      target: { kind: "replace", id, leaves: "10" },
      terms: { replaces: { id, state: "accepted", filled: "0" } },
    });
    expect(await approve(replacement)).toMatchObject({ state: "accepted" });
    expect(record(id).state).toBe("cancelled");
    expect(await sent()).toEqual({ orders: 2, cancels: 1, last: "12" });
    await verified();
    // A replacement can be replaced itself.
    const again = await propose({ replace: replacement.id, limitPrice: "97" });
    expect(await approve(again)).toMatchObject({ state: "accepted" });
    expect(record(replacement.id).state).toBe("cancelled");
    expect(await sent()).toEqual({ orders: 3, cancels: 2, last: "12" });
    const decisions = await desk.call<{ id: string; note: string }[]>("decisions");
    expect(decisions[0]).toMatchObject({ id: again.id, note: `guard: pass, replaces ${replacement.id}` });
    await verified();
  });

  it.each([
    { name: "an order that has filled 4", before: 4, how: "now", sends: "6", state: "accepted" },
    { name: "4 filled during the cancel", before: 0, how: "part:4", sends: "6", state: "accepted" },
    { name: "4 filled before and 3 during", before: 4, how: "part:3", sends: "3", state: "accepted" },
    { name: "all filled during the cancel", before: 0, how: "fill", sends: undefined, state: "cancelled" },
  ])("$name: both orders together never trade more than was approved", async ({ before, how, sends, state }) => {
    await open();
    const id = await working();
    if (before > 0) await venue(`FILL:v1:${before}`);
    await expect.poll(() => record(id).filled.toFixed()).toBe(String(before));
    const replacement = await propose({ replace: id, limitPrice: "98" });
    expect((await show(replacement.id)).terms.quantity).toBe(String(10 - before));
    await venue(`SET:cancel:${how}`);
    await approve(replacement).catch(() => undefined);
    expect(record(replacement.id).state).toBe(state);
    const { orders, last } = await sent();
    expect([orders, last]).toEqual(sends === undefined ? [1, "10"] : [2, sends]);
    if (sends !== undefined)
      expect(
        record(id)
          .filled.plus(decimal(record(replacement.id).terms.quantity))
          .toFixed(),
      ).toBe("10");
    await verified();
  });

  it("follows an end that the venue confirms later", async () => {
    await open();
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await venue("SET:cancel:pending");
    const approving = approve(replacement);
    await expect.poll(sent).toMatchObject({ cancels: 1 });
    expect(await sent()).toMatchObject({ orders: 1 });
    expect(record(replacement.id).state).toBe("approved");
    // While it waits, both orders count, and another replacement is refused.
    expect((await propose({ replace: id, limitPrice: "97" })).verdict.reasons).toMatchObject([
      { code: "REPLACED_CANCELLING" },
    ]);
    await venue("END:v1");
    expect(await approving).toMatchObject({ state: "accepted" });
    expect(await sent()).toMatchObject({ orders: 2, cancels: 1 });
    await verified();
  });

  it.each<[string, (id: string) => Promise<unknown>, string, string]>([
    ["is cancelled by the human", (id) => desk.call("cancel", { id }), "ALREADY_DECIDED", "cancelled"],
    ["is stopped by a halt", () => desk.call("halt", { reason: "stop" }), "GUARD_BLOCKED", "denied"],
  ])("that %s while it waits is not sent", async (_name, stop, code, state) => {
    await open();
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await venue("SET:cancel:pending");
    const approving = approve(replacement).catch((error: unknown) => error);
    await expect.poll(sent).toMatchObject({ cancels: 1 });
    await stop(replacement.id);
    await venue("END:v1");
    expect(await approving).toMatchObject({ code });
    expect(record(replacement.id).state).toBe(state);
    expect(await sent()).toMatchObject({ orders: 1 });
    expect(await inbox()).toContain(`${replacement.id} was not sent, and ${id} was`);
    await verified();
  });

  it("that is cancelled by the human while the market data is fetched is not sent", async () => {
    await open();
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await venue("SET:cancel:pending");
    const approving = approve(replacement).catch((error: unknown) => error);
    await expect.poll(sent).toMatchObject({ cancels: 1 });
    const venues = desk.open.desk.venues as { quote: (connector: string, symbol: string) => Promise<any> };
    const { quote } = venues;
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      const held = new Promise<void>((release) => (answer = release));
      venues.quote = async (...args) => {
        if (args[1] === "AAA") resolve();
        if (args[1] === "AAA") await held;
        return quote.call(venues, ...args);
      };
    });
    await venue("END:v1");
    await asked;
    await desk.call("cancel", { id: replacement.id });
    answer();
    expect(await approving).toMatchObject({ code: "ALREADY_DECIDED" });
    expect(record(replacement.id).state).toBe("cancelled");
    expect(await sent()).toMatchObject({ orders: 1 });
    await verified();
  });

  it("is not sent if the venue does not confirm the end in time", async () => {
    let ahead = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
    await open("", "", clock);
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await venue("SET:cancel:pending");
    const approving = approve(replacement).catch((error: unknown) => error);
    await expect.poll(sent).toMatchObject({ cancels: 1 });
    ahead = 11_000;
    expect(await approving).toMatchObject({
      message: `${replacement.id} was not sent: the venue has not confirmed the end of ${id}`,
    });
    await venue("END:v1");
    await desk.reaches(id, "cancelled");
    expect(await sent()).toMatchObject({ orders: 1 });
  });

  it.each([
    ["refuse", "the cancel of ID failed; it is accepted"],
    ["die", "the outcome of the cancel of ID is unknown"],
    ["fill", "ID filled before it was cancelled"],
  ])(
    "a cancel that the venue answers with %s: the new order is not sent, and an alert says so",
    async (how, reason) => {
      await open();
      const id = await working();
      const replacement = await propose({ replace: id, limitPrice: "98" });
      await venue(`SET:cancel:${how}`);
      await expect(approve(replacement)).rejects.toMatchObject({
        code: "REPLACEMENT_NOT_SENT",
        message: `${replacement.id} was not sent: ${reason.replace("ID", id)}`,
      });
      expect(record(replacement.id).state).toBe("cancelled");
      expect(await inbox()).toContain(`${replacement.id} was not sent, and ${id} was`);
      expect(desk.read(`orders/cancelled/${replacement.id}.toml`)).toContain(`reason: ${reason.replace("ID", id)}`);
      await expect(approve(replacement)).rejects.toMatchObject({ code: "ALREADY_DECIDED" });
      await verified();
    },
  );

  it("a fill after the confirmed end is booked, and an alert names the order that may fill besides", async () => {
    await open();
    const id = await working();
    const replacement = await propose({ replace: id, limitPrice: "98" });
    await venue("SET:cancel:late:10");
    await approve(replacement);
    await desk.reaches(id, "filled");
    expect([...record(id).flags]).toContain("late_fill");
    expect(await inbox()).toContain(`although ${id} was replaced by ${replacement.id}`);
    await verified();
  });

  it("of a stop that protects the whole position is no short sale", async () => {
    await open(HELD, '[[guard]]\nkey = "no-short"\n');
    const stop = await working({ side: "sell", type: "stop", stopPrice: "90", limitPrice: undefined });
    const moved = await propose({ replace: stop, stopPrice: "92" });
    expect(moved.verdict).toEqual({ decision: "allow", reasons: [] });
    expect(await approve(moved)).toMatchObject({ state: "accepted" });
  });

  it("counts beside the order until that order has ended", async () => {
    await open("", '[[guard]]\nkey = "max-position-nav"\nmax_pct = 0.15\n');
    const id = await working();
    const { verdict } = await propose({ replace: id, limitPrice: "98" });
    expect(verdict.reasons.map(({ message }) => message).join()).toMatch(/worst-case position in AAA/);
  });

  it.each([
    [{ limitPrice: "99" }, "changes nothing"],
    [{ quantity: "4" }, "a quantity of 4 leaves nothing to send"],
    [{ side: "sell", limitPrice: "98" }, "a replacement keeps its side"],
    [{ symbol: "BBB", limitPrice: "98" }, "a replacement keeps its symbol"],
    [{ type: "market", limitPrice: "98" }, "a market order has no limit_price"],
    [{ type: "stop" }, "a stop order needs stop_price"],
  ])("%j is refused in words: %s", async (change, message) => {
    await open();
    const id = await working();
    await venue("FILL:v1:4");
    await expect.poll(() => record(id).filled.toFixed()).toBe("4");
    await expect(propose({ replace: id, ...change })).rejects.toThrow(message);
  });

  it("two replacements of one order at once: one is sent", async () => {
    await open();
    const id = await working();
    const both = [await propose({ replace: id, limitPrice: "98" }), await propose({ replace: id, limitPrice: "97" })];
    const results = await Promise.allSettled(both.map(approve));
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await sent()).toMatchObject({ orders: 2, cancels: 1 });
    await verified();
  });
});
