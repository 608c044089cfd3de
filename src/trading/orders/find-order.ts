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
  const match = known ?? matchOrder(desk, ref);
  if (match.state === "proposed") await rereadProposal(desk, match, refresh);
  return matchOrder(desk, ref);
}

export function matchOrder(desk: Pick<Desk, "archive" | "state" | "proposals">, ref: string): OrderRecord {
  const stem = refStem(ref);
  const problem = [...desk.proposals.problems.values()].find((candidate) => candidate.id === stem);
  const exact = desk.state.orders.get(stem as OrderId);
  // A proposal of before a gap is displayed and rejected; an approval refuses it.
  const isKnown = exact !== undefined && problem?.needs === "another-proposal";
  if (problem !== undefined && !isKnown && (exact?.state ?? "proposed") === "proposed") throw problemError(problem);
  if (problem?.needs === "connector") throw problemError(problem);
  if (exact !== undefined) return exact;
  const matches = idsNamedBy(desk, stem, MATCHES_NAMED + 1);
  const only = matches.length === 1 && matches[0] !== undefined ? desk.state.orders.get(matches[0]) : undefined;
  if (only !== undefined) return only;
  if (matches.length > 1) throw ambiguous(stem, matches);
  throw new QocError("ORDER_NOT_FOUND", { id: ref, suggestion: suggestion(stem, similarIds(desk, stem)) });
}

type KnownOrders = Pick<Desk, "archive" | "state">;
const MATCHES_NAMED = 5;

/** The first ids that begin or end with this part, those in memory before those of the archive. */
function idsNamedBy({ archive, state }: KnownOrders, part: string, most: number): readonly OrderId[] {
  const inMemory = [...state.orders.keys()].filter((id) => isNamedByStem(id, part));
  return [...new Set([...inMemory, ...archive.idsNamedBy(part, most)])].slice(0, most);
}

function ambiguous(id: string, matches: readonly OrderId[]): QocError {
  const count = matches.length > MATCHES_NAMED ? `more than ${MATCHES_NAMED}` : matches.length;
  return new QocError("ID_AMBIGUOUS", { id, count, matches: matches.slice(0, MATCHES_NAMED).join(", ") });
}

const SIMILAR_MAX = 50;

/** Of the archive: ids with another character among the first two or the last two. */
function similarIds({ archive, state }: KnownOrders, stem: string): readonly OrderId[] {
  const parts = [stem.slice(0, -2), stem.slice(2)].filter((part) => part !== "");
  return [...parts.flatMap((part) => archive.idsNamedBy(part, SIMILAR_MAX)), ...state.orders.keys()];
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
