/**
 * The terms of a proposal that cancels or replaces an order: those of that order, with the changes, and the order as it
 * is now. They change with the order, so that an approval covers only what the human was shown.
 */
import { ZERO, decimal, text } from "../../domain/decimal.ts";
import type { OrderId } from "../../domain/ids.ts";
import { type OrderTarget, type OrderTerms, flagWords, hasSameTerms } from "../../domain/orders/order.ts";
import { type OrderRecord, isTerminal } from "../../domain/orders/order-state.ts";
import {
  type CancelDraft,
  ProposalError,
  type ReplaceDraft,
  checkPostOnly,
  checkPrices,
  pricesOf,
} from "../../domain/orders/proposal.ts";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import type { Desk } from "../desk.ts";

/** The terms without a protection price, or the reason why the proposal has none. `known`: the same proposal before. */
export function termsOnTarget(
  { state }: Pick<Desk, "state">,
  draft: CancelDraft | ReplaceDraft,
  known: Readonly<OrderRecord> | undefined,
): OrderTerms | string {
  const [id, verb] = "cancels" in draft ? [draft.cancels, "cancel"] : [draft.replaces, "replace"];
  const target = state.orders.get(id as OrderId);
  if (target === undefined) return `no order ${id}`;
  const { terms, clientOrderId } = target;
  if (terms.cancels !== undefined) return `${id} is itself a cancel; name the order that it cancels`;
  if (target.state === "proposed") return `${id} was never sent; reject it instead`;
  // A proposal that waits stays listed when its order ends; nothing approves it then.
  if ((isTerminal(target.state) && known === undefined) || clientOrderId === undefined)
    return `${id} is ${target.state}; there is nothing to ${verb}`;
  if (draft.connector !== undefined && draft.connector !== terms.connector)
    return `${id} is at ${terms.connector}, not at ${draft.connector}`;
  const now: OrderTarget = { id: target.id, clientOrderId, state: target.state };
  const { cancels: _cancels, replaces: _replaces, protectionPrice: _protection, ...plain } = terms;
  if ("cancels" in draft) return { ...plain, cancels: now };
  return replacementTerms(draft, { target, plain, now, known });
}

interface ReplacedOrder {
  readonly target: Readonly<OrderRecord>;
  readonly plain: OrderTerms;
  readonly now: OrderTarget;
  readonly known: Readonly<OrderRecord> | undefined;
}

function replacementTerms(draft: ReplaceDraft, { target, plain, now, known }: ReplacedOrder): OrderTerms | string {
  const { id } = target;
  if (draft.side !== undefined && draft.side !== plain.side)
    return `${id} is a ${plain.side}; a replacement keeps its side`;
  if (draft.symbol !== undefined && draft.symbol !== plain.symbol)
    return `${id} is an order of ${plain.symbol}; a replacement keeps its symbol`;
  const type = draft.type ?? plain.type;
  const { limit, stop } = pricesOf(type);
  const limitPrice = draft.limitPrice ?? (limit ? plain.limitPrice : undefined);
  const stopPrice = draft.stopPrice ?? (stop ? plain.stopPrice : undefined);
  const isPostOnly = draft.postOnly ?? plain.postOnly ?? false;
  try {
    checkPrices(type, limitPrice, stopPrice);
    if (isPostOnly) checkPostOnly(type);
  } catch (error) {
    if (error instanceof ProposalError) return error.message;
    throw error;
  }
  const total = draft.quantity ?? plain.quantity;
  const timeInForce = draft.timeInForce ?? plain.timeInForce;
  const { limitPrice: _limit, stopPrice: _stop, postOnly: _postOnly, ...rest } = plain;
  const wishes = {
    session: draft.session ?? plain.session,
    positionIntent: draft.positionIntent ?? plain.positionIntent,
    postOnly: isPostOnly ? (true as const) : undefined,
  };
  const prices = { limitPrice, stopPrice };
  const changed: OrderTerms = omitUndefined({ ...rest, quantity: total, type, ...prices, timeInForce, ...wishes });
  if (hasSameTerms(changed, plain) && flagWords(changed).join() === flagWords(plain).join())
    return `the replacement of ${id} changes nothing`;
  const left = decimal(total).minus(target.filled);
  if (!left.gt(ZERO) && known === undefined)
    return `${id} has filled ${text(target.filled)}; a quantity of ${total} leaves nothing to send`;
  const quantity = left.gt(ZERO) ? text(left) : (known?.terms.quantity ?? total);
  return { ...changed, quantity, replaces: { ...now, filled: text(target.filled) } };
}
