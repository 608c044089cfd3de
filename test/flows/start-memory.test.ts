/** A start checks the whole journal. What it needs for that grows with the history, and is not kept. */
import { queryObjects } from "node:v8";
import { afterEach, expect, it } from "vitest";
import { JournalAudit } from "../../src/trading/audit/journal-audit.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("a running desk keeps no audit of its journal", async () => {
  desk = await tempDesk();
  const kept = new JournalAudit(undefined);
  expect(queryObjects(JournalAudit, { format: "count" })).toBe(1);
  expect(kept.hashAt(1)).toBeUndefined();
});
