/** `qoc status` on a terminal: pick a proposal, read it, approve or reject it, until nothing is picked. */
import type { PendingProposal } from "../trading/status.ts";
import { approveShown, showOrder } from "./approve-flow.ts";
import { RemoteError } from "./client.ts";
import type { ShownOrder } from "./render-order.ts";
import type { Session } from "./session.ts";

const REVIEW_ACTIONS = ["approve", "reject", "back"] as const;

export async function reviewPending(session: Session, proposals: readonly PendingProposal[]): Promise<void> {
  const { prompt } = session;
  const left = [...proposals];
  if (prompt === undefined) return;
  while (left.length > 0) {
    const choices = left.map(
      ({ id, sentence, decision }) => `${id}  ${sentence ?? ""}  [guards: ${decision ?? "not judged"}]`,
    );
    const picked = await prompt.choose("review which?", choices);
    const proposal = picked === undefined ? undefined : left[picked];
    if (proposal === undefined) return;
    if (await decide(session, prompt, proposal.id)) left.splice(left.indexOf(proposal), 1);
  }
}

/** true: it is decided and leaves the list. */
async function decide(session: Session, prompt: NonNullable<Session["prompt"]>, id: string): Promise<boolean> {
  const order = (await session.call(session.row("orders show"), { id })) as ShownOrder;
  showOrder(session, order);
  const deed = REVIEW_ACTIONS[(await prompt.choose("and now?", REVIEW_ACTIONS)) ?? REVIEW_ACTIONS.length - 1];
  if (deed === "back") return false;
  const row = session.row(deed === "approve" ? "approve" : "reject");
  try {
    const receipt =
      deed === "approve"
        ? await approveShown(session, prompt, row, order)
        : await session.call(row, { id, comment: await prompt.line("why, for the agent: ") });
    if (receipt === undefined) return false;
    await session.show(row, receipt);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    session.note(`${error.message}; ${error.hint}`);
    return false;
  }
}
