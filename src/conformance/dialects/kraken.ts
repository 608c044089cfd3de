/**
 * The wire format of Kraken spot, as far as a connector uses it: the REST API with its nonces and its errors in a 200,
 * and the channel `executions` of the WebSocket API v2. Source: docs.kraken.com.
 */
import type {
  FakeActivity,
  FakeFill,
  FakeInstrument,
  FakeOrder,
  FakeQuote,
  RefusalReason,
  StreamEvent,
  StreamReply,
  VenueOutcome,
  WireContext,
  WireMessage,
  WireRequest,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import * as z from "zod";
import type { QuotingDialect } from "./dialect.ts";
import { KRAKEN_QUOTES } from "./kraken-quotes.ts";
import { decimal, text } from "../../domain/decimal.ts";
import { tryParseJson } from "../../lib/json.ts";
import { COIN_TRAITS, cashOf, coinStatements } from "./coins.ts";
import { ORDER_TYPES, PAIRS, SYMBOLS, formOf, pairOf, requestReader } from "./kraken-requests.ts";
import { USUAL_STEPS, isOpen } from "../venue/fake-venue-state.ts";

const TRADES_PAGE = 50;
const TOKEN = "token-of-the-stream";
/** Kraken has no status for a rejected order: it makes none. */
const STATUSES: Readonly<Record<string, string>> = {
  open: "open",
  partially_filled: "open",
  filled: "closed",
  cancelled: "canceled",
  expired: "expired",
};

export function krakenDialect(): QuotingDialect {
  return {
    streamPath: "/v2",
    traits: {
      ...COIN_TRAITS,
      insufficientFunds: "EOrder:Insufficient funds",
      symbols: SYMBOLS,
      currency: "USD",
      steppedSymbols: [SYMBOLS[0], SYMBOLS[1]],
      statements: coinStatements("USD"),
      confirmsId: false,
      endings: ["expired", "cancelled"],
      // Lots are stated as a number of decimals.
      steps: [
        { tickSize: "0.05", lotSize: "0.1" },
        { tickSize: "0.0001", lotSize: "0.000001" },
      ],
    },
    read: requestReader(),
    write,
    errorBody,
    admits: () => true,
    converse,
    event,
    quotes: KRAKEN_QUOTES,
  };
}

function errorBody(status: number): unknown {
  if (status === 401) return { error: ["EAPI:Invalid key"] };
  if (status === 429) return { error: ["EAPI:Rate limit exceeded"] };
  return { error: ["EGeneral:Internal error"] };
}

function ok(result: unknown): WireResponse {
  return { status: 200, body: { error: [], result } };
}

/** Errors have the status of a success. */
function refuse(error: string): WireResponse {
  return { status: 200, body: { error: [error] } };
}

function write({ request, outcome, now }: WireContext): WireResponse {
  // The only time that a quote has.
  return { ...written(request, outcome, now), headers: { date: new Date(now).toUTCString() } };
}

function written(request: WireRequest, outcome: VenueOutcome, now: number): WireResponse {
  switch (outcome.kind) {
    case "time":
      return ok({ unixtime: Math.floor(now / 1_000), rfc1123: new Date(now).toUTCString() });
    case "quote":
      return ok({ [pairOf(outcome.symbol).id]: tickerBody(outcome.quote) });
    case "account":
    case "positions":
      return ok(balancesBody(outcome));
    case "instrument":
      return ok({ [pairOf(outcome.symbol).id]: pairBody(outcome.symbol, outcome.steps) });
    case "placed":
      return outcome.order.status === "rejected"
        ? refuse("EOrder:Orders limit exceeded")
        : ok({ descr: { order: outcome.order.symbol }, txid: [outcome.order.order_id] });
    case "order":
      return foundOrder(request, outcome.order, now);
    case "orders":
      return ok({ open: ordersBody(outcome.orders, now) });
    case "cancelled":
      return ok({ count: 1 });
    case "fills":
      return ok(tradesBody(outcome.fills, Number(formOf(request)["ofs"] ?? "0")));
    case "other":
      return otherResponse(request, outcome, now);
    case "instruments":
      return refusalResponse(request, { kind: "refused", reason: "unknown-route", subject: "" });
    default:
      return refusalResponse(request, outcome);
  }
}

function tickerBody({ bid, ask, last }: FakeQuote) {
  const side = (price: string | null): readonly string[] => [price ?? "0.00000", "1", "1.000"];
  const day = [last, last];
  return { a: side(ask), b: side(bid), c: [last, "0.1"], v: day, p: day, t: [1, 2], l: day, h: day, o: last };
}

function balancesBody({ account, positions }: Extract<VenueOutcome, { kind: "account" | "positions" }>) {
  const { total, held } = cashOf(account);
  const coins = positions.map(({ symbol = "", quantity }) => [
    pairOf(symbol).base,
    { balance: quantity, hold_trade: "0.0000000000" },
  ]);
  return { ZUSD: { balance: total, hold_trade: held }, ...(Object.fromEntries(coins) as object) };
}

function pairBody(symbol: string, { tick_size, lot_size }: FakeInstrument = USUAL_STEPS) {
  const { altname, wsname, base } = pairOf(symbol);
  return {
    altname,
    wsname,
    aclass_base: "currency",
    base,
    aclass_quote: "currency",
    quote: "ZUSD",
    pair_decimals: tick_size.split(".")[1]?.length ?? 0,
    cost_decimals: 5,
    lot_decimals: lot_size.split(".")[1]?.length ?? 0,
    lot_multiplier: 1,
    ordermin: lot_size,
    costmin: "0.0001",
    tick_size,
    status: "online",
  };
}

/** By the client order id, Kraken lists open and closed orders apart. */
function foundOrder({ path }: WireRequest, order: FakeOrder, now: number): WireResponse {
  const body = ordersBody([order], now);
  if (path.endsWith("/OpenOrders")) return ok({ open: isOpen(order) ? body : {} });
  if (path.endsWith("/ClosedOrders")) return ok(isOpen(order) ? { closed: {}, count: 0 } : { closed: body, count: 1 });
  return ok(body);
}

function ordersBody(orders: readonly FakeOrder[], now: number) {
  return Object.fromEntries(orders.map((order) => [order.order_id, orderBody(order, now)]));
}

function orderBody(order: FakeOrder, now: number) {
  const { limit_price: limit, stop_price: stop, filled_quantity: filled, average_price: average } = order;
  const ordertype = Object.keys(ORDER_TYPES).find((name) => ORDER_TYPES[name] === order.type);
  return {
    refid: null,
    userref: null,
    cl_ord_id: order.client_order_id,
    status: STATUSES[order.status],
    opentm: now / 1_000,
    descr: {
      pair: pairOf(order.symbol).altname,
      type: order.side,
      ordertype,
      price: stop ?? limit ?? "0",
      price2: stop === undefined ? "0" : (limit ?? "0"),
      leverage: "none",
    },
    vol: order.quantity,
    vol_exec: filled,
    cost: text(decimal(filled).times(decimal(average ?? "0"))),
    fee: "0.00000",
    price: average ?? "0.00000",
    misc: "",
    oflags: "fciq",
    reason: null,
  };
}

/** Fifty trades from an offset, the newest first. */
function tradesBody(fills: readonly FakeFill[], offset: number) {
  const page = fills.toReversed().slice(offset, offset + TRADES_PAGE);
  const trades = page.map((fill) => [
    fill.fill_id,
    {
      ordertxid: fill.order_id,
      pair: pairOf(fill.symbol).id,
      aclass: "forex",
      time: fill.time / 1_000,
      type: fill.side,
      ordertype: "limit",
      price: fill.price,
      cost: text(decimal(fill.price).times(decimal(fill.quantity))),
      fee: fill.fee,
      vol: fill.quantity,
      maker: fill.liquidity === "maker",
      margin: "0.00000",
      misc: "",
    },
  ]);
  return { trades: Object.fromEntries(trades) as object, count: fills.length };
}

const LEDGER_TYPES: Readonly<Record<string, string>> = { interest: "staking" };

/** Fifty entries from an offset, the newest first. The start is exclusive. */
function ledgerBody(activities: readonly FakeActivity[], { start = "0", ofs = "0" }: Readonly<Record<string, string>>) {
  const found = activities.filter(({ time }) => time > Number(start) * 1_000).toReversed();
  const page = found
    .slice(Number(ofs), Number(ofs) + TRADES_PAGE)
    .map(({ id, kind, time, amount = "0", currency = "" }) => [
      id,
      {
        refid: `ref-${id}`,
        time: time / 1_000,
        type: LEDGER_TYPES[kind] ?? kind,
        subtype: "",
        aclass: "currency",
        asset: currency === "BTC" ? "XXBT" : `Z${currency}`,
        amount,
        fee: "0.0000000000",
        balance: amount,
      },
    ]);
  return { ledger: Object.fromEntries(page) as object, count: found.length };
}

function otherResponse(
  request: WireRequest,
  { name, quotes, state }: Extract<VenueOutcome, { kind: "other" }>,
  now: number,
): WireResponse {
  const [kind, subject = ""] = name.split(":");
  switch (kind) {
    case "ledger":
      return ok(ledgerBody(state.activities, formOf(request)));
    case "nonce":
      return refuse("EAPI:Invalid nonce");
    case "key":
      return ok({ api_key_name: "qoc", permissions: ["query-funds", "query-open-trades", "modify-trades"] });
    case "token":
      return ok({ token: TOKEN, expires: 900 });
    case "pairs":
      return ok(Object.fromEntries(PAIRS.map(({ id, symbol }) => [id, pairBody(symbol)])));
    case "prices":
      return pricesResponse(subject.split(","), quotes);
    default:
      return quotes[subject] === undefined ? refuse("EQuery:Unknown asset pair") : barsResponse(subject, now);
  }
}

function pricesResponse(symbols: readonly string[], quotes: Readonly<Record<string, FakeQuote>>): WireResponse {
  const tickers: [string, object][] = [];
  for (const symbol of symbols) {
    const quote = quotes[symbol];
    if (quote === undefined) return refuse("EQuery:Unknown asset pair");
    tickers.push([pairOf(symbol).id, tickerBody(quote)]);
  }
  return ok(Object.fromEntries(tickers));
}

function barsResponse(symbol: string, now: number): WireResponse {
  const start = Math.floor(now / 60_000) * 60 - 60;
  const bar = [start, "99.5", "101.25", "99", "100.1", "100.01", "1118", 65];
  return ok({ [pairOf(symbol).id]: [bar], last: start });
}

const REFUSALS: Readonly<Record<RefusalReason, (subject: string) => WireResponse>> = {
  unauthorized: () => refuse("EAPI:Invalid key"),
  "unknown-route": () => refuse("EGeneral:Unknown method"),
  "unknown-symbol": () => refuse("EQuery:Unknown asset pair"),
  "unknown-order": () => refuse("EOrder:Unknown order"),
  invalid: (words) => refuse(words),
  "insufficient-funds": () => refuse("EOrder:Insufficient funds"),
  "duplicate-id": () => refuse("EOrder:cl_ord_id already exists"),
  "not-open": () => refuse("EOrder:Unknown order"),
};

function refusalResponse(
  { path }: WireRequest,
  { reason, subject }: Extract<VenueOutcome, { kind: "refused" }>,
): WireResponse {
  // A list without the order is no error.
  if (reason === "unknown-order" && path.endsWith("/OpenOrders")) return ok({ open: {} });
  if (reason === "unknown-order" && path.endsWith("/ClosedOrders")) return ok({ closed: {}, count: 0 });
  return REFUSALS[reason](subject);
}

const subscription = z.looseObject({
  method: z.literal("subscribe"),
  params: z.looseObject({ channel: z.literal("executions"), token: z.string() }),
});

/** The token was read with a signed request. */
function converse(message: string | undefined): StreamReply {
  const parsed = subscription.safeParse(tryParseJson(message ?? ""));
  if (!parsed.success) return { send: [], state: "waiting" };
  const isAuthorized = parsed.data.params.token === TOKEN;
  const answer = isAuthorized
    ? { method: "subscribe", result: { channel: "executions" }, success: true }
    : { method: "subscribe", error: "EAuth:Invalid session", success: false };
  return { send: [{ text: JSON.stringify(answer) }], state: isAuthorized ? "signed-in" : "refused" };
}

/** Amounts are numbers on this wire. They are written as text first, because a number would lose digits. */
function bare(body: unknown): string {
  return JSON.stringify(body).replace(/"(last_qty|last_price|qty)":"(-?[\d.]+)"/g, '"$1":$2');
}

/** A trade has all members of its fill; an end of the order names the order alone. */
function event({ kind, fill, order, sequence, now }: StreamEvent): WireMessage {
  const common = { order_id: order?.order_id ?? fill?.order_id, timestamp: new Date(fill?.time ?? now).toISOString() };
  const data =
    kind === "fill" && fill !== undefined
      ? {
          ...common,
          exec_id: fill.fill_id,
          exec_type: "trade",
          cl_ord_id: fill.client_order_id,
          symbol: fill.symbol,
          side: fill.side,
          last_qty: fill.quantity,
          last_price: fill.price,
          liquidity_ind: fill.liquidity === "maker" ? "m" : "t",
          // Also if this trade fills the whole order.
          order_status: "partially_filled",
          fees: [{ asset: fill.fee_currency, qty: fill.fee }],
        }
      : { ...common, exec_type: eventTypeOf(order), order_status: eventTypeOf(order) };
  return { text: bare({ channel: "executions", type: "update", data: [data], sequence }) };
}

function eventTypeOf(order: FakeOrder | undefined): string {
  const status = order?.status ?? "open";
  if (status === "open") return "new";
  return status === "partially_filled" ? "status" : status === "filled" ? "filled" : (STATUSES[status] ?? "canceled");
}
