/**
 * The last line before the venue: what leaves is what was approved, once. The terms in hand, the terms in the journal and
 * the digest that the human approved are one and the same; and no order is out that nobody approved.
 */
import { digestTerms } from "../../domain/digest.ts";
import type { OrderRecord } from "../../domain/order-state.ts";
import type { Check } from "../../domain/verdict.ts";
import { block, pass } from "../check-result.ts";
import type { GateInput } from "../input.ts";
import type { GateCheck } from "../check-context.ts";

const key = "exit-point";

export const approvedTermsMatch: GateCheck = {
  key,
  stages: ["dispatch"],
  evaluate: ({ input }) => {
    const record = input.state.orders.get(input.order.id);
    if (record === undefined) return block(key, "EXIT_NO_RECORD", `the journal holds no order ${input.order.id}`);
    const finding =
      termsDiffer(input, record) ?? notApproved(input, record) ?? idDiffers(input, record) ?? sentUnapproved(input);
    return finding ?? pass(key, "what leaves is what was approved");
  },
};

function termsDiffer({ order, approval }: GateInput, record: Readonly<OrderRecord>): Check | undefined {
  const digest = digestTerms(order.terms);
  const figures = { limit: approval?.digest ?? "no approval", actual: digest };
  const all = [approval?.digest, record.digest, digestTerms(record.terms)];
  if (all.every((other) => other === digest)) return undefined;
  return block(key, "EXIT_TERMS_DIFFER", `the terms of ${order.id} are not those that were approved`, figures);
}

/** One submit per approval: the journal must hold this approval, and nothing may have happened to the order since. */
function notApproved({ order, approval }: GateInput, record: Readonly<OrderRecord>): Check | undefined {
  const isJournaled = record.approvals.some(
    (held) => held.digest === approval?.digest && held.at === approval.at && held.expiresAt === approval.expiresAt,
  );
  if (!isJournaled) return block(key, "EXIT_NOT_APPROVED", `the journal holds no such approval of ${order.id}`);
  if (record.state === "approved" && !record.submitted) return undefined;
  return block(key, "EXIT_ALREADY_DECIDED", `${order.id} is ${record.state}; an approval is good for one submit`, {
    actual: record.state,
  });
}

function idDiffers({ order, state }: GateInput, record: Readonly<OrderRecord>): Check | undefined {
  const { clientOrderId } = order;
  const isJournaled = clientOrderId !== undefined && clientOrderId === record.clientOrderId;
  if (isJournaled && state.byClientOrderId.get(clientOrderId) === order.id) return undefined;
  return block(key, "EXIT_CLIENT_ID_DIFFERS", `the client order id of ${order.id} is not the one it was approved with`);
}

/** If one order ever left without an approval, something is broken that must not be fed. */
function sentUnapproved({ state }: GateInput): Check | undefined {
  for (const other of state.inFlight.values()) {
    if (other.submitted && other.approvals.length === 0) {
      return block(
        key,
        "EXIT_SUBMITS_EXCEED_APPROVALS",
        `order ${other.id} was sent without an approval; qoc halt, then qoc journal verify`,
      );
    }
  }
  return undefined;
}
