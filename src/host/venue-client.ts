/** The landlord: every connector in its own worker, asked by name. What comes back is parsed here, before anyone trusts it. */
import { z } from "zod";
import { type Envelope, LIMITS, type Method } from "../protocol/messages.ts";
import {
  accountShape,
  ackShape,
  barShape,
  fillShape,
  fundamentalsShape,
  instrumentShape,
  positionShape,
  quoteShape,
  reportShape,
} from "../protocol/schemas.ts";
import { type DecimalText, decimal, exactNumber, floored, parseNumeric, text } from "../domain/decimal.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Fundamentals } from "../domain/fundamentals.ts";
import { type Order, toSdkOrder } from "../domain/order.ts";
import type { Order as SdkOrder } from "../domain/sdk.ts";
import type {
  BarRange,
  ReportedAccount,
  VenueBar,
  VenueFill,
  VenueInstrument,
  VenuePosition,
  VenueQuote,
  VenueReport,
} from "../domain/venue.ts";
import { type Cleared, isCleared } from "../gate/cleared.ts";
import type { Connector } from "./connector.ts";

export type PlaceOutcome =
  | { readonly kind: "accepted"; readonly venueOrderId: string }
  | { readonly kind: "rejected" | "not-sent" | "unclear"; readonly reason: string };

export type Connectors = ReadonlyMap<string, Connector>;

function connectorOf(connectors: Connectors, name: string): Connector {
  const connector = connectors.get(name);
  if (connector === undefined) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: "" });
  return connector;
}

/** @throws CALL_FAILED for an adapter's own error, PROTOCOL for an answer out of shape, and what the call itself throws. */
async function callConnector<T>(
  connectors: Connectors,
  name: string,
  method: Method,
  args: readonly unknown[],
  shape: z.ZodType<T>,
): Promise<T> {
  const answer: Envelope = await connectorOf(connectors, name).call(method, args);
  if (!answer.ok) throw new QocError("CALL_FAILED", { connector: name, method, message: answer.message });
  const parsed = shape.safeParse(answer.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new QocError("PROTOCOL", {
    connector: name,
    what: `answer of ${method}`,
    message: `${where === "" ? "" : `${where} `}${issue?.message ?? ""}`,
  });
}

/** undefined where the connector has no such method. */
async function callIfSupported<T>(
  connectors: Connectors,
  name: string,
  method: Method,
  args: readonly unknown[],
  shape: z.ZodType<T>,
): Promise<T | undefined> {
  return connectorOf(connectors, name).facts.methods.includes(method)
    ? callConnector(connectors, name, method, args, shape)
    : undefined;
}

function list<T>(shape: z.ZodType<T>): z.ZodType<T[]> {
  return z.array(shape).max(LIMITS.answerChars / 8);
}

/** Money that may be spent: floored to cents, never below what was said. */
const buyingPower = z.union([z.number(), z.string()]).transform((raw, context): DecimalText => {
  try {
    return text(floored(parseNumeric(raw), 2));
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
    return z.NEVER;
  }
});

export function openVenueCalls(connectors: Connectors) {
  return {
    quote: (name: string, symbol: string): Promise<VenueQuote> =>
      callConnector(connectors, name, "getQuote", [symbol], quoteShape),
    positions: (name: string): Promise<readonly VenuePosition[]> =>
      callConnector(connectors, name, "getPositions", [], list(positionShape)),
    buyingPower: (name: string): Promise<DecimalText> =>
      callConnector(connectors, name, "getBuyingPower", [], buyingPower),
    account: (name: string): Promise<ReportedAccount | undefined> =>
      callIfSupported(connectors, name, "getAccount", [], accountShape),
    instrument: (name: string, symbol: string): Promise<VenueInstrument | null | undefined> =>
      callIfSupported(connectors, name, "getInstrument", [symbol], instrumentShape.nullable()),
    order: (
      name: string,
      query: { venueOrderId?: string; clientOrderId?: string },
    ): Promise<VenueReport | null | undefined> =>
      callIfSupported(connectors, name, "getOrder", [query], reportShape.nullable()),
    openOrders: (name: string): Promise<readonly VenueReport[] | undefined> =>
      callIfSupported(connectors, name, "getOpenOrders", [], list(reportShape)),
    fills: (name: string, since: number): Promise<readonly VenueFill[] | undefined> =>
      callIfSupported(connectors, name, "getFills", [since], list(fillShape)),
    bars: (name: string, symbol: string, range: BarRange = {}): Promise<readonly VenueBar[] | undefined> =>
      callIfSupported(connectors, name, "getBars", [symbol, { resolution: "1d", ...range }], list(barShape)),
    fundamentals: (name: string, symbol: string): Promise<Fundamentals | null | undefined> =>
      callIfSupported(connectors, name, "getFundamentals", [symbol], fundamentalsShape),
    cancel: async (name: string, venueOrderId: string): Promise<void> =>
      void (await callConnector(connectors, name, "cancelOrder", [venueOrderId], z.unknown())),
    place: (order: Cleared<Order>): Promise<PlaceOutcome> => place(connectors, order),
  };
}

/** Takes a cleared order and nothing else. Whatever is not a definite answer is unclear. */
async function place(connectors: Connectors, order: Cleared<Order>): Promise<PlaceOutcome> {
  if (!isCleared(order))
    throw new QocError("INTERNAL", { message: "an order that the gate did not clear was handed to the host" });
  const connector = connectors.get(order.terms.connector);
  if (connector === undefined) return { kind: "not-sent", reason: `there is no connector ${order.terms.connector}` };
  const { state, capabilities } = connector.facts;
  if (state !== "ready") return { kind: "not-sent", reason: `the connector is ${state}` };
  const request = orderRequest(order, capabilities.exactDecimals === true);
  if (typeof request === "string") return { kind: "not-sent", reason: request };
  try {
    const answer = await connector.call("placeOrder", [request]);
    if (!answer.ok)
      return {
        kind: answer.kind === "rejection" ? "rejected" : answer.kind === "not-sent" ? "not-sent" : "unclear",
        reason: answer.message,
      };
    const ack = ackShape.safeParse(answer.value);
    if (ack.success) return { kind: "accepted", venueOrderId: ack.data.venueOrderId };
    return {
      kind: "unclear",
      reason: `its acknowledgement is malformed: ${ack.error.issues[0]?.path.join(".") ?? ""} ${ack.error.issues[0]?.message ?? ""}`,
    };
  } catch (error) {
    if (error instanceof QocError && error.code === "CONNECTOR_NOT_READY")
      return { kind: "not-sent", reason: error.message };
    return { kind: "unclear", reason: messageOf(error) };
  }
}

/** Or a word on which amount no JavaScript number can hold. */
function orderRequest({ clientOrderId, terms }: Order, exactDecimals: boolean): SdkOrder | string {
  const number = (value: DecimalText): number => exactNumber(decimal(value)) ?? Number.NaN;
  const amounts = [terms.quantity, terms.limitPrice, terms.stopPrice].filter((value) => value !== undefined);
  const lost = amounts.find((value) => Number.isNaN(number(value)));
  if (lost !== undefined && !exactDecimals)
    return `${lost} has no exact number, and the connector does not read the exact text`;
  const near = (value: DecimalText): number => (Number.isNaN(number(value)) ? Number(value) : number(value));
  return toSdkOrder(clientOrderId, terms, near);
}
