/** Rules of `files write` for an agent, in addition to the rules of `FileWriter` for everyone. */
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/error.ts";
import type { Actor } from "../../domain/event.ts";
import { isInside } from "../../lib/path-containment.ts";
import type { Desk } from "../../trading/desk.ts";
import type { FileWrite } from "../../workspace/file-write.ts";
import { isArchived } from "../../workspace/inbox.ts";
import { type IssueStore, statusIn } from "../../workspace/issues.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import { refusePath } from "../../workspace/path-policy.ts";
import { isProposalPath } from "../../workspace/proposals.ts";
import { refuseAgentStatus } from "../issues/agent-status-rules.ts";

/** @throws PATH_REFUSED, INVALID_INPUT, FILE_CHANGED. */
export async function refuseAgentWrite(desk: Desk, actor: Actor, file: FileWrite): Promise<void> {
  if (actor === "human") return;
  const { path } = file;
  const { proposals, issues } = desk.workspace;
  if (isArchived(path)) refusePath(path, "only the human files items in the archive");
  // Of two files with one name neither can be approved.
  if (isProposalPath(path) && (await proposals.isStemTaken(path, desk.state.orders.values()))) {
    refusePath(path, "another proposal or an earlier order has this name");
  }
  if (isInside(LAYOUT.issues, path)) await refuseStatusChange(issues, actor, file);
}

/** An existing issue keeps its status, or takes a status that the agent may set by `issues update`. */
async function refuseStatusChange(
  issues: IssueStore,
  actor: Actor,
  { path, text, replaces }: FileWrite,
): Promise<void> {
  const existing = await issues.readText(path);
  if (existing === undefined) return;
  // The status that is checked must be the status of the text that is replaced.
  if (digestOf(existing) !== replaces) throw new QocError("FILE_CHANGED", { path });
  refuseAgentStatus("files write", actor, { path, from: statusIn(existing), to: statusIn(text) });
}
