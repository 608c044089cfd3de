/**
 * The guard gate: every rule on one order, and the only maker of cleared orders. Pure: it reads nothing but its input, and
 * whatever goes wrong in it blocks.
 */
import type { GuardConfig } from "../domain/guard-config.ts";
import type { Order } from "../domain/order.ts";
import { type Check, type Verdict, verdictOf } from "../domain/verdict.ts";
import { failed, unavailable } from "./check-result.ts";
import { type Cleared, mint } from "./cleared.ts";
import { type CheckContext, checkContextOf } from "./check-context.ts";
import { runGuard } from "./guards/registry.ts";
import type { GateInput } from "./input.ts";
import { CHECKS } from "./checks/registry.ts";

/**
 * All rules: the always-on ones, then those of `desk.toml` in its order, the disabled ones left out. None is skipped
 * because an earlier one blocked; the first block is the stated reason. Never throws.
 */
export function evaluate(input: GateInput): Verdict {
  try {
    const context = checkContextOf(input);
    const always = CHECKS.filter(({ stages }) => stages.includes(input.stage)).map(({ key, evaluate: check }) =>
      guarded(key, () => check(context)),
    );
    if (always.length === 0) return verdictOf([unavailable("gate", `there is no stage ${String(input.stage)}`)]);
    const configured = input.guards.filter(isEnabled).map((guard) => {
      const key = guard.kind === "built-in" ? guard.options.key : guard.key;
      return guarded(key, () => (guard.kind === "built-in" ? runGuard(guard, context) : answerOf(key, context)));
    });
    return verdictOf([...always, ...configured]);
  } catch (error) {
    return verdictOf([failed("gate", error)]);
  }
}

/**
 * The binding evaluation, at dispatch. Where nothing blocks, the order comes back cleared: a frozen copy that the host takes
 * and nothing else. The caller holds the dispatch mutex, and writes the intent before it lets go.
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

/** A rule that throws, or answers with anything but a clear yes, is a block. */
function guarded(key: string, run: () => Check): Check {
  try {
    const check = run();
    if (check.decision === "allow" || check.decision === "block") return check;
    return failed(key, new Error(`it answered ${JSON.stringify(check)}`));
  } catch (error) {
    return failed(key, error);
  }
}

/** The operator's own guards ran before the mutex; without an answer the order waits. Any block among several counts. */
function answerOf(key: string, { input }: CheckContext): Check {
  const answers = input.custom.filter((check) => check.guard === key);
  return (
    answers.find((check) => check.decision !== "allow") ?? answers[0] ?? unavailable(key, "the guard has not answered")
  );
}
