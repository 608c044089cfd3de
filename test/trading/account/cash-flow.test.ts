import { expect, it } from "vitest";
import { systemClock } from "../../../src/app/system.ts";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import { recordCashFlow } from "../../../src/trading/account/cash-flow.ts";
import { amount, scenario } from "../../support/journal-scenario.ts";

it("a currency of the venue is in quotes in a command, if a shell would take it for more", async () => {
  const state = foldDeskState(scenario().desk().account("paper", { currency: "USD;. ./*" }).records());
  const desk = { state, clock: systemClock } as Parameters<typeof recordCashFlow>[0];
  const flow = {
    connector: "paper" as ConnectorName,
    kind: "deposit",
    amount: amount("5"),
    currency: "USD",
    note: "x",
  };
  await expect(
    recordCashFlow(desk, { ...flow, kind: "deposit" }, { actor: "human", authority: undefined }),
  ).rejects.toMatchObject({
    code: "FLOW_AMOUNT",
    hint: `type: qoc account flow paper 'AMOUNT_IN_USD;. ./*' --kind deposit -m "what it was"`,
  });
});
