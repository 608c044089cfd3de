/** `qoc status` on a terminal: select a proposal, read its review, approve or reject it, until the user is done. */
import { QocError } from "../../domain/error.ts";
import type { ReviewedOrder } from "../../domain/review-view.ts";
import type { PendingProposal, StatusView } from "../../domain/status-view.ts";
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
  let pending = proposals;
  while (pending.length > 0) {
    const labels = pending.map(
      ({ id, sentence, decision }) => `${id}  ${sentence ?? ""}  [guards: ${decision ?? "not evaluated"}]`,
    );
    const index = await prompter.select("Select an order to review", [...labels, DONE]);
    const proposal = index === undefined ? undefined : pending[index];
    if (proposal === undefined) return;
    await decide(session, prompter, proposal.id);
    // Another terminal, an agent or an editor may have changed the list meanwhile.
    pending = await reviewableProposals(session);
  }
}

async function reviewableProposals(session: CommandSession): Promise<readonly PendingProposal[]> {
  const { proposals } = (await session.callDesk("status", {})) as StatusView;
  return proposals.filter(({ digest }) => digest !== null);
}

async function decide(session: CommandSession, prompter: Prompter, id: string): Promise<void> {
  try {
    const order = await displayOrder(session, id);
    if (order.state !== "proposed") session.progress.line(`${id} was decided elsewhere: it is ${order.state}`);
    else await askAction(session, prompter, order);
  } catch (error) {
    // Also a refusal of this process: a wrong passphrase.
    const refusal = session.remoteError(error) ?? (error instanceof QocError ? error : undefined);
    if (refusal === undefined || session.isDeskDown(error)) throw error;
    session.progress.line(`${refusal.message}; ${refusal.hint}`);
  }
}

async function askAction(session: CommandSession, prompter: Prompter, order: ReviewedOrder): Promise<void> {
  const { id } = order;
  const actions = refusalOf(order) === undefined ? ACTIONS : ACTIONS_IF_BLOCKED;
  const action = actions[(await prompter.select("Action", actions)) ?? actions.length - 1];
  if (action !== "approve" && action !== "reject") return;
  const receipt =
    action === "approve"
      ? await approveReviewed(session, prompter, order)
      : await session.call("reject", { id, comment: await prompter.text("Comment for the agent (optional)") });
  if (receipt !== undefined) await session.show(action, receipt);
}
