/** How cases place orders: as the desk would, with the outcome as the desk would read it. */
import { ackShape } from "../protocol/schemas.ts";
import { ZERO, decimal, exactNumber, floored, ratio, text } from "../domain/decimal.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Order } from "../domain/sdk.ts";
import type { VenueFill } from "../domain/venue.ts";
import { fail, must, skip } from "./test-case.ts";
import type { VenueOrder } from "./fake-venue-book.ts";
import type { ConformanceHarness } from "./harness.ts";

/** What is left out is a market buy of the settings' symbol and quantity. */
export interface OrderRequest {
  readonly symbol?: string;
  readonly side?: "buy" | "sell";
  readonly quantity?: string;
  readonly type?: Order["type"];
  readonly limit?: string;
  readonly stop?: string;
  readonly timeInForce?: Order["timeInForce"];
}

export type PlaceAttempt =
  | { readonly kind: "acked"; readonly venueOrderId: string }
  | { readonly kind: "rejected" | "not-sent" | "unclear"; readonly reason: string };

/** The order that the desk would hand over for this wish; the client order id is new. */
export function orderFor(stand: ConformanceHarness, wish: OrderRequest = {}): Order {
  const { symbol, quantity } = stand.settings;
  const amount = (value: string): number => exactNumber(decimal(value)) ?? Number(value);
  const quantityText = wish.quantity ?? quantity;
  return {
    clientOrderId: `kit-${stand.ids.random(8)}`,
    symbol: wish.symbol ?? symbol,
    side: wish.side ?? "buy",
    quantity: amount(quantityText),
    quantityText,
    type: wish.type ?? (wish.limit === undefined ? "market" : "limit"),
    ...(wish.limit === undefined ? {} : { limitPrice: amount(wish.limit), limitPriceText: wish.limit }),
    ...(wish.stop === undefined ? {} : { stopPrice: amount(wish.stop), stopPriceText: wish.stop }),
    timeInForce: wish.timeInForce ?? "day",
  };
}

/** What the desk would take the answer for. */
export async function send(stand: ConformanceHarness, order: Order): Promise<PlaceAttempt> {
  try {
    const answer = await stand.call("placeOrder", order);
    if (!answer.ok) {
      const kind = answer.kind === "rejection" ? "rejected" : answer.kind === "not-sent" ? "not-sent" : "unclear";
      return { kind, reason: answer.message };
    }
    const ack = ackShape.safeParse(answer.value);
    if (ack.success) return { kind: "acked", venueOrderId: ack.data.venueOrderId };
    const [issue] = ack.error.issues;
    return {
      kind: "unclear",
      reason: `its acknowledgement is malformed: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
    };
  } catch (error) {
    if (error instanceof QocError && error.code === "CONNECTOR_NOT_READY")
      return { kind: "not-sent", reason: error.message };
    return { kind: "unclear", reason: messageOf(error) };
  }
}

export interface Acked {
  readonly order: Order;
  readonly venueOrderId: string;
}

/** Sends the wish and fails the case unless it is acknowledged. */
export async function acked(stand: ConformanceHarness, wish: OrderRequest = {}): Promise<Acked> {
  const order = orderFor(stand, wish);
  const outcome = await send(stand, order);
  if (outcome.kind === "acked") return { order, venueOrderId: outcome.venueOrderId };
  return fail(`a plain ${order.type} order ended ${outcome.kind} and not acknowledged: ${outcome.reason}`);
}

/** The order as the fake venue took it. */
export function orderAtVenue(stand: ConformanceHarness, { clientOrderId }: Order): VenueOrder {
  const found = stand.venue.book.order({ clientOrderId });
  if (found !== undefined) return found;
  const others = stand.venue.orders.map((order) => order.client_order_id);
  const seen = others.length === 0 ? "it has taken no order at all" : `it has ${others.join(", ")}`;
  return fail(
    `the venue has no order with client_order_id ${clientOrderId}; ${seen}: send order.clientOrderId to the venue as it is`,
  );
}

/** A buy limit far below the market: it rests. */
export async function restingPrice(stand: ConformanceHarness): Promise<string> {
  const { bid } = await stand.ask.quote("kit", stand.settings.symbol);
  const limit = text(floored(ratio(decimal(bid), decimal("2"), 2), 2));
  return decimal(limit).eq(decimal("0"))
    ? skip(`the bid of ${stand.settings.symbol} is ${bid}: no limit price rests below it`)
    : limit;
}

/** A resting order, acknowledged. */
export async function placeRestingOrder(stand: ConformanceHarness): Promise<Acked> {
  return acked(stand, { limit: await restingPrice(stand), timeInForce: "gtc" });
}

export function fillsOf(stand: ConformanceHarness, { venueOrderId }: Acked): readonly VenueFill[] {
  return stand.fills.filter((fill) => fill.venueOrderId === venueOrderId);
}

/** Waits for that many fills of the order and answers with them. */
export function fillsWithin(
  stand: ConformanceHarness,
  placed: Acked,
  count: number,
  ms?: number,
): Promise<readonly VenueFill[]> {
  return stand.until(
    () => {
      const fills = fillsOf(stand, placed);
      return fills.length >= count ? fills : undefined;
    },
    () => {
      const strays = stand.fills
        .filter((fill) => fill.venueOrderId !== placed.venueOrderId)
        .map((fill) => fill.venueOrderId);
      const strayed = strays.length === 0 ? "" : `; it emitted fills of ${[...new Set(strays)].join(", ")}`;
      const { length } = fillsOf(stand, placed);
      return `the venue made ${count} fill(s) of order ${placed.venueOrderId}, and ctx.emitFill told of ${length}${strayed}`;
    },
    ms,
  );
}

const FILLED_MS = 10_000;

/** Waits until the emitted fills make up the whole order; answers with them. */
export async function filledWhole(stand: ConformanceHarness, placed: Acked): Promise<readonly VenueFill[]> {
  const { quantityText } = placed.order;
  const sum = () => fillsOf(stand, placed).reduce((total, fill) => total.plus(decimal(fill.quantity)), ZERO);
  await stand.until(
    () => sum().gte(decimal(quantityText)),
    () =>
      `a market order for ${quantityText} was acknowledged as ${placed.venueOrderId}, and ${FILLED_MS / 1000} s later ` +
      `ctx.emitFill had told of ${text(sum())}: subscribe to the venue's fills in connect, and emit each one`,
    FILLED_MS,
  );
  return fillsOf(stand, placed);
}

/** The outcome of an order whose answer the venue spoilt: nobody may call it settled. */
export function mustBeUnclear(outcome: PlaceAttempt, what: string): void {
  if (outcome.kind === "rejected")
    fail(
      `${what}, and it threw VenueRejection (${outcome.reason}): that is a definite no, and the order may stand; throw a plain Error`,
    );
  if (outcome.kind === "not-sent")
    fail(`${what}, and it threw NotSent (${outcome.reason}): the request had left the machine; throw a plain Error`);
}

/** And nobody may take it for done either. */
export function mustNotBeAcked(outcome: PlaceAttempt, what: string): void {
  return must(
    outcome.kind !== "acked",
    `${what}, and it acknowledged the order${outcome.kind === "acked" ? ` as ${outcome.venueOrderId}` : ""}: ` +
      `only a confirmed order has an acknowledgement`,
  );
}
