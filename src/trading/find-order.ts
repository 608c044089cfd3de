/** Finds an order by its id, a unique prefix or suffix of its id, or a path. */
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { OrderId } from "../domain/ids.ts";
import type { OrderRecord } from "../domain/order-state.ts";
import type { Desk } from "./desk.ts";
import { type Refresh, rereadProposal, scanProposals } from "./scan-proposals.ts";

function stemOf(ref: string): string {
  const name = ref.split("/").at(-1) ?? ref;
  return name.replace(/\.(toml|ya?ml|json|md)$/i, "");
}

/**
 * Reads a proposal's file again first, so that a recent edit counts. For a review, its protection price follows the
 * market. @throws ORDER_NOT_FOUND, ID_AMBIGUOUS and the like.
 */
export async function findOrder(desk: Desk, ref: string, refresh?: Refresh): Promise<OrderRecord> {
  if (desk.readOnly() !== undefined) return matchOrder(desk, ref);
  const known = desk.state.orders.get(stemOf(ref.trim()) as OrderId);
  if (known === undefined) await scanProposals(desk);
  // A scan skips a file whose stat is unchanged; the requested proposal is always read.
  const match = known ?? matchOrder(desk, ref);
  if (match.state === "proposed") await rereadProposal(desk, match, refresh);
  return matchOrder(desk, ref);
}

export function matchOrder(desk: Pick<Desk, "state" | "proposals">, ref: string): OrderRecord {
  const stem = stemOf(ref.trim());
  const problem = [...desk.proposals.problems.values()].find((candidate) => candidate.id === stem);
  const exact = desk.state.orders.get(stem as OrderId);
  // A proposal of before a gap is displayed and rejected; an approval refuses it.
  const isKnown = exact !== undefined && problem?.needs === "another-proposal";
  if (problem !== undefined && !isKnown && (exact?.state ?? "proposed") === "proposed") throw problemError(problem);
  if (problem?.needs === "connector") throw problemError(problem);
  if (exact !== undefined) return exact;
  const matches = stem === "" ? [] : idsLike(desk.state.orders.keys(), stem.toLowerCase());
  const only = matches.length === 1 && matches[0] !== undefined ? desk.state.orders.get(matches[0]) : undefined;
  if (only !== undefined) return only;
  if (matches.length > 1)
    throw new QocError("ID_AMBIGUOUS", { id: stem, count: matches.length, matches: matches.slice(0, 5).join(", ") });
  throw new QocError("ORDER_NOT_FOUND", { id: ref, suggestion: suggestion(stem, desk.state.orders.keys()) });
}

/** The ids that begin or end with the text. */
function idsLike(ids: Iterable<OrderId>, text: string): readonly OrderId[] {
  return [...ids].filter((id) => id.toLowerCase().startsWith(text) || id.toLowerCase().endsWith(text));
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
