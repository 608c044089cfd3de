/**
 * The guard gate: evaluates all checks and guards on one order, and is the only maker of cleared orders. Pure: it reads
 * only its input. Any failure inside it blocks the order.
 */
import type { GuardConfig } from "../domain/config/guard-config.ts";
import type { Order } from "../domain/orders/order.ts";
import { type Check, type Verdict, verdictOf } from "../domain/orders/verdict.ts";
import { failed, unavailable } from "./check-result.ts";
import { type Cleared, mint } from "./cleared.ts";
import { type CheckContext, checkContextOf } from "./check-context.ts";
import { runGuard } from "./guards/registry.ts";
import type { GateInput } from "./input.ts";
import { CHECKS } from "./checks/registry.ts";

/**
 * Runs the always-on checks, then the enabled guards in the order of `desk.toml`. A block does not skip the later ones;
 * the first block is the stated reason. Never throws.
 */
export function evaluate(input: GateInput): Verdict {
  try {
    const context = checkContextOf(input);
    const { terms } = input.order;
    const checks = CHECKS.filter(
      ({ stages, appliesTo }) => stages.includes(input.stage) && (appliesTo === undefined || appliesTo(terms)),
    ).map(({ key, evaluate: check }) => guarded(key, () => check(context)));
    if (checks.length === 0) return verdictOf([unavailable("gate", `unknown stage ${String(input.stage)}`)]);
    const configured = input.guards.filter(isEnabled).map((guard) => {
      const key = guard.kind === "built-in" ? guard.options.key : guard.key;
      return guarded(key, () => (guard.kind === "built-in" ? runGuard(guard, context) : customResult(key, context)));
    });
    return verdictOf([...checks, ...configured]);
  } catch (error) {
    return verdictOf([failed("gate", error)]);
  }
}

/**
 * The binding evaluation at dispatch. If nothing blocks, returns the cleared order: a frozen copy, the only form of an
 * order that the host accepts. The caller journals the intent before its next `await`, so no other approval can run in
 * between.
 */
export function clear(input: GateInput): { readonly verdict: Verdict; readonly cleared?: Cleared<Order> } {
  const verdict = evaluate({ ...input, stage: "dispatch" });
  if (verdict.decision !== "allow") return { verdict };
  const { id, clientOrderId, terms } = input.order;
  if (clientOrderId === undefined)
    return { verdict: verdictOf([unavailable("gate", "the order has no client order id")]) };
  return { verdict, cleared: mint<Order>({ id, clientOrderId, terms }) };
}

function isEnabled(guard: GuardConfig): boolean {
  return (guard.kind === "built-in" ? guard.options.enabled : guard.enabled) !== false;
}

/** A check or guard that throws, or returns no valid decision, blocks. */
function guarded(key: string, run: () => Check): Check {
  try {
    const check = run();
    if (check.decision === "allow" || check.decision === "block") return check;
    return failed(key, new Error(`it returned ${JSON.stringify(check)}`));
  } catch (error) {
    return failed(key, error);
  }
}

/**
 * The result of a custom guard, which ran before this evaluation. Without a result the order is blocked. A block wins.
 */
function customResult(key: string, { input }: CheckContext): Check {
  const results = input.custom.filter((check) => check.guard === key);
  return (
    results.find((check) => check.decision !== "allow") ??
    results[0] ??
    unavailable(key, "the guard returned no result")
  );
}
