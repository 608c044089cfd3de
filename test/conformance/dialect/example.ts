/**
 * A dialect as an author writes one, in no file of the kit: the wire format of a venue whose answers are in an
 * envelope, whose key is in a header of its own, and whose clients sign in to the stream by a message.
 */
import type {
  Dialect,
  FakeOrder,
  Secrets,
  StreamEvent,
  StreamReply,
  VenueCommand,
  VenueOutcome,
  WireContext,
  WireMessage,
  WireOrder,
  WireRequest,
  WireResponse,
} from "@qoc-app/sdk";

const PREFIX = "/api/v1";
const PAGE = 100;
const ERRORS: Readonly<Record<number, string>> = { 401: "the key was revoked", 418: "banned", 429: "slow down" };

function envelope(status: number, result: unknown): WireResponse {
  return { status, body: { result } };
}

function refusal(status: number, error: string, order?: FakeOrder): WireResponse {
  return envelope(status, { error, order });
}

function commandOf({ method, path, query, body }: WireRequest): Record<string, unknown> & { readonly route: string } {
  const [, name = "", id = ""] = path.slice(PREFIX.length).split("/").map(decodeURIComponent);
  const isOrders = name === "orders";
  if (method === "POST" && isOrders) {
    const terms = body as Partial<WireOrder> | undefined;
    return typeof terms?.client_order_id === "string" && typeof terms.quantity === "string"
      ? { route: "place", terms }
      : { route: "place", invalid: "client_order_id and quantity are texts" };
  }
  if (method === "DELETE" && isOrders) return { route: "cancel", orderId: id };
  if (isOrders && id !== "") return { route: "order", orderId: id };
  if (isOrders)
    return { route: "orders", clientOrderId: query["client_order_id"], isOpenOnly: query["status"] === "open" };
  if (name === "quotes") return { route: "quote", symbol: id };
  if (name === "instruments") return { route: "instrument", symbol: id };
  if (name === "fills") return { route: "fills", since: Number(query["since"] ?? "0"), after: query["after"] };
  return { route: ["time", "account", "positions"].includes(name) ? name : "unknown" };
}

function read(request: WireRequest, secrets: Secrets): VenueCommand {
  const isAuthorized = request.headers["x-api-key"] === secrets["api_key"];
  return { isAuthorized, ...commandOf(request) } as VenueCommand;
}

function refused(
  { reason, subject, order }: Extract<VenueOutcome, { kind: "refused" }>,
  isOrder: boolean,
): WireResponse {
  switch (reason) {
    case "unauthorized":
      return refusal(401, "the key is wrong");
    case "unknown-symbol":
      return refusal(isOrder ? 422 : 404, `no symbol ${subject}`);
    case "insufficient-funds":
      return refusal(422, "not enough money");
    case "duplicate-id":
      return refusal(409, "the id was used", order);
    case "not-open":
      return refusal(409, `the order is ${subject}`);
    case "invalid":
      return refusal(400, subject);
    default:
      return refusal(404, `no ${subject}`);
  }
}

function write({ request, outcome, now }: WireContext): WireResponse {
  switch (outcome.kind) {
    case "time":
      return envelope(200, { time: now });
    case "quote":
      return envelope(200, { symbol: outcome.symbol, time: now, ...outcome.quote });
    case "account":
      return envelope(200, outcome.account);
    case "positions":
      return envelope(200, outcome.positions);
    case "instrument":
      return envelope(200, { symbol: outcome.symbol, ...outcome.steps, currency: outcome.currency });
    case "placed":
      return envelope(201, outcome.order);
    case "order":
      return envelope(200, outcome.order);
    case "orders":
      return envelope(200, outcome.orders);
    case "fills":
      return envelope(200, outcome.fills.slice(0, PAGE));
    case "cancelled":
      return { status: 204 };
    case "refused":
      return refused(outcome, request.path === `${PREFIX}/orders`);
    default:
      return refusal(404, "no such path");
  }
}

function converse(message: string | undefined, secrets: Secrets): StreamReply {
  if (message === undefined) return { send: [], state: "waiting" };
  const isKey = message === JSON.stringify({ op: "auth", key: secrets["api_key"] });
  return isKey
    ? { send: [{ text: JSON.stringify({ type: "hello" }) }], state: "signed-in" }
    : { send: [], state: "refused" };
}

function event({ kind, fill, order }: StreamEvent): WireMessage {
  return { text: JSON.stringify({ type: kind, ...(kind === "fill" ? fill : order) }) };
}

export default {
  streamPath: "/api/v1/stream",
  traits: {
    insufficientFunds: "not enough money",
    limitOrders: [
      { quantity: "0.1", limit: "49.07" },
      { quantity: "0.0000001", limit: "48" },
    ],
    longest: { quantity: "1.000000000000000001", limit: "49.12345678901234567" },
    hasFillFees: true,
    hasFeeCurrencies: true,
    hasOneCurrency: false,
    steppedSymbols: ["AAPL", "MSFT"],
    symbols: ["AAPL", "MSFT", "BTC/USD"],
    currency: "USD",
    hasShorts: true,
    statesQuoteTime: true,
    confirmsId: true,
    endings: ["rejected", "expired", "cancelled"],
    steps: [
      { tickSize: "0.05", lotSize: "0.5" },
      { tickSize: "0.0001", lotSize: "10" },
    ],
  },
  read,
  write,
  errorBody: (status) => ({ result: { error: ERRORS[status] ?? "internal error" } }),
  admits: () => true,
  converse,
  event,
} satisfies Dialect;
