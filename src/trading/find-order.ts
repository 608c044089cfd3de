/** Finds the order that a person's words mean: an id, a unique prefix of one, or a path. */
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { OrderId } from "../domain/ids.ts";
import type { OrderRecord } from "../domain/order-state.ts";
import type { Desk } from "./desk.ts";
import { refreshProtectionPrice, scanProposals } from "./scan-proposals.ts";

function stemOf(words: string): string {
  const name = words.split("/").at(-1) ?? words;
  return name.replace(/\.(toml|ya?ml|json)$/i, "");
}

/** A proposal's file is read again first, so that an edit of a moment ago is judged as it stands. @throws ORDER_NOT_FOUND and its siblings. */
export async function findOrder(desk: Desk, words: string): Promise<OrderRecord> {
  if (desk.readOnly() !== undefined) return matchOrder(desk, words);
  const known = desk.state.orders.get(stemOf(words.trim()) as OrderId);
  if (known === undefined) await scanProposals(desk);
  // A scan trusts a file that looks unchanged; what was asked for, by its name or a part of it, is read all the same.
  const named = known ?? matchOrder(desk, words);
  if (named.state === "proposed") await refreshProtectionPrice(desk, named);
  return matchOrder(desk, words);
}

export function matchOrder(desk: Pick<Desk, "state" | "proposals">, words: string): OrderRecord {
  const stem = stemOf(words.trim());
  const problem = [...desk.proposals.problems.values()].find((candidate) => candidate.id === stem);
  const exact = desk.state.orders.get(stem as OrderId);
  if (problem !== undefined && (exact === undefined || exact.state === "proposed" || problem.needs === "connector")) {
    throw problemError(problem);
  }
  if (exact !== undefined) return exact;
  const matches =
    stem === "" ? [] : [...desk.state.orders.keys()].filter((id) => id.toLowerCase().startsWith(stem.toLowerCase()));
  const only = matches.length === 1 && matches[0] !== undefined ? desk.state.orders.get(matches[0]) : undefined;
  if (only !== undefined) return only;
  if (matches.length > 1)
    throw new QocError("ID_AMBIGUOUS", { id: stem, count: matches.length, matches: matches.slice(0, 5).join(", ") });
  throw new QocError("ORDER_NOT_FOUND", { id: words, suggestion: suggestion(stem, desk.state.orders.keys()) });
}

function problemError(problem: { id: string; path: string; message: string; needs: string }): QocError {
  switch (problem.needs) {
    case "connector":
      return new QocError("NEEDS_CONNECTOR", { id: problem.id, path: problem.path, reason: problem.message });
    case "another-name":
      return new QocError("ID_DUPLICATE", { id: problem.id, paths: `${problem.path}; ${problem.message}` });
    default:
      return new QocError("PROPOSAL_INVALID", { path: problem.path, message: problem.message });
  }
}
