/** One line for each event that a person at the desk wants to see: in the log, and on the terminal of the desk. */
import { assetKey } from "../../domain/market/asset.ts";
import { decimal } from "../../domain/decimal.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import type { DeskEvent, FillReceived, OrderReplacement, Recorded } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import { describe } from "../../domain/orders/order.ts";
import { reasonText } from "../../domain/orders/verdict.ts";
import type { VenueActivity, VenueFill } from "../../domain/market/venue.ts";
import { formatMoney } from "../../gate/format.ts";
import { counted } from "../../lib/counted.ts";

export interface EventLine {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly fields: { readonly order?: string | undefined; readonly connector?: string | undefined };
}

/** undefined for events without a line, for example marks and reviews. */
export function eventLine({ event, at }: Recorded, state: Pick<DeskState, "orders">): EventLine | undefined {
  const words = event.type === "proposal.seen" ? proposalWords(event, at, state) : wordsOf(event, state);
  if (words === undefined) return undefined;
  const id = "id" in event && event.id !== null ? event.id : undefined;
  const connector = "connector" in event ? event.connector : undefined;
  const { level = "info", text } = words;
  return { level, message: id === undefined ? text : `${id} ${text}`, fields: { order: id, connector } };
}

interface Words {
  readonly text: string;
  readonly level?: "warn" | undefined;
}

/** A proposal is seen again when its file or the price that it is guarded by has changed. */
function proposalWords(
  { id, proposedBy, terms }: Extract<DeskEvent, { type: "proposal.seen" }>,
  at: number,
  { orders }: Pick<DeskState, "orders">,
): Words {
  const what = `${describe(terms)} (${terms.mode})`;
  const isSeenAgain = (orders.get(id)?.proposedAt ?? at) < at;
  return { text: isSeenAgain ? `changed: ${what}, proposed by ${proposedBy}` : `proposed by ${proposedBy}: ${what}` };
}

function wordsOf(event: DeskEvent, state: Pick<DeskState, "orders">): Words | undefined {
  switch (event.type) {
    case "trading.changed":
      return {
        text: `trading is ${event.state}${because(event.reason)}`,
        level: event.state === "active" ? undefined : "warn",
      };
    case "connector.changed": {
      const isUsual = ["ready", "starting", "stopped"].includes(event.state);
      // The stack is in the connector's own log line.
      const text = `${event.connector} is ${event.state}${because(event.reason?.split("\n")[0])}`;
      return { text, level: isUsual ? undefined : "warn" };
    }
    case "instrument.flagged":
      return {
        text: `${event.symbol} at ${event.connector}: the venue has ${event.actual}, the fills say ${event.expected}`,
        level: "warn",
      };
    case "instrument.agreed":
      return { text: `${event.symbol} at ${event.connector}: the venue has what the fills say, and orders pass again` };
    case "instrument.split": {
      const { symbol, connector, ratio, newSymbol, actor, note } = event;
      const name = newSymbol === undefined ? "" : ` and is named ${newSymbol}`;
      return { text: `${symbol} at ${connector} split ${ratio.join(":")}${name}, as ${actor} says${because(note)}` };
    }
    case "item.unread": {
      const { connector, item } = event;
      return { text: `${item.kind} ${item.id} of ${connector} cannot be read${because(item.reason)}`, level: "warn" };
    }
    case "item.resolved":
      return { text: `${event.key}, which cannot be read, is resolved by ${event.actor}${because(event.note)}` };
    case "instrument.multiplier":
      return { text: `one ${event.symbol} at ${event.connector} stands for ${event.multiplier} units` };
    case "instrument.asset": {
      const { symbol, connector, asset } = event;
      const what = asset === null ? "no stated asset" : assetKey(asset);
      return { text: `${symbol} at ${connector} stands for ${what}` };
    }
    case "venue.activity":
      return { text: activityWords(event.activity) };
    case "fill.received":
      if (event.completes === true) return { text: feeWords(event.fill) };
      return fillWords(event, state);
    default:
      return orderWords(event);
  }
}

function orderWords(event: DeskEvent): Words | undefined {
  switch (event.type) {
    case "guards.evaluated": {
      const [first] = event.reasons;
      if (first === undefined || event.stage === "propose") return undefined;
      return { text: `blocked at ${event.stage} by ${reasonText(first)}`, level: "warn" };
    }
    case "order.approved":
      return { text: `approved by ${event.actor} (${event.channel}): ${describe(event.terms)} (${event.terms.mode})` };
    case "order.submitting":
      return event.quantity === undefined
        ? undefined
        : { text: `is sent with the quantity ${event.quantity}: the order that it replaces filled the rest` };
    case "order.accepted":
      return { text: `accepted by the venue as ${event.venueOrderId}` };
    case "order.unknown":
      return { text: `outcome unknown${because(event.reason)}`, level: "warn" };
    case "order.rejected":
      return { text: `rejected by the ${event.by}${because(event.reason)}` };
    case "order.denied":
      return { text: `denied${because(event.reason)}`, level: "warn" };
    case "order.not_sent":
      return { text: `not sent${because(event.reason)}` };
    case "cancel.requested":
      return { text: `cancel requested by ${event.actor}${forProposal(event.proposal)}` };
    case "cancel.accepted":
      return { text: `cancel taken by the venue${forProposal(event.proposal)}` };
    case "cancel.failed":
      return { text: `cancel failed${forProposal(event.proposal)}${because(event.reason)}`, level: "warn" };
    case "order.reported":
      if (event.replacement !== undefined) return { text: replacedText(event.replacement), level: "warn" };
      return event.status === "cancelled" || event.status === "expired" || event.status === "rejected"
        ? { text: `${event.status} at the venue${because(event.reason)}` }
        : undefined;
    case "page.opened":
      return { text: `page session ${event.session} was opened; it approves ${event.scope}`, level: "warn" };
    case "page.closed":
      return { text: `page session ${event.session} ended: ${event.reason}` };
    case "passkey.added":
      return {
        text: `passkey ${event.name} of ${event.origin} was registered; it approves live orders`,
        level: "warn",
      };
    case "passkey.removed":
      return { text: `passkey ${event.name} was removed by ${event.actor}` };
    case "page.refused":
      return {
        text: `${counted(event.count, "login of a page was", "logins of a page were")} refused: ${event.reason}`,
        level: "warn",
      };
    case "order.resolved":
      return { text: `resolved by ${event.actor}${because(event.note)}` };
    default:
      return undefined;
  }
}

function feeWords({ fillId, fee, feeCurrency = "", symbol }: VenueFill): string {
  return `fee of fill ${fillId} of ${symbol}: ${formatMoney(decimal(fee ?? "0"), feeCurrency)}`;
}

function activityWords({ id, kind, amount, currency = "", symbol, ratio, newSymbol }: VenueActivity): string {
  const words = [
    ...(amount === undefined ? [] : [formatMoney(decimal(amount), currency)]),
    ...(symbol === undefined ? [] : [`on ${symbol}`]),
    ...(ratio === undefined ? [] : [ratio.join(":")]),
    ...(newSymbol === undefined ? [] : [`to ${newSymbol}`]),
  ];
  return `${kind} ${id}: ${words.join(" ")}`;
}

function fillWords({ id, fill, finding }: FillReceived, { orders }: Pick<DeskState, "orders">): Words {
  const what = `${fill.quantity} ${fill.symbol} at ${formatMoney(decimal(fill.price), "")}`;
  const verb = fill.busts === undefined ? (fill.side === "buy" ? "bought" : "sold") : "busted";
  if (id === null) return { text: `fill of an order that is not ours: ${verb} ${what}`, level: "warn" };
  if (finding?.kind === "disputed")
    return {
      text: `disputed fill, not counted, ${fill.symbol} is blocked: ${verb} ${what} contradicts the order (${finding.misfits.join(", ")})`,
      level: "warn",
    };
  if (finding?.kind === "overfill")
    return { text: `${verb} ${what}: more than the order, ${fill.symbol} is blocked`, level: "warn" };
  return { text: `${verb} ${what} (${orders.get(id)?.state ?? "unknown"})` };
}

function forProposal(proposal: OrderId | undefined): string {
  return proposal === undefined ? "" : ` for ${proposal}`;
}

function replacedText({ venueOrderId, quantity, limitPrice }: OrderReplacement): string {
  const terms = [quantity && `quantity ${quantity}`, limitPrice && `limit ${limitPrice}`].filter(Boolean).join(", ");
  return `replaced by the venue with ${venueOrderId}${terms === "" ? "" : `: ${terms}`}`;
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : `: ${reason}`;
}
