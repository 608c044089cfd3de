/** `qoc approve` without an id names what could be approved. */
import { expect, it } from "vitest";
import type { CommandSession } from "../../src/commands/command.ts";
import { approveInteractively } from "../../src/commands/orders/approval-flow.ts";
import { QocError } from "../../src/domain/errors/error.ts";

function refusalWith(list: () => Promise<unknown>): Promise<unknown> {
  const session = { prompter: undefined, call: list } as unknown as CommandSession;
  return approveInteractively(session, {}).catch((error: unknown) => error);
}

function waiting(count: number): readonly unknown[] {
  const terms = { side: "buy", quantity: "1", symbol: "AAA", type: "market", timeInForce: "day", connector: "p" };
  return Array.from({ length: count }, (_, index) => ({ id: `20260705-00${index + 1}`, terms }));
}

it.each([
  [
    "one that waits",
    () => Promise.resolve(waiting(1)),
    /approve; waiting: 20260705-001 \(buy 1 AAA market day at p\)$/,
  ],
  ["the newest five of seven", () => Promise.resolve(waiting(7)), /waiting: 2 more, 20260705-003 .*20260705-007 /],
  ["none", () => Promise.resolve([]), /approve; no proposal waits$/],
  ["nothing of a desk that cannot be asked", () => Promise.reject(new QocError("DESK_READ_ONLY", {})), /to approve$/],
])("approve without an id names %s", async (_what, list, words) => {
  expect(await refusalWith(list)).toMatchObject({ code: "USAGE", message: expect.stringMatching(words) as string });
});
