/** Random answers that Alpaca's documents allow: each number arrives exact, and no item is lost. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { listedActivitiesOf, listedFillOf } from "../../../connectors/alpaca/activities.ts";
import { sessionsOf } from "../../../connectors/alpaca/calendar.ts";
import * as alpaca from "../../../connectors/alpaca/map.ts";
import * as schemas from "../../../src/protocol/schemas.ts";
import {
  ANY,
  ID,
  MORE,
  POSITIVE,
  SIGNED,
  type Kind,
  type Stated,
  TIME,
  isAboveZero,
  maybe,
  negative,
  present,
  tryPayloads,
  written,
} from "../../support/random-payload.ts";

const STATUSES: Readonly<Record<string, string>> = {
  ...{ new: "open", accepted: "open", pending_new: "open", accepted_for_bidding: "open", held: "open" },
  ...{ stopped: "open", suspended: "open", calculated: "open", done_for_day: "open", pending_cancel: "open" },
  ...{ pending_replace: "open", partially_filled: "partially_filled", filled: "filled", canceled: "cancelled" },
  ...{ expired: "expired", rejected: "rejected" },
};
const UNKNOWN_STATUSES = ["replaced", "a_status_of_2031"];

const PAIRS = new Map([["c-1", "BTC/USD"]]);
/** What Alpaca calls an asset, and the desk's symbol; undefined for a coin that its list lacks. */
const ASSETS = fc.constantFrom(
  { named: { symbol: "AAPL", asset_id: "a-1", asset_class: "us_equity" }, symbol: "AAPL" },
  { named: { symbol: "BRK.B", asset_id: "a-2", asset_class: "us_equity" }, symbol: "BRK.B" },
  {
    named: { symbol: "AAPL261218C00150000", asset_id: "o-1", asset_class: "us_option" },
    symbol: "AAPL261218C00150000",
  },
  { named: { symbol: "BTCUSD", asset_id: "c-1", asset_class: "crypto" }, symbol: "BTC/USD" },
  { named: { symbol: "ETH/USD", asset_id: "c-2", asset_class: "crypto" }, symbol: "ETH/USD" },
  { named: { symbol: "PEPEUSD", asset_id: "c-3", asset_class: "crypto" }, symbol: undefined },
);
const SIDES = { buy: "buy", sell: "sell", sell_short: "sell", sell_plus: "sell", buy_minus: "buy" } as const;
const SIDE = fc.constantFrom(...(Object.keys(SIDES) as (keyof typeof SIDES)[]));

/** An order by an amount of money has no quantity. */
const above = (text = "0") => (isAboveZero(text) ? text : undefined);

const ORDER = fc
  .record({
    id: ID,
    clientId: maybe(ID),
    status: fc.constantFrom(...Object.keys(STATUSES), ...UNKNOWN_STATUSES),
    asset: ASSETS,
    side: SIDE,
    isOfLegs: fc.boolean(),
    quantity: maybe(written(ANY)),
    filled: maybe(written(ANY)),
    average: maybe(written(POSITIVE)),
    limit: maybe(written(SIGNED)),
    updated: maybe(TIME),
    more: MORE,
  })
  .map((order): Stated => {
    const { id, clientId, asset, side, isOfLegs, quantity, filled, average, limit, updated, more } = order;
    const status = STATUSES[order.status];
    const named = isOfLegs ? { symbol: "", asset_id: "", asset_class: "" } : asset.named;
    const payload = {
      ...more,
      ...named,
      ...{ id, client_order_id: clientId, status: order.status, side: isOfLegs ? "" : side, order_class: "simple" },
      ...{ qty: quantity?.json ?? quantity, filled_qty: filled?.json ?? filled, notional: null, legs: null },
      ...{ filled_avg_price: average?.json ?? average, limit_price: limit?.json ?? limit, updated_at: updated?.text },
    };
    const names = { venueOrderId: id, clientOrderId: clientId, symbol: isOfLegs ? undefined : asset.named.symbol };
    const isLost = filled === undefined || filled === null ? status !== "open" : false;
    if (status === undefined || isLost || (!isOfLegs && asset.symbol === undefined))
      return { payload, expected: { ...present(names), status: "unknown" } };
    const expected = present({
      ...names,
      ...{ status, filledQuantity: filled?.text ?? "0", quantity: above(quantity?.text), averagePrice: average?.text },
      ...{ limitPrice: limit?.text, updatedAt: updated?.ms },
      ...(!isOfLegs && { symbol: asset.symbol, side: SIDES[side] }),
    });
    return { payload, expected };
  });

const UPDATE = fc
  .record({
    event: fc.constantFrom("fill", "partial_fill", "new", "canceled", "trade_bust", "an_event_of_2031"),
    ...{ execution: ID, id: ID, clientId: maybe(ID), asset: ASSETS.filter(({ symbol }) => symbol !== undefined) },
    ...{ side: SIDE, quantity: written(POSITIVE), price: written(SIGNED), at: TIME, more: MORE },
    settles: maybe(fc.constant("2026-12-01")),
  })
  .map(({ event, execution, id, clientId, asset, side, quantity, price, at, settles, more }): Stated => {
    const order = { ...more, ...asset.named, id, client_order_id: clientId, side, status: "partially_filled" };
    const of = { execution_id: execution, qty: quantity.json, price: price.json, timestamp: at.text };
    const expected = present({
      ...{ fillId: execution, venueOrderId: id, clientOrderId: clientId, symbol: asset.symbol, side: SIDES[side] },
      ...{ quantity: quantity.text, price: price.text, timestamp: at.ms },
      settlesAt: settles && Date.parse(settles),
    });
    const isFill = event === "fill" || event === "partial_fill";
    return {
      payload: { ...more, event, ...of, settle_date: settles, order, position_qty: "7" },
      expected: isFill ? expected : undefined,
    };
  });

const TRADE = fc
  .record({
    type: fc.constantFrom("fill", "partial_fill", "trade_correct", "trade_bust", "a_trade_of_2031"),
    ...{ execution: ID, previous: ID, id: ID, clientId: maybe(ID), side: SIDE, more: MORE },
    asset: ASSETS.filter(({ symbol, named }) => symbol !== undefined && named.symbol !== "ETH/USD"),
    ...{ quantity: written(POSITIVE), price: written(SIGNED), at: TIME, executed: maybe(TIME) },
    ...{ commission: maybe(written(SIGNED)), currency: fc.constantFrom("USD", "USD", "USD", null, undefined, "EUR") },
  })
  .map((trade): Stated => {
    const { type, execution, previous, id, clientId, asset, side, quantity, price, at, executed } = trade;
    const { commission, currency, more } = trade;
    const { symbol, asset_id } = asset.named;
    const details = {
      ...{ ...more, order_id: id, client_order_id: clientId, side, symbol, asset_id, execution_type: type },
      ...{ leaves_qty: "0", cum_qty: "12", order_status: "filled", commission: commission?.json },
    };
    const payload = {
      ...{ ...more, activity_type: "FILL", event_id: "01M", ref_id: execution, previous_id: previous, at: at.text },
      ...{ executed_at: executed?.text ?? executed, status: "executed", currency, settle_date: null, details },
      ...{ qty: quantity.json, price: price.json, net_amount: "-1" },
    };
    if (type === "a_trade_of_2031" || currency === "EUR")
      return { payload, expected: { fillId: execution, venueOrderId: id, symbol, status: "unknown" } };
    const hasFee = commission ? (above(commission.text) ?? above(negative(commission.text))) : undefined;
    const expected = present({
      ...{ fillId: execution, venueOrderId: id, clientOrderId: clientId, symbol: asset.symbol, side: SIDES[side] },
      ...{ quantity: quantity.text, price: price.text },
      timestamp: (type === "trade_correct" ? at : (executed ?? at)).ms,
      ...(hasFee !== undefined && { fee: commission?.text, feeCurrency: "USD" }),
      ...(type === "trade_correct" && { corrects: previous }),
      ...(type === "trade_bust" && { busts: previous }),
    });
    return { payload, expected };
  });

/** Kinds of money, as the sign says of those that come and go. */
const KINDS: Readonly<Record<string, string>> = {
  ...{ CSD: "flow", CSW: "flow", TRANS: "flow", ACATC: "transfer", JNLC: "transfer", DIV: "dividend", CGD: "dividend" },
  ...{ DIVROC: "dividend", DIVFEE: "fee", FEE: "fee", PTC: "fee", DIVNRA: "tax", DIVFT: "tax", INT: "interest" },
  ...{ INTNRA: "tax", MISC: "adjustment", PTR: "adjustment", OPCSH: "adjustment", REORG: "adjustment" },
  ...{ OPTRD: "adjustment", A_TYPE_OF_2031: "adjustment" },
};

const MONEY = fc
  .record({
    type: fc.constantFrom(...Object.keys(KINDS)),
    ...{ id: ID, at: TIME, executed: maybe(TIME), amount: written(SIGNED), more: MORE, previous: maybe(ID) },
    ...{ currency: fc.constantFrom("USD", "EUR", "JPY"), isPayout: fc.boolean(), symbol: maybe(fc.constant("AAPL")) },
    subtype: maybe(fc.constantFrom("CDIV", "REG", "A_SUBTYPE_OF_2031")),
  })
  .map(({ type, id, at, executed, amount, currency, isPayout, symbol, subtype, previous, more }): Stated => {
    const [net_amount, cash_payout] = isPayout ? [null, amount.json] : [amount.json, undefined];
    const details = { ...more, symbol, system_date: "2026-11-30", cash_payout };
    const payload = {
      ...{ ...more, activity_type: type, activity_subtype: subtype, event_id: "01M", ref_id: id, at: at.text },
      ...{ executed_at: executed?.text ?? executed, status: "executed", currency, net_amount, details },
      ...{ settle_date: "2026-12-01", previous_id: previous },
    };
    const flow = amount.text.startsWith("-") ? "withdrawal" : "deposit";
    const expected = present({
      ...{ id, kind: KINDS[type] === "flow" ? flow : KINDS[type], timestamp: (executed ?? at).ms, symbol },
      ...{ amount: amount.text, currency, corrects: previous },
      note: [type, subtype, "executed"].filter((word) => word !== undefined && word !== null).join(" "),
    });
    return { payload, expected: [expected] };
  });

/** The members of each corporate action that the documents name, and what they say. */
const ACTION = fc
  .record({
    ...{ id: ID, at: TIME, more: MORE, before: written(POSITIVE), after: written(POSITIVE) },
    ...{ quantity: written(POSITIVE), cash: maybe(written(SIGNED)), isCancelled: fc.boolean() },
    form: fc.constantFrom("FSPLIT", "RSPLIT", "SNC", "SMA", "WRM", "SDIV", "OPTION"),
  })
  .map(({ id, at, more, before, after, quantity, cash, isCancelled, form }): Stated => {
    const rates = { old_rate: before.json, new_rate: after.json };
    const ratio = [after.text, before.text];
    const forms: Readonly<Record<string, readonly [type: string, details: object, expected: object]>> = {
      FSPLIT: ["SPLIT", { symbol: "AAPL", ...rates }, { kind: "split", symbol: "AAPL", ratio }],
      RSPLIT: ["SPLIT", { symbol: "AAPL", new_symbol: null, ...rates }, { kind: "split", symbol: "AAPL", ratio }],
      SNC: ["NC", { old_symbol: "FB", new_symbol: "META" }, { kind: "rename", symbol: "FB", newSymbol: "META" }],
      SMA: [
        "MA",
        { acquiree_symbol: "TWTR", acquirer_symbol: "X", acquirer_qty: quantity.json },
        { kind: "merger", symbol: "TWTR", newSymbol: "X", quantity: quantity.text },
      ],
      WRM: [
        "REORG",
        { symbol: "LEHM", removed_qty: quantity.json },
        { kind: "adjustment", symbol: "LEHM", quantity: negative(quantity.text) },
      ],
      SDIV: [
        "DIV",
        { symbol: "T", entitled_qty: before.json, new_qty: after.json },
        { kind: "split", symbol: "T", ratio },
      ],
      OPTION: [
        "OPCA",
        { old_contract_symbol: "A1", new_contract_symbol: "A2", old_qty: before.json, new_qty: after.json },
        { kind: "rename", symbol: "A1", newSymbol: "A2", ratio },
      ],
    };
    const [type = "", details, stated] = forms[form] ?? [];
    const isAdjustment = (stated as { kind: string }).kind === "adjustment";
    const status = isCancelled ? "canceled" : "executed";
    const payload = {
      ...{ ...more, activity_type: type, activity_subtype: form, event_id: "01M", ref_id: id, at: at.text },
      ...{
        executed_at: at.text,
        status,
        currency: "USD",
        net_amount: cash?.json ?? cash,
        details: { ...more, ...details },
      },
    };
    const note = `${type} ${form} ${status}`;
    const none = isAdjustment ? { amount: "0", currency: "USD" } : {};
    const money = cash === undefined || cash === null ? none : { amount: cash.text, currency: "USD" };
    const { symbol } = stated as { symbol: string };
    const nothing = { id: `${id} cancelled`, kind: "adjustment", amount: "0", currency: "USD", corrects: id, symbol };
    const expected = isCancelled ? nothing : { id, ...stated, ...money };
    return { payload, expected: [{ ...expected, timestamp: at.ms, note }] };
  });

const QUOTE = fc
  .record({ bid: ANY, ask: ANY, bidSize: maybe(written(ANY)), askSize: maybe(written(ANY)), at: TIME, more: MORE })
  .chain((quote) => fc.tuple(fc.constant(quote), written(fc.constant(quote.bid)), written(fc.constant(quote.ask))))
  .map(([{ bidSize, askSize, at, more }, bid, ask]): Stated => {
    const sizes = { bs: bidSize?.json ?? bidSize, as: askSize?.json ?? askSize };
    return {
      payload: { ...more, bp: bid.json, ap: ask.json, ...sizes, t: at.text, bx: "V", ax: "V", c: ["R"], z: "C" },
      expected: present({
        ...{ symbol: "AAPL", bid: bid.text, ask: ask.text, timestamp: at.ms, feed: "all exchanges (SIP)" },
        ...{ bidSize: bidSize?.text, askSize: askSize?.text },
      }),
    };
  });

const BAR = fc
  .record({
    open: written(ANY),
    high: written(ANY),
    low: written(ANY),
    close: written(ANY),
    volume: maybe(written(ANY)),
  })
  .chain((bar) => fc.tuple(fc.constant(bar), TIME, MORE))
  .map(([{ open, high, low, close, volume }, at, more]): Stated => {
    const prices = { o: open.json, h: high.json, l: low.json, c: close.json, v: volume?.json ?? volume };
    const texts = { open: open.text, high: high.text, low: low.text, close: close.text, volume: volume?.text };
    return {
      payload: { ...more, t: at.text, ...prices, n: 3, vw: "1" },
      expected: present({ symbol: "AAPL", timestamp: at.ms, ...texts }),
    };
  });

const POSITION = fc
  .record({
    ...{ asset: ASSETS.filter(({ symbol }) => symbol !== undefined), quantity: POSITIVE, isShort: fc.boolean() },
    ...{ hasSign: fc.boolean(), entry: written(SIGNED), mark: maybe(written(SIGNED)), more: MORE },
  })
  .map(({ asset, quantity, isShort, hasSign, entry, mark, more }): Stated => {
    const stated = isShort && hasSign ? negative(quantity) : quantity;
    const prices = { avg_entry_price: entry.json, current_price: mark?.json ?? mark };
    return {
      payload: { ...more, ...asset.named, qty: stated, side: isShort ? "short" : "long", ...prices, market_value: "1" },
      expected: present({
        ...{ symbol: asset.symbol, quantity: isShort ? negative(quantity) : quantity, currency: "USD" },
        ...{ averagePrice: entry.text, markPrice: mark?.text },
      }),
    };
  });

const ACCOUNT = fc
  .record({ nav: written(SIGNED), cash: written(SIGNED), power: written(ANY), margin: maybe(written(ANY)), more: MORE })
  .map(({ nav, cash, power, margin, more }): Stated => {
    const amounts = { equity: nav.json, cash: cash.json, buying_power: power.json };
    const flags = { account_blocked: false, trading_blocked: false, trade_suspended_by_user: false };
    return {
      payload: { ...more, currency: "USD", ...amounts, initial_margin: margin?.json ?? margin, ...flags },
      expected: present({
        ...{ nav: nav.text, cash: cash.text, buyingPower: power.text, marginUsed: margin?.text, currency: "USD" },
      }),
    };
  });

const DAY = fc
  .tuple(
    fc.array(TIME, { minLength: 8, maxLength: 8 }).map((all) => all.toSorted((a, b) => a.ms - b.ms)),
    fc.record({ hasPre: fc.boolean(), hasPost: fc.boolean(), hasLunch: fc.boolean(), more: MORE }),
  )
  .map(([times, { hasPre, hasPost, hasLunch, more }]): Stated => {
    const [pre, preEnd, core, lunch, lunchEnd, coreEnd, post, postEnd] = times;
    const payload = {
      ...{ ...more, date: "2026-11-30", core_start: core?.text, core_end: coreEnd?.text },
      ...(hasPre && { pre_start: pre?.text, pre_end: preEnd?.text }),
      ...(hasPost ? { post_start: post?.text, post_end: postEnd?.text } : { post_start: null, post_end: null }),
      ...(hasLunch && { lunch_start: lunch?.text, lunch_end: lunchEnd?.text }),
    };
    const noon = [
      { kind: "core", open: core?.ms, close: lunch?.ms },
      { kind: "core", open: lunchEnd?.ms, close: coreEnd?.ms },
    ];
    const expected = [
      ...(hasPre ? [{ kind: "pre", open: pre?.ms, close: preEnd?.ms }] : []),
      ...(hasLunch ? noon : [{ kind: "core", open: core?.ms, close: coreEnd?.ms }]),
      ...(hasPost ? [{ kind: "post", open: post?.ms, close: postEnd?.ms }] : []),
    ];
    return { payload, expected };
  });

describe("any legal answer of Alpaca", () => {
  it.each<Kind>([
    ["order", ORDER, (order) => alpaca.openReportOf(order, PAIRS), schemas.reportSchema],
    ["message of a trade", UPDATE, (update) => alpaca.fillOfUpdate(update, PAIRS), schemas.fillSchema],
    ["event of a trade", TRADE, (event) => listedFillOf(event, PAIRS), schemas.fillSchema],
    ["event of money", MONEY, (event) => listedActivitiesOf(event), schemas.activitySchema],
    ["event of a corporate action", ACTION, (event) => listedActivitiesOf(event), schemas.activitySchema],
    ["quote", QUOTE, (quote) => alpaca.quoteOf("AAPL", quote, "sip"), schemas.quoteSchema],
    ["bar", BAR, (bar) => alpaca.barOf("AAPL", bar)],
    ["position", POSITION, (position) => alpaca.positionOf(position, PAIRS), schemas.positionSchema],
    ["account", ACCOUNT, (account) => alpaca.accountOf(account), schemas.accountSchema],
    ["day of the calendar", DAY, (day) => sessionsOf(day)],
  ])("%s arrives exact", (_name, cases, read, shape) => tryPayloads(cases, read, shape));
});
