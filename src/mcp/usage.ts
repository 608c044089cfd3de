import type { CommandEntry } from "../commands/command-entry.ts";
import type { Usage } from "./tokens.ts";

/**
 * What one call uses of its caller's limits. A call that names a file counts as a proposal only if the file is under
 * orders/.
 */
export function usageOf({ writes }: Pick<CommandEntry, "writes">, input: unknown, inputBytes: () => number): Usage {
  const { path } = (input ?? {}) as { readonly path?: unknown };
  const isProposal = writes.some(isOrders) && (path === undefined || isOrders(path));
  return { calls: 1, bytes: writes.length === 0 ? 0 : inputBytes(), proposals: isProposal ? 1 : 0 };
}

function isOrders(path: unknown): boolean {
  return typeof path === "string" && path.startsWith("orders/");
}
