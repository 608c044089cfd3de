/** Restores a file from a revision of the file history. @throws HOST_OWNED for files that follow the journal. */
import { QocError } from "../../domain/errors/error.ts";
import { LAYOUT, isHostOwned } from "../../workspace/layout.ts";
import type { Desk } from "../desk.ts";
import { isInside } from "../../lib/path-containment.ts";

export async function restoreFile(
  desk: Pick<Desk, "history" | "state" | "workspace">,
  path: string,
  revision: string,
): Promise<{ path: string; bytes: Uint8Array }> {
  if (isHostOwned(path) && !isInside(LAYOUT.snapshots, path)) throw new QocError("HOST_OWNED", { path });
  // The revision is meant as of now: the commit that follows moves HEAD.
  const bytes = await desk.history.read(revision, path);
  const target = await freshName(desk, path);
  // What is there now may be an edit that no revision has yet.
  await desk.workspace.files.restore(target, bytes, () => desk.history.keep(target));
  desk.history.request(`restored ${target} from ${revision}`, "human");
  return { path: target, bytes };
}

/** A restored proposal gets a new name: the old id may have been decided, and ids are used once. */
async function freshName(desk: Pick<Desk, "state" | "workspace">, path: string): Promise<string> {
  const isProposal = isInside(LAYOUT.ordersPending, path) || isInside(LAYOUT.ordersProposed, path);
  if (!isProposal) return path;
  const dot = path.lastIndexOf(".");
  for (let n = 2; ; n++) {
    const candidate = `${path.slice(0, dot)}-r${n}${path.slice(dot)}`;
    const stem = candidate.slice(candidate.lastIndexOf("/") + 1, candidate.lastIndexOf("."));
    const isTaken = desk.state.stems.has(stem.toLowerCase());
    if (!isTaken && !(await desk.workspace.files.exists(candidate))) return candidate;
  }
}
