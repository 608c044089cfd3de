/** The requests of a client of Coinbase Advanced Trade: tokens, products and orders. */
import type { Secrets, VenueCommand, WireRequest } from "../../domain/sdk-kit.ts";
import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import * as z from "zod";
import { tryParseJson } from "../../lib/json.ts";
import type { UnsignedCommand } from "./dialect.ts";
import { coinSymbols } from "./coins.ts";

export const SYMBOLS = coinSymbols("USD");
const LIFETIME_S = 120;
const BASE = "/api/v3/brokerage/";

export function idOf(symbol: string): string {
  return symbol.replace("/", "-");
}

export function symbolOf(id = ""): string {
  return id.replace("-", "/");
}

const claims = z.looseObject({ sub: z.string(), nbf: z.number(), exp: z.number(), uri: z.string().optional() });

/** The claims of a token that this key has signed; undefined for any other text. */
export function claimsOf(token: string, secrets: Secrets): z.infer<typeof claims> | undefined {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const key = createPublicKey(createPrivateKey(secrets["api_secret"] ?? ""));
  const isSigned = verify(
    "sha256",
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  const parsed = claims.safeParse(tryParseJson(Buffer.from(payload, "base64url").toString("utf8")));
  return isSigned && parsed.success && parsed.data.sub === secrets["api_key"] ? parsed.data : undefined;
}

/** Whether the token is valid at a time. */
export function isCurrent({ nbf, exp }: { readonly nbf: number; readonly exp: number }, now: number): boolean {
  const seconds = now / 1_000;
  return nbf <= seconds + 30 && seconds <= exp && exp - nbf <= LIFETIME_S;
}

export function bearerOf({ headers }: WireRequest): string {
  return (headers["authorization"] ?? "").replace(/^Bearer /, "");
}

const TRANSACTIONS = /^\/v2\/accounts\/wallet-(\w+)\/transactions$/;

export function readRequest(request: WireRequest, secrets: Secrets): VenueCommand {
  const path = request.path.startsWith(BASE) ? request.path.slice(BASE.length) : "";
  const open = publicCommand(path, request.query);
  if (open !== undefined) return { isAuthorized: true, ...open };
  const token = claimsOf(bearerOf(request), secrets);
  // A token is made for one method and path.
  const isAuthorized = token?.uri?.startsWith(`${request.method} `) === true && token.uri.endsWith(request.path);
  const [, wallet] = TRANSACTIONS.exec(request.path) ?? [];
  if (wallet !== undefined) return { isAuthorized, route: "other", name: `transactions:${wallet}` };
  return { isAuthorized, ...privateCommand(request, path) };
}

function publicCommand(path: string, query: Readonly<Record<string, string>>): UnsignedCommand | undefined {
  if (path === "time") return { route: "time" };
  if (path === "market/product_book") return { route: "quote", symbol: symbolOf(query["product_id"]) };
  if (path === "market/products") return { route: "other", name: `products:${query["product_ids"] ?? ""}` };
  const [, id, part] = /^market\/products\/([^/]+)(\/candles)?$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  return part === undefined
    ? { route: "instrument", symbol: symbolOf(id) }
    : { route: "other", name: `bars:${symbolOf(id)}` };
}

const cancelRequest = z.strictObject({ order_ids: z.tuple([z.string()]) });

function privateCommand({ method, query, body }: WireRequest, path: string): UnsignedCommand {
  const request = `${method} ${path}`;
  switch (request) {
    case "GET key_permissions":
      return { route: "other", name: "key" };
    case "GET accounts":
      return { route: "account" };
    case "POST orders":
      return readOrder(body);
    case "POST orders/batch_cancel":
      return { route: "cancel", orderId: cancelRequest.safeParse(body).data?.order_ids[0] ?? "" };
    case "GET orders/historical/batch":
      return { route: "orders", isOpenOnly: query["order_status"] === "OPEN" };
    case "GET orders/historical/fills":
      return { route: "fills", since: Date.parse(query["start_sequence_timestamp"] ?? "1970-01-01") };
    default: {
      const [, orderId] = /^GET orders\/historical\/([^/]+)$/.exec(request) ?? [];
      return orderId === undefined ? { route: "unknown" } : { route: "order", orderId };
    }
  }
}

const amount = z.string().regex(/^\d{1,20}(\.\d{1,18})?$/);
const size = { base_size: amount };
const priced = { ...size, limit_price: amount };
const orderRequest = z.strictObject({
  client_order_id: z.string().min(1).max(128),
  product_id: z.string(),
  side: z.enum(["BUY", "SELL"]),
  order_configuration: z.union([
    z.strictObject({ market_market_ioc: z.strictObject(size) }),
    z.strictObject({ limit_limit_gtc: z.strictObject({ ...priced, post_only: z.boolean() }) }),
    z.strictObject({ limit_limit_fok: z.strictObject(priced) }),
    z.strictObject({ sor_limit_ioc: z.strictObject(priced) }),
  ]),
});
const TIMES_IN_FORCE: Readonly<Record<string, string>> = { limit_limit_gtc: "gtc", limit_limit_fok: "fok" };

function readOrder(body: unknown): UnsignedCommand {
  const parsed = orderRequest.safeParse(body);
  if (!parsed.success) return { route: "place", invalid: `invalid ${parsed.error.issues[0]?.path.join(".") ?? ""}` };
  const { client_order_id, product_id, side, order_configuration } = parsed.data;
  const [[name, terms] = ["", { base_size: "0" }]] = Object.entries(order_configuration);
  const limit: unknown = "limit_price" in terms ? terms.limit_price : undefined;
  return {
    route: "place",
    terms: {
      client_order_id,
      symbol: symbolOf(product_id),
      side: side === "BUY" ? "buy" : "sell",
      quantity: terms.base_size,
      type: name === "market_market_ioc" ? "market" : "limit",
      limit_price: typeof limit === "string" ? limit : undefined,
      post_only: "post_only" in terms && terms.post_only ? true : undefined,
      time_in_force: TIMES_IN_FORCE[name] ?? "ioc",
    },
  };
}
