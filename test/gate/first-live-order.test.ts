import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/gate/gate.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { checkOf, inputOf } from "../support/gate-case.ts";
import { type TermsDraft, amount, scenario } from "../support/journal-scenario.ts";

const POSITIONS = [{ symbol: "AAPL", quantity: "60", markPrice: "100" }];

function desk() {
  return scenario().desk().account("paper", { positions: POSITIONS });
}
function ask(mode: "paper" | "live" | "unstated", order: TermsDraft, filled: readonly string[] = []) {
  const input = inputOf(desk(), { ...order, mode } as TermsDraft);
  const state = { ...input.state, liveFilled: new Set(filled) };
  const connector = { ...input.connector, mode, firstOrderNotional: amount("100") };
  const found = evaluate({ ...input, state, connector } as GateInput).checks.filter(
    ({ guard }) => guard === "first-live-order",
  );
  return found.length === 0 ? "not evaluated" : checkOf({ checks: found } as never, "first-live-order").code;
}

describe("first-live-order", () => {
  const limit = (quantity: string): TermsDraft => ({ side: "buy", quantity, type: "limit", limitPrice: "100" });

  it.each(["live", "unstated"] as const)("takes at most first_order_notional before a fill (%s)", (mode) => {
    expect(ask(mode, limit("1"))).toBe("OK");
    expect(ask(mode, limit("1.01"))).toBe("FIRST_ORDER_TOO_LARGE");
  });

  it("takes any size once an order was filled at the connector, and none elsewhere counts", () => {
    expect(ask("live", limit("30"), ["paper"])).toBe("OK");
    expect(ask("live", limit("30"), ["another"])).toBe("FIRST_ORDER_TOO_LARGE");
  });

  it("does not concern paper orders", () => {
    expect(ask("paper", limit("30"))).toBe("not evaluated");
  });

  it("lets an order through that strictly reduces a position", () => {
    expect(ask("live", { side: "sell", quantity: "30", type: "limit", limitPrice: "100" })).toBe("OK");
  });
});
