/** The requests of a client of Alpaca, and the rules of Alpaca that depend on an order alone. */
import type { Secrets, VenueCommand, WireRequest } from "../../domain/sdk-kit.ts";
import * as z from "zod";
import type { UnsignedCommand } from "./dialect.ts";

type Read = (parts: readonly string[], request: WireRequest) => UnsignedCommand;

const ROUTES: readonly (readonly [method: string, path: RegExp, read: Read])[] = [
  ["GET", /^\/v2\/clock$/, () => ({ route: "time" })],
  ["GET", /^\/v2\/stocks\/([^/]+)\/quotes\/latest$/, ([symbol = ""]) => ({ route: "quote", symbol })],
  [
    "GET",
    /^\/v1beta3\/crypto\/us\/latest\/quotes$/,
    (_, { query }) => ({ route: "quote", symbol: query["symbols"] ?? "" }),
  ],
  ["GET", /^\/v2\/account$/, () => ({ route: "account" })],
  ["GET", /^\/v2\/positions$/, () => ({ route: "positions" })],
  ["GET", /^\/v2\/assets\/([^/]+)$/, ([asset = ""]) => ({ route: "instrument", symbol: symbolOfAsset(asset) })],
  [
    "GET",
    /^\/v2\/assets$/,
    (_, { query }) => ({ route: "other", name: `assets:${query["asset_class"] ?? "us_equity"}` }),
  ],
  ["GET", /^\/v3\/calendar\/NYSE$/, () => ({ route: "other", name: "calendar" })],
  ["GET", /^\/v1beta1\/forex\/latest\/rates$/, () => ({ route: "other", name: "rates" })],
  ["GET", /^\/v2\/stocks\/([^/]+)\/bars$/, ([symbol = ""]) => ({ route: "other", name: `bars:${symbol}` })],
  [
    "GET",
    /^\/v1beta3\/crypto\/us\/bars$/,
    (_, { query }) => ({ route: "other", name: `bars:${query["symbols"] ?? ""}` }),
  ],
  ["POST", /^\/v2\/orders$/, (_, { body }) => readOrder(body)],
  [
    "GET",
    /^\/v2\/orders:by_client_order_id$/,
    (_, { query }) => ({ route: "orders", clientOrderId: query["client_order_id"] ?? "" }),
  ],
  [
    "GET",
    /^\/v2\/orders$/,
    (_, { query }) => ({ route: "orders", isOpenOnly: (query["status"] ?? "open") === "open" }),
  ],
  ["GET", /^\/v2\/orders\/([^/]+)$/, ([orderId = ""]) => ({ route: "order", orderId })],
  ["DELETE", /^\/v2\/orders\/([^/]+)$/, ([orderId = ""]) => ({ route: "cancel", orderId })],
  ["GET", /^\/v2beta1\/events\/activities$/, (_, { query }) => readActivities(query)],
];

export function readRequest(request: WireRequest, secrets: Secrets): VenueCommand {
  const { method, path, headers } = request;
  const hasKey = headers["apca-api-key-id"] === secrets["api_key"];
  const isAuthorized = hasKey && headers["apca-api-secret-key"] === secrets["api_secret"];
  for (const [routeMethod, pattern, readRoute] of ROUTES) {
    const found = routeMethod === method ? pattern.exec(path) : null;
    if (found !== null) return { isAuthorized, ...readRoute(found.slice(1).map(decodeURIComponent), request) };
  }
  return { isAuthorized, route: "unknown" };
}

const amount = z.string().regex(/^\d+(\.\d{1,9})?$/, "must be a decimal as text with at most 9 decimals");
const orderRequest = z.strictObject({
  client_order_id: z.string().min(1).max(128),
  symbol: z.string().min(1),
  qty: amount,
  side: z.enum(["buy", "sell"]),
  type: z.enum(["market", "limit", "stop", "stop_limit"]),
  time_in_force: z.enum(["day", "gtc", "ioc", "fok"]),
  limit_price: amount.optional(),
  stop_price: amount.optional(),
  extended_hours: z.boolean().optional(),
  position_intent: z.enum(["buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close"]).optional(),
});

/** The rules of Alpaca that depend on the order alone. Each refusal has the words of Alpaca. */
function readOrder(body: unknown): UnsignedCommand {
  const parsed = orderRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { route: "place", invalid: `invalid ${issue?.path.join(".") ?? "request body"}` };
  }
  const { qty: quantity, extended_hours, position_intent, ...terms } = parsed.data;
  const refuse = (invalid: string): UnsignedCommand => ({ route: "place", invalid });
  const isCrypto = terms.symbol.includes("/");
  if (isCrypto && terms.time_in_force !== "gtc" && terms.time_in_force !== "ioc")
    return refuse("invalid crypto time_in_force");
  if (isCrypto && terms.type === "stop") return refuse("invalid order type for crypto order");
  for (const price of isCrypto ? [] : [terms.limit_price, terms.stop_price]) {
    const decimals = price?.split(".")[1]?.length ?? 0;
    const allowed = Number(price) >= 1 ? 2 : 4;
    if (decimals > allowed)
      return refuse(`invalid limit_price ${price}. sub-penny increment does not fulfill minimum pricing criteria`);
  }
  if (!isCrypto && quantity.includes(".") && terms.time_in_force !== "day")
    return refuse("fractional orders must be DAY orders");
  if (extended_hours === true && terms.type !== "limit") return refuse("extended hours order must be DAY limit orders");
  const session = extended_hours === undefined ? undefined : extended_hours ? "extended" : "regular";
  const intent = position_intent?.endsWith("close") === true ? "close" : "open";
  const flags = { session, position_intent: position_intent === undefined ? undefined : intent } as const;
  return { route: "place", terms: { ...terms, quantity, ...flags } };
}

function readActivities({ since, until }: Readonly<Record<string, string>>): UnsignedCommand {
  // Alpaca answers nothing of the past without `since`, and holds the response open without `until`.
  if (since === undefined || until === undefined) return { route: "unknown" };
  return { route: "fills", since: Date.parse(since), until: Date.parse(until) };
}

/** Assets have UUIDs; the fake's contain the symbol, so that it needs no list of them. */
export function assetIdOf(symbol: string): string {
  const hex = Buffer.from(symbol).toString("hex").padEnd(32, "0").slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function symbolOfAsset(asset: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(asset)) return asset;
  return Buffer.from(asset.replaceAll("-", ""), "hex").toString("utf8").replaceAll("\0", "");
}
