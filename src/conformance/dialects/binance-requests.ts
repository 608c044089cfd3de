/** The requests of a client of Binance, and what their signatures cover. */
import type { Secrets, VenueCommand, WireRequest } from "../../domain/sdk-kit.ts";
import { createHmac } from "node:crypto";
import * as z from "zod";
import type { UnsignedCommand } from "./dialect.ts";
import { coinSymbols } from "./coins.ts";

export const SYMBOLS = coinSymbols("USDT");
/** Orders that are not market orders have a time in force. */
export const TYPES: Readonly<Record<string, string>> = {
  MARKET: "market",
  LIMIT: "limit",
  STOP_LOSS: "stop",
  STOP_LOSS_LIMIT: "stop_limit",
};
export function idOf(symbol: string): string {
  return symbol.replace("/", "");
}

/** The book's name of a symbol; an unknown one stays as it is. */
export function symbolOf(id = ""): string {
  return SYMBOLS.find((symbol) => idOf(symbol) === id) ?? id;
}

export type BinanceFields = Readonly<Record<string, string>>;

/** The parameters of a request, and the text that its signature covers. */
export function parametersOf({ method, query, body }: WireRequest): {
  readonly fields: BinanceFields;
  readonly signed: string;
} {
  const form = method === "POST" && typeof body === "string" ? body : undefined;
  const fields = form === undefined ? query : Object.fromEntries(new URLSearchParams(form));
  const { signature: _, ...rest } = fields;
  const rebuilt = Object.entries(rest).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { fields, signed: form === undefined ? rebuilt.join("&") : form.replace(/&signature=.*$/, "") };
}

export function readRequest(request: WireRequest, secrets: Secrets): VenueCommand {
  const { fields, signed } = parametersOf(request);
  const path = request.path.replace(/^\/(?:api\/v3|sapi\/v1)\//, "");
  const open = publicCommand(path, fields);
  if (open !== undefined) return { isAuthorized: true, ...open };
  const hasKey = request.headers["x-mbx-apikey"] === secrets["api_key"];
  const isAuthorized = hasKey && fields["signature"] === signatureOf(signed, secrets);
  return { isAuthorized, ...signedCommand(`${request.method} ${path}`, fields) };
}

export function signatureOf(signed: string, secrets: Secrets): string {
  return createHmac("sha256", secrets["api_secret"] ?? "")
    .update(signed)
    .digest("hex");
}

function publicCommand(path: string, { symbol, symbols }: BinanceFields): UnsignedCommand | undefined {
  if (path === "time") return { route: "time" };
  if (path === "ticker/24hr") return { route: "quote", symbol: symbolOf(symbol) };
  if (path === "exchangeInfo")
    return symbol === undefined
      ? { route: "other", name: "symbols" }
      : { route: "instrument", symbol: symbolOf(symbol) };
  if (path === "ticker/price") return { route: "other", name: `prices:${symbols ?? "[]"}` };
  return path === "klines" ? { route: "other", name: `bars:${symbol ?? ""}` } : undefined;
}

function signedCommand(request: string, fields: BinanceFields): UnsignedCommand {
  const { orderId, origClientOrderId, symbol, startTime, endTime, fromId } = fields;
  switch (request) {
    case "GET account":
      return { route: "account" };
    case "POST order":
      return readOrder(fields);
    case "GET order":
      if (symbol === undefined) return { route: "unknown" };
      return orderId === undefined
        ? { route: "orders", clientOrderId: origClientOrderId ?? "" }
        : { route: "order", orderId };
    case "DELETE order":
      return symbol === undefined ? { route: "unknown" } : { route: "cancel", orderId: orderId ?? "" };
    case "GET account/apiRestrictions":
      return { route: "other", name: "restrictions" };
    case "GET capital/deposit/hisrec":
    case "GET capital/withdraw/history":
    case "GET asset/assetDividend":
      return { route: "other", name: `moved:${request.slice("GET ".length)}` };
    case "GET openOrders":
      return { route: "orders", isOpenOnly: true };
    case "GET myTrades":
      // A trade id is of one symbol.
      if (symbol === undefined) return { route: "unknown" };
      return fromId === undefined && startTime !== undefined
        ? { route: "fills", since: Number(startTime), until: Number(endTime) }
        : { route: "fills", since: 0 };
    default:
      return { route: "unknown" };
  }
}

const amount = z.string().regex(/^\d{1,20}(\.\d{1,8})?$/);
const orderRequest = z.object({
  newClientOrderId: z.string().regex(/^[.A-Z:/a-z0-9_-]{1,36}$/),
  symbol: z.string().min(1),
  side: z.enum(["BUY", "SELL"]),
  type: z.enum(["MARKET", "LIMIT", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT"]),
  quantity: amount,
  price: amount.optional(),
  stopPrice: amount.optional(),
  timeInForce: z.enum(["GTC", "IOC", "FOK"]).optional(),
});

function readOrder(fields: BinanceFields): UnsignedCommand {
  const parsed = orderRequest.safeParse(fields);
  if (!parsed.success) {
    const name = parsed.error.issues[0]?.path.join(".") ?? "";
    return { route: "place", invalid: `Illegal characters found in parameter '${name}'.` };
  }
  const { newClientOrderId, symbol, side, type, quantity, price, stopPrice, timeInForce } = parsed.data;
  const isPriced = type === "LIMIT" || type === "STOP_LOSS_LIMIT";
  if (isPriced !== (timeInForce !== undefined))
    return { route: "place", invalid: "Parameter 'timeInForce' sent when not required." };
  return {
    route: "place",
    terms: {
      client_order_id: newClientOrderId,
      symbol: symbolOf(symbol),
      side: side === "BUY" ? "buy" : "sell",
      quantity,
      type: TYPES[type] ?? "limit",
      post_only: type === "LIMIT_MAKER" ? true : undefined,
      limit_price: price,
      stop_price: stopPrice,
      // What a market order cannot fill at once expires.
      time_in_force: timeInForce?.toLowerCase() ?? (type === "LIMIT_MAKER" ? "gtc" : "ioc"),
    },
  };
}
