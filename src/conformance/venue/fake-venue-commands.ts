/** What the fake venue's book makes of a command, in no wire format. */
import type { FakeFill, FakeOrder, StatedChanges, VenueCommand, VenueOutcome } from "../../domain/sdk-kit.ts";
import { type FakeVenueState, USUAL_STEPS, isOpen } from "./fake-venue-state.ts";

/** Fills in one response. A shorter page is the last one. */
export const FILLS_PAGE = 100;

export function perform(state: FakeVenueState, command: VenueCommand): VenueOutcome {
  switch (command.route) {
    case "time":
      return { kind: "time" };
    case "quote": {
      const { symbol } = command;
      const quote = state.quotes.get(symbol);
      return quote === undefined ? unknownSymbol(symbol) : { kind: "quote", symbol, quote };
    }
    case "account":
    case "positions":
      return { kind: command.route, account: state.account(), positions: state.positions() };
    case "instrument": {
      const { symbol } = command;
      const steps = state.instruments.get(symbol) ?? USUAL_STEPS;
      return state.quotes.has(symbol)
        ? { kind: "instrument", symbol, steps, currency: state.currency }
        : unknownSymbol(symbol);
    }
    case "instruments": {
      const steps = [...state.quotes.keys()].map((symbol) => [symbol, state.instruments.get(symbol) ?? USUAL_STEPS]);
      return { kind: "instruments", steps: Object.fromEntries(steps), currency: state.currency };
    }
    case "place":
      return placeOrder(state, command);
    case "order":
      return orderOutcome(state.findOrder(command), command.orderId);
    case "orders":
      return listOrders(state, command);
    case "cancel": {
      const order = state.findOrder(command);
      if (order === undefined) return orderOutcome(order, command.orderId);
      return state.cancel(order)
        ? { kind: "cancelled", order }
        : { kind: "refused", reason: "not-open", subject: order.status, order };
    }
    case "fills":
      return { kind: "fills", fills: selectFills(state, command), state: changesOf(state) };
    case "other":
      return { kind: "other", name: command.name, quotes: Object.fromEntries(state.quotes), state: changesOf(state) };
    default:
      return { kind: "refused", reason: "unknown-route", subject: "" };
  }
}

function changesOf({ activities, rates, sessions }: FakeVenueState): StatedChanges {
  return { activities, rates: Object.fromEntries(rates), sessions };
}

function unknownSymbol(subject: string): VenueOutcome {
  return { kind: "refused", reason: "unknown-symbol", subject };
}

function orderOutcome(order: FakeOrder | undefined, subject: string): VenueOutcome {
  return order === undefined ? { kind: "refused", reason: "unknown-order", subject } : { kind: "order", order };
}

function placeOrder(state: FakeVenueState, command: Extract<VenueCommand, { route: "place" }>): VenueOutcome {
  if ("invalid" in command) return { kind: "refused", reason: "invalid", subject: command.invalid };
  const { limit_price, stop_price, ...fields } = command.terms;
  const duplicate = state.findOrder({ clientOrderId: fields.client_order_id });
  if (duplicate !== undefined && state.refusesDuplicates)
    return {
      kind: "refused",
      reason: "duplicate-id",
      subject: fields.client_order_id,
      order: state.hidesDuplicates ? undefined : duplicate,
    };
  const placed = state.place({ ...fields, limit_price, stop_price });
  if (placed === "unknown symbol") return unknownSymbol(fields.symbol);
  return typeof placed === "string"
    ? { kind: "refused", reason: "insufficient-funds", subject: placed }
    : { kind: "placed", order: placed };
}

function listOrders(state: FakeVenueState, command: Extract<VenueCommand, { route: "orders" }>): VenueOutcome {
  const { clientOrderId, isOpenOnly } = command;
  if (clientOrderId !== undefined) return orderOutcome(state.findOrder({ clientOrderId }), clientOrderId);
  return { kind: "orders", orders: isOpenOnly === true ? state.orders.filter(isOpen) : state.orders };
}

/** The fills since a time, oldest first: those after the fill `after`, if it is named. */
function selectFills(
  { fills }: FakeVenueState,
  command: Extract<VenueCommand, { route: "fills" }>,
): readonly FakeFill[] {
  const { since, until = Number.POSITIVE_INFINITY, after } = command;
  const selected = fills.filter(({ time }) => time >= since && time <= until).toSorted((a, b) => a.time - b.time);
  return after === undefined ? selected : selected.slice(selected.findIndex(({ fill_id }) => fill_id === after) + 1);
}
