/** Mistakes with prices, steps, currencies, positions and states of orders. */
import type { Mistake } from "./apply-mistake.ts";
import { BUYING_POWER, FIELD, FIND_ORDER, OPEN_ORDERS, POSITIONS, QUOTE } from "./template-snippets.ts";

const EXACT = "    exactDecimals: true,\n";
const INSTRUMENT = "const { tick_size, lot_size, currency } = instrument;";
const INSTRUMENT_RESULT = "return { symbol, tickSize: tick_size, lotSize: lot_size, currency };";
const ACCOUNT_RESULT = "return { nav, cash, buyingPower: buying_power, currency };";
const AVERAGE = "averagePrice: average_price,\n      markPrice: mark_price,\n      currency,";
const REPORT_AVERAGE = "{ ...report, averagePrice: average_price }";
const STATUS_FIELD = "status, filledQuantity: filled_quantity }";
const BY_CLIENT_ID = '? `/orders?client_order_id=${encodeURIComponent(clientOrderId ?? "")}`';

/** Returns the edit of a report whose status is translated. */
function statusAs(from: string, to: string): Mistake["edits"] {
  return [
    [STATUS_FIELD, `status: status === "${from}" ? ("${to}" as const) : status, filledQuantity: filled_quantity }`],
  ];
}

export const MONEY_MISTAKES: readonly Mistake[] = [
  {
    name: "positions-without-currency",
    description: "It leaves the currency of positions out, so the desk counts them in the account's.",
    edits: [["markPrice: mark_price,\n      currency,", "markPrice: mark_price,"]],
    caughtBy: ["C108"],
    reason: "no currency",
  },
  {
    name: "own-clock-on-quotes",
    description: "It stamps quotes with the local time, so an old quote looks new.",
    edits: [[QUOTE, QUOTE.replace("timestamp: time", "timestamp: Date.now()")]],
    caughtBy: ["C105"],
    reason: "use the venue's time",
  },
  {
    name: "server-clock-on-quotes",
    description: "It stamps quotes with the server's current time instead of the quote's.",
    edits: [
      [
        QUOTE,
        QUOTE.replace("timestamp: time", 'timestamp: (await this.get<{ time: number }>("/time")).time + 0 * time'),
      ],
    ],
    caughtBy: ["C105"],
  },
  {
    name: "last-price-as-bid",
    description: "It fills a missing bid with the last price.",
    edits: [[QUOTE, QUOTE.replace("bid,", "bid: bid ?? last,")]],
    caughtBy: ["C106"],
    reason: "no bid",
  },
  {
    name: "bid-as-missing-ask",
    description: "It fills a missing ask with the bid.",
    edits: [[QUOTE, QUOTE.replace("ask,", "ask: ask ?? bid,")]],
    caughtBy: ["C106"],
    reason: "no ask",
  },
  {
    name: "prices-in-cents",
    description: "It rounds prices to cents.",
    edits: [
      [EXACT, ""],
      [QUOTE, QUOTE.replace("bid, ask,", "bid: Number(bid).toFixed(2), ask: Number(ask).toFixed(2),")],
    ],
    caughtBy: ["C126"],
    reason: "do not round",
  },
  {
    name: "last-price-on-both-sides",
    description: "It returns the last price as bid and as ask.",
    edits: [[QUOTE, QUOTE.replace("bid, ask,", "bid: last, ask: last,")]],
    caughtBy: ["C14"],
  },
  {
    name: "quotes-of-ten-seconds-ago",
    description: "It keeps quotes for ten seconds.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly kept = new Map<string, { at: number; quote: Quote }>();`],
      [
        QUOTE,
        `const kept = this.kept.get(symbol);
    if (kept !== undefined && Date.now() - kept.at < 10_000) return kept.quote;
    const quote = { symbol, bid, ask, last, timestamp: time };
    this.kept.set(symbol, { at: Date.now(), quote });
    return quote;`,
      ],
    ],
    caughtBy: ["C14"],
  },
  {
    name: "constant-steps",
    description: "It returns the same tick and lot for every instrument.",
    edits: [[INSTRUMENT, `const { currency } = instrument;\n    const [tick_size, lot_size] = ["0.01", "0.001"];`]],
    caughtBy: ["C107"],
    reason: "request them for each symbol",
  },
  {
    name: "swapped-steps",
    description: "It swaps tick and lot.",
    edits: [[INSTRUMENT, "const { tick_size: lot_size, lot_size: tick_size, currency } = instrument;"]],
    caughtBy: ["C107"],
  },
  {
    name: "steps-of-the-first-symbol",
    description: "It keeps the steps of the first instrument for all others.",
    edits: [
      [FIELD, `${FIELD}\n  private steps: { tick_size: string; lot_size: string; currency: string } | undefined;`],
      [INSTRUMENT, INSTRUMENT.replace("= instrument", "= (this.steps ??= instrument)")],
    ],
    caughtBy: ["C107"],
  },
  {
    name: "instruments-in-dollars",
    description: "It returns dollars as the currency of every instrument.",
    edits: [[INSTRUMENT_RESULT, INSTRUMENT_RESULT.replace("currency }", 'currency: currency && "USD" }')]],
    caughtBy: ["C108"],
    reason: "pass the venue's currency on",
  },
  {
    name: "account-in-dollars",
    description: "It returns dollars as the currency of the account.",
    edits: [[ACCOUNT_RESULT, ACCOUNT_RESULT.replace("currency }", 'currency: currency && "USD" }')]],
    caughtBy: ["C108"],
    reason: "pass the venue's currency on",
  },
  {
    name: "positions-in-dollars",
    description: "It returns dollars as the currency of every position.",
    edits: [[AVERAGE, AVERAGE.replace("currency,", 'currency: currency && "USD",')]],
    caughtBy: ["C108"],
    reason: "pass the venue's currency on",
  },
  {
    name: "cash-as-settled-cash",
    description: "It states all cash as settled.",
    edits: [[ACCOUNT_RESULT, ACCOUNT_RESULT.replace("cash,", "cash, settledCash: cash,")]],
    caughtBy: ["C24"],
    reason: "as settledCash",
  },
  {
    name: "cash-and-nav-swapped",
    description: "It swaps cash and NAV.",
    edits: [[ACCOUNT_RESULT, ACCOUNT_RESULT.replace("nav, cash,", "nav: cash, cash: nav,")]],
    caughtBy: ["C24"],
  },
  {
    name: "nav-as-buying-power",
    description: "It returns the NAV as buying power, so what is invested can be spent again.",
    edits: [[BUYING_POWER, BUYING_POWER.replace("buying_power", "nav")]],
    caughtBy: ["C21"],
  },
  {
    name: "buying-power-in-cents",
    description: "It returns the buying power in cents.",
    edits: [[BUYING_POWER, 'return String(Number((await this.get<VenueAccount>("/account")).buying_power) * 100);']],
    caughtBy: ["C21", "C24"],
  },
  {
    name: "average-in-cents",
    description: "It returns average prices in cents.",
    edits: [[AVERAGE, AVERAGE.replace("average_price", "String(Number(average_price) * 100)")]],
    caughtBy: ["C110"],
    reason: "in the venue's unit",
  },
  {
    name: "average-rounded-to-cents",
    description: "It rounds average prices to cents.",
    edits: [[AVERAGE, AVERAGE.replace("average_price", "Number(average_price).toFixed(2)")]],
    caughtBy: ["C110"],
  },
  {
    name: "mark-as-average",
    description: "It returns the mark price as the average price, so every position has no profit.",
    edits: [[AVERAGE, AVERAGE.replace("average_price", "average_price && mark_price")]],
    caughtBy: ["C110"],
  },
  {
    name: "average-as-mark",
    description: "It returns the average price as the mark price.",
    edits: [[AVERAGE, AVERAGE.replace("mark_price", "mark_price && average_price")]],
    caughtBy: ["C110"],
  },
  {
    name: "report-average-in-cents",
    description: "It returns the average price of an order in cents.",
    edits: [[REPORT_AVERAGE, REPORT_AVERAGE.replace("average_price }", "Number(average_price) * 100 }")]],
    caughtBy: ["C110"],
    reason: "getOrder returned an average price",
  },
  {
    name: "remembers-closed-positions",
    description: "It keeps positions that the venue no longer lists.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly held = new Map<string, VenuePosition>();`],
      [
        POSITIONS,
        `for (const position of await this.get<VenuePosition[]>("/positions")) this.held.set(position.symbol, position);
    const positions = [...this.held.values()];`,
      ],
    ],
    caughtBy: ["C125"],
    reason: "request it each time",
  },
  {
    name: "looks-among-open-orders-only",
    description: "It looks an order up by its client order id among open orders only.",
    edits: [
      [
        FIND_ORDER,
        `const open = venueOrderId === undefined ? await this.get<VenueOrder[]>("/orders?status=open") : [];
    const order = venueOrderId === undefined
      ? (open.find((one) => one.client_order_id === clientOrderId) ?? null)
      : await this.getOrNull<VenueOrder>(path);`,
      ],
    ],
    caughtBy: ["C127", "C121"],
    reason: "closed orders too",
  },
  {
    name: "first-order-of-the-list",
    description: "It returns the first order of the venue's list for every client order id.",
    edits: [
      [BY_CLIENT_ID, '? "/orders"'],
      [
        FIND_ORDER,
        "const found = await this.getOrNull<VenueOrder | VenueOrder[]>(path);\n    const order = Array.isArray(found) ? (found[0] ?? null) : found;",
      ],
    ],
    caughtBy: ["C127"],
  },
  {
    name: "expired-as-cancelled",
    description: "It reports an expired order as cancelled.",
    edits: statusAs("expired", "cancelled"),
    caughtBy: ["C121"],
  },
  {
    name: "rejected-as-cancelled",
    description: "It reports an order that the venue rejected as cancelled.",
    edits: statusAs("rejected", "cancelled"),
    caughtBy: ["C121"],
  },
  {
    name: "rejected-as-open",
    description: "It does not know the venue's status of a rejected order and reports the order as open.",
    edits: statusAs("rejected", "open"),
    caughtBy: ["C121"],
  },
  {
    name: "expired-as-filled",
    description: "It reports every closed order but a cancelled one as filled.",
    edits: statusAs("expired", "filled"),
    caughtBy: ["C121"],
  },
  {
    name: "partial-as-open",
    description: "It reports a partly filled order as open without fills.",
    edits: statusAs("partially_filled", "open"),
    caughtBy: ["C81"],
  },
  {
    name: "cancelled-with-fills-as-working",
    description: "It reports a cancelled order with fills as partly filled, so the order seems to work on.",
    edits: [
      [
        STATUS_FIELD,
        'status: status === "cancelled" && filled_quantity !== "0" ? ("partially_filled" as const) : status, filledQuantity: filled_quantity }',
      ],
    ],
    caughtBy: ["C121"],
  },
  {
    name: "cancelled-without-fills",
    description: "It reports nothing as filled for a cancelled order.",
    edits: [[STATUS_FIELD, 'status, filledQuantity: status === "cancelled" ? "0" : filled_quantity }']],
    caughtBy: ["C121"],
    reason: "had 1 filled",
  },
  {
    name: "remaining-as-filled",
    description: "It reports the remaining quantity as filled.",
    edits: [[STATUS_FIELD, 'status, filledQuantity: status === "filled" ? "0" : filled_quantity }']],
    caughtBy: ["C81"],
  },
  {
    name: "keeps-order-reports",
    description: "It keeps the first report of an order.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly reports = new Map<string, VenueOrder | null>();`],
      [
        FIND_ORDER,
        `if (!this.reports.has(path)) this.reports.set(path, await this.getOrNull<VenueOrder>(path));
    const order = this.reports.get(path) ?? null;`,
      ],
    ],
    caughtBy: ["C81"],
  },
  {
    name: "keeps-the-list-of-open-orders",
    description: "It requests the open orders once.",
    edits: [
      [FIELD, `${FIELD}\n  private open: OrderReport[] | undefined;`],
      [OPEN_ORDERS, `return (this.open ??= ${OPEN_ORDERS.slice("return ".length, -1)});`],
    ],
    caughtBy: ["C122"],
  },
  {
    name: "every-order-as-open-order",
    description: "Its getOpenOrders returns every order of the account.",
    edits: [[OPEN_ORDERS, OPEN_ORDERS.replace("?status=open", "")]],
    caughtBy: ["C122"],
    reason: "but getOpenOrders returned it",
  },
];
