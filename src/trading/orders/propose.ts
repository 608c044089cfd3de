/** Writes a proposal for a human and evaluates the guards on it. It cannot execute anything. */
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import { ProposalError, readProposal } from "../../domain/orders/proposal.ts";
import { boundedList } from "../../domain/bounded-list.ts";
import type { Verdict } from "../../domain/orders/verdict.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import type { Desk } from "../desk.ts";
import { evaluateProposal, guardsEvaluated } from "./evaluate-proposal.ts";
import { type EqualProposal, equalProposals } from "./equal-proposals.ts";
import { dateInZone } from "../market/market-snapshot.ts";
import { withinProposalLimits } from "./proposal-limits.ts";
import { proposedTerms } from "./proposed-terms.ts";
import { ingestProposal } from "./scan-proposals.ts";

export interface ProposedOrder {
  readonly order: OrderRecord;
  readonly verdict: Verdict;
  readonly equal: readonly EqualProposal[];
}

/**
 * Writes the proposal of a document with the fields of a proposal file. `read` lists the sources that the author's
 * commands read. A verdict of "block" is a result, not an error.
 * @throws INVALID_INPUT, TARGET_REFUSED, CONNECTOR_NEEDED, NEEDS_CONNECTOR, TOO_LARGE, TOO_MANY_WAITING, DAILY_LIMIT.
 */
export async function proposeOrder(
  desk: Desk,
  document: Readonly<Record<string, string | undefined>>,
  actor: Actor,
  read: readonly string[] = [],
): Promise<ProposedOrder> {
  const order = await withinProposalLimits(desk, { actor, isNew: true }, () =>
    writeProposal(desk, document, { actor, sources: boundedList(read) }),
  );
  const { verdict } = await evaluateProposal(desk, order);
  desk.publish(guardsEvaluated(order, "propose", verdict));
  const { path, digest } = order;
  await desk.commit({ type: "file.written", path, digest, command: "orders propose", actor });
  return { order, verdict, equal: equalProposals(desk, order) };
}

/** Writes the file and journals the proposal. */
async function writeProposal(
  desk: Desk,
  document: Readonly<Record<string, string | undefined>>,
  { actor, sources }: { readonly actor: Actor; readonly sources: readonly string[] },
): Promise<OrderRecord> {
  const draft = (() => {
    try {
      return readProposal({ ...omitUndefined(document), proposed_by: actor }, "");
    } catch (error) {
      if (error instanceof ProposalError)
        throw new QocError("INVALID_INPUT", { command: "orders propose", message: error.message }, { cause: error });
      throw error;
    }
  })();
  const asked = await proposedTerms(desk, { draft });
  if ("reason" in asked && asked.needs === "correction")
    throw targetRefused(desk, document["cancels"] ?? document["replaces"] ?? "", asked.reason);
  // A file without a connector would wait and count, although the command failed.
  if ("reason" in asked) throw new QocError("CONNECTOR_NEEDED", { reason: asked.reason });
  const day = dateInZone(desk.config.workspace.timezone, desk.clock.now()).replaceAll("-", "");
  const { state } = desk;
  const isUsed = (stem: string): boolean => state.orders.has(stem as OrderRecord["id"]) || isRetired(state, stem);
  const isOrder = !("cancels" in draft) && !("replaces" in draft);
  // The file states the time in force, so that a person reads what is sent.
  const complete = isOrder ? { ...draft, timeInForce: asked.terms.timeInForce } : draft;
  const file = await desk.workspace.proposals.create({ ...complete, sources }, day, isUsed);
  const order = await ingestProposal(desk, file, { actor, sources });
  if (order === undefined) {
    const problem = desk.proposals.problems.get(file.path);
    throw new QocError("NEEDS_CONNECTOR", {
      id: file.id,
      path: file.path,
      reason: problem?.message ?? "the proposal was not accepted",
    });
  }
  return order;
}

/** An order that was never sent is rejected. */
function targetRefused({ state }: Pick<Desk, "state">, id: string, reason: string): QocError {
  const isWaiting = state.orders.get(id as OrderRecord["id"])?.state === "proposed";
  const next = `${isWaiting ? "qoc reject" : "qoc orders show"} ${quoteForShell(id)}`;
  return new QocError("TARGET_REFUSED", { id, reason, next });
}

/**
 * Ingests a file that an agent wrote into a proposal folder, with its author and sources. A scan reports invalid files.
 */
export async function ingestWrittenProposal(
  desk: Desk,
  path: string,
  actor: Actor,
  sources: readonly string[],
): Promise<void> {
  const stem = path.slice(path.lastIndexOf("/") + 1, path.lastIndexOf("."));
  const file = await desk.workspace.proposals.find(stem);
  if (file?.kind === "ok" && file.path === path) await ingestProposal(desk, file, { actor, sources });
}
