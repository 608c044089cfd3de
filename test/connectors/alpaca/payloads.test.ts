/** The maps of the connector to Alpaca, on the examples of Alpaca's own documents and on hand-made edges. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { activityOf } from "../../../connectors/alpaca/activities.ts";
import { sessionsOf } from "../../../connectors/alpaca/calendar.ts";
import { millis } from "../../../connectors/alpaca/fields.ts";
import {
  accountOf,
  barOf,
  fillOfActivity,
  fillOfUpdate,
  positionOf,
  quoteOf,
  reportOf,
} from "../../../connectors/alpaca/map.ts";
import { orderBody } from "../../../connectors/alpaca/order-body.ts";
import { type ActivityEvent, type VenueOrder } from "../../../connectors/alpaca/wire.ts";
import { parseJson } from "../../../connectors/exact-json.ts";
import type { Order } from "../../../src/domain/sdk.ts";
import { activitySchema } from "../../../src/protocol/schemas.ts";

const FOLDER = fileURLToPath(new URL("../../../../shared/data/alpaca/", import.meta.url));
const isThere = existsSync(FOLDER);
if (!isThere) process.stderr.write(`\nSKIPPED: the documents of Alpaca are not at ${FOLDER}\n\n`);

/** Numbers stay as they are in the file. */
function read(name: string): any {
  return parseJson(readFileSync(`${FOLDER}${name}`, "utf8"));
}
const NONE = new Map<string, string>();

describe.skipIf(!isThere)("examples of Alpaca's documents", () => {
  const trading = isThere ? read("trading-api.json") : {};
  const data = isThere ? read("market-data-api.json") : {};
  const schemas = trading.components?.schemas ?? {};
  const example = (path: string): any =>
    Object.values<any>(data.paths[path].get.responses["200"].content["application/json"].examples)[0].value;

  it("every order keeps its ids, its amounts and its prices", () => {
    const orders = Object.values<any>(trading.components.examples)
      .map(({ value }) => value as VenueOrder)
      .filter(({ client_order_id }) => client_order_id !== undefined);
    expect(orders.length).toBeGreaterThanOrEqual(5);
    for (const order of orders) {
      const { venueOrderId, clientOrderId, symbol, side, quantity, filledQuantity, averagePrice, limitPrice } =
        reportOf(order, NONE);
      expect([venueOrderId, clientOrderId, filledQuantity]).toEqual([
        order.id,
        order.client_order_id,
        order.filled_qty,
      ]);
      expect([symbol ?? "", side ?? "", quantity ?? null]).toEqual([order.symbol, order.side, order.qty]);
      expect([averagePrice ?? null, limitPrice ?? null]).toEqual([order.filled_avg_price, order.limit_price]);
    }
  });

  it("every documented kind of activity is taken, with each member filled or each one missing", () => {
    const named = (schema: any): any => (schema.$ref === undefined ? schema : schemas[schema.$ref.split("/").at(-1)]);
    const membersOf = (schema: any): readonly string[] => [
      ...Object.keys(named(schema).properties ?? {}),
      ...(named(schema).allOf ?? []).flatMap(membersOf),
    ];
    const forms: readonly any[] = schemas.ActivityV2DetailNTA.allOf.flatMap((part: any) => part.oneOf ?? []);
    expect(forms.length).toBeGreaterThan(30);
    const types = (schemas.ActivityType.enum as string[]).filter((type) => type !== "FILL");
    for (const form of forms)
      for (const activity_type of types)
        for (const hasMembers of [true, false]) {
          const value = (name: string): string => (name.includes("symbol") ? name.toUpperCase() : "2");
          const names = hasMembers ? membersOf(form) : [];
          const details = Object.fromEntries(names.map((name) => [name, value(name)]));
          const activity = activityOf({ ...EVENT, activity_type, details });
          const parsed = activitySchema.safeParse(activity);
          expect(parsed.error?.issues, `${activity_type} ${JSON.stringify(details)}`).toBeUndefined();
        }
  });

  it("every documented status is known but replaced, whose order another order continues", () => {
    const order = trading.components.examples.EquityOrderResponse.value as VenueOrder;
    for (const status of schemas.OrderStatus.enum as string[]) {
      const report = (): string => reportOf({ ...order, status }, NONE).status;
      if (status === "replaced") expect(report).toThrow("does not know");
      else expect(report()).toMatch(/^(open|partially_filled|filled|cancelled|rejected|expired)$/);
    }
  });

  it("the account and the position have the venue's figures", () => {
    const account = trading.paths["/v2/account"].get.responses["200"].content["application/json"].example;
    expect(accountOf(account)).toMatchObject({ nav: "123346.11", cash: "122086.5", buyingPower: "245432.61" });
    const position = schemas.Position["x-examples"]["example-1"];
    expect(positionOf(position, NONE)).toEqual({
      symbol: position.symbol,
      quantity: "5",
      averagePrice: "100.0",
      markPrice: "120.0",
      currency: "USD",
    });
    // The account is in another currency: the prices beside `usd` are in that currency.
    const usd = { avg_entry_price: "71.43", cost_basis: "357.15" };
    expect(positionOf({ ...position, usd }, NONE)).toEqual({
      ...{ symbol: position.symbol, quantity: "5", averagePrice: "71.43", currency: "USD" },
    });
  });

  it("quotes and bars keep every digit and their time", () => {
    const { quote } = example("/v2/stocks/{symbol}/quotes/latest");
    expect(quoteOf("AAPL", quote, "iex")).toEqual({
      ...{ symbol: "AAPL", bid: "172.6", ask: "172.7", bidSize: "2", askSize: "1", feed: "IEX alone" },
      coverage: "partial",
      timestamp: Date.parse("2022-08-17T10:09:34.055Z"),
    });
    const coins = example("/v1beta3/crypto/{loc}/latest/quotes").quotes;
    expect(quoteOf("BTC/USD", coins["BTC/USD"], "crypto")).toMatchObject({ bid: "29058", askSize: "3.252" });
    const [bar] = example("/v2/stocks/{symbol}/bars").bars;
    expect(barOf("AAPL", bar)).toEqual({
      ...{ symbol: "AAPL", open: "178.26", high: "178.26", low: "178.21", close: "178.21", volume: "1118" },
      timestamp: Date.parse("2022-01-03T09:00:00Z"),
    });
  });

  it("every documented activity type is a fill or an activity that the desk takes", () => {
    for (const activity_type of schemas.ActivityType.enum as string[]) {
      const details = { symbol: "T", old_symbol: "T", new_symbol: "U", old_rate: "1", new_rate: "7" };
      const more = { source_symbol: "T", acquiree_symbol: "T", acquirer_symbol: "U" };
      const activity = activityOf({ ...EVENT, activity_type, details: { ...details, ...more } });
      if (activity_type === "FILL") expect(activity).toBeUndefined();
      else expect([activity_type, activitySchema.safeParse(activity).success]).toEqual([activity_type, true]);
    }
  });
});

const EVENT: ActivityEvent = {
  ...{ activity_type: "DIV", event_id: "01M2", ref_id: "r-1", status: "executed", currency: "USD", net_amount: "1.02" },
  ...{ at: "2026-05-10T14:01:04.650275Z", executed_at: "2026-05-10T14:01:04.650275Z", details: {} },
};

describe("activities", () => {
  it.each([
    [
      "a 7:1 split",
      { activity_type: "SPLIT" },
      { symbol: "AAPL", old_rate: "1", new_rate: "7" },
      { kind: "split", symbol: "AAPL", ratio: ["7", "1"] },
    ],
    [
      "a new name",
      { activity_type: "NC" },
      { old_symbol: "FB", new_symbol: "META" },
      { kind: "rename", symbol: "FB", newSymbol: "META" },
    ],
    ["a withdrawal", { activity_type: "CSW", net_amount: "-500" }, {}, { kind: "withdrawal", amount: "-500" }],
    ["a deposit taken back", { activity_type: "CSD", net_amount: "-500" }, {}, { kind: "withdrawal", amount: "-500" }],
    [
      "the fee of a coin",
      { activity_type: "CFEE", qty: "-0.0001", net_amount: "0" },
      { symbol: "BTC/USD" },
      { kind: "fee", amount: "-0.0001", currency: "BTC" },
    ],
    [
      "the fee of a sale of a coin, which is in dollars",
      { activity_type: "CFEE", qty: "0", net_amount: "-0.25" },
      { symbol: "BTCUSD" },
      { kind: "fee", amount: "-0.25", currency: "USD" },
    ],
    ["a correction", { previous_id: "r-0" }, {}, { kind: "dividend", corrects: "r-0" }],
    [
      "a type of a later version",
      { activity_type: "NEW" },
      {},
      { kind: "adjustment", amount: "1.02", note: "NEW executed" },
    ],
    [
      "a reverse split with a new symbol",
      { activity_type: "SPLIT", activity_subtype: "RSPLIT" },
      { symbol: "OLD", new_symbol: "NEW", old_rate: "10", new_rate: "1", old_qty: "100", new_qty: "10" },
      { kind: "rename", symbol: "OLD", newSymbol: "NEW", ratio: ["1", "10"] },
    ],
    [
      "a dividend in shares",
      { activity_type: "DIV", activity_subtype: "SDIV" },
      { symbol: "AAPL", rate: "0.05", entitled_qty: "100", paid_qty: "5", new_qty: "105" },
      { kind: "split", symbol: "AAPL", ratio: ["105", "100"] },
    ],
    [
      "units of two instruments for one",
      { activity_type: "SPLIT", activity_subtype: "USPLIT" },
      {
        old_symbol: "UNIT",
        new_symbol: "A",
        alternate_symbol: "W",
        old_rate: "1",
        new_rate: "1",
        alternate_rate: "0.5",
      },
      { kind: "adjustment", note: "SPLIT USPLIT executed" },
    ],
    [
      "a dividend whose money is in the details alone",
      { activity_type: "DIV", net_amount: undefined },
      { symbol: "AAPL", cash_payout: "12.5" },
      { kind: "dividend", symbol: "AAPL", amount: "12.5", currency: "USD" },
    ],
    [
      "shares that are removed as worthless",
      { activity_type: "REORG", activity_subtype: "WRM" },
      { symbol: "GONE", removed_qty: "40" },
      { kind: "adjustment", symbol: "GONE", quantity: "-40" },
    ],
    ["a transfer of cash", { activity_type: "TRANS", net_amount: "-3" }, {}, { kind: "withdrawal", amount: "-3" }],
    [
      "a deposit without an amount",
      { activity_type: "CSD", net_amount: undefined },
      {},
      { kind: "adjustment", amount: "0" },
    ],
    [
      "a split without its rates",
      { activity_type: "SPLIT" },
      { symbol: "AAPL" },
      { kind: "adjustment", note: "SPLIT executed" },
    ],
  ])("%s", (_name, members, details, expected) => {
    const activity = activityOf({ ...EVENT, ...members, details });
    expect(activity).toMatchObject(expected);
    expect(activitySchema.safeParse(activity).success).toBe(true);
  });
});

describe("fills", () => {
  const order = {
    ...{ id: "o-1", client_order_id: "c-1", symbol: "BTCUSD", asset_id: "a-1", asset_class: "crypto", side: "buy" },
    ...{ status: "filled", qty: "1", filled_qty: "1", filled_avg_price: "2", limit_price: null, replaced_by: null },
    submitted_at: "",
  };
  const update = {
    event: "fill",
    execution_id: "e-1",
    price: "0.1",
    qty: "0.3",
    timestamp: "2026-09-18T10:00:00.123456789Z",
    order,
  };
  const pairs = new Map([["a-1", "BTC/USD"]]);

  it("a coin without its slash gets the pair of its asset, and an unknown coin is an error", () => {
    expect(fillOfUpdate(update, pairs)).toMatchObject({
      symbol: "BTC/USD",
      timestamp: Date.parse("2026-09-18T10:00:00.123Z"),
    });
    expect(() => fillOfUpdate(update, NONE)).toThrow("BTCUSD");
  });

  it("another event with an execution id is no fill, and a fill without one is an error", () => {
    expect(fillOfUpdate({ ...update, event: "new" }, pairs)).toBeUndefined();
    expect(() => fillOfUpdate({ ...update, execution_id: "" }, pairs)).toThrow("execution_id");
  });

  it("an order without an id of its client is reported without it, and so is its fill", () => {
    const nameless = { ...order, client_order_id: null };
    expect(reportOf(nameless, pairs)).toMatchObject({ venueOrderId: "o-1", status: "filled", filledQuantity: "1" });
    expect(reportOf(nameless, pairs).clientOrderId).toBeUndefined();
    expect(fillOfUpdate({ ...update, order: nameless }, pairs)).not.toHaveProperty("clientOrderId");
  });

  it("a trade in another currency is an error: which of its amounts are in it is not documented", () => {
    const details = { execution_type: "fill", order_id: "o-1", symbol: "AAPL", asset_id: "x", side: "buy" };
    const trade = { ...EVENT, activity_type: "FILL", qty: "1", price: "2", details };
    expect(fillOfActivity(trade, NONE)).toMatchObject({ price: "2" });
    expect(() => fillOfActivity({ ...trade, currency: "EUR", swap_rate: "1.1" } as ActivityEvent, NONE)).toThrow("EUR");
  });

  it.each([
    ["trade_bust", { busts: "e-0" }],
    ["trade_correct", { corrects: "e-0" }],
  ])("%s names the fill that it concerns", (execution_type, expected) => {
    const details = { execution_type, order_id: "o-1", symbol: "AAPL", asset_id: "x", side: "sell" };
    const trade = { ...EVENT, activity_type: "FILL", previous_id: "e-0", qty: "1", price: "2", details };
    expect(fillOfActivity(trade, NONE)).toMatchObject(expected);
  });
});

it("a day of a market with a pause at noon has two core sessions, and a session of null is left out", () => {
  const at = (hour: string) => `2026-11-30T${hour}:00Z`;
  const day = { core_start: at("01:30"), lunch_start: at("04:00"), lunch_end: at("05:00"), core_end: at("08:00") };
  expect(sessionsOf({ ...day, post_start: null, post_end: null })).toEqual([
    { kind: "core", open: Date.parse(at("01:30")), close: Date.parse(at("04:00")) },
    { kind: "core", open: Date.parse(at("05:00")), close: Date.parse(at("08:00")) },
  ]);
});

it.each([
  ["5", "-5"],
  ["-5", "-5"],
  ["5e-8", "-5e-8"],
])("a worthless removal of %s shares takes %s", (removed_qty, quantity) => {
  const event = { ...EVENT, activity_type: "REORG", details: { symbol: "LEHMQ", removed_qty } };
  expect(activityOf(event)).toMatchObject({ kind: "adjustment", symbol: "LEHMQ", quantity });
});

describe("what is sent", () => {
  const order: Order = {
    clientOrderId: "c",
    symbol: "AAPL",
    side: "buy",
    quantity: 1,
    quantityText: "1",
    type: "limit",
    limitPriceText: "100.50",
    timeInForce: "day",
  };

  it("the approved text, unchanged", () => {
    expect(orderBody({ ...order, quantityText: "1.000000001" })).toMatchObject({
      qty: "1.000000001",
      limit_price: "100.50",
    });
    expect(orderBody({ ...order, limitPriceText: "0.1234" })).toMatchObject({ limit_price: "0.1234" });
  });

  it.each([
    ["ten decimals of a quantity", { quantityText: "1.0000000001" }],
    ["a third decimal of a price", { limitPriceText: "100.123" }],
    ["a fifth decimal below a dollar", { limitPriceText: "0.12345" }],
    ["a fraction of a share until cancelled", { quantityText: "0.5", timeInForce: "gtc" }],
    ["a coin for the day", { symbol: "BTC/USD" }],
    ["a stop order in a coin", { symbol: "BTC/USD", timeInForce: "gtc", type: "stop" }],
  ] as const)("not %s", (_name, change) => {
    expect(() => orderBody({ ...order, ...change })).toThrow(/^Alpaca takes/);
  });

  it("no time that is not a time", () => {
    expect(() => millis("soon")).toThrow('"soon"');
  });
});
