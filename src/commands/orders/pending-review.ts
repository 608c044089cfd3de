/** `qoc status` on a terminal: select a proposal, read its review, approve or reject it, until the user is done. */
import type { PendingProposal } from "../../domain/status-view.ts";
import { QocError } from "../../domain/error.ts";
import type { CommandSession, Prompter } from "../command.ts";
import { approveReviewed, displayOrder, refusalOf } from "./approval-flow.ts";

const ACTIONS = ["approve", "reject", "back"] as const;
/** Of an order that would be refused. */
const ACTIONS_IF_BLOCKED = ["reject", "back"] as const;
const DONE = "done";

export async function reviewPending(
  session: CommandSession,
  prompter: Prompter,
  proposals: readonly PendingProposal[],
): Promise<void> {
  const pending = [...proposals];
  while (pending.length > 0) {
    const labels = pending.map(
      ({ id, sentence, decision }) => `${id}  ${sentence ?? ""}  [guards: ${decision ?? "not evaluated"}]`,
    );
    const index = await prompter.select("Select an order to review", [...labels, DONE]);
    const proposal = index === undefined ? undefined : pending[index];
    if (proposal === undefined) return;
    if (await decide(session, prompter, proposal.id)) pending.splice(pending.indexOf(proposal), 1);
  }
}

/** Returns true if the proposal was approved or rejected, so that it leaves the list. */
async function decide(session: CommandSession, prompter: Prompter, id: string): Promise<boolean> {
  const order = await displayOrder(session, id);
  const actions = refusalOf(order) === undefined ? ACTIONS : ACTIONS_IF_BLOCKED;
  const action = actions[(await prompter.select("Action", actions)) ?? actions.length - 1];
  if (action !== "approve" && action !== "reject") return false;
  try {
    const receipt =
      action === "approve"
        ? await approveReviewed(session, prompter, order)
        : await session.call("reject", { id, comment: await prompter.text("Comment for the agent (optional)") });
    if (receipt === undefined) return false;
    await session.show(action, receipt);
    return true;
  } catch (error) {
    // Also a refusal of this process: a wrong passphrase.
    const refusal = session.remoteError(error) ?? (error instanceof QocError ? error : undefined);
    if (refusal === undefined) throw error;
    session.progress.line(`${refusal.message}; ${refusal.hint}`);
    return false;
  }
}
