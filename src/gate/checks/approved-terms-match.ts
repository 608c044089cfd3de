/**
 * The last check before the venue: the order is sent exactly as it was approved, and once. The terms, the terms in the
 * journal and the approved digest must be equal, and no order in flight may lack an approval.
 */
import { decimal } from "../../domain/decimal.ts";
import { digestTerms } from "../../domain/digest.ts";
import type { OrderTerms } from "../../domain/orders/order.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { block, pass } from "../check-result.ts";
import type { GateInput } from "../input.ts";
import type { GateCheck } from "../check-context.ts";

const key = "exit-point";

export const approvedTermsMatch: GateCheck = {
  key,
  stages: ["dispatch"],
  evaluate: ({ input }) => {
    const record = input.state.orders.get(input.order.id);
    if (record === undefined) return block(key, "EXIT_NO_RECORD", `the journal has no order ${input.order.id}`);
    const finding =
      termsDiffer(input, record) ?? notApproved(input, record) ?? idDiffers(input, record) ?? sentUnapproved(input);
    return finding ?? pass(key, "the order is as it was approved");
  },
};

function termsDiffer({ order, approval }: GateInput, record: Readonly<OrderRecord>): Check | undefined {
  const terms = approvedTerms(order.terms, record);
  const digest = digestTerms(terms);
  const recorded = terms === record.terms ? digest : digestTerms(record.terms);
  const figures = { limit: approval?.digest ?? "no approval", actual: digest };
  const all = [approval?.digest, record.digest, recorded];
  if (all.every((other) => other === digest)) return undefined;
  return block(key, "EXIT_TERMS_DIFFER", `the terms of ${order.id} are not the approved terms`, figures);
}

/**
 * The terms with the approved quantity: a replacement is sent with less if the order before it filled meanwhile, and
 * never with more.
 */
function approvedTerms(terms: OrderTerms, { terms: { quantity } }: Readonly<OrderRecord>): OrderTerms {
  const isLess = terms.replaces !== undefined && decimal(terms.quantity).lte(decimal(quantity));
  return isLess ? { ...terms, quantity } : terms;
}

/** One submit per approval: the journal contains this approval, and the order has not changed since. */
function notApproved({ order, approval }: GateInput, record: Readonly<OrderRecord>): Check | undefined {
  const isJournaled = record.approvals.some(
    ({ digest, at, expiresAt }) =>
      digest === approval?.digest && at === approval.at && expiresAt === approval.expiresAt,
  );
  if (!isJournaled) return block(key, "EXIT_NOT_APPROVED", `the journal has no such approval of ${order.id}`);
  if (record.state === "approved" && !record.submitted) return undefined;
  return block(key, "EXIT_ALREADY_DECIDED", `${order.id} is ${record.state}; an approval is valid for one submit`, {
    actual: record.state,
  });
}

function idDiffers({ order, state }: GateInput, record: Readonly<OrderRecord>): Check | undefined {
  const { clientOrderId } = order;
  const isJournaled = clientOrderId !== undefined && clientOrderId === record.clientOrderId;
  if (isJournaled && state.byClientOrderId.get(clientOrderId) === order.id) return undefined;
  return block(key, "EXIT_CLIENT_ID_DIFFERS", `the client order id of ${order.id} differs from the approved one`);
}

/** An order that was sent without an approval means that the desk is broken: block all orders. */
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
