/** `qoc status` on a terminal: select a proposal, read its review, approve or reject it, until the user is done. */
import type { PendingProposal } from "../trading/status.ts";
import { approveShown, showOrder } from "./approve-flow.ts";
import { RemoteError } from "./client.ts";
import type { Prompter } from "./prompts.ts";
import type { ShownOrder } from "./render-order.ts";
import type { Session } from "./session.ts";

const REVIEW_ACTIONS = ["approve", "reject", "back"] as const;
const DONE = "done";

export async function reviewPending(session: Session, proposals: readonly PendingProposal[]): Promise<void> {
  const { prompter } = session;
  const remaining = [...proposals];
  if (prompter === undefined) return;
  while (remaining.length > 0) {
    const labels = remaining.map(
      ({ id, sentence, decision }) => `${id}  ${sentence ?? ""}  [guards: ${decision ?? "not evaluated"}]`,
    );
    const index = await prompter.select("Select an order to review", [...labels, DONE]);
    const proposal = index === undefined ? undefined : remaining[index];
    if (proposal === undefined) return;
    if (await decide(session, prompter, proposal.id)) remaining.splice(remaining.indexOf(proposal), 1);
  }
}

/** Returns true if the proposal was approved or rejected, so that it leaves the list. */
async function decide(session: Session, prompter: Prompter, id: string): Promise<boolean> {
  const order = (await session.call(session.row("orders show"), { id })) as ShownOrder;
  showOrder(session, order);
  const action = REVIEW_ACTIONS[(await prompter.select("Action", REVIEW_ACTIONS)) ?? REVIEW_ACTIONS.length - 1];
  if (action === "back") return false;
  const row = session.row(action === "approve" ? "approve" : "reject");
  try {
    const receipt =
      action === "approve"
        ? await approveShown(session, prompter, row, order)
        : await session.call(row, { id, comment: await prompter.text("Comment for the agent (optional)") });
    if (receipt === undefined) return false;
    await session.show(row, receipt);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    session.note(`${error.message}; ${error.hint}`);
    return false;
  }
}
