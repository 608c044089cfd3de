/** What Alpaca's venue has besides orders: activity events, the calendar, rates, assets and bars. */
import type {
  FakeActivity,
  FakeFill,
  FakeSession,
  StatedChanges,
  VenueOutcome,
  WireRequest,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import { assetIdOf } from "./alpaca-requests.ts";
import { USUAL_STEPS } from "../venue/fake-venue-state.ts";

/** Alpaca sends nanoseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "123456Z");
}

export function assetBody(symbol: string, { tick_size, lot_size } = USUAL_STEPS) {
  const isCrypto = symbol.includes("/");
  const common = {
    id: assetIdOf(symbol),
    symbol,
    status: "active",
    tradable: true,
    fractionable: true,
  };
  if (isCrypto) {
    const increments = { min_order_size: lot_size, min_trade_increment: lot_size, price_increment: tick_size };
    return { ...common, class: "crypto", exchange: "CRYPTO", name: symbol, shortable: false, ...increments };
  }
  const shorting = { shortable: true, borrow_status: "easy_to_borrow", attributes: ["has_options"] };
  return { ...common, class: "us_equity", exchange: "NASDAQ", name: `${symbol} Inc. Common Stock`, ...shorting };
}

function fillEvent(fill: FakeFill, index: number) {
  const { symbol, side, quantity, order_id, client_order_id } = fill;
  const at = isoTime(fill.time);
  return {
    activity_type: "FILL",
    event_id: `01M2TB1W7J21FPR8S4CT${String(index).padStart(6, "0")}`,
    ref_id: fill.fill_id,
    at,
    executed_at: at,
    status: "executed",
    settle_date: at.slice(0, 10),
    currency: "USD",
    price: fill.price,
    qty: quantity,
    details: {
      execution_type: "fill",
      order_id,
      client_order_id,
      asset_id: assetIdOf(symbol),
      symbol,
      side,
      cum_qty: quantity,
      leaves_qty: "0",
      order_status: "filled",
    },
  };
}

/** Alpaca's name of a kind, and what such an event has besides. */
function nonTradeOf({ kind, amount, symbol, ratio, currency = "USD" }: FakeActivity) {
  if (kind === "deposit") return { activity_type: "CSD", net_amount: amount, currency, details: {} };
  if (kind === "withdrawal") return { activity_type: "CSW", net_amount: amount, currency, details: {} };
  const [new_rate, old_rate] = ratio ?? [];
  const cusips = { old_cusip: "037833100", new_cusip: "037833100" };
  const details = { symbol, old_rate, new_rate, old_qty: old_rate, new_qty: new_rate, ...cusips };
  return { activity_type: "SPLIT", activity_subtype: "FSPLIT", currency, details };
}

function nonTradeEvent(activity: FakeActivity, index: number) {
  const at = isoTime(activity.time);
  const { details, ...own } = nonTradeOf(activity);
  return {
    event_id: `01M2TB1W7J21FPR8S4CU${String(index).padStart(6, "0")}`,
    ref_id: activity.id,
    at,
    executed_at: at,
    status: "executed",
    settle_date: at.slice(0, 10),
    ...own,
    details: { system_date: at.slice(0, 10), ...details },
  };
}

/** Trades and other events since a time, in the order of their times. */
export function activities(
  { fills, state }: Extract<VenueOutcome, { kind: "fills" }>,
  { since = "", until = "" }: WireRequest["query"],
): WireResponse {
  const [from, to] = [Date.parse(since), Date.parse(until)];
  const others = state.activities.filter(({ time }) => time >= from && time <= to);
  const events = [
    ...fills.map((fill, index) => ({ time: fill.time, body: fillEvent(fill, index) })),
    ...others.map((activity, index) => ({ time: activity.time, body: nonTradeEvent(activity, index) })),
  ].toSorted((a, b) => a.time - b.time);
  const lines = events.map(({ body }) => `data: ${JSON.stringify(body)}\n\n`).join("");
  return { status: 200, text: `: welcome\n\n${lines}`, type: "text/event-stream" };
}

/** Requests that need no book. */
export function otherResponse(
  { query }: WireRequest,
  { name, quotes, state }: Extract<VenueOutcome, { kind: "other" }>,
  now: number,
): WireResponse {
  const symbols = Object.keys(quotes);
  const [kind = "", subject = ""] = name.split(":");
  if (kind === "assets") {
    const listed = symbols.filter((symbol) => symbol.includes("/") === (subject === "crypto"));
    return { status: 200, body: listed.map((symbol) => assetBody(symbol)) };
  }
  if (kind === "calendar") return { status: 200, body: calendarBody(query, state.sessions) };
  if (kind === "rates") return ratesResponse(query["currency_pairs"] ?? "", state.rates);
  const bar = `{"t":"${isoTime(now - (now % 60_000) - 60_000)}","o":99.5,"h":101.25,"l":99,"c":100.1,"v":1118,"n":65,"vw":100.01}`;
  return symbols.includes(subject)
    ? {
        status: 200,
        text: subject.includes("/")
          ? `{"bars":{"${subject}":[${bar}]},"next_page_token":null}`
          : `{"bars":[${bar}],"symbol":"${subject}","next_page_token":null}`,
      }
    : { status: 400, body: { code: 40010001, message: `invalid symbol: ${subject}` } };
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 400;

/** The sessions that the case made, else those of weekdays without holidays, all in winter time. */
function calendarBody({ start = "", end = "" }: WireRequest["query"], sessions: readonly FakeSession[]) {
  const market = { mic: "XNYS", acronym: "NYSE", name: "New York Stock Exchange", timezone: "America/New_York" };
  return { market, calendar: sessions.length > 0 ? daysOf(sessions) : weekdays(start, end) };
}

function daysOf(sessions: readonly FakeSession[]): readonly object[] {
  const days = new Map<string, Record<string, string>>();
  for (const { kind, open, close } of sessions) {
    const date = new Date(open).toISOString().slice(0, 10);
    const day = days.get(date) ?? { date, settlement_date: date };
    day[`${kind}_start`] = new Date(open).toISOString();
    day[`${kind}_end`] = new Date(close).toISOString();
    days.set(date, day);
  }
  return [...days.values()];
}

function weekdays(start: string, end: string): readonly object[] {
  const days: object[] = [];
  for (let at = Date.parse(start); at <= Date.parse(end) && days.length < DAYS_MAX; at += DAY_MS) {
    const weekday = new Date(at).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    const date = new Date(at).toISOString().slice(0, 10);
    const time = (clock: string): string => `${date}T${clock}:00-05:00`;
    days.push({
      date,
      settlement_date: date,
      pre_start: time("04:00"),
      pre_end: time("09:30"),
      core_start: time("09:30"),
      core_end: time("16:00"),
      post_start: time("16:00"),
      post_end: time("20:00"),
    });
  }
  return days;
}

/** Rates are numbers without quotes. A pair that Alpaca does not have is left out. */
function ratesResponse(asked: string, rates: StatedChanges["rates"]): WireResponse {
  const entries = Object.entries(rates).flatMap(([pair, { rate, time }]) => {
    const name = pair.replace("/", "");
    return asked.split(",").includes(name)
      ? [`"${name}":{"bp":${rate},"mp":${rate},"ap":${rate},"t":"${isoTime(time)}"}`]
      : [];
  });
  return { status: 200, text: `{"rates":{${entries.join(",")}}}` };
}
