/** A symbol that a connector does not list: the nearest that it lists is named wherever the symbol was typed. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderProposal } from "../../src/commands/orders/propose.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});
const order = { connector: "paper", side: "buy", quantity: "1", type: "market", rationale: "x" };

it.each([
  ["spx", "SPX"],
  ["SPXX", "SPX"],
  ["APPL", "AAPL"],
  ["MFST", "MSFT"],
])("%s: did you mean %s?", async (symbol, near) => {
  const words = `(did you mean ${near}?)`;
  expect((await desk.call<any>("quotes get", { symbol })).reason).toContain(words);
  expect((await desk.call<any>("bars get", { symbol })).reason).toContain(words);
  const { id, verdict } = await desk.call<any>("orders propose", { ...order, symbol });
  expect(verdict.reasons[0].message).toBe(`paper does not list ${symbol} ${words}`);
  const status = await desk.call<any>("status");
  expect(status.proposals.find((proposal: any) => proposal.id === id).reason).toContain(words);
});

it("a person sees the cause once; the checks that only follow from it are counted", async () => {
  const report = await desk.call<any>("orders propose", { ...order, symbol: "spx", quantity: "3" });
  const paint = (_shade: string, text: string): string => text;
  const lines = renderProposal(report, { isTty: true, columns: 80, paint });
  expect(lines[1]).toBe("✗ order-validity: paper does not list spx (did you mean SPX?)");
  expect(lines[2]).toMatch(/^✗ \d other checks cannot be evaluated without a listed symbol$/);
  expect(renderProposal(report, { isTty: false, columns: 80, paint }).length).toBeGreaterThan(lines.length);
});

it("a symbol far from all others gets no suggestion", async () => {
  expect((await desk.call<any>("quotes get", { symbol: "ZZZZZZ" })).reason).not.toContain("did you mean");
});

it("a symbol that is not listed is one warning in the log, without a stack", async () => {
  const quote = () => desk.open.fleet.venues.quote("paper" as never, "ZZTOP" as never);
  for (let n = 0; n < 3; n++) await expect(quote()).rejects.toThrow("not listed");
  const lines = async () =>
    (await desk.services.readLogs({ tail: 200, connector: "paper" })).filter(({ message }) =>
      /getQuote failed: "(ZZTOP|ZZEND)"/.test(String(message)),
    );
  // The warning of a later call is in the log after all of those before it.
  await expect(desk.open.fleet.venues.quote("paper" as never, "ZZEND" as never)).rejects.toThrow("not listed");
  await expect.poll(async () => (await lines()).length).toBe(2);
  expect(JSON.stringify(await lines())).not.toMatch(/stack|index\.[tj]s/);
});
