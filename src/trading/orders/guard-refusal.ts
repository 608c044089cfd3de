/** Why checks refuse an order, and what the human can do about the first of them. */
import type { ErrorDetails } from "../../domain/errors/error.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { quoteForShell } from "../../lib/shell.ts";

interface RefusedOrder {
  readonly id: string;
  readonly state: string;
}

/** The details of a GUARD_BLOCKED. `blocks` holds the checks that block, the first to fail first. */
export function refusalDetails(order: RefusedOrder, blocks: readonly Check[]): ErrorDetails {
  const [first] = blocks;
  const more = blocks.length > 1 ? ` (and ${blocks.length - 1} more)` : "";
  const guard = first?.guard ?? "";
  return { id: order.id, guard, message: `${first?.message ?? "a guard"}${more}`, next: nextStep(order, guard) };
}

/** Only a guard has a rule in desk.toml. */
function nextStep({ id, state }: RefusedOrder, guard: string): string {
  const quoted = quoteForShell(id);
  switch (guard) {
    case "trading-state":
      return "qoc resume; while trading is reducing, an order that reduces a position passes";
    case "replaced-order":
    case "cancelled-order":
      return state === "proposed" ? `qoc reject ${quoted}` : `qoc orders show ${quoted}`;
    default:
      return `qoc orders show ${quoted}; change the order, or the rule in desk.toml`;
  }
}
