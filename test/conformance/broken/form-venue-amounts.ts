/** Mistakes with amounts, times and events in an adapter of another wire format, found over its author's fake venue. */
import type { Mistake } from "./apply-mistake.ts";
import { BUYING_POWER, EMIT, FIELD, TICKER } from "./form-venue-snippets.ts";

const ACCOUNT = "return { nav: equity, cash: ZUSD, buyingPower: available, currency };";
const FEE = "{ fee: fee.qty, feeCurrency: fee.asset }";
const GAP = "this.gapStart ??= this.newestFillTime;";
const NEWEST = "this.newestFillTime = Math.max(this.newestFillTime, new Date(fill.timestamp).getTime());";

export const FORM_VENUE_AMOUNTS: readonly Mistake[] = [
  {
    name: "order-quantity-in-three-places",
    description: "It rounds order quantities to three places, one fewer than the lot.",
    edits: [["volume: order.quantityText,", "volume: String(Number(order.quantity.toFixed(3))),"]],
    caughtBy: ["C31", "C32"],
    reason: "send",
  },
  {
    name: "limit-price-in-whole-dollars",
    description: "It rounds limit prices to whole dollars.",
    edits: [
      [
        "price: isStop ? order.stopPriceText : order.limitPriceText,",
        "price: isStop ? order.stopPriceText : order.limitPrice?.toFixed(0),",
      ],
    ],
    caughtBy: ["C31"],
    reason: "limitPriceText",
  },
  {
    name: "order-quantity-as-a-number",
    description: "It sends order.quantity, which a number cannot hold to the last digit.",
    edits: [["volume: order.quantityText,", "volume: String(order.quantity),"]],
    caughtBy: ["C32"],
  },
  {
    name: "fill-quantity-in-three-places",
    description: "It rounds the quantities of fills to three places, one fewer than the lot.",
    edits: [["quantity: execution.last_qty,", "quantity: String(Number(Number(execution.last_qty).toFixed(3))),"]],
    caughtBy: ["C42", "C112"],
  },
  {
    name: "fill-price-as-a-number",
    description: "It converts the prices of fills to numbers.",
    edits: [["price: execution.last_price,", "price: Number(execution.last_price),"]],
    caughtBy: ["C42"],
  },
  {
    name: "quotes-as-numbers",
    description: "It converts prices to numbers.",
    edits: [[TICKER, TICKER.replace("ticker.b[0]!", "Number(ticker.b[0])")]],
    caughtBy: ["C17"],
  },
  {
    name: "quotes-in-cents",
    description: "It rounds prices to cents.",
    edits: [[TICKER, TICKER.replace("ticker.b[0]!", "Number(ticker.b[0]).toFixed(2)")]],
    caughtBy: ["C126"],
    reason: "do not round",
  },
  {
    name: "average-price-in-cents",
    description: "It returns average prices in cents.",
    edits: [["averagePrice: avg,", "averagePrice: String(Number(avg) * 100),"]],
    caughtBy: ["C110"],
    reason: "in the venue's unit",
  },
  {
    name: "mark-price-in-cents",
    description: "It returns mark prices in cents.",
    edits: [["markPrice: mark,", "markPrice: String(Number(mark) * 100),"]],
    caughtBy: ["C110"],
    reason: "in the venue's unit",
  },
  {
    name: "average-price-to-the-cent",
    description: "It rounds average prices to cents, which prices of this venue have.",
    edits: [["averagePrice: avg,", "averagePrice: Number(avg).toFixed(2),"]],
    caughtBy: ["C110"],
    reason: "do not round it",
  },
  {
    name: "buying-power-in-whole-dollars",
    description: "It rounds buying power to whole dollars.",
    edits: [[BUYING_POWER, 'return Number((await this.call<Balance>("Balance")).available).toFixed(0);']],
    caughtBy: ["C21"],
  },
  {
    name: "one-symbol-for-all-fills",
    description: "It emits every fill under one symbol.",
    edits: [["symbol: execution.symbol,", 'symbol: "BTC/USD",']],
    caughtBy: ["C50"],
  },
  {
    name: "one-symbol-for-all-positions",
    description: "It returns positions of one symbol only.",
    edits: [["return positions.map(", 'return positions.filter(({ pair }) => pair === "XBTUSD").map(']],
    caughtBy: ["C23"],
    reason: "BTC-PERP",
  },
  {
    name: "bid-as-last-price",
    description: "It returns the bid as the last price.",
    edits: [[TICKER, TICKER.replace("ticker.c[0]!", "ticker.b[0]!")]],
    caughtBy: ["C14"],
    reason: "last price",
  },
  {
    name: "average-price-of-an-order-in-cents",
    description: "It reports the average price of an order in cents.",
    edits: [["{ ...report, averagePrice: price }", "{ ...report, averagePrice: String(Number(price) * 100) }"]],
    caughtBy: ["C110"],
    reason: "average price of",
  },
  {
    name: "nav-and-cash-exchanged",
    description: "It exchanges NAV and cash.",
    edits: [[ACCOUNT, "return { nav: ZUSD, cash: equity, buyingPower: available, currency };"]],
    caughtBy: ["C24"],
    reason: "the venue's NAV is",
  },
  {
    name: "form-cash-as-buying-power",
    description: "It returns all of the cash as buying power.",
    edits: [[BUYING_POWER, 'return (await this.call<Balance>("Balance")).ZUSD;']],
    caughtBy: ["C21", "C24"],
    reason: "buying power",
  },
  {
    name: "account-in-a-constant-currency",
    description: "It returns EUR as the account's currency.",
    edits: [
      [ACCOUNT, 'return { nav: equity, cash: ZUSD, buyingPower: available, currency: "EUR" };'],
      ["equity, currency } =", "equity } ="],
    ],
    caughtBy: ["C108"],
  },
  {
    name: "negated-fees",
    description: "It emits fees with the opposite sign.",
    edits: [[FEE, "{ fee: String(-Number(fee.qty)), feeCurrency: fee.asset }"]],
    caughtBy: ["C47", "C109"],
    reason: "sign",
  },
  {
    name: "fees-always-in-dollars",
    description: "It emits every fee in dollars.",
    edits: [[FEE, '{ fee: fee.qty, feeCurrency: "USD" }']],
    caughtBy: ["C109"],
    reason: "pass the currency on",
  },
  {
    name: "absolute-shorts",
    description: "It returns short positions without their sign.",
    edits: [["quantity: net,", "quantity: String(Math.abs(Number(net))),"]],
    caughtBy: ["C23"],
    reason: "minus sign",
  },
  {
    name: "positions-that-stay",
    description: "It keeps positions that were closed.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly held = new Map<string, Position>();`],
      ["return positions.map(", "for (const held of positions.map("],
      [
        '      currency: "USD",\n    }));\n  }\n\n  async getBuying',
        '      currency: "USD",\n    }))) this.held.set(held.symbol, held);\n    return [...this.held.values()];\n  }\n\n  async getBuying',
      ],
    ],
    caughtBy: ["C125"],
    reason: "request it each time",
  },
  {
    name: "quotes-with-the-own-clock",
    description: "It returns the local time as the time of a quote.",
    edits: [[TICKER, TICKER.replace("ticker.t", "Date.now()")]],
    caughtBy: ["C105"],
    reason: "use the venue's time",
  },
  {
    name: "quotes-valid-now",
    description: "It returns the local time as asOf.",
    edits: [[TICKER, TICKER.replace("ticker.t", "ticker.t, asOf: Date.now()")]],
    caughtBy: ["C105"],
    reason: "asOf",
  },
  {
    name: "fills-with-the-own-clock",
    description: "It returns the time of arrival as the time of a fill.",
    edits: [["timestamp: execution.timestamp,", "timestamp: Date.now(),"]],
    caughtBy: ["C47", "C72"],
    reason: "use the venue's time",
  },
  {
    name: "one-side-from-the-last-price",
    description: "It replaces a missing bid by the last price.",
    edits: [[TICKER, TICKER.replace("ticker.b[0]!", "ticker.b[0] ?? ticker.c[0]!")]],
    caughtBy: ["C106"],
  },
  {
    name: "no-multiplier",
    description: "It drops the size of a contract.",
    edits: [["        multiplier: pair.contract,\n", ""]],
    caughtBy: ["C107"],
    reason: "multiplier",
  },
  {
    name: "a-multiplier-of-its-own",
    description: "It returns a contract size of 10 for each instrument.",
    edits: [["multiplier: pair.contract,", 'multiplier: "10",']],
    caughtBy: ["C107"],
    reason: "multiplier",
  },
  {
    name: "form-constant-steps",
    description: "It returns the steps of one pair for all.",
    edits: [["tickSize: pair.tick_size,", 'tickSize: "0.1",']],
    caughtBy: ["C107"],
  },
  {
    name: "one-pair-for-all-quotes",
    description: "It requests every quote of one pair.",
    edits: [["pairOf(symbol))}`;", 'pairOf(symbol === "BTC-PERP" ? "BTC/USD" : symbol))}`;']],
    caughtBy: ["C16"],
    reason: "concurrent quotes",
  },
  {
    name: "one-pair-for-all-orders",
    description: "It sends every order for one pair.",
    edits: [["pair: pairOf(order.symbol),", 'pair: "XBTUSD",']],
    caughtBy: ["C35"],
  },
  {
    name: "since-ignored",
    description: "It requests every trade, whatever since is.",
    edits: [["const start = String((since - 1) / 1000);", 'const start = since > 0 ? "0" : "0";']],
    caughtBy: ["C51"],
    reason: "before since",
  },
  {
    name: "duplicates-under-new-ids",
    description: "It emits an execution that was sent again under another id.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly seen = new Set<string>();`],
      [
        EMIT,
        `${EMIT}
    if (this.seen.has(fill.fillId)) fill = { ...fill, fillId: \`\${fill.fillId}-\${this.seen.size}\` };
    this.seen.add(fill.fillId);`,
      ],
    ],
    caughtBy: ["C43", "C49"],
  },
  {
    name: "no-more-than-the-order",
    description: "It drops executions beyond the quantity of their order.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly left = new Map<string, number>();`],
      [
        "const [venueOrderId] = txid ?? [];",
        "const [venueOrderId] = txid ?? [];\n      this.left.set(String(venueOrderId), order.quantity);",
      ],
      [
        EMIT,
        `${EMIT}
    const left = (this.left.get(fill.venueOrderId) ?? Infinity) - Number(fill.quantity);
    if (left < 0) return;
    this.left.set(fill.venueOrderId, left);`,
      ],
    ],
    caughtBy: ["C46"],
    reason: "excess fill",
  },
  {
    name: "late-executions-dropped",
    description: "It drops executions that are older than the newest one.",
    edits: [[EMIT, `${EMIT}\n    if (new Date(fill.timestamp).getTime() < this.newestFillTime) return;`]],
    caughtBy: ["C47", "C48"],
  },
  {
    name: "own-orders-only",
    description: "It drops executions of orders without a client order id.",
    edits: [[EMIT, `${EMIT}\n    if (fill.clientOrderId === undefined) return;`]],
    caughtBy: ["C117"],
    reason: "placed elsewhere",
  },
  {
    name: "hundred-executions-a-second",
    description: "It drops executions beyond a hundred in a second.",
    edits: [
      [FIELD, `${FIELD}\n  private recent: number[] = [];`],
      [
        EMIT,
        `${EMIT}
    this.recent = this.recent.filter((time) => time > Date.now() - 1_000);
    if (this.recent.push(Date.now()) > 100) return;`,
      ],
    ],
    caughtBy: ["C118"],
  },
  {
    name: "gap-that-moves",
    description: "It starts a gap at the newest fill when it requests the missed ones, after live ones.",
    edits: [[GAP, "this.gapStart = this.newestFillTime;"]],
    caughtBy: ["C114"],
    reason: "keep that start",
  },
  {
    name: "gap-by-the-own-clock",
    description: "It measures gaps with the local clock.",
    edits: [
      [NEWEST, "this.newestFillTime = Date.now();"],
      ["this.newestFillTime = unixtime * 1000;", "this.newestFillTime = Date.now() + 0 * unixtime;"],
    ],
    caughtBy: ["C116"],
  },
  {
    name: "form-expired-as-cancelled",
    description: "It reports expired orders as cancelled.",
    edits: [['expired: "expired",', 'expired: "cancelled",']],
    caughtBy: ["C121"],
  },
  {
    name: "form-rejected-as-open",
    description: "It reports orders that the venue rejected as open.",
    edits: [['rejected: "rejected",', 'rejected: "open",']],
    caughtBy: ["C121"],
  },
  {
    name: "untouched-orders-only",
    description: "It lists no open order that is partly filled.",
    edits: [["Object.entries(open).map(", 'Object.entries(open).filter(([, order]) => order.vol_exec === "0").map(']],
    caughtBy: ["C79"],
  },
];
