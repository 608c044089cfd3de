/** The next step after a refusal fits the check that refuses. */
import { expect, it } from "vitest";
import { QocError } from "../../../src/domain/errors/error.ts";
import type { Check } from "../../../src/domain/orders/verdict.ts";
import { refusalDetails } from "../../../src/trading/orders/guard-refusal.ts";

const check = (guard: string): Check => ({ guard, decision: "block", code: "X", message: `${guard} says no` });

it.each([
  ["max-order-nav", "proposed", "qoc orders show a1; change the order, or the rule in desk.toml"],
  ["trading-state", "proposed", "qoc resume; while trading is reducing, an order that reduces a position passes"],
  ["replaced-order", "proposed", "qoc reject a1"],
  ["cancelled-order", "proposed", "qoc reject a1"],
  ["replaced-order", "denied", "qoc orders show a1"],
] as const)("%s of an order that is %s: %s", (guard, state, hint) => {
  const error = new QocError("GUARD_BLOCKED", refusalDetails({ id: "a1", state }, [check(guard), check("other")]));
  expect(error).toMatchObject({ hint, message: `refused: ${guard} says no (and 1 more)` });
});
