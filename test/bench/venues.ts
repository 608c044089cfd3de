/** Row 12: an order on a venue's own protocol. Row 13: an order while another connector streams quotes. */
import { createHmac } from "node:crypto";
import { systemClock } from "../../src/app/system.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { ALPACA_ENV, ALPACA_SECRETS, alpacaTable } from "../support/alpaca-desk.ts";
import { CCXT_ENV, CCXT_SECRETS, ccxtTable } from "../support/ccxt-desk.ts";
import { discard, tempDesk } from "../support/temp-desk.ts";
import { approvalTime, atRest, openFloor, propose } from "./approval.ts";
import { GUARD_TABLES, instantVenue } from "./harness.ts";
import { type Row, SHORT, median, quantile, ratioOf, timed, us } from "./measure.ts";
import { type VenueThread, openVenueThread } from "./venue-thread.ts";

const ROUNDS = SHORT ? 40 : 300;

const QUOTES_A_SECOND = 10_000;

/** The history repository is not part of what is measured. */
function withoutHistory(tables: string): string {
  return `[workspace]\nhistory_enabled = false\n${tables}\n${GUARD_TABLES}`;
}

/** A venue whose orders are measured: the desk's connector and bare requests use the same protocol. */
interface MeasuredVenue {
  readonly name: string;
  readonly venue: VenueThread;
  readonly table: string;
  readonly env: Readonly<Record<string, string>>;
  readonly terms: Readonly<Record<string, string>>;
  /** What the desk asks for between the decision and the acknowledgement: a quote, and then the order. */
  readonly quote: () => Promise<void>;
  readonly order: (id: string) => Promise<void>;
}

async function send(url: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`the venue responded ${response.status}: ${await response.text()}`);
  await response.json();
}

async function measuredAlpaca(): Promise<MeasuredVenue> {
  const venue = await openVenueThread("alpaca");
  const headers = {
    "APCA-API-KEY-ID": ALPACA_SECRETS.api_key,
    "APCA-API-SECRET-KEY": ALPACA_SECRETS.api_secret,
    "Content-Type": "application/json",
  };
  const terms = { symbol: "AAPL", qty: "1", side: "buy", type: "limit", limit_price: "90", time_in_force: "day" };
  return {
    ...{ name: "alpaca", venue, table: alpacaTable({ venue: venue.url }), env: ALPACA_ENV },
    terms: { connector: "alpaca", side: "buy", symbol: "AAPL", quantity: "1", type: "limit" },
    quote: () => send(`${venue.url}/v2/stocks/AAPL/quotes/latest?feed=iex`, { headers }),
    order: (client_order_id) =>
      send(`${venue.url}/v2/orders`, { method: "POST", headers, body: JSON.stringify({ ...terms, client_order_id }) }),
  };
}

async function measuredBinance(): Promise<MeasuredVenue> {
  const venue = await openVenueThread("binance");
  const headers = { "X-MBX-APIKEY": CCXT_SECRETS.api_key, "Content-Type": "application/x-www-form-urlencoded" };
  const terms = { symbol: "BTCUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "0.01", price: "90" };
  return {
    ...{ name: "binance", venue, table: ccxtTable({ exchange: "binance", venue: venue.url }), env: CCXT_ENV },
    terms: { connector: "coins", side: "buy", symbol: "BTC/USDT", quantity: "0.01", type: "limit" },
    quote: () => send(`${venue.url}/api/v3/ticker/24hr?symbol=BTCUSDT`),
    order: (newClientOrderId) => {
      const timestamp = String(systemClock.now());
      const query = new URLSearchParams({ ...terms, newClientOrderId, timestamp, recvWindow: "10000" }).toString();
      const signature = createHmac("sha256", CCXT_SECRETS.api_secret).update(query).digest("hex");
      return send(`${venue.url}/api/v3/order`, { method: "POST", headers, body: `${query}&signature=${signature}` });
    },
  };
}

/**
 * The floor contains the network time of the desk: the same requests to the same venue, in the same order, between the
 * same flushes. So the ratio is of all that the desk adds.
 */
async function ordersAt(measured: MeasuredVenue): Promise<Row> {
  const { name, venue, table, env, terms, quote, order } = measured;
  const desk = await tempDesk({ config: () => withoutHistory(table), env });
  let sent = 0;
  const ours: number[] = [];
  const base: number[] = [];
  const floor = await openFloor(() => order(`bare${(sent += 1)}`), quote);
  for (let i = 0; i < ROUNDS; i++) {
    const draft = await propose(desk, { ...terms, limitPrice: String(80 + (i % 10)) });
    await atRest(desk);
    base.push(...(await timed(1, floor.run)));
    ours.push(await approvalTime(desk, draft));
    // A working order would be judged with each further one.
    await desk.call("cancel", { all: true });
  }
  await desk.stop();
  await discard(desk);
  await floor.close();
  await venue.close();
  return {
    n: 12,
    name,
    what: `approve to the acknowledgement, ${name}, p50`,
    floor: "a quote, two flushes, the bare order",
    ours: us(median(ours)),
    base: us(median(base)),
    ...ratioOf(ours, base),
    target: "<= 1.3",
  };
}

export async function venueOrders(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const open of [measuredAlpaca, measuredBinance]) rows.push(await ordersAt(await open()));
  return rows;
}

/** Orders at one connector, alone and while another streams quotes of 200 symbols. */
export async function ordersBesideQuotes(): Promise<readonly Row[]> {
  const streaming = `[[connector]]\nname = "stream"\ntype = "custom"\nadapter = "./stream.ts"\n`;
  const desk = await tempDesk({
    ...instantVenue,
    files: { ...instantVenue.files, "stream.ts": adapterFixture("flooding-venue") },
    config: (template) => `${instantVenue.config?.(template) ?? ""}${streaming}`,
  });
  let sent = 0;
  const order = async (): Promise<number> => {
    sent += 1;
    const terms = { connector: "instant", side: "buy", quantity: "1", type: "limit", limitPrice: "100" };
    return approvalTime(desk, await propose(desk, { ...terms, symbol: `S${sent % 50}` }));
  };
  const orders = async (): Promise<readonly number[]> => {
    const times: number[] = [];
    for (let i = 0; i < ROUNDS; i++) times.push(await order());
    return times;
  };
  await orders();
  const alone = await orders();
  await desk.open.fleet.venues.quote("stream", "FLOOD:quotes:3600000");
  const beside = await orders();
  const { state, lastError } = desk.open.fleet.venues.facts("stream") ?? { state: "gone" };
  if (state !== "ready") throw new Error(`the streaming connector is ${state}: ${lastError ?? ""}`);
  await desk.stop();
  await discard(desk);
  const p90 = (times: readonly number[]): number => quantile(times, 0.9);
  return [
    {
      n: 13,
      name: "quotes",
      what: `an order beside ${QUOTES_A_SECOND / 1000} k quotes/s, p90`,
      floor: "the same with none streaming",
      ours: us(p90(beside)),
      base: us(p90(alone)),
      ...ratioOf(beside, alone, p90),
      target: "<= 1.2",
    },
  ];
}
