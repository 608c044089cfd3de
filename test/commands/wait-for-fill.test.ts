/** The wait for the fill of an approved order: whatever happens in it, the receipt of the approval is kept. */
import { expect, it } from "vitest";
import type { CommandSession } from "../../src/commands/command.ts";
import { waitForFill } from "../../src/commands/orders/wait-for-fill.ts";

const RECEIPT = { id: "20260101-001", state: "accepted" };

function sessionThat(call: () => Promise<unknown>, signal = new AbortController().signal): CommandSession {
  // A desk that stopped is not asked by its journal, which would be read at each poll.
  const local = (): never => expect.fail("the journal was read");
  return { isTty: true, flags: { json: false }, call: local, callDesk: call, signal } as unknown as CommandSession;
}

it("has the fill if it comes", async () => {
  const filled = { state: "filled", filled: "1", averagePrice: "3" };
  expect(
    await waitForFill(
      sessionThat(() => Promise.resolve(filled)),
      RECEIPT,
      1,
    ),
  ).toEqual({ ...RECEIPT, ...filled });
});

it("keeps the receipt if the desk stops meanwhile", async () => {
  const session = sessionThat(() => Promise.reject(new Error("the desk is not up")));
  expect(await waitForFill(session, RECEIPT, 1)).toEqual(RECEIPT);
});

it("keeps the receipt if the person stops waiting", async () => {
  const interrupt = new AbortController();
  const working = { state: "accepted", filled: "0", averagePrice: null };
  const session = sessionThat(() => {
    interrupt.abort();
    return Promise.resolve(working);
  }, interrupt.signal);
  expect(await waitForFill(session, RECEIPT, 60)).toEqual(RECEIPT);
});
