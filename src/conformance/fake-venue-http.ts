/** The fake venue's requests: which of them is which, what each answers, and how a fault answers in its place. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Book, VenueOrder } from "./fake-venue-book.ts";
import type { Fault, Route } from "./fake-venue-faults.ts";

/** One request as the venue saw it. */
export interface VenueRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly route: Route | "unknown";
  /** What it sent: parsed where it was JSON. */
  readonly body: unknown;
  readonly isAuthorized: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** An order that this request placed: it may fill once the answer is out. */
  readonly placed?: VenueOrder;
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

const ROUTES: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
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

/** Only what the protocol names: limit and stop price stay out of an order's answer. */
export function shown({
  order_id,
  client_order_id,
  symbol,
  side,
  quantity,
  filled_quantity,
  average_price,
  status,
}: VenueOrder) {
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

export function routeOf(method: string, path: string): Route | "unknown" {
  return ROUTES.find(([wanted, shape]) => wanted === method && shape.test(path))?.[2] ?? "unknown";
}

/** Does what the request asks, at the venue's time `now`. */
export function answerTo(book: Book, route: Route | "unknown", url: URL, body: unknown, now: number): Answer {
  const last = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  const unknown = (what: string): Answer => ({ status: 404, body: { error: `unknown ${what}` } });
  switch (route) {
    case "time":
      return { status: 200, body: { time: now } };
    case "quote": {
      const quote = book.quotes.get(last);
      return quote === undefined ? unknown("symbol") : { status: 200, body: { symbol: last, ...quote, time: now } };
    }
    case "account":
      return { status: 200, body: book.account() };
    case "positions":
      return { status: 200, body: book.positions() };
    case "instrument":
      return book.quotes.has(last)
        ? { status: 200, body: { symbol: last, tick_size: "0.01", lot_size: "0.001", currency: "USD" } }
        : unknown("symbol");
    case "place":
      return place(book, body);
    case "order": {
      const order = book.order({ orderId: last });
      return order === undefined ? unknown("order") : { status: 200, body: shown(order) };
    }
    case "orders":
      return orders(book, url.searchParams);
    case "cancel": {
      const order = book.order({ orderId: last });
      if (order === undefined) return unknown("order");
      return book.cancel(order) ? { status: 204 } : { status: 409, body: { error: `already ${order.status}` } };
    }
    case "fills": {
      const since = Number(url.searchParams.get("since") ?? "0");
      return { status: 200, body: book.fills.filter((fill) => fill.time >= since).toSorted((a, b) => a.time - b.time) };
    }
    default:
      return { status: 404, body: { error: `nothing is at ${url.pathname}` } };
  }
}

function place(book: Book, body: unknown): Answer {
  const parsed = orderRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { status: 400, body: { error: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` } };
  }
  const { limit_price, stop_price, ...rest } = parsed.data;
  const twin = book.order({ clientOrderId: rest.client_order_id });
  if (twin !== undefined) return { status: 409, body: { error: "duplicate client_order_id", order: shown(twin) } };
  const wanted = {
    ...rest,
    ...(limit_price === undefined ? {} : { limit_price }),
    ...(stop_price === undefined ? {} : { stop_price }),
  };
  const placed = book.place(wanted);
  return typeof placed === "string"
    ? { status: 422, body: { error: placed } }
    : { status: 201, body: shown(placed), placed };
}

function orders(book: Book, query: URLSearchParams): Answer {
  const clientOrderId = query.get("client_order_id");
  if (clientOrderId !== null) {
    const order = book.order({ clientOrderId });
    return order === undefined
      ? { status: 404, body: { error: "unknown order" } }
      : { status: 200, body: shown(order) };
  }
  const isOpen = ({ status }: VenueOrder): boolean => status === "open" || status === "partially_filled";
  const found = query.get("status") === "open" ? book.orders.filter(isOpen) : book.orders;
  return { status: 200, body: found.map(shown) };
}

/** What it asks for; an address that is none asks for nothing we have. */
export function addressOf({ url = "/" }: IncomingMessage): URL {
  const base = "http://venue.invalid";
  return new URL(URL.canParse(url, base) ? url : "/", base);
}

/** Text of the request; a body over a mebibyte is cut, and is then no JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request as AsyncIterable<string>) if (text.length < 1024 * 1024) text += chunk;
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function reply(response: ServerResponse, { status, body }: Answer, headers: Record<string, string> = {}): void {
  response.writeHead(status, body === undefined ? headers : { "content-type": "application/json", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Answers wrongly. `answer` is what the right one would have been. */
export function injectFault(response: ServerResponse, fault: Exclude<Fault, { kind: "slow" }>, answer: Answer): void {
  const success = answer.status < 300 ? answer.status : 200;
  switch (fault.kind) {
    case "hang":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "500":
      reply(response, { status: 500, body: { error: "internal error" } });
      return;
    case "html":
      response.writeHead(503, { "content-type": "text/html" });
      response.end("<html><body><h1>503 Service Unavailable</h1></body></html>");
      return;
    case "429":
      reply(response, { status: 429, body: { error: "slow down" } }, { "retry-after": "1" });
      return;
    case "401":
      reply(response, { status: 401, body: { error: "the key was withdrawn" } });
      return;
    case "malformed":
      response.writeHead(success === 204 ? 200 : success, { "content-type": "application/json" });
      response.end('{"order_id":"70000000');
      return;
    case "empty":
      reply(response, { status: success === 204 ? 200 : success, body: {} });
  }
}
