/** Finds an order by its id, a unique prefix or suffix of its id, or a path. */
import { QocError } from "../../domain/errors/error.ts";
import { type OrderId, isNamedByStem, refStem, suggestion } from "../../domain/ids.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { Desk } from "../desk.ts";
import { type Refresh, rereadProposal, scanProposals } from "./scan-proposals.ts";

/**
 * Reads a proposal's file again first, so that a recent edit counts. For a review, its protection price follows the
 * market. @throws ORDER_NOT_FOUND, ID_AMBIGUOUS and the like.
 */
export async function findOrder(desk: Desk, ref: string, refresh?: Refresh): Promise<OrderRecord> {
  if (desk.readOnly() !== undefined) return matchOrder(desk, ref);
  const known = desk.state.orders.get(refStem(ref) as OrderId);
  if (known === undefined) await scanProposals(desk);
  // A scan skips a file whose stat is unchanged; the requested proposal is always read.
  const match = known ?? (await matchOrder(desk, ref));
  if (match.state === "proposed") await rereadProposal(desk, match, refresh);
  return matchOrder(desk, ref);
}

export async function matchOrder(
  desk: Pick<Desk, "archive" | "state" | "proposals">,
  ref: string,
): Promise<OrderRecord> {
  const stem = refStem(ref);
  const problem = [...desk.proposals.problems.values()].find((candidate) => candidate.id === stem);
  const exact = desk.state.orders.get(stem as OrderId);
  // A proposal of before a gap is displayed and rejected; an approval refuses it.
  const isKnown = exact !== undefined && problem?.needs === "another-proposal";
  if (problem !== undefined && !isKnown && (exact?.state ?? "proposed") === "proposed") throw problemError(problem);
  if (problem?.needs === "connector") throw problemError(problem);
  if (exact !== undefined) return exact;
  const ids = new Set([...((await desk.archive.ids()) as readonly OrderId[]), ...desk.state.orders.keys()]);
  const matches = [...ids].filter((id) => isNamedByStem(id, stem));
  const only = matches.length === 1 && matches[0] !== undefined ? desk.state.orders.get(matches[0]) : undefined;
  if (only !== undefined) return only;
  if (matches.length > 1)
    throw new QocError("ID_AMBIGUOUS", { id: stem, count: matches.length, matches: matches.slice(0, 5).join(", ") });
  throw new QocError("ORDER_NOT_FOUND", { id: ref, suggestion: suggestion(stem, ids) });
}

function problemError(problem: { id: string; path: string; message: string; needs: string }): QocError {
  switch (problem.needs) {
    case "connector":
      return new QocError("NEEDS_CONNECTOR", { id: problem.id, path: problem.path, reason: problem.message });
    case "another-proposal":
      return new QocError("PROPOSE_AGAIN", { id: problem.id });
    case "another-name":
      return new QocError("ID_DUPLICATE", { id: problem.id, paths: `${problem.path}; ${problem.message}` });
    default:
      return new QocError("PROPOSAL_INVALID", { path: problem.path, message: problem.message });
  }
}
