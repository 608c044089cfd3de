/** A human continues a journal that lacks records: what was proposed before must be proposed again. */
import type { Authority } from "../../domain/authority/authority.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import { isFileStem } from "../../domain/ids.ts";
import { type GapRange, gapDigest, gapLabel } from "../../domain/authority/journal-head.ts";
import { DECIDED_FOLDERS, PROPOSAL_FOLDERS } from "../../workspace/layout.ts";
import { orderFileAt } from "../../workspace/order-folders.ts";
import type { Desk } from "../desk.ts";
import { GAP_CODES, describeGap } from "./journal-gap.ts";
import { markInterruptedUnknown } from "../orders/reconcile.ts";
import { scanQuietly } from "../orders/scan-proposals.ts";

/** The error of a desk that is read-only for a gap. */
export function gapError(gap: GapRange, data?: { readonly gap: GapRange }): QocError {
  return new QocError(GAP_CODES[gap.kind], { reason: describeGap(gap), gap: gapLabel(gap) }, { data });
}

export interface GapAcceptance {
  readonly reason: string;
  /** The digest of the gap that the client displayed. */
  readonly gap: string | undefined;
  readonly authority: Authority | undefined;
}

/**
 * Journals the gap, retires every id that is known from before it, and starts the connectors again. The desk stays
 * halted. The live key signs if the desk has one.
 * @throws the gap's error if the client displayed another gap or none; SIGNATURE_REQUIRED and the like.
 */
export async function acceptGap(desk: Desk, gap: GapRange, acceptance: GapAcceptance): Promise<void> {
  const { reason, authority } = acceptance;
  const shown = gapDigest(gap);
  // `data.gap` is what a human must be shown.
  if (acceptance.gap !== shown) throw gapError(gap, { gap });
  const key = (await desk.authority.hasLiveKey()) ? "live" : "desk";
  const subject = { action: "resume", id: "", digest: digestOf(reason), shown, mode: "" } as const;
  await desk.authority.check({ ...subject, key }, authority);
  if (authority === undefined) throw gapError(gap);
  const retired = await knownIds(desk);
  await desk.record.acceptGap({ type: "journal.gap", ...gap, reason, authority }, retired);
  await markInterruptedUnknown(desk);
  // While the desk was read-only it recorded no state of a connector, and compared nothing with the venues.
  await Promise.allSettled(desk.venues.status().map(({ name }) => desk.venues.restart(name)));
  scanQuietly(desk);
}

const ORDER_FOLDERS = [...PROPOSAL_FOLDERS, ...DECIDED_FOLDERS];

/** Ids of open proposals, of all order files, and of all order files that the file history has. */
async function knownIds({ state, workspace, history }: Desk): Promise<readonly string[]> {
  const files = await Promise.all(ORDER_FOLDERS.map((folder) => workspace.orders.list(folder)));
  const earlier = await history.paths("orders").catch(() => []);
  const ids = [
    ...state.proposed.keys(),
    ...files.flat().map(({ id }) => id),
    ...earlier.map((path) => orderFileAt(path).id),
  ];
  const isOpen = (id: string): boolean => state.orders.get(id as never)?.state === "proposed";
  // An order that the journal decided needs no entry: its id is taken.
  return [...new Set(ids)].filter((id) => isFileStem(id) && (isOpen(id) || !state.orders.has(id as never)));
}
