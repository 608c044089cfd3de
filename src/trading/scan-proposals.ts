/**
 * Reads both proposal folders and journals what changed: a new file, an edited one, a missing one. The files are how people
 * and agents propose; the journal is what the desk acts on.
 */
import { digestTerms } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import type { ConnectorName, OrderId } from "../domain/ids.ts";
import type { OrderTerms } from "../domain/order.ts";
import type { OrderRecord } from "../domain/order-state.ts";
import { type ProposalDraft, type RouteTarget, routeProposal, termsOf } from "../domain/proposal.ts";
import { decimal } from "../domain/decimal.ts";
import { tightestCollar, isWorseThan, needsProtection, protectionPrice, bestPrice } from "../gate/protection.ts";
import { LAYOUT } from "../workspace/layout.ts";
import type { ProposalFile, ReadableProposal } from "../workspace/proposals.ts";
import type { Desk } from "./desk.ts";
import { evaluateProposal, guardsEvaluated } from "./evaluate-proposal.ts";
import { fetchMarketSnapshot } from "./market-snapshot.ts";
import { alert } from "./order-files.ts";

/** A file must stay away this long, over two scans, before its absence is a rejection. */
const MISSING_MS = 5_000;

/** A scan leaves the venue alone for this long about a proposal that stays as it is; who asks for it by name asks the venue. */
const LOOK_AGAIN_MS = 60_000;
type Look = "now" | "when due";

/** One scan at a time; a second caller waits for a fresh one, so that it sees files written before it asked. */
export async function scanProposals(desk: Desk): Promise<void> {
  while (desk.proposals.scanning !== undefined) await desk.proposals.scanning;
  const running = scanOnce(desk).finally(() => {
    desk.proposals.scanning = undefined;
  });
  desk.proposals.scanning = running;
  await running;
}

/** A file that a hand moved among the approved ones approves nothing: it goes back to wait for a human. */
async function returnMisplacedFiles(desk: Desk): Promise<void> {
  for (const file of await desk.workspace.orders.list(LAYOUT.ordersApproved)) {
    const { id, path } = file;
    const order = desk.state.orders.get(id as OrderId);
    if (order !== undefined && order.state !== "proposed") continue;
    const target = await desk.workspace.orders.moveToProposed(file);
    if (target === undefined) continue;
    desk.log.warn(`${path} was moved there by hand; that approves nothing, it waits in ${target}`);
    const text = `Moving a file approves nothing. It waits in ${target}; read it with \`qoc orders show ${id}\`.`;
    await alert(
      desk,
      desk.clock.now(),
      desk.state.seq,
      `moved-${id}`,
      `${id} was moved into orders/approved by hand`,
      text,
    );
  }
}

async function scanOnce(desk: Desk): Promise<void> {
  await returnMisplacedFiles(desk);
  const files = await desk.workspace.proposals.list();
  const seen = new Set<string>();
  desk.proposals.problems.clear();
  for (const file of files) {
    seen.add(file.id);
    await take(desk, file, "when due");
  }
  noticeMissing(desk, seen);
  for (const id of desk.proposals.looked.keys())
    if (!desk.state.proposed.has(id as OrderId)) desk.proposals.looked.delete(id);
}

async function take(desk: Desk, file: ProposalFile, look: Look): Promise<void> {
  desk.proposals.problems.delete(file.path);
  if (file.kind === "ok") {
    const order = await ingestProposal(desk, file, "human", [], look);
    // What a hand wrote or edited is judged once as it stands, so that the list says what the guards think.
    if (order?.state !== "proposed" || order.verdicts.at(-1)?.digest === order.digest) return;
    const { verdict } = await evaluateProposal(desk, order);
    if (isStillOpen(order)) desk.publish(guardsEvaluated(order, "propose", verdict));
    return;
  }
  desk.proposals.problems.set(file.path, {
    id: file.id,
    path: file.path,
    message: file.kind === "duplicate" ? `the same id stands in ${file.others.join(", ")}` : file.message,
    needs: file.kind === "duplicate" ? "another-name" : "correction",
  });
}

/** The book moves while the market is asked. */
function isStillOpen({ state }: Readonly<OrderRecord>): boolean {
  return state === "proposed";
}

/** Reads one proposal's file again, so that an edit of a moment ago counts. A file that is gone is told as such. */
export async function refreshProtectionPrice(desk: Desk, order: Readonly<OrderRecord>): Promise<void> {
  const file = await desk.workspace.proposals.find(order.id);
  if (file !== undefined) await take(desk, file, "now");
  else if (order.state === "proposed") throw new QocError("FILE_NOT_FOUND", { path: order.path });
}

/** Journals one readable proposal where it is new or edited. Answers the order, or undefined where it cannot be routed. */
export async function ingestProposal(
  desk: Desk,
  file: ReadableProposal,
  actor: Actor,
  sources: readonly string[] = [],
  look: Look = "now",
): Promise<OrderRecord | undefined> {
  const id = file.id as OrderId;
  const known = desk.state.orders.get(id);
  if (known !== undefined && known.state !== "proposed") {
    desk.proposals.problems.set(file.path, {
      id,
      path: file.path,
      message: `${id} was used before (it is ${known.state}); a new proposal needs a new name`,
      needs: "another-name",
    });
    return undefined;
  }
  const route = routeProposal(file.draft, routeTargets(desk));
  if ("reason" in route) {
    desk.proposals.problems.set(file.path, { id, path: file.path, message: route.reason, needs: "connector" });
    return undefined;
  }
  const terms = await termsFor(desk, file, route.to, known, look);
  const digest = digestTerms(terms);
  const path = file.path;
  // Someone else may have taken it while the market was asked, or decided on it: that stands.
  const now = desk.state.orders.get(id);
  if (now !== undefined && !isStillOpen(now)) return now;
  const written = desk.proposals.authors.of(file.text);
  const proposedBy = authorOf(file, actor, now, written?.actor);
  const read = sources.length === 0 && written?.actor === proposedBy ? written.sources : sources;
  const isKnown = now !== undefined && now.digest === digest && now.source === file.text && now.path === path;
  const isTold = now?.proposedBy === proposedBy && read.every((source) => now.sources?.includes(source) === true);
  if (isKnown && isTold) return now;
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
    ...(file.draft.issue === undefined ? {} : { issue: file.draft.issue }),
    ...(file.draft.researchRef === undefined ? {} : { researchRef: file.draft.researchRef }),
    ...(read.length === 0 ? {} : { sources: read }),
  });
  return desk.state.orders.get(id);
}

/**
 * An agent's name is the desk's word, and stays with its proposal whoever edits the file, and with its text wherever that is
 * found; of a file that someone else put there, what it says itself counts.
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

export function routeTargets(desk: Desk): readonly RouteTarget[] {
  return desk.config.connectors.map((connector) => ({
    name: connector.name as ConnectorName,
    enabled: connector.enabled,
    orders: connector.orders,
    venues: connector.venues,
    mode: desk.venues.facts(connector.name)?.mode ?? connector.mode ?? "unstated",
  }));
}

/** Market and stop orders carry a protection price; it is derived anew only where the market has left it behind. */
async function termsFor(
  desk: Desk,
  { id, draft }: ReadableProposal,
  target: RouteTarget,
  known: OrderRecord | undefined,
  look: Look,
): Promise<OrderTerms> {
  const plain = termsOf(draft, target);
  if (!needsProtection(plain)) return plain;
  const before = known?.terms.protectionPrice;
  const asBefore = before === undefined ? plain : { ...plain, protectionPrice: before };
  const isSame = known !== undefined && digestTerms(asBefore) === known.digest;
  if (isSame && look === "when due" && !isDue(desk, id)) return asBefore;
  desk.proposals.looked.set(id, desk.clock.monotonic());
  const view = await fetchMarketSnapshot(desk, target.name, draft.symbol);
  if (isSame && before !== undefined) {
    const isLeft = view.quote !== undefined && isWorseThan(draft.side, bestPrice(plain, view.quote), decimal(before));
    if (!isLeft) return asBefore;
  }
  const derived = protectionPrice(plain, view.quote, tightestCollar(desk.config.guards), view.instrument ?? undefined);
  return termsOf(draft, target, derived);
}

function isDue({ proposals, clock }: Desk, id: string): boolean {
  const looked = proposals.looked.get(id);
  return looked === undefined || clock.monotonic() - looked >= LOOK_AGAIN_MS;
}

/** A proposal whose file stays away is a human's rejection without comment. */
function noticeMissing(desk: Desk, seen: ReadonlySet<string>): void {
  const mono = desk.clock.monotonic();
  for (const order of desk.state.proposed.values()) {
    if (seen.has(order.id)) {
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
        reason: "its file was removed",
        actor: "human",
      });
    }
  }
}

/** A background scan: what goes wrong is logged, never thrown. */
export function scanQuietly(desk: Desk): void {
  if (desk.readOnly() !== undefined) return;
  scanProposals(desk).catch((error: unknown) =>
    desk.log.error(`scan of proposals: ${messageOf(error)}`, { code: error instanceof QocError ? error.code : "" }),
  );
}
