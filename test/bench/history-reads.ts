/** Lists, look-ups and reports on a desk with a long history, compared with those on a desk with a short one. */
import { setTimeout } from "node:timers/promises";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { ledgerWithArchive } from "../../src/trading/account/archived-ledger.ts";
import { equityReport } from "../../src/trading/account/equity-report.ts";
import type { Desk } from "../../src/trading/desk.ts";
import { fillRows } from "../../src/trading/fills/fill-rows.ts";
import { matchOrder } from "../../src/trading/orders/find-order.ts";
import { orderRows } from "../../src/trading/orders/order-rows.ts";
import { decisionLog } from "../../src/trading/projections/decision-log.ts";
import { type CheckpointedDesk, type HarnessOptions, openCheckpointed } from "../support/checkpoint-harness.ts";
import { type Row, longestStall, median, timed } from "./measure.ts";

const ROUNDS = 10;
const PAGE = 200;

type Read = (desk: CheckpointedDesk) => unknown;

function found(desk: CheckpointedDesk, ref: string): unknown {
  const proposals = { problems: new Map() } as unknown as Desk["proposals"];
  return matchOrder({ ...desk, proposals }, ref);
}

const READS: Readonly<Record<string, Read>> = {
  "the newest orders": (desk) => orderRows(desk, { limit: PAGE }),
  "the oldest filled orders": (desk) => orderRows(desk, { limit: PAGE, state: "filled", after: "20260705-100" }),
  "a state without orders": (desk) => orderRows(desk, { limit: PAGE, state: "rejected" }),
  "the newest fills": (desk) => fillRows(desk, { limit: PAGE }),
  "the oldest fills": (desk) => fillRows(desk, { limit: PAGE, after: 200 }),
  "the newest decisions": (desk) => decisionLog(desk, { limit: PAGE, isInScope: () => true }),
  "an order by the end of its id": (desk) => found(desk, "05-77"),
  "an unknown id": (desk) => found(desk, "20260705x77"),
  equity: ({ archive, ledger }) => equityReport(ledgerWithArchive(archive, ledger, undefined).points, "USD"),
};

export async function historyReads(
  { long, few }: { readonly long: string; readonly few: string },
  options: HarnessOptions,
): Promise<readonly Row[]> {
  const desks = await Promise.all([long, few].map((root) => openCheckpointed(nodeDisk(), { ...options, root })));
  const [longDesk, fewDesk] = desks;
  if (longDesk === undefined || fewDesk === undefined) throw new Error("no desk");
  const rows: Row[] = [];
  for (const [name, read] of Object.entries(READS)) {
    const call = (desk: CheckpointedDesk) => async (): Promise<void> => {
      try {
        await read(desk);
      } catch {
        // The unknown id.
      }
    };
    const [ours, base] = [median(await timed(ROUNDS, call(longDesk))), median(await timed(ROUNDS, call(fewDesk)))];
    const stall = await longestStall(async () => {
      await call(longDesk)();
      // The delay is noted after it.
      await setTimeout(5);
    });
    rows.push({
      ...{ n: 6.2, name, floor: "with few records", ratio: ours / base, spread: 1, target: "" },
      what: `${name}, longest stall ${stall.toFixed(0)} ms`,
      ours: `${ours.toFixed(1)} ms`,
      base: `${base.toFixed(1)} ms`,
    });
  }
  for (const desk of desks) await desk.journal.close();
  return rows;
}
