/**
 * Reads both proposal folders and journals the changes: new, edited and missing files. People and agents propose by
 * files; the desk acts on the journal.
 */
import { digestTerms } from "../../domain/digest.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import type { OrderTerms } from "../../domain/orders/order.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { ProposalDraft } from "../../domain/orders/proposal.ts";
import { decimal } from "../../domain/decimal.ts";
import {
  bestPrice,
  hasLeftMarket,
  isBeyondCollar,
  isWorseThan,
  needsProtection,
  protectionPrice,
  tightestCollar,
} from "../../gate/protection.ts";
import { resolvesWithin } from "../../lib/resolves-within.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import type { ProposalFile, ReadableProposal } from "../../workspace/proposals.ts";
import { keepVerdict } from "./current-verdicts.ts";
import type { Desk, ProposalProblem } from "../desk.ts";
import { evaluateProposal, guardsEvaluated } from "./evaluate-proposal.ts";
import { type MarketOf, sharedMarkets } from "../market/shared-markets.ts";
import { orderPath, writeAlert } from "../projections/order-files.ts";
import { proposedTerms } from "./proposed-terms.ts";

/** A file must be missing this long, over two scans, before its absence is a rejection. */
const MISSING_MS = 5_000;

/** A scan refreshes the protection price of an unchanged proposal at most this often. */
const REFRESH_MS = 60_000;
/** Of one scan: a desk that moves any number of files is late for the human's commands. */
export const MOVED_MAX = 50;
/** The quotes of a slow venue that so many files need are requested together. */
const READ_AT_ONCE = 50;
/** Of one scan, the newest; the others are evaluated by later scans. */
export const JUDGED_MAX = 50;
/** A scan does not wait longer for slow venues and guards. The decision is journaled when it is there. */
const JUDGED_MS = 1_500;

/**
 * When the protection price of an unchanged proposal is computed again. "exceeded": now, if the market is beyond it or
 * further from it than the collar, so that an approval keeps the digest that the human saw while its price is true.
 * "follow": now, also if the market has moved within the collar. "when due": as "follow", once in REFRESH_MS.
 */
export type Refresh = "exceeded" | "follow" | "when due";

/**
 * One scan runs at a time. Callers that come meanwhile share the next one, so that each sees the files written before
 * its call, and none waits for more than two scans.
 */
export function scanProposals(desk: Desk): Promise<void> {
  const { proposals } = desk;
  proposals.nextScan ??= afterScan(proposals.scanning).then(() => {
    proposals.nextScan = undefined;
    const running = scanOnce(desk).finally(() => (proposals.scanning = undefined));
    proposals.scanning = running;
    return running;
  });
  return proposals.nextScan;
}

/** The error of a scan is thrown to those that waited for it. */
async function afterScan(scanning: Promise<void> | undefined): Promise<void> {
  await scanning?.catch(() => undefined);
}

interface ReturnedFiles {
  readonly isAny: boolean;
  /** The files that cannot be moved, for example because their names are not UTF-8: the scan goes on without them. */
  readonly problems: readonly ProposalProblem[];
}

/** A file that someone moved into orders/approved approves nothing: it is moved back and waits for a human. */
async function returnMisplacedFiles(desk: Pick<Desk, "clock" | "log" | "state" | "workspace">): Promise<ReturnedFiles> {
  let moved = 0;
  const problems: ProposalProblem[] = [];
  for (const file of await desk.workspace.orders.list(LAYOUT.ordersApproved)) {
    if (moved + problems.length === MOVED_MAX) break;
    const { id, path } = file;
    const order = desk.state.orders.get(id as OrderId);
    if (order !== undefined && order.state !== "proposed") continue;
    const target = await desk.workspace.orders.moveToProposed(file).catch((error: unknown) => {
      const message = `approves nothing, and cannot be moved to ${LAYOUT.ordersProposed}: ${messageOf(error)}`;
      problems.push({ id, path, message, needs: "another-name" });
    });
    if (target === undefined) continue;
    moved += 1;
    desk.log.warn(`${path} was moved there by hand, which approves nothing; it waits in ${target}`);
    const text = `Moving a file approves nothing. It waits in ${target}; read it with \`qoc orders show ${id}\`.`;
    await writeAlert(desk, {
      at: desk.clock.now(),
      seq: desk.state.seq,
      topic: `moved-${id}`,
      title: `${id} was moved into orders/approved by hand`,
      text,
    });
  }
  return { isAny: moved > 0, problems };
}

async function scanOnce(desk: Desk): Promise<void> {
  const { proposals } = desk.workspace;
  const [returned, found] = await Promise.all([returnMisplacedFiles(desk), proposals.list()]);
  const files = returned.isAny ? await proposals.list() : found;
  const seen = new Set<string>();
  desk.proposals.problems.clear();
  for (const problem of returned.problems) desk.proposals.problems.set(problem.path, problem);
  const marketOf = sharedMarkets(desk);
  const unjudged: Readonly<OrderRecord>[] = [];
  for (let at = 0; at < files.length; at += READ_AT_ONCE) {
    const slice = files.slice(at, at + READ_AT_ONCE);
    for (const { id } of slice) seen.add(id);
    const read = await Promise.all(slice.map((file) => readFile(desk, file, { refresh: "when due", marketOf })));
    for (const order of read) if (order !== undefined && isUnjudged(desk, order)) unjudged.push(order);
  }
  for (const { id, path } of desk.state.proposed.values())
    if (isRetired(desk.state, id)) desk.proposals.problems.set(path, retiredProblem(id, path));
  rejectMissing(desk, seen);
  for (const id of desk.proposals.refreshedAt.keys())
    if (!desk.state.proposed.has(id as OrderId)) desk.proposals.refreshedAt.delete(id);
  const judged = Promise.all(unjudged.slice(-JUDGED_MAX).map((order) => judge(desk, order, marketOf)));
  await resolvesWithin(desk.clock, JUDGED_MS, judged);
}

function retiredProblem(id: string, path: string): ProposalProblem {
  const message = `${id} is from before a gap in the journal, so its decision may be lost; propose it under a new id`;
  return { id, path, message, needs: "another-proposal" };
}

async function processFile(desk: Desk, file: ProposalFile, refresh: Refresh): Promise<void> {
  const marketOf = sharedMarkets(desk);
  const order = await readFile(desk, file, { refresh, marketOf });
  if (order !== undefined && isUnjudged(desk, order)) await judge(desk, order, marketOf);
}

/** Returns the order of a readable file. */
async function readFile(desk: Desk, file: ProposalFile, reading: FileReading): Promise<OrderRecord | undefined> {
  desk.proposals.problems.delete(file.path);
  if (file.kind === "ok") return ingestProposal(desk, file, { actor: "human", ...reading });
  desk.proposals.problems.set(file.path, {
    id: file.id,
    path: file.path,
    message: file.kind === "duplicate" ? `the same id is used by ${file.others.join(", ")}` : file.message,
    needs: file.kind === "duplicate" ? "another-name" : "correction",
  });
  return undefined;
}

/** A file that was written or edited by hand is evaluated once, so that lists show the guards' decision. */
function isUnjudged(desk: Pick<Desk, "venues" | "market">, order: Readonly<OrderRecord>): boolean {
  if (!isStillOpen(order) || order.verdicts.at(-1)?.digest === order.digest) return false;
  // The verdict would say that the connector is starting, and stay.
  return !isStarting(desk, order.terms.connector);
}

/** Journals the guards' decision. Does nothing if the proposal is being evaluated. */
async function judge(desk: Desk, order: Readonly<OrderRecord>, marketOf: MarketOf): Promise<void> {
  const { judging } = desk.proposals;
  const { id, digest } = order;
  const key = `${id} ${digest}`;
  if (judging.has(key)) return;
  judging.add(key);
  try {
    // A cancel needs no market data.
    const market = order.terms.cancels === undefined ? marketOf(order.terms) : undefined;
    const { verdict } = await evaluateProposal(desk, order, market);
    // The order may be decided or edited while the market data is fetched.
    const current = desk.state.proposed.get(id);
    if (current?.digest !== digest || current.verdicts.at(-1)?.digest === digest) return;
    desk.publish(guardsEvaluated(order, "propose", verdict));
    keepVerdict(desk, order, verdict);
  } finally {
    judging.delete(key);
  }
}

function isStarting({ venues, market }: Pick<Desk, "venues" | "market">, connector: string): boolean {
  const state = venues.facts(connector)?.state;
  return state === "starting" || (state === "ready" && !market.reconciled.has(connector));
}

/** The order may be decided while the market data is fetched. */
function isStillOpen({ state }: Readonly<OrderRecord>): boolean {
  return state === "proposed";
}

/** Reads one proposal's file again, so that a recent edit counts. @throws FILE_NOT_FOUND if the file is gone. */
export async function rereadProposal(
  desk: Desk,
  order: Readonly<OrderRecord>,
  refresh: Refresh = "exceeded",
): Promise<void> {
  const file = await desk.workspace.proposals.find(order.id, order.path);
  if (file !== undefined) await processFile(desk, file, refresh);
  else if (order.state === "proposed") throw new QocError("FILE_NOT_FOUND", { path: order.path });
}

interface FileReading {
  readonly refresh?: Refresh;
  /** By default each proposal requests its own. */
  readonly marketOf?: MarketOf;
}

interface IngestOptions extends FileReading {
  /** The author, unless the proposal has one already. */
  readonly actor: Actor;
  /** The sources that the author's commands read. */
  readonly sources?: readonly string[];
}

/** Journals one readable proposal if it is new or edited. Returns undefined if it has no terms. */
export async function ingestProposal(
  desk: Desk,
  file: ReadableProposal,
  { actor, sources = [], refresh = "exceeded", marketOf = sharedMarkets(desk) }: IngestOptions,
): Promise<OrderRecord | undefined> {
  const id = file.id as OrderId;
  const known = desk.state.orders.get(id);
  if (known !== undefined && known.state !== "proposed") {
    if (await isOwnFile(desk, known, file)) return undefined;
    desk.proposals.problems.set(file.path, {
      id,
      path: file.path,
      message: `${id} was used before (it is ${known.state}); a new proposal needs a new name`,
      needs: "another-name",
    });
    return undefined;
  }
  if (isRetired(desk.state, id)) {
    desk.proposals.problems.set(file.path, retiredProblem(id, file.path));
    return undefined;
  }
  const proposed = await proposedTerms(desk, file, known);
  if ("reason" in proposed) {
    const { reason: message, needs } = proposed;
    desk.proposals.problems.set(file.path, { id, path: file.path, message, needs });
    return undefined;
  }
  const terms = await withProtection(desk, id, { terms: proposed.terms, known, refresh, marketOf });
  const digest = digestTerms(terms);
  const path = file.path;
  // The proposal may have been ingested or decided by another caller while the market data was fetched.
  const current = desk.state.orders.get(id);
  if (current !== undefined && !isStillOpen(current)) return current;
  const written = desk.proposals.authors.of(file.text);
  const proposedBy = authorOf(file, actor, current, written?.actor);
  const sourcesRead = sources.length === 0 && written?.actor === proposedBy ? written.sources : sources;
  const isUnchanged =
    current !== undefined && current.digest === digest && current.source === file.text && current.path === path;
  const hasAuthor =
    current?.proposedBy === proposedBy && sourcesRead.every((source) => current.sources?.includes(source) === true);
  if (isUnchanged && hasAuthor) return current;
  desk.publish({
    type: "proposal.seen",
    id,
    path,
    source: file.text,
    terms,
    digest,
    rationale: file.draft.rationale,
    proposedBy,
    actor,
    issue: file.draft.issue,
    researchRef: file.draft.researchRef,
    venue: file.draft.venue,
    sources: sourcesRead.length === 0 ? undefined : sourcesRead,
  });
  return desk.state.orders.get(id);
}

/** A file that was decided moves to the folder of its state soon after the decision. */
const MOVED_MS = 5_000;

/** The file of a decided order that the desk has not moved yet. A file that is written later is a new proposal. */
async function isOwnFile(
  { clock, workspace }: Pick<Desk, "clock" | "workspace">,
  order: Readonly<OrderRecord>,
  { path, text }: ReadableProposal,
): Promise<boolean> {
  if (order.path !== path || order.source !== text) return false;
  return clock.now() - (order.history.at(-1)?.at ?? 0) < MOVED_MS || !(await workspace.orders.has(orderPath(order)));
}

/**
 * The desk sets the author of an agent's proposal. The author stays the same if another party edits the file, and if
 * the same text appears in another file. Other files name their author themselves.
 */
function authorOf(
  { draft, text }: { draft: ProposalDraft; text: string },
  actor: Actor,
  known: OrderRecord | undefined,
  writer: Actor | undefined,
): string {
  if (actor.startsWith("agent:")) return actor;
  if (known !== undefined && (known.source === text || known.proposedBy.startsWith("agent:"))) return known.proposedBy;
  return writer ?? (draft.proposedBy === "" ? actor : draft.proposedBy);
}

interface ProtectedTerms {
  readonly terms: OrderTerms;
  readonly known: OrderRecord | undefined;
  readonly refresh: Refresh;
  readonly marketOf: MarketOf;
}

/** Market and stop orders have a protection price. */
async function withProtection(
  desk: Desk,
  id: OrderId,
  { terms, known, refresh, marketOf }: ProtectedTerms,
): Promise<OrderTerms> {
  if (terms.cancels !== undefined || !needsProtection(terms)) return terms;
  const before = known?.terms.protectionPrice;
  const unchanged = before === undefined ? terms : { ...terms, protectionPrice: before };
  const isSame = known !== undefined && digestTerms(unchanged) === known.digest;
  if (isSame && refresh === "when due" && !isDue(desk, id)) return unchanged;
  desk.proposals.refreshedAt.set(id, desk.clock.monotonic());
  const view = await marketOf(terms);
  const collar = tightestCollar(desk.config.guards);
  if (isSame && before !== undefined) {
    if (view.quote === undefined) return unchanged;
    const [market, protection] = [bestPrice(terms, view.quote), decimal(before)];
    const isExceeded =
      isWorseThan(terms.side, market, protection) || isBeyondCollar(market, protection, collar, view.instrument);
    const hasMoved = refresh !== "exceeded" && hasLeftMarket(market, protection, collar);
    if (!isExceeded && !hasMoved) return unchanged;
  }
  const derived = protectionPrice(terms, view.quote, collar, view.instrument ?? undefined);
  return derived === undefined ? terms : { ...terms, protectionPrice: derived };
}

function isDue({ proposals, clock }: Desk, id: string): boolean {
  const refreshedAt = proposals.refreshedAt.get(id);
  return refreshedAt === undefined || clock.monotonic() - refreshedAt >= REFRESH_MS;
}

/** A proposal whose file stays missing is rejected by the human without a comment. */
function rejectMissing(desk: Pick<Desk, "clock" | "commit" | "proposals" | "state">, seen: ReadonlySet<string>): void {
  const mono = desk.clock.monotonic();
  for (const order of desk.state.proposed.values()) {
    // A file that moved in the lost records is no decision of now.
    if (seen.has(order.id) || isRetired(desk.state, order.id)) {
      desk.proposals.missing.delete(order.id);
      continue;
    }
    const since = desk.proposals.missing.get(order.id);
    if (since === undefined) desk.proposals.missing.set(order.id, mono);
    else if (mono - since >= MISSING_MS) {
      desk.proposals.missing.delete(order.id);
      void desk.commit({
        type: "order.rejected",
        id: order.id,
        by: "human",
        reason: "",
        fileRemoved: true,
        actor: "host",
      });
    }
  }
}

/** A scan in the background: errors are logged, never thrown. */
export function scanQuietly(desk: Desk): void {
  if (desk.readOnly() !== undefined) return;
  scanProposals(desk).catch((error: unknown) =>
    desk.log.error(`scan of proposals: ${messageOf(error)}`, { code: error instanceof QocError ? error.code : "" }),
  );
}
