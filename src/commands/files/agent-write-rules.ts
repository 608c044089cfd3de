/** Rules of `files write` for an agent, in addition to the rules of `FileWriter` for everyone. */
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { plainName } from "../../domain/untrusted.ts";
import { isInside } from "../../lib/path-containment.ts";
import type { Desk } from "../../trading/desk.ts";
import type { FileWrite } from "../../workspace/file-write.ts";
import { isArchived } from "../../workspace/inbox.ts";
import { type IssueStore, agentWhoOpened, markOpenedBy, statusIn } from "../../workspace/issues.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import { orderOfStem } from "../../domain/fills/fill-state.ts";
import { plainPath, refusePath } from "../../workspace/path-policy.ts";
import { isProposalPath } from "../../workspace/proposals.ts";
import { hasAuthor } from "../../trading/orders/order-authors.ts";
import { refuseAgentStatus } from "../issues/agent-status-rules.ts";
import { recordAuthor } from "../record-file-write.ts";

/** `sources`: what the agent has read. */
interface AgentWrite {
  readonly actor: Actor;
  readonly sources: readonly string[];
}

/**
 * Returns the file as the desk writes it: an issue that an agent opens is marked with that agent, and the author of a
 * proposal or an issue is recorded before it is there.
 * @throws PATH_REFUSED, INVALID_INPUT, FILE_CHANGED, NOT_YOURS.
 */
export async function checkAgentWrite(
  desk: Pick<Desk, "commit" | "proposals" | "state" | "workspace">,
  { actor, sources }: AgentWrite,
  file: FileWrite,
): Promise<FileWrite> {
  if (actor === "human") return file;
  const { path } = file;
  const { proposals, issues } = desk.workspace;
  if (isArchived(path)) refusePath(path, "only the human files items in the archive");
  // Of two files with one name neither can be approved.
  if (isProposalPath(path) && (await proposals.isStemTaken(path, (stem) => orderOfStem(desk.state, stem)))) {
    refusePath(path, "another proposal or an earlier order has this name");
  }
  if (isProposalPath(path)) await refuseForeignProposal(desk, actor, file);
  if (!hasAuthor(path)) return file;
  const checked = isInside(LAYOUT.issues, path) ? await checkIssue(issues, actor, file) : file;
  return { ...checked, beforeWrite: () => recordAuthor(desk, actor, { ...checked, sources }) };
}

/** A proposal belongs to the agent that wrote it, otherwise to the human, also while it cannot be read as an order. */
async function refuseForeignProposal(
  desk: Pick<Desk, "proposals" | "state" | "workspace">,
  actor: Actor,
  { path, replaces }: FileWrite,
): Promise<void> {
  const open = [...desk.state.proposed.values()].find((order) => order.path === path);
  const text = await desk.workspace.proposals.readText(path);
  if (open === undefined && text === undefined) return;
  const writer = text === undefined ? undefined : desk.proposals.authors.ofProposal(path, text)?.actor;
  const author = open?.proposedBy ?? writer ?? "human";
  if (author !== actor)
    throw new QocError("NOT_YOURS", { path: plainPath(path), author: plainName(author) ?? "another author" });
  // The author that is checked must be the author of the text that is replaced.
  if (text !== undefined && digestOf(text) !== replaces) throw new QocError("FILE_CHANGED", { path });
}

async function checkIssue(issues: IssueStore, actor: Actor, file: FileWrite): Promise<FileWrite> {
  const existing = await issues.readText(file.path);
  const refuse = (message: string): never => {
    throw new QocError("INVALID_INPUT", { command: "files write", message: `${plainPath(file.path)}: ${message}` });
  };
  const text = existing === undefined ? markOpenedBy(file.text, actor) : file.text;
  if (text === undefined) return refuse("the frontmatter of a new issue must be readable");
  if (existing !== undefined) {
    refuseStatusChange(existing, actor, file);
    if (agentWhoOpened(file.text) !== agentWhoOpened(existing)) refuse("an agent may not change opened_by");
  }
  // An id that two issues have names neither of them: `qoc run 001` would be refused.
  const twin = await issues.twinOf(file.path, text);
  if (twin !== undefined) refuse(`${plainPath(twin.path)} has the same id; the next free number is ${twin.free}`);
  return { ...file, text };
}

/** An existing issue keeps its status, or takes a status that the agent may set by `issues update`. */
function refuseStatusChange(existing: string, actor: Actor, { path, text, replaces }: FileWrite): void {
  // The status that is checked must be the status of the text that is replaced.
  if (digestOf(existing) !== replaces) throw new QocError("FILE_CHANGED", { path });
  refuseAgentStatus("files write", actor, { path, from: statusIn(existing), to: statusIn(text) });
}
