/** A desk of the version that wrote journal format 1: today's code reads it, verifies it and continues it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { scanJournal } from "../../src/bus/journal-read.ts";
import { replay } from "../../src/bus/replay.ts";
import { verifyJournal } from "../../src/app/verify-journal.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { EARLIER_DESK, copyEarlierDesk } from "../support/earlier-desk.ts";
import { type TempDesk, discard, protect, tempDesk } from "../support/temp-desk.ts";

const RECORDS = 106;
const OLD_BYTES = readFileSync(`${EARLIER_DESK}/journal/000001.ndjson`);
const SEGMENT = ".qoc/journal/000001.ndjson";

/** By the last three digits of the order's id. */
const STATES = {
  "001": "filled",
  "002": "cancelled",
  "003": "expired",
  "004": "rejected",
  "005": "rejected",
  "006": "cancelled",
  "007": "cancelled",
  "008": "cancelled",
  "009": "accepted",
  "010": "partially_filled",
  "011": "proposed",
  "012": "denied",
};

const desks: TempDesk[] = [];
afterEach(async () => {
  const opened = desks.splice(0);
  for (const desk of opened) await desk.stop().catch(() => undefined);
  for (const desk of opened) await discard(desk);
});

async function openFixture(): Promise<TempDesk> {
  const desk = await tempDesk({ again: copyEarlierDesk() });
  desks.push(desk);
  return desk;
}

interface OrderJson {
  id: string;
  digest: string;
  state: string;
  path: string;
  rejectedBy: string | null;
  resolvedBy: string | null;
  untrusted: { reason: { source: string; text: string } | null };
}

function byNumber(orders: readonly { id: string; state: string }[]): Record<string, string> {
  return Object.fromEntries(orders.map(({ id, state }) => [id.slice(-3), state]));
}

describe("a journal of format 1", () => {
  it("folds into the states of today and verifies with its ten signatures", async () => {
    const scan = await scanJournal(nodeDisk(), `${EARLIER_DESK}/journal`);
    expect(byNumber([...replay(scan.events).orders.values()])).toEqual(STATES);
    const { root, home } = copyEarlierDesk();
    const options = { root, home, disk: nodeDisk(), env: { PATH: process.env["PATH"] }, version: "1" };
    expect(await verifyJournal(options, { line: () => undefined })).toMatchObject({
      ok: true,
      records: RECORDS,
      formats: [{ format: 1, records: RECORDS, signatures: 10, approvals: 10, heads: 0 }],
      signatures: 10,
    });
  });

  it("names events by today's words in an order's history", async () => {
    const { orders } = replay((await scanJournal(nodeDisk(), `${EARLIER_DESK}/journal`)).events);
    const events = [...orders.values()].flatMap(({ history }) => history.map(({ event }) => event));
    expect(events).toEqual(expect.arrayContaining(["order.accepted", "order.denied", "order.rejected"]));
    expect(events).not.toContain("order.acked");
  });

  it("opens with today's desk, which answers with the new states, reasons and folders", async () => {
    const desk = await openFixture();
    const orders = await desk.call<OrderJson[]>("orders list");
    expect(byNumber(orders)).toEqual(STATES);
    const order = (number: string) => orders.find(({ id }) => id.endsWith(number)) as OrderJson;
    expect(order("004")).toMatchObject({ rejectedBy: "venue", path: "orders/rejected/20261128-004.toml" });
    expect(order("005")).toMatchObject({ rejectedBy: "human", path: "orders/rejected/20261128-005.toml" });
    expect(order("006")).toMatchObject({ rejectedBy: null, resolvedBy: "human" });
    expect(order("012")).toMatchObject({
      rejectedBy: null,
      path: "orders/rejected/20261128-012.toml",
      untrusted: { reason: { source: "guard", text: "order is worth 1,100.00 USD (limit 1,000.00 USD)" } },
    });
    const denied = await desk.call<OrderJson[]>("orders list", { state: "denied" });
    expect(denied.map(({ id }) => id)).toEqual(["20261128-012"]);
    const log = await desk.call<{ id: string; decision: string; state: string; note: string }[]>("decisions");
    expect(log.find(({ id }) => id.endsWith("012"))).toMatchObject({
      decision: "REJECTED",
      state: "denied",
      note: "denied",
    });
  });

  it("keeps its bytes, is continued by a signed boundary and records of format 3, and verifies as a whole", async () => {
    const desk = await openFixture();
    await protect(desk);
    await desk.call("resume", { reason: "the copy is the desk now" });
    // The digest of an adapter includes the SDK, so a new version of Qoc asks the operator to accept the adapter again.
    await desk.call("connectors restart", { name: "venue" });
    // The first desk.toml of an earlier version's desk is signed.
    expect(await desk.call("reload")).toMatchObject({ accepted: true });
    const [pending] = await desk.call<OrderJson[]>("orders list", { state: "proposed" });
    expect(await desk.call("approve", { id: pending?.id, digest: pending?.digest })).toMatchObject({
      state: "accepted",
    });
    await desk.call("cancel", { id: "20261128-009" });
    const report = await desk.call<{ formats: { format: number; records: number }[] }>("journal verify");
    expect(report).toMatchObject({ ok: true, signatures: 13 });
    expect(report.formats).toMatchObject([
      { format: 1, records: RECORDS, signatures: 10 },
      { format: 3, approvals: 1, intents: 1, signatures: 3, heads: 3 },
    ]);
    await desk.stop();
    const bytes = readFileSync(join(desk.root, SEGMENT));
    expect(bytes.subarray(0, OLD_BYTES.length).equals(OLD_BYTES)).toBe(true);
    const added = bytes.subarray(OLD_BYTES.length).toString("utf8").trim().split("\n");
    const records = added.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records[0]).toMatchObject({ type: "journal.upgraded", from: 1, to: 3, lastSeq: RECORDS });
    expect(records[0]).toHaveProperty("signature", expect.any(String));
    expect(records.map(({ type }) => type)).toEqual(expect.arrayContaining(["desk.started", "order.accepted"]));
    expect(records.map(({ type }) => type)).not.toContain("order.acked");
  });

  it("gets one boundary: a second start continues format 3", async () => {
    const first = await openFixture();
    await first.stop();
    const second = await tempDesk({ again: first });
    desks.push(second);
    expect(byNumber(await second.call<OrderJson[]>("orders list"))).toEqual(STATES);
    const { formats } = await second.call<{ formats: { format: number }[] }>("journal verify");
    expect(formats.map(({ format }) => format)).toEqual([1, 3]);
  });
});
