/** The short verbs of a human: reject a proposal, resolve an unknown, clear a flagged instrument, halt and resume. */
import { QocError } from "../domain/error.ts";
import type { Actor, TradingState } from "../domain/event.ts";
import type { ConnectorName } from "../domain/ids.ts";
import { type InstrumentKey, instrumentKey } from "../domain/order.ts";
import { type OrderRecord, isTerminal } from "../domain/order-state.ts";
import { type DecimalText, text, ZERO } from "../domain/decimal.ts";
import type { Desk } from "./desk.ts";
import { matchOrder, findOrder } from "./find-order.ts";
import { type Receipt, receiptOf } from "./order-view.ts";
import { queryOrderStatus } from "./reconcile.ts";

/** The comment goes back to the agent with its next run. */
export async function rejectOrder(desk: Desk, words: string, comment: string, actor: Actor): Promise<Receipt> {
  const order = await findOrder(desk, words);
  if (order.state !== "proposed")
    throw new QocError("ALREADY_DECIDED", { id: order.id, state: order.state }, { data: receiptOf(order) });
  await desk.commit({ type: "order.rejected", id: order.id, by: "human", reason: comment, actor });
  return receiptOf(order);
}

/**
 * Closes by hand, with a written reason, an order that nothing else can close: one that is unknown, that its venue does not know,
 * or says is over without its fills, or whose connector is no longer in desk.toml. Fills that still arrive are applied and flagged.
 * @throws NOT_UNKNOWN where the venue still has it.
 */
export async function resolveOrder(
  desk: Desk,
  words: string,
  note: string,
  actor: Actor,
): Promise<Receipt | { instrument: string; quantity: string }> {
  const flagged = desk.state.flagged.get(words as InstrumentKey);
  if (flagged !== undefined) return clearInstrument(desk, words, note, actor);
  const order = matchOrder(desk, words);
  if (order.state !== "unknown" && !(await isStranded(desk, order))) {
    throw new QocError("NOT_UNKNOWN", { id: order.id, state: order.state }, { data: receiptOf(order) });
  }
  await desk.commit({ type: "order.resolved", id: order.id, note, actor });
  return receiptOf(order);
}

async function isStranded(desk: Desk, order: OrderRecord): Promise<boolean> {
  if (order.state !== "accepted" && order.state !== "partially_filled") return false;
  if (desk.config.connectors.every(({ name }) => name !== order.terms.connector)) return true;
  const word = await queryOrderStatus(desk, order);
  return !isTerminal(order.state) && (word === "not-known" || order.final !== undefined);
}

async function clearInstrument(desk: Desk, words: string, note: string, actor: Actor) {
  const slash = words.indexOf("/");
  const connector = words.slice(0, slash) as ConnectorName;
  const symbol = words.slice(slash + 1);
  const held = desk.state.accounts.get(connector)?.positions.get(symbol)?.quantity;
  const quantity: DecimalText = held ?? text(ZERO);
  await desk.commit({ type: "instrument.cleared", connector, symbol, quantity, note, actor });
  return { instrument: instrumentKey(connector, symbol), quantity };
}

/** Durable before it is reported. Cancels always pass, whatever the state. */
export async function setTrading(
  desk: Desk,
  state: TradingState,
  reason: string,
  actor: Actor,
): Promise<{ trading: TradingState; reason: string }> {
  await desk.commit({ type: "trading.changed", state, reason, actor });
  return { trading: state, reason };
}
