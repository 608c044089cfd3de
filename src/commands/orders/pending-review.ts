/** `qoc status` on a terminal: select a proposal, read its review, approve or reject it, until the user is done. */
import { QocError } from "../../domain/errors/error.ts";
import type { ReviewedOrder } from "../../domain/orders/review-view.ts";
import type { PendingProposal, StatusView } from "../../domain/status-view.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandSession, Prompter } from "../command.ts";
import { approveReviewed, displayOrder, refusalOf } from "./approval-flow.ts";
import { waitForFill } from "./wait-for-fill.ts";

const ACTIONS = ["approve", "reject", "back"] as const;
/** Of an order that would be refused. */
const ACTIONS_IF_BLOCKED = ["reject", "back"] as const;
const DONE = "done";

/** How often a menu that waits asks the desk what waits now. */
const LOOK_EVERY_MS = 2_000;

type Pending = readonly PendingProposal[];

/** A menu of one person: another terminal, an agent or an editor may change the list at any time. */
interface Menu {
  readonly session: CommandSession;
  readonly prompter: Prompter;
  readonly everyMs: number;
}

export async function reviewPending(
  session: CommandSession,
  prompter: Prompter,
  proposals: Pending,
  { everyMs = LOOK_EVERY_MS }: { readonly everyMs?: number } = {},
): Promise<void> {
  const menu: Menu = { session, prompter, everyMs };
  let pending = proposals;
  while (pending.length > 0) {
    const labels = pending.map(
      ({ id, sentence, decision }) => `${id}  ${sentence ?? ""}  [guards: ${decision ?? "not evaluated"}]`,
    );
    const shown = pending;
    const answer = await selectUntil(menu, "Select an order to review", [...labels, DONE], (now) =>
      isSameList(shown, now),
    );
    if ("changed" in answer) {
      for (const line of changeLines(shown, answer.changed)) session.progress.line(line);
      pending = answer.changed;
      continue;
    }
    const proposal = answer.index === undefined ? undefined : pending[answer.index];
    if (proposal === undefined) return;
    await decide(menu, proposal.id);
    pending = await reviewableProposals(session);
  }
}

type MenuAnswer = { readonly index: number | undefined } | { readonly changed: Pending };

/** The selected label, or what waits now if `isCurrent` is false for it before the person has chosen. */
async function selectUntil(
  { session, prompter, everyMs }: Menu,
  message: string,
  labels: readonly string[],
  isCurrent: (now: Pending) => boolean,
): Promise<MenuAnswer> {
  const chosen = new AbortController();
  const withdrawn = new AbortController();
  const signal = AbortSignal.any([chosen.signal, session.signal]);
  const change = async (): Promise<Pending> => {
    for (;;) {
      await sleep(everyMs, undefined, { signal });
      const now = await reviewableProposals(session);
      if (!isCurrent(now)) return now;
    }
  };
  // Also a desk that went down withdraws the question.
  const changed = change().finally(() => withdrawn.abort());
  changed.catch(() => undefined);
  try {
    const index = await prompter.select(message, labels, withdrawn.signal);
    if (index !== undefined || !withdrawn.signal.aborted) return { index };
  } finally {
    chosen.abort();
  }
  return { changed: await changed };
}

function isSameList(before: Pending, after: Pending): boolean {
  const listOf = (list: Pending): string => JSON.stringify(list.map(({ id, sentence }) => [id, sentence]));
  return listOf(before) === listOf(after);
}

function changeLines(before: Pending, after: Pending): readonly string[] {
  const has = (list: Pending, id: string): boolean => list.some((proposal) => proposal.id === id);
  return [
    ...before.filter(({ id }) => !has(after, id)).map(({ id }) => goneLine(id)),
    ...after.filter(({ id }) => !has(before, id)).map(({ id }) => `${id} waits now too`),
    ...after
      .filter(({ id, sentence }) => before.some((old) => old.id === id && old.sentence !== sentence))
      .map(({ id }) => `${id} was changed`),
  ];
}

function goneLine(id: string): string {
  return `${id} no longer waits: it was decided or withdrawn elsewhere`;
}

async function reviewableProposals(session: CommandSession): Promise<Pending> {
  const { proposals } = (await session.callDesk("status", {})) as StatusView;
  return proposals.filter(({ digest }) => digest !== null);
}

async function decide(menu: Menu, id: string): Promise<void> {
  const { session } = menu;
  try {
    const order = await displayOrder(session, id);
    if (order.state !== "proposed") session.progress.line(`${id} was decided elsewhere: it is ${order.state}`);
    else await askAction(menu, order);
  } catch (error) {
    // Also a refusal of this process: a wrong passphrase.
    const refusal = session.remoteError(error) ?? (error instanceof QocError ? error : undefined);
    if (refusal === undefined || session.isDeskDown(error)) throw error;
    session.progress.line(`${refusal.message}; ${refusal.hint}`);
  }
}

async function askAction(menu: Menu, order: ReviewedOrder): Promise<void> {
  const { session, prompter } = menu;
  const { id } = order;
  const actions = refusalOf(order) === undefined ? ACTIONS : ACTIONS_IF_BLOCKED;
  const answer = await selectUntil(menu, "Action", actions, (now) => now.some((proposal) => proposal.id === id));
  if ("changed" in answer) return session.progress.line(goneLine(id));
  const action = actions[answer.index ?? actions.length - 1];
  if (action !== "approve" && action !== "reject") return;
  if (action === "reject") {
    const comment = await prompter.text("Comment for the agent (optional)");
    return session.show(action, await session.call("reject", { id, comment }));
  }
  const receipt = await approveReviewed(session, prompter, order);
  if (receipt !== undefined) await session.show(action, await waitForFill(session, receipt));
}
