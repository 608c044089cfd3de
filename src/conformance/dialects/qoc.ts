/** The kit's own wire format: plain JSON over HTTP and a stream, which the template of `qoc connectors new` speaks. */
import type {
  Dialect,
  DialectStatements,
  DialectTraits,
  FakeOrder,
  Secrets,
  StreamEvent,
  VenueCommand,
  VenueOutcome,
  WireContext,
  WireRequest,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import * as z from "zod";
import { USUAL_TRAITS } from "./dialect.ts";
import { FILLS_PAGE } from "../venue/fake-venue-commands.ts";
import type { VenueRoute } from "../venue/fake-venue-faults.ts";

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
  session: z.enum(["regular", "extended"]).optional(),
  position_intent: z.enum(["open", "close"]).optional(),
  post_only: z.boolean().optional(),
});

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

/** More than a page of positions, with different prices. A slash must be escaped in a path, and small letters stay. */
const SYMBOLS = [
  "AAPL",
  "MSFT",
  ...Array.from({ length: 17 }, (_, index) => `SYM${index + 1}`),
  "stETH/USD",
  ...Array.from({ length: 100 }, (_, index) => `SYM${index + 18}`),
  "BTC/USD",
] as const;

/** A venue of stocks in dollars, whose answers state everything that cases ask for. */
export const STOCK_TRAITS = {
  ...USUAL_TRAITS,
  symbols: SYMBOLS,
  currency: "USD",
  hasShorts: true,
  statesQuoteTime: true,
} satisfies Partial<DialectTraits>;

/** What the kit states at its own venue, and by the hooks of an author's. */
export const STATEMENTS = {
  activities: [
    { kind: "deposit", amount: "250.50", currency: "USD" },
    { kind: "withdrawal", amount: "-100.000000000000000001", currency: "EUR" },
    { kind: "split", symbol: "AAPL", ratio: ["7", "1"] },
  ],
  rate: { pair: "EUR/USD", rate: "1.083412345678901234" },
  schedule: "sessions",
  replacesOrders: true,
} satisfies DialectStatements;

export const QOC_DIALECT: Dialect = {
  streamPath: "/stream",
  traits: {
    insufficientFunds: "insufficient funds",
    limitOrders: [
      { quantity: "0.1", limit: "49.07" },
      { quantity: "3", limit: "50" },
      { quantity: "1000.25", limit: "0.29" },
      { quantity: "0.0000001", limit: "48" },
      { quantity: "5.5", limit: "0.000123" },
    ],
    longest: { quantity: "1.000000000000000001", limit: "49.12345678901234567" },
    hasFillFees: true,
    hasOneCurrency: false,
    steppedSymbols: ["AAPL", "MSFT"],
    ...STOCK_TRAITS,
    statements: STATEMENTS,
  },
  read,
  write,
  errorBody: (status) => ({ error: ERRORS[status] ?? "internal error" }),
  admits: ({ query }, secrets) => query["key"] === keyOf(secrets),
  converse: (message) => ({
    send: message === undefined ? [{ text: JSON.stringify({ type: "hello" }) }] : [],
    state: "signed-in",
  }),
  event: ({ kind, fill, order }: StreamEvent) => ({
    text: JSON.stringify({ type: kind, ...(kind === "fill" ? fill : order && orderBody(order)) }),
  }),
};

/** What the book does not need. */
const OTHER_PATHS: readonly string[] = ["/activities", "/rates", "/schedule"];

function otherBody(
  { path, query }: WireRequest,
  { activities, rates, sessions }: Extract<VenueOutcome, { kind: "other" }>["state"],
): unknown {
  if (path === "/activities") return activities.filter(({ time }) => time >= Number(query["since"] ?? "0"));
  if (path === "/schedule") return sessions;
  const asked = (query["pairs"] ?? "").split(",");
  return asked.flatMap((pair) => {
    const known = rates[pair];
    return known === undefined ? [] : [{ pair, ...known }];
  });
}

const ERRORS: Readonly<Record<number, string>> = {
  401: "the key was revoked",
  429: "slow down",
};

function keyOf(secrets: Secrets): string | undefined {
  return secrets["api_key"] ?? Object.values(secrets)[0];
}

function read({ method, path, query, headers, body }: WireRequest, secrets: Secrets): VenueCommand {
  const isAuthorized = headers["authorization"] === `Bearer ${keyOf(secrets)}`;
  const last = decodeURIComponent(path.split("/").at(-1) ?? "");
  const route = ROUTES.find(([routeMethod, pattern]) => routeMethod === method && pattern.test(path))?.[2];
  switch (route) {
    case "time":
    case "account":
    case "positions":
      return { isAuthorized, route };
    case "quote":
    case "instrument":
      return { isAuthorized, route, symbol: last };
    case "order":
    case "cancel":
      return { isAuthorized, route, orderId: last };
    case "orders":
      return {
        isAuthorized,
        route,
        clientOrderId: query["client_order_id"],
        isOpenOnly: query["status"] === "open",
      };
    case "fills":
      return { isAuthorized, route, since: Number(query["since"] ?? "0"), after: query["after"] };
    case "place": {
      const parsed = orderRequest.safeParse(body);
      if (parsed.success) return { isAuthorized, route, terms: parsed.data };
      const [issue] = parsed.error.issues;
      return { isAuthorized, route, invalid: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
    }
    default:
      return method === "GET" && OTHER_PATHS.includes(path)
        ? { isAuthorized, route: "other", name: path }
        : { isAuthorized, route: "unknown" };
  }
}

function write({ request, outcome, now }: WireContext): WireResponse {
  switch (outcome.kind) {
    case "time":
      return { status: 200, body: { time: now } };
    case "quote":
      return { status: 200, body: { symbol: outcome.symbol, time: now, ...outcome.quote } };
    case "account":
      return { status: 200, body: outcome.account };
    case "positions":
      return { status: 200, body: outcome.positions };
    case "instrument":
      return { status: 200, body: { symbol: outcome.symbol, ...outcome.steps, currency: outcome.currency } };
    case "placed": {
      const body = orderBody(outcome.order);
      const isRejected = outcome.order.status === "rejected";
      return { status: 201, body: isRejected ? { ...body, error: "outside the price band" } : body };
    }
    case "order":
      return { status: 200, body: orderBody(outcome.order) };
    case "orders":
      return { status: 200, body: outcome.orders.map(orderBody) };
    case "cancelled":
      return { status: 204 };
    case "fills":
      return { status: 200, body: outcome.fills.slice(0, FILLS_PAGE) };
    case "other":
      return { status: 200, body: otherBody(request, outcome.state) };
    case "instruments":
      return refusal(request.path, { kind: "refused", reason: "unknown-route", subject: "" });
    default:
      return refusal(request.path, outcome);
  }
}

function refusal(
  path: string,
  { reason, subject, order }: Extract<WireContext["outcome"], { kind: "refused" }>,
): WireResponse {
  switch (reason) {
    case "unauthorized":
      return { status: 401, body: { error: "the api key is missing or wrong" } };
    case "unknown-symbol":
      // An order names its symbol in the body, any other request in its path.
      return { status: path === "/orders" ? 422 : 404, body: { error: "unknown symbol" } };
    case "unknown-order":
      return { status: 404, body: { error: "unknown order" } };
    case "invalid":
      return { status: 400, body: { error: subject } };
    case "insufficient-funds":
      return { status: 422, body: { error: "insufficient funds" } };
    case "duplicate-id": {
      const body = { error: "duplicate client_order_id", order: order === undefined ? undefined : orderBody(order) };
      return { status: 409, body };
    }
    case "not-open":
      return { status: 409, body: { error: `already ${subject}` } };
    default:
      return { status: 404, body: { error: `no route ${path}` } };
  }
}

/** The fields of an order that responses contain: limit and stop price are left out. */
function orderBody(order: FakeOrder) {
  const { order_id, client_order_id, symbol, side, quantity, filled_quantity, average_price, status, replaced_by } =
    order;
  const body = { order_id, client_order_id, symbol, side, quantity, filled_quantity, average_price, status };
  return replaced_by === undefined ? body : { ...body, replaced_by };
}
