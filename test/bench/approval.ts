/** One approval, timed, and its floor: two flushes of a journal around a bare request. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/app/system.ts";
import { openJournal } from "../../src/bus/journal.ts";
import type { SigningRequest } from "../../src/domain/authority/authority.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { quietLog } from "../support/quiet-log.ts";
import type { TempDesk } from "../support/temp-desk.ts";

interface Draft {
  readonly id: string;
  readonly digest: string;
}

export function propose(desk: TempDesk, terms: Readonly<Record<string, string>>): Promise<Draft> {
  return desk.call<Draft>("orders propose", { ...terms, rationale: "bench" });
}

/** Resolves when no order is in flight, and what the orders caused is in files. */
export async function atRest(desk: TempDesk): Promise<void> {
  while (desk.open.desk.state.inFlight.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await desk.settled();
}

/** The time from the decision to the venue's acknowledgement, ms. The review and the signature come before it. */
export async function approvalTime(desk: TempDesk, { id, digest }: Draft): Promise<number> {
  // Projections are written after the response; those of the previous order must not count for this one.
  await desk.settled();
  const { signing } = await desk.call<{ signing: SigningRequest }>("approve", { id, review: true });
  const signed = { shown: signing.statement.shown, authority: await desk.sign(signing) };
  const started = performance.now();
  await desk.call("approve", { id, digest, ...signed });
  return performance.now() - started;
}

interface Floor {
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `request` between two flushes of a journal of its own, after `read`. */
export async function openFloor(
  request: () => Promise<unknown>,
  read: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Floor> {
  const dir = join(mkdtempSync(join(tmpdir(), "qoc-bench-")), "journal");
  const { journal } = await openJournal({ disk: nodeDisk(), dir, clock: systemClock, log: quietLog() });
  const flush = (): Promise<void> | undefined =>
    journal?.append({ type: "order.accepted", id: "x" as never, venueOrderId: "y" as never }, { durable: true })
      .committed;
  return {
    run: async () => {
      await read();
      await flush();
      await request();
      await flush();
    },
    close: async () => journal?.close(),
  };
}
