/** The menu of `qoc status`: what another terminal does meanwhile is seen. */
import { describe, expect, it } from "vitest";
import type { CommandSession, Prompter } from "../../src/commands/command.ts";
import { reviewPending } from "../../src/commands/orders/pending-review.ts";
import { QocError } from "../../src/domain/errors/error.ts";
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
    signal: new AbortController().signal,
    progress: { line: (line: string) => void lines.push(line) },
    display: () => undefined,
    remoteError: () => undefined,
    isDeskDown: () => false,
    call: (_command: string, { id }: { id: string }) => {
      const state = states[id] ?? "proposed";
      if (state instanceof QocError) return Promise.reject(state);
      return Promise.resolve({ id, state, review: state === "proposed" ? { checks: [] } : null });
    },
    callDesk: () => {
      const list = lists[++looks];
      return list === undefined ? Promise.reject(DOWN) : Promise.resolve({ proposals: list.map(proposal) });
    },
  } as unknown as CommandSession;
  const quick = {
    select: (message: string, labels: readonly string[]) => {
      if (message === "Action") return Promise.resolve(labels.indexOf("back"));
      shown.push(labels.map((label) => label.split(" ")[0] ?? ""));
      return Promise.resolve(0);
    },
  } as unknown as Prompter;
  const run = (prompter = quick) =>
    reviewPending(session, prompter, (lists[0] ?? []).map(proposal), { everyMs: prompter === quick ? 60_000 : 1 });
  return { run, shown, lines };
}

const DOWN = new QocError("DESK_DOWN", {});

/** A person who answers with the next of `answers`, and with "wait" not before the question is withdrawn. */
function person(...answers: readonly (number | "wait")[]) {
  const asked: (readonly string[])[] = [];
  const select: Prompter["select"] = async (_message, labels, withdrawn) => {
    asked.push(labels.map((label) => label.split(" ")[0] ?? ""));
    const answer = answers[asked.length - 1] ?? labels.length - 1;
    if (answer !== "wait") return answer;
    await new Promise((resolve) => withdrawn?.addEventListener("abort", resolve, { once: true }));
    return undefined;
  };
  return { asked, prompter: { select } as unknown as Prompter };
}

describe("a menu that waits", () => {
  it("shows what waits now when another terminal decides or an agent proposes, and goes on", async () => {
    const { run, lines } = menu(
      [
        ["a", "b"],
        ["a", "b"],
        ["b", "c"],
      ],
      {},
    );
    const { asked, prompter } = person("wait");
    await run(prompter);
    expect(asked).toEqual([
      ["a", "b", "done"],
      ["b", "c", "done"],
    ]);
    expect(lines).toEqual(["a no longer waits: it was decided or withdrawn elsewhere", "c waits now too"]);
  });

  it("ends when nothing waits any more", async () => {
    const { run, lines } = menu([["a"], []], {});
    await run(person("wait").prompter);
    expect(lines).toEqual(["a no longer waits: it was decided or withdrawn elsewhere"]);
  });

  it("asks for no action on an order that was decided meanwhile", async () => {
    const { run, lines } = menu([["a", "b"], ["a", "b"], ["b"], ["b"]], {});
    const { asked, prompter } = person(0, "wait");
    await run(prompter);
    expect(asked).toEqual([
      ["a", "b", "done"],
      ["approve", "reject", "back"],
      ["b", "done"],
    ]);
    expect(lines).toEqual(["a no longer waits: it was decided or withdrawn elsewhere"]);
  });

  it("ends with the reason if the desk goes down", async () => {
    const { run } = menu([["a"]], {});
    await expect(run(person("wait").prompter)).rejects.toBe(DOWN);
  });
});

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
