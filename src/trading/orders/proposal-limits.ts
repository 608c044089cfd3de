/** How many proposals an agent may have, and scheduled runs may make in a day. */
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import { refuseDailyProposals } from "../config/daily-limits.ts";
import type { Desk } from "../desk.ts";

/** More proposals than a person reads at once; the agent waits for the decisions. */
export const WAITING_MAX = 20;

type ProposingDesk = Pick<Desk, "clock" | "config" | "proposals" | "state" | "workspace">;

/**
 * Writes a proposal of `actor` if no limit is reached. Proposals that are being written count, so that many calls at
 * once exceed no limit. `isNew`: it is one more that waits, and no edit.
 * @throws TOO_MANY_WAITING, DAILY_LIMIT.
 */
export async function withinProposalLimits<T>(
  desk: ProposingDesk,
  { actor, isNew }: { readonly actor: Actor; readonly isNew: boolean },
  write: () => Promise<T>,
): Promise<T> {
  if (!actor.startsWith("agent:")) return write();
  const { beingWritten } = desk.proposals;
  const unaccepted = isNew ? await authorsOfUnaccepted(desk) : [];
  if (isNew) refuseTooManyWaiting(desk, actor, unaccepted);
  refuseDailyProposals(desk, actor);
  const entry = { actor };
  beingWritten.add(entry);
  try {
    return await write();
  } finally {
    beingWritten.delete(entry);
  }
}

/** The authors of the files that are no orders yet: a person must read these, too. */
async function authorsOfUnaccepted({ state, proposals, workspace }: ProposingDesk): Promise<readonly string[]> {
  return (await workspace.proposals.list()).flatMap((file) => {
    if (state.orders.has(file.id as OrderId) || file.kind === "duplicate") return [];
    const { path } = file;
    if (file.kind === "ok") return [proposals.authors.ofProposal(path, file.text)?.actor ?? file.draft.proposedBy];
    const author = file.digest === undefined ? undefined : proposals.authors.ofDigest(path, file.digest);
    return author === undefined ? [] : [author.actor];
  });
}

/** All runs are one agent. */
function refuseTooManyWaiting({ state, proposals }: ProposingDesk, actor: Actor, unaccepted: readonly string[]): void {
  const agent = agentOf(actor);
  const authors = [
    ...[...state.proposed.values()].map(({ proposedBy }) => proposedBy),
    ...[...proposals.beingWritten].map((entry) => entry.actor),
    ...unaccepted,
  ];
  const count = authors.filter((author) => agentOf(author) === agent).length;
  if (count >= WAITING_MAX) throw new QocError("TOO_MANY_WAITING", { agent, count, limit: WAITING_MAX });
}

function agentOf(actor: string): string {
  return actor.startsWith("agent:run-") ? "agent:run" : actor;
}
