/** Row 12: an order on a venue's own protocol. Row 13: an order while another connector streams quotes. */
import { adapterFixture } from "../support/adapter-fixture.ts";
import { ALPACA_ENV, ALPACA_SECRETS, alpacaTable, openAlpaca } from "../support/alpaca-desk.ts";
import { discard, tempDesk } from "../support/temp-desk.ts";
import { approvalTime, openFloor, propose } from "./approval.ts";
import { GUARD_TABLES, instantVenue } from "./harness.ts";
import { type Row, SHORT, median, quantile, ratioOf, timed, us } from "./measure.ts";

const ROUNDS = SHORT ? 40 : 300;

const QUOTES_A_SECOND = 10_000;

/** The history repository is not part of what is measured. */
function withoutHistory(tables: string): string {
  return `[workspace]\nhistory_enabled = false\n${tables}\n${GUARD_TABLES}`;
}

/** The order of the desk and the bare request of its floor are sent to the same venue. */
export async function alpacaOrders(): Promise<readonly Row[]> {
  const venue = await openAlpaca();
  const desk = await tempDesk({ config: () => withoutHistory(alpacaTable({ venue: venue.url })), env: ALPACA_ENV });
  const headers = {
    "APCA-API-KEY-ID": ALPACA_SECRETS.api_key,
    "APCA-API-SECRET-KEY": ALPACA_SECRETS.api_secret,
    "Content-Type": "application/json",
  };
  let sent = 0;
  const bare = async (): Promise<void> => {
    sent += 1;
    const body = {
      symbol: "AAPL",
      qty: "1",
      side: "buy",
      type: "limit",
      limit_price: "90",
      time_in_force: "day",
      client_order_id: `bare-${sent}`,
    };
    const response = await fetch(`${venue.url}/v2/orders`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the venue responded ${response.status}: ${await response.text()}`);
    await response.json();
  };
  const terms = { connector: "alpaca", side: "buy", symbol: "AAPL", quantity: "1", type: "limit" };
  const ours: number[] = [];
  const base: number[] = [];
  const floor = await openFloor(bare);
  for (let i = 0; i < ROUNDS; i++) {
    const draft = await propose(desk, { ...terms, limitPrice: String(80 + (i % 10)) });
    ours.push(await approvalTime(desk, draft));
    // A working order would be judged with each further one.
    await desk.call("cancel", { all: true });
    base.push(...(await timed(1, floor.run)));
  }
  await desk.stop();
  await discard(desk);
  await floor.close();
  await venue.close();
  return [
    {
      n: 12,
      name: "alpaca",
      what: "approve to Alpaca's acknowledgement, p50",
      floor: "two flushes and the bare request",
      ours: us(median(ours)),
      base: us(median(base)),
      ...ratioOf(ours, base),
      target: "<= 1.3",
    },
  ];
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
