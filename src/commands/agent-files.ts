/** What `files write` refuses to an agent alone, beside the rules of `writeFile` for all; and what it may say of a task. */
import type { Desk } from "../trading/desk.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import { plainPath, refusePath } from "../workspace/path-policy.ts";
import type { FileWrite } from "../workspace/file-write.ts";
import { isArchived } from "../workspace/inbox.ts";
import { issueText } from "../workspace/issue-update.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { ISSUE_STATUSES, isAgentsChange, statusIn } from "../workspace/notes.ts";
import { isProposalPath, isStemTaken } from "../workspace/proposals.ts";
import { isInside } from "../lib/path-containment.ts";

/** @throws PATH_REFUSED, INVALID_INPUT, FILE_CHANGED. */
export async function refuseAgentFile(desk: Desk, actor: Actor, file: FileWrite): Promise<void> {
  if (actor === "human") return;
  const { path } = file;
  // The desk files nothing that stands in the archive already.
  if (isArchived(path)) refusePath(path, "what is done with is for the human to file");
  // Of two files with one name neither can be approved.
  if (isProposalPath(path) && (await isStemTaken(desk.disk, desk.root, path, desk.state.orders.values()))) {
    refusePath(path, "another proposal or an earlier order has this name");
  }
  if (isInside(LAYOUT.issues, path)) await refuseRewrittenStatus(desk, actor, file);
}

/** A task that stands keeps its status, or takes one that the agent may give it by command. */
async function refuseRewrittenStatus(desk: Desk, actor: Actor, { path, text, replaces }: FileWrite): Promise<void> {
  const before = await issueText(desk.root, path);
  if (before === undefined) return;
  // What is judged here is the text that will be replaced, and no other.
  if (digestOf(before) !== replaces) throw new QocError("FILE_CHANGED", { path });
  refuseAgentsStatus("files write", actor, { path, from: statusIn(before), to: statusIn(text) });
}

/** Files say what they like; here stand our words alone. */
function told(status: string): string {
  return ISSUE_STATUSES.find((known) => known === status) ?? "other";
}

/** A status that cannot be read counts as blocked, as in the list of issues; none can be left so. @throws INVALID_INPUT. */
export function refuseAgentsStatus(
  command: string,
  actor: Actor,
  {
    path,
    from = "blocked",
    to,
  }: { readonly path: string; readonly from: string | undefined; readonly to: string | undefined },
): void {
  if (actor === "human" || (to !== undefined && isAgentsChange(from, to))) return;
  const wish = to === undefined ? "its frontmatter stays one that can be read" : `an agent may not make it ${told(to)}`;
  throw new QocError("INVALID_INPUT", { command, message: `${plainPath(path)} is ${told(from)}; ${wish}` });
}
