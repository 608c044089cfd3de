/** Places orders for the cases as the desk would, and classifies the outcome as the desk would. */
import type { FakeOrder } from "../domain/sdk-kit.ts";
import { ZERO, decimal, exactNumber, text } from "../domain/decimal.ts";
import type { Order } from "../domain/sdk.ts";
import type { VenueFill } from "../domain/market/venue.ts";
import { type PlaceOutcome, placeAt } from "../host/venue-client.ts";
import { fail } from "./assert.ts";
import type { ConformanceHarness } from "./harness.ts";
import { defaultTimeInForce, newClientOrderId, restingPrice, restingTimeInForce } from "./order-terms.ts";

/** Defaults to a market buy of the symbol and quantity in certify.toml. */
export interface OrderRequest {
  readonly symbol?: string;
  readonly side?: "buy" | "sell";
  readonly quantity?: string;
  readonly type?: Order["type"];
  readonly limit?: string;
  readonly stop?: string;
  readonly timeInForce?: Order["timeInForce"];
}

/** Returns the order that the desk would pass to placeOrder, with a new client order id. */
export function orderFor(harness: ConformanceHarness, request: OrderRequest = {}): Order {
  const { symbol, quantity } = harness.settings;
  const amount = (value: string): number => exactNumber(decimal(value)) ?? Number(value);
  const quantityText = request.quantity ?? quantity;
  const { limit, stop } = request;
  const limitFields = limit === undefined ? {} : { limitPrice: amount(limit), limitPriceText: limit };
  const stopFields = stop === undefined ? {} : { stopPrice: amount(stop), stopPriceText: stop };
  return {
    clientOrderId: newClientOrderId(harness),
    symbol: request.symbol ?? symbol,
    side: request.side ?? "buy",
    quantity: amount(quantityText),
    quantityText,
    type: request.type ?? (limit === undefined ? "market" : "limit"),
    ...limitFields,
    ...stopFields,
    timeInForce: request.timeInForce ?? defaultTimeInForce(harness),
  };
}

/** Calls placeOrder, and classifies its outcome as the desk does. */
export async function sendOrder(harness: ConformanceHarness, order: Order): Promise<PlaceOutcome> {
  harness.expectOrder(order.clientOrderId);
  const outcome = await placeAt(harness.connector, order);
  if (outcome.kind === "accepted") harness.noteAcknowledged(outcome.venueOrderId, order);
  return outcome;
}

export interface AcknowledgedOrder {
  readonly order: Order;
  readonly venueOrderId: string;
}

/** Places an order and fails the case unless it is acknowledged. */
export async function placeAcknowledged(
  harness: ConformanceHarness,
  request: OrderRequest = {},
): Promise<AcknowledgedOrder> {
  const order = orderFor(harness, request);
  const outcome = await sendOrder(harness, order);
  if (outcome.kind === "accepted") return { order, venueOrderId: outcome.venueOrderId };
  return fail(`expected the ${order.type} order to be acknowledged, but it ended ${outcome.kind}: ${outcome.reason}`);
}

/** Returns the order as the venue received it; fails the case if the venue has none with its client order id. */
export async function orderAtVenue(
  { venue }: ConformanceHarness,
  { clientOrderId }: Pick<Order, "clientOrderId">,
): Promise<FakeOrder> {
  const orders = await venue.listOrders();
  const order = orders.find(({ client_order_id }) => client_order_id === clientOrderId);
  if (order !== undefined) return order;
  const otherIds = orders.map((other) => other.client_order_id);
  const received = otherIds.length === 0 ? "it has received no order" : `it has ${otherIds.join(", ")}`;
  return fail(
    `the venue has no order with client_order_id ${clientOrderId}; ${received}: send order.clientOrderId unchanged`,
  );
}

/** Returns an id of the venue's form that the venue never issued. */
export async function unknownVenueOrderId(harness: ConformanceHarness): Promise<string> {
  const otherForm = "7999999999999999999";
  if (harness.level === "kit" || !harness.settings.orders) return otherForm;
  const outcome = await sendOrder(harness, orderFor(harness));
  if (outcome.kind !== "accepted") return otherForm;
  // Other digits in the same places: a venue may refuse an id of another form without a look-up.
  const other = outcome.venueOrderId.replace(/\d/g, (digit) => String(9 - Number(digit)));
  return other === outcome.venueOrderId ? otherForm : other;
}

/** A buy limit order that does not fill. */
export async function restingRequest(
  harness: ConformanceHarness,
  quantity = harness.settings.quantity,
): Promise<OrderRequest> {
  return { quantity, limit: await restingPrice(harness), timeInForce: restingTimeInForce(harness) };
}

/** Places a buy limit order that does not fill. */
export async function placeRestingOrder(harness: ConformanceHarness, quantity?: string): Promise<AcknowledgedOrder> {
  return placeAcknowledged(harness, await restingRequest(harness, quantity));
}

export function fillsOf(harness: ConformanceHarness, { venueOrderId }: AcknowledgedOrder): readonly VenueFill[] {
  return harness.fills.filter((fill) => fill.venueOrderId === venueOrderId);
}

/** Waits until `count` fills of the order were emitted, and returns them; fails the case at the timeout. */
export function waitForFills(
  harness: ConformanceHarness,
  placed: AcknowledgedOrder,
  count: number,
  timeoutMs?: number,
): Promise<readonly VenueFill[]> {
  return harness.waitFor(
    () => {
      const fills = fillsOf(harness, placed);
      return fills.length >= count ? fills : undefined;
    },
    () => {
      const otherOrders = harness.fills
        .filter((fill) => fill.venueOrderId !== placed.venueOrderId)
        .map((fill) => fill.venueOrderId);
      const others =
        otherOrders.length === 0
          ? ""
          : `; fills were emitted for other orders: ${[...new Set(otherOrders)].join(", ")}`;
      const { length } = fillsOf(harness, placed);
      return (
        `the venue made ${count} fill(s) of order ${placed.venueOrderId}, but ${length} were passed to ctx.emitFill` +
        `${refusedFills(harness)}${others}`
      );
    },
    timeoutMs,
  );
}

/** Fills that the desk refused are the likely reason of missing ones. */
function refusedFills({ connector }: ConformanceHarness): string {
  const { count, lastReason } = connector.refusedFills;
  return count === 0 ? "" : `, and refused ${count} malformed fill(s) (${lastReason ?? ""})`;
}

const FULL_FILL_TIMEOUT_MS = 10_000;

/** Waits until the emitted fills add up to the whole order, and returns them. */
export async function waitForFullFill(
  harness: ConformanceHarness,
  placed: AcknowledgedOrder,
): Promise<readonly VenueFill[]> {
  const { quantityText } = placed.order;
  const filled = () => fillsOf(harness, placed).reduce((total, fill) => total.plus(decimal(fill.quantity)), ZERO);
  await harness.waitFor(
    () => filled().gte(decimal(quantityText)),
    () =>
      `a market order for ${quantityText} was acknowledged as ${placed.venueOrderId}, but after ` +
      `${FULL_FILL_TIMEOUT_MS / 1000} s ctx.emitFill had received only ${text(filled())}${refusedFills(harness)}: subscribe ` +
      `to the venue's fills in connect and emit each fill`,
    FULL_FILL_TIMEOUT_MS,
  );
  return fillsOf(harness, placed);
}

/**
 * Fails the case if the outcome claims certainty that the adapter cannot have.
 * @param condition - What the venue did, e.g. "the venue answered 500".
 */
export function assertUnclear(outcome: PlaceOutcome, condition: string): void {
  if (outcome.kind === "rejected")
    fail(
      `${condition}, but placeOrder threw VenueRejection (${outcome.reason}): that claims a definite rejection, and ` +
        `the order may be live at the venue; throw a plain Error`,
    );
  if (outcome.kind === "not-sent")
    fail(
      `${condition}, but placeOrder threw NotSent (${outcome.reason}): the request had already been sent; ` +
        `throw a plain Error`,
    );
}

/** Fails the case if placeOrder acknowledged an order that the venue did not confirm. */
export function assertNotAcknowledged(outcome: PlaceOutcome, condition: string): void {
  if (outcome.kind === "accepted")
    fail(
      `${condition}, but placeOrder acknowledged the order as ${outcome.venueOrderId}: acknowledge only orders that ` +
        `the venue confirmed`,
    );
}
