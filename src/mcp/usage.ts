import type { CommandEntry } from "../commands/command-entry.ts";
import type { Usage } from "./tokens.ts";

/** More than a command that writes nothing needs. */
const READ_BYTES = 4_096;

/**
 * What one call uses of its caller's limits. Calls wait with their input until others end, so that of a command that
 * writes nothing the bytes above {@link READ_BYTES} count, too. A call that names a file counts as a proposal only if
 * the file is under orders/.
 */
export function usageOf({ writes }: Pick<CommandEntry, "writes">, input: unknown, inputBytes: () => number): Usage {
  const { path } = (input ?? {}) as { readonly path?: unknown };
  const isProposal = writes.some(isOrders) && (path === undefined || isOrders(path));
  const bytes = writes.length === 0 ? Math.max(0, inputBytes() - READ_BYTES) : inputBytes();
  return { calls: 1, bytes, proposals: isProposal ? 1 : 0 };
}

function isOrders(path: unknown): boolean {
  return typeof path === "string" && path.startsWith("orders/");
}
