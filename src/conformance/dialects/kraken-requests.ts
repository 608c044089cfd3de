/** The requests of a client of Kraken: signatures, nonces, pairs and orders. */
import type { Secrets, VenueCommand, WireRequest } from "../../domain/sdk-kit.ts";
import { createHash, createHmac } from "node:crypto";
import * as z from "zod";
import type { UnsignedCommand } from "./dialect.ts";
import { coinSymbols } from "./coins.ts";

export const SYMBOLS = coinSymbols("USD");
export const ORDER_TYPES: Readonly<Record<string, string>> = {
  market: "market",
  limit: "limit",
  "stop-loss": "stop",
  "stop-loss-limit": "stop_limit",
};

/** Kraken has three names of a pair, and old names of coins. */
export interface PairNames {
  readonly symbol: string;
  readonly id: string;
  readonly altname: string;
  readonly wsname: string;
  readonly base: string;
}

function namesOf(symbol: string): PairNames {
  const [coin = ""] = symbol.split("/");
  const old = coin === "BTC" ? "XBT" : coin;
  const base = coin === "BTC" || coin === "ETH" ? `X${old}` : old;
  const id = base === old ? `${old}USD` : `${base}ZUSD`;
  return { symbol, id, altname: `${old}USD`, wsname: `${old}/USD`, base };
}

export const PAIRS: readonly PairNames[] = SYMBOLS.map(namesOf);

/** The names of a pair, by its symbol in the book. */
export function pairOf(symbol: string): PairNames {
  return PAIRS.find((pair) => pair.symbol === symbol) ?? namesOf(symbol);
}

function symbolOf(name = ""): string {
  return PAIRS.find(({ id, altname, wsname }) => [id, altname, wsname].includes(name))?.symbol ?? name;
}

type Form = Readonly<Record<string, string>>;

/** The parameters of a request, without the nonce. */
export function formOf({ method, query, body }: WireRequest): Form {
  return method === "POST" && typeof body === "string" ? Object.fromEntries(new URLSearchParams(body)) : query;
}

/** Nonces of one key must increase: returns the reader of one venue. */
export function requestReader(): (request: WireRequest, secrets: Secrets) => VenueCommand {
  let lastNonce = 0n;
  return (request, secrets) => {
    const form = formOf(request);
    const [, group, name = ""] = /^\/0\/(public|private)\/(\w+)$/.exec(request.path) ?? [];
    if (group === "public") return { isAuthorized: true, ...publicCommand(name, form) };
    if (group !== "private") return { isAuthorized: true, route: "unknown" };
    if (!isSigned(request, form, secrets)) return { isAuthorized: false, ...privateCommand(name, form) };
    const nonce = BigInt(form["nonce"] ?? "0");
    if (nonce <= lastNonce) return { isAuthorized: true, route: "other", name: "nonce" };
    lastNonce = nonce;
    return { isAuthorized: true, ...privateCommand(name, form) };
  };
}

function isSigned({ path, headers, body }: WireRequest, { nonce = "" }: Form, secrets: Secrets): boolean {
  if (headers["api-key"] !== secrets["api_key"] || typeof body !== "string") return false;
  const hash = createHash("sha256")
    .update(nonce + body)
    .digest();
  const hmac = createHmac("sha512", Buffer.from(secrets["api_secret"] ?? "", "base64"));
  return headers["api-sign"] === hmac.update(path).update(hash).digest("base64");
}

function publicCommand(name: string, { pair }: Form): UnsignedCommand {
  if (name === "Time") return { route: "time" };
  if (name === "AssetPairs" && pair === undefined) return { route: "other", name: "pairs" };
  if (name === "AssetPairs") return { route: "instrument", symbol: symbolOf(pair) };
  if (name === "OHLC") return { route: "other", name: `bars:${symbolOf(pair)}` };
  if (name !== "Ticker") return { route: "unknown" };
  const symbols = (pair ?? "").split(",").map(symbolOf);
  return symbols.length === 1
    ? { route: "quote", symbol: symbols[0] ?? "" }
    : { route: "other", name: `prices:${symbols.join(",")}` };
}

function privateCommand(name: string, form: Form): UnsignedCommand {
  const { txid = "", cl_ord_id: clientOrderId, start = "0", end } = form;
  switch (name) {
    case "BalanceEx":
      return { route: "account" };
    case "AddOrder":
      return readOrder(form);
    case "CancelOrder":
      return { route: "cancel", orderId: txid };
    case "QueryOrders":
      return { route: "order", orderId: txid };
    case "OpenOrders":
    case "ClosedOrders":
      return { route: "orders", clientOrderId, isOpenOnly: name === "OpenOrders" };
    case "TradesHistory":
      // The start is exclusive.
      return {
        route: "fills",
        since: Number(start) * 1_000 + 1,
        until: end === undefined ? Number.POSITIVE_INFINITY : Number(end) * 1_000,
      };
    case "Ledgers":
      return { route: "other", name: "ledger" };
    case "GetApiKeyInfo":
      return { route: "other", name: "key" };
    case "GetWebSocketsToken":
      return { route: "other", name: "token" };
    default:
      return { route: "unknown" };
  }
}

const amount = z.string().regex(/^\d{1,20}(\.\d{1,8})?$/);
const orderRequest = z.strictObject({
  nonce: z.string(),
  pair: z.string(),
  type: z.enum(["buy", "sell"]),
  ordertype: z.enum(["market", "limit", "stop-loss", "stop-loss-limit"]),
  volume: amount,
  price: amount.optional(),
  price2: amount.optional(),
  timeinforce: z.enum(["GTC", "IOC"]).optional(),
  cl_ord_id: z.string().regex(/^[\w-]{1,18}$/),
  oflags: z.enum(["fciq", "fciq,post"]),
});

function readOrder(form: Form): UnsignedCommand {
  const parsed = orderRequest.safeParse(form);
  if (!parsed.success)
    return { route: "place", invalid: `EGeneral:Invalid arguments:${parsed.error.issues[0]?.path.join(".") ?? ""}` };
  const { pair, type, ordertype, volume, price, price2, timeinforce, cl_ord_id, oflags } = parsed.data;
  const isStop = ordertype.startsWith("stop");
  return {
    route: "place",
    terms: {
      client_order_id: cl_ord_id,
      symbol: symbolOf(pair),
      side: type,
      quantity: volume,
      type: ORDER_TYPES[ordertype] ?? "",
      limit_price: isStop ? price2 : price,
      stop_price: isStop ? price : undefined,
      post_only: oflags === "fciq,post" ? true : undefined,
      // What a market order cannot fill at once is cancelled.
      time_in_force: timeinforce?.toLowerCase() ?? "ioc",
    },
  };
}
