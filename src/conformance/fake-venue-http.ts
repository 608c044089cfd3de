/** HTTP side of the fake venue: routing, responses, and responses of armed faults. */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import type { FakeFill, FakeOrder, FakeVenueState } from "./fake-venue-state.ts";
import type { Fault, VenueRoute } from "./fake-venue-faults.ts";
import { tryParseJson } from "../lib/json.ts";

/** One request as the venue received it. */
export interface VenueRequest {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly route: VenueRoute | "unknown";
  /** Parsed if the body is JSON, otherwise text; undefined if it is empty. */
  readonly body: unknown;
  /** The client order id that the request carries; undefined if it carries none that the kit made. */
  readonly carries?: string | undefined;
  readonly isAuthorized: boolean;
}

export interface VenueResponse {
  readonly status: number;
  readonly body?: unknown;
  /** The order that this request placed; it may fill after the response is sent. */
  readonly placed?: FakeOrder;
}

const amount = z.string().regex(/^\d+(\.\d+)?$/, "must be a decimal as text");
const orderRequest = z.object({
  client_order_id: z.string().min(1).max(64),
  symbol: z.string().min(1),
  side: z.enum(["buy", "sell"]),
  quantity: amount,
  type: z.enum(["market", "limit", "stop", "stop_limit"]),
  limit_price: amount.optional(),
  stop_price: amount.optional(),
  time_in_force: z.enum(["day", "gtc", "ioc", "fok"]),
});

/** Fills in one response. A shorter page is the last one. */
export const FILLS_PAGE = 100;

const ROUTES: readonly (readonly [method: string, path: RegExp, route: VenueRoute])[] = [
  ["GET", /^\/time$/, "time"],
  ["GET", /^\/quotes\/[^/]+$/, "quote"],
  ["GET", /^\/account$/, "account"],
  ["GET", /^\/positions$/, "positions"],
  ["GET", /^\/instruments\/[^/]+$/, "instrument"],
  ["POST", /^\/orders$/, "place"],
  ["GET", /^\/orders\/[^/]+$/, "order"],
  ["GET", /^\/orders$/, "orders"],
  ["DELETE", /^\/orders\/[^/]+$/, "cancel"],
  ["GET", /^\/fills$/, "fills"],
];

/** Returns the fields of an order that responses contain: limit and stop price are left out. */
export function orderBody({
  order_id,
  client_order_id,
  symbol,
  side,
  quantity,
  filled_quantity,
  average_price,
  status,
}: FakeOrder) {
  return {
    order_id,
    client_order_id,
    symbol,
    side,
    quantity,
    filled_quantity,
    average_price,
    status,
  };
}

export function routeOf(method: string, path: string): VenueRoute | "unknown" {
  return ROUTES.find(([routeMethod, pattern]) => routeMethod === method && pattern.test(path))?.[2] ?? "unknown";
}

/** Performs the request at the venue's time and returns the response. */
export function performRequest(
  state: FakeVenueState,
  { route, url, body, now }: { route: VenueRoute | "unknown"; url: URL; body: unknown; now: number },
): VenueResponse {
  const last = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  const unknown = (label: string): VenueResponse => ({ status: 404, body: { error: `unknown ${label}` } });
  switch (route) {
    case "time":
      return { status: 200, body: { time: now } };
    case "quote": {
      const quote = state.quotes.get(last);
      return quote === undefined ? unknown("symbol") : { status: 200, body: { symbol: last, time: now, ...quote } };
    }
    case "account":
      return { status: 200, body: state.account() };
    case "positions":
      return { status: 200, body: state.positions() };
    case "instrument": {
      const steps = state.instruments.get(last) ?? { tick_size: "0.01", lot_size: "0.001" };
      return state.quotes.has(last)
        ? { status: 200, body: { symbol: last, ...steps, currency: state.currency } }
        : unknown("symbol");
    }
    case "place":
      return placeOrder(state, body);
    case "order": {
      const order = state.findOrder({ orderId: last });
      return order === undefined ? unknown("order") : { status: 200, body: orderBody(order) };
    }
    case "orders":
      return listOrders(state, url.searchParams);
    case "cancel": {
      const order = state.findOrder({ orderId: last });
      if (order === undefined) return unknown("order");
      return state.cancel(order) ? { status: 204 } : { status: 409, body: { error: `already ${order.status}` } };
    }
    case "fills":
      return { status: 200, body: pageOfFills(state, url.searchParams) };
    default:
      return { status: 404, body: { error: `no route ${url.pathname}` } };
  }
}

/** The fills since a time, oldest first: at most a page, which starts after the fill `after`. */
function pageOfFills({ fills }: FakeVenueState, query: URLSearchParams): readonly FakeFill[] {
  const since = Number(query.get("since") ?? "0");
  const selected = fills.filter((fill) => fill.time >= since).toSorted((a, b) => a.time - b.time);
  const after = query.get("after");
  const start = after === null ? 0 : selected.findIndex(({ fill_id }) => fill_id === after) + 1;
  return selected.slice(start, start + FILLS_PAGE);
}

function placeOrder(state: FakeVenueState, body: unknown): VenueResponse {
  const parsed = orderRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { status: 400, body: { error: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` } };
  }
  const { limit_price, stop_price, ...fields } = parsed.data;
  const duplicate = state.findOrder({ clientOrderId: fields.client_order_id });
  if (duplicate !== undefined && state.refusesDuplicates)
    return { status: 409, body: { error: "duplicate client_order_id", order: orderBody(duplicate) } };
  const placed = state.place({ ...fields, limit_price, stop_price });
  return typeof placed === "string"
    ? { status: 422, body: { error: placed } }
    : { status: 201, body: orderBody(placed), placed };
}

function listOrders(state: FakeVenueState, query: URLSearchParams): VenueResponse {
  const clientOrderId = query.get("client_order_id");
  if (clientOrderId !== null) {
    const order = state.findOrder({ clientOrderId });
    return order === undefined
      ? { status: 404, body: { error: "unknown order" } }
      : { status: 200, body: orderBody(order) };
  }
  const isOpen = ({ status }: FakeOrder): boolean => status === "open" || status === "partially_filled";
  const selected = query.get("status") === "open" ? state.orders.filter(isOpen) : state.orders;
  return { status: 200, body: selected.map(orderBody) };
}

/** The requested URL; an invalid one becomes "/", which is not a route. */
export function urlOf(request: IncomingMessage): URL {
  const origin = "http://venue.invalid";
  return targetAt(origin, request) ?? new URL(origin);
}

/**
 * The address of a request at this origin; undefined if the request names no path. A path such as `//host/x` is
 * appended, not resolved: it would name another host.
 */
export function targetAt(origin: string, { url = "/" }: IncomingMessage): URL | undefined {
  return url.startsWith("/") && URL.canParse(origin + url) ? new URL(origin + url) : undefined;
}

/** Reads the body, parsed if it is JSON. Reading stops at 1 MiB, so a larger body is returned as text. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request as AsyncIterable<string>) if (text.length < 1024 * 1024) text += chunk;
  if (text === "") return undefined;
  return tryParseJson(text) ?? text;
}

export function reply(
  response: ServerResponse,
  { status, body }: VenueResponse,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, body === undefined ? headers : { "content-type": "application/json", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Faults that replace the response. */
export type ResponseFault = Exclude<Fault, { kind: "slow" | "duplicate" }>;

/** Sends the fault instead of `normal`, the response that the request would have had. */
export function sendFault(response: ServerResponse, fault: ResponseFault, normal: VenueResponse): void {
  const success = normal.status < 300 ? normal.status : 200;
  const order = typeof normal.body === "object" ? normal.body : {};
  switch (fault.kind) {
    case "hang":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "500":
      reply(response, { status: 500, body: { error: "internal error" } });
      return;
    case "502":
    case "504":
      response.writeHead(Number(fault.kind), { "content-type": "text/html" });
      response.end(`<html><body><h1>${fault.kind} Bad Gateway</h1></body></html>`);
      return;
    case "html":
      response.writeHead(503, { "content-type": "text/html" });
      response.end("<html><body><h1>503 Service Unavailable</h1></body></html>");
      return;
    case "429":
      reply(response, { status: 429, body: { error: "slow down" } }, { "retry-after": "1" });
      return;
    case "401":
      reply(response, { status: 401, body: { error: "the key was revoked" } });
      return;
    case "rejected-body":
      reply(response, { status: 201, body: { ...order, status: "rejected", error: "outside the price band" } });
      return;
    case "other-order":
      reply(response, { status: 201, body: { ...order, order_id: "7999", client_order_id: "q00000000000000000" } });
      return;
    case "malformed":
      response.writeHead(success === 204 ? 200 : success, { "content-type": "application/json" });
      response.end('{"order_id":"70000000');
      return;
    case "empty":
      reply(response, { status: success === 204 ? 200 : success, body: {} });
  }
}
