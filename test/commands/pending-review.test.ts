/** The menu of `qoc status`: what another terminal does meanwhile is seen. */
import { expect, it } from "vitest";
import type { CommandSession, Prompter } from "../../src/commands/command.ts";
import { reviewPending } from "../../src/commands/orders/pending-review.ts";
import { QocError } from "../../src/domain/error.ts";
import type { PendingProposal } from "../../src/domain/status-view.ts";

function proposal(id: string): PendingProposal {
  const facts = {
    path: `orders/pending/${id}.toml`,
    digest: `sha256:${id}`,
    decision: "allow",
    checkedAt: null,
  } as const;
  return { id, ...facts, needs: "approval", sentence: `buy 1 ${id}`, untrusted: null };
}

/** A desk whose list changes after each look; `states` are those of the orders when they are opened. */
function menu(lists: readonly (readonly string[])[], states: Readonly<Record<string, string | QocError>>) {
  const shown: (readonly string[])[] = [];
  const lines: string[] = [];
  let looks = 0;
  const session = {
    progress: { line: (line: string) => void lines.push(line) },
    display: () => undefined,
    remoteError: () => undefined,
    isDeskDown: () => false,
    call: (_command: string, { id }: { id: string }) => {
      const state = states[id] ?? "proposed";
      if (state instanceof QocError) return Promise.reject(state);
      return Promise.resolve({ id, state, review: state === "proposed" ? { checks: [] } : null });
    },
    callDesk: () => Promise.resolve({ proposals: (lists[++looks] ?? []).map(proposal) }),
  } as unknown as CommandSession;
  const prompter = {
    select: (message: string, labels: readonly string[]) => {
      if (message === "Action") return Promise.resolve(labels.indexOf("back"));
      shown.push(labels.map((label) => label.split(" ")[0] ?? ""));
      return Promise.resolve(0);
    },
  } as unknown as Prompter;
  const run = () => reviewPending(session, prompter, (lists[0] ?? []).map(proposal));
  return { run, shown, lines };
}

it("lists what waits now after each look at an order", async () => {
  const { run, shown } = menu([["a", "b"], ["b", "c"], []], {});
  await run();
  expect(shown).toEqual([
    ["a", "b", "done"],
    ["b", "c", "done"],
  ]);
});

it("says that an order was decided by another terminal, and does not ask about it", async () => {
  const { run, lines } = menu([["a"], []], { a: "filled" });
  await run();
  expect(lines).toEqual(["a was decided elsewhere: it is filled"]);
});

it("goes on after a refusal, for example of a file that is gone", async () => {
  const { run, lines, shown } = menu([["a"], ["b"], []], { a: new QocError("FILE_NOT_FOUND", { path: "a.toml" }) });
  await run();
  expect(lines).toEqual(["a.toml does not exist; qoc files list"]);
  expect(shown).toHaveLength(2);
});
