/** The changes of an issue's status that an agent may make. */
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { ISSUE_STATUSES, mayAgentSetStatus } from "../../workspace/issues.ts";
import { plainPath } from "../../workspace/path-policy.ts";

interface StatusChange {
  readonly path: string;
  /** undefined: the status cannot be read. It counts as blocked, as in the list of issues. */
  readonly from: string | undefined;
  /** undefined: the new text has no readable status, which no agent may write. */
  readonly to: string | undefined;
}

/** @throws INVALID_INPUT. */
export function refuseAgentStatus(command: string, actor: Actor, { path, from = "blocked", to }: StatusChange): void {
  if (actor === "human" || (to !== undefined && mayAgentSetStatus(from, to))) return;
  const rule =
    to === undefined ? "its frontmatter must stay readable" : `an agent may not set it to ${plainStatus(to)}`;
  throw new QocError("INVALID_INPUT", { command, message: `${plainPath(path)} is ${plainStatus(from)}; ${rule}` });
}

/** A file may contain any text as its status; a message repeats only the desk's own words. */
function plainStatus(status: string): string {
  return ISSUE_STATUSES.find((known) => known === status) ?? "other";
}
