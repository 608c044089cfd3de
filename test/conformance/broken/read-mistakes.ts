/** Mistakes in methods that read: quotes, the account, instruments and order reports. */
import type { Mistake } from "./apply-mistake.ts";
import {
  BUYING_POWER,
  FIELD,
  FIND_ORDER,
  IS_UNKNOWN,
  OPEN_ORDERS,
  POSITIONS,
  QUOTE,
  QUOTE_PATH,
  QUOTE_REQUEST,
} from "./template-snippets.ts";

/** Returns QUOTE_PATH with a fallback for a failed request. */
function quoteFallback(value: string): string {
  return QUOTE_PATH.replace(/;$/, `.catch(() => (${value}));`);
}

export const READ_MISTAKES: readonly Mistake[] = [
  {
    name: "client-errors-as-unknown",
    description: "It takes every status of 400 to 499 for something that the venue does not know.",
    edits: [[IS_UNKNOWN, "if (status >= 400 && status < 500) return null;"]],
    caughtBy: ["C74", "C94"],
    reason: "429",
  },
  {
    name: "positions-in-capitals",
    description: "It returns the symbols of positions in capital letters.",
    edits: [["symbol,\n      quantity,\n", "symbol: symbol.toUpperCase(),\n      quantity,\n"]],
    caughtBy: ["C156"],
  },
  {
    name: "quotes-in-capitals",
    description: "It requests quotes of symbols in capital letters.",
    edits: [[QUOTE_PATH, QUOTE_PATH.replace("(symbol)", "(symbol.toUpperCase())")]],
    caughtBy: ["C16"],
  },
  {
    name: "drops-small-positions",
    description: "It takes a position of less than a thousandth for a rest that does not count.",
    edits: [
      ["return positions.map((", "return positions.filter(({ quantity }) => Math.abs(Number(quantity)) > 0.001).map(("],
    ],
    caughtBy: ["C156"],
    reason: "also a small one",
  },
  {
    name: "first-page-of-positions",
    description: "It returns the first hundred positions.",
    edits: [["return positions.map((", "return positions.slice(0, 100).map(("]],
    caughtBy: ["C156"],
    reason: "left out or changed 21",
  },
  {
    name: "prices-below-zero-as-zero",
    description: "It takes a price below zero for a missing one.",
    edits: [[QUOTE, QUOTE.replace("bid, ask,", 'bid: bid?.replace(/^-.*/, "0"), ask: ask?.replace(/^-.*/, "0"),')]],
    caughtBy: ["C157"],
    reason: "pass prices below zero on",
  },
  {
    name: "invents-quotes",
    description: "It returns a made-up quote for a symbol that the venue does not list.",
    edits: [[QUOTE_PATH, quoteFallback('{ bid: "99", ask: "101", last: "100", time: Date.now() }')]],
    caughtBy: ["C15", "C73"],
  },
  {
    name: "zero-quotes",
    description: "It returns placeholder quotes of 0.",
    edits: [[QUOTE, 'return { symbol, bid: "0", ask: "0", last: "0", timestamp: Date.now() };']],
    caughtBy: ["C12", "C14"],
  },
  {
    name: "adds-a-member-to-quotes",
    description: "It returns a member that the SDK does not have.",
    edits: [[QUOTE, "return Object.assign({ symbol, bid, ask, last, timestamp: time }, { halted: false });"]],
    caughtBy: ["C120"],
    reason: 'getQuote: the SDK has no "halted"',
  },
  {
    name: "caches-quotes",
    description: "It caches the first quote of a symbol and never requests it again.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly cache = new Map<string, any>();`],
      [QUOTE_REQUEST, QUOTE_REQUEST.replace("await", "this.cache.get(symbol) ?? await")],
      [QUOTE, `this.cache.set(symbol, { bid, ask, last, time });\n    ${QUOTE}`],
    ],
    caughtBy: ["C14"],
    reason: "request the quote each time",
  },
  {
    name: "stale-quote-on-error",
    description: "It returns an old quote as if it were new during an outage of the venue.",
    edits: [
      [FIELD, `${FIELD}\n  private old: any = { bid: "1", ask: "2", last: "1", time: Date.now() };`],
      [QUOTE_PATH, quoteFallback("this.old")],
    ],
    caughtBy: ["C73"],
    reason: "throw",
  },
  {
    name: "shares-a-field-between-quotes",
    description: "It keeps the requested symbol in a field, so concurrent quotes are mixed up.",
    edits: [
      [FIELD, `${FIELD}\n  private requested = "";`],
      [QUOTE_REQUEST, `this.requested = symbol;\n    ${QUOTE_REQUEST}`],
      [QUOTE, "return { symbol: this.requested, bid, ask, last, timestamp: time };"],
    ],
    caughtBy: ["C16"],
    reason: "of 20 concurrent quotes",
  },
  {
    name: "swaps-bid-and-ask",
    description: "It swaps bid and ask.",
    edits: [[QUOTE, "return { symbol, bid: ask, ask: bid, last, timestamp: time };"]],
    caughtBy: ["C12", "C14"],
  },
  {
    name: "corrects-crossed-quotes",
    description: "It swaps bid and ask of a crossed market, which hides the problem.",
    edits: [
      [
        QUOTE,
        `const [low, high] = Number(bid) <= Number(ask) ? [bid, ask] : [ask, bid];
    return { symbol, bid: low, ask: high, last, timestamp: time };`,
      ],
    ],
    caughtBy: ["C71"],
    reason: "pass the prices on unchanged",
  },
  {
    name: "quote-time-in-seconds",
    description: "It returns the time of a quote in seconds, so every quote is stale.",
    edits: [[QUOTE, "return { symbol, bid, ask, last, timestamp: Math.floor(time / 1000) };"]],
    caughtBy: ["C13"],
    reason: "milliseconds since 1970",
  },
  {
    name: "prices-as-floats",
    description: "It converts prices to JavaScript numbers although it declares exact decimals.",
    edits: [[QUOTE, "return { symbol, bid: Number(bid), ask: Number(ask), last: Number(last), timestamp: time };"]],
    caughtBy: ["C17"],
  },
  {
    name: "zero-buying-power",
    description: "It returns a placeholder buying power of 0.",
    edits: [[BUYING_POWER, "return 0 as never;"]],
    caughtBy: ["C21", "C24"],
  },
  {
    name: "unlimited-buying-power",
    description: "It returns a large constant, so that no order is refused.",
    edits: [[BUYING_POWER, 'return "1000000000";']],
    caughtBy: ["C21", "C24", "C25"],
  },
  {
    name: "no-positions",
    description: "It always returns no positions.",
    edits: [[POSITIONS, "const positions: VenuePosition[] = [];"]],
    caughtBy: ["C23", "C25"],
  },
  {
    name: "short-positions-look-long",
    description: "It drops the minus sign of a short position.",
    edits: [["      quantity,\n      averagePrice", '      quantity: quantity.replace("-", ""),\n      averagePrice']],
    caughtBy: ["C23"],
    reason: "keep the minus sign of a short position",
  },
  {
    name: "empty-account-on-error",
    description: "It returns 0 and no positions during an outage of the venue.",
    edits: [
      [BUYING_POWER, BUYING_POWER.replace('("/account")', '("/account").catch(() => ({ buying_power: "0" }))')],
      [POSITIONS, POSITIONS.replace(/;$/, ".catch(() => []);")],
    ],
    caughtBy: ["C25"],
  },
  {
    name: "wrong-account-total",
    description: "Its getAccount returns another buying power than getBuyingPower.",
    edits: [["buyingPower: buying_power, currency };", "buyingPower: String(Number(nav) * 2), currency };"]],
    caughtBy: ["C24"],
  },
  {
    name: "throws-for-an-unlisted-symbol",
    description: "Its getInstrument throws for an unlisted symbol, as if the venue were down.",
    edits: [["if (instrument === null) return null;", 'if (instrument === null) throw new Error("404");']],
    caughtBy: ["C19"],
  },
  {
    name: "instrument-without-steps",
    description: "It returns no tick and lot size, so the venue rejects orders that the desk could have refused.",
    edits: [["tickSize: tick_size, lotSize: lot_size, ", ""]],
    caughtBy: ["C18"],
  },
  {
    name: "throws-for-an-unknown-order",
    description: "Its getOrder throws for an unknown order, so the desk cannot tell it from an outage.",
    edits: [[FIND_ORDER, `${FIND_ORDER}\n    if (order === null) throw new Error("404");`]],
    caughtBy: ["C80"],
    reason: "return null",
  },
  {
    name: "null-order-on-error",
    description: "Its getOrder returns null for every error, so the desk assumes that the order was never accepted.",
    edits: [[FIND_ORDER, FIND_ORDER.replace(/;$/, ".catch(() => null);")]],
    caughtBy: ["C74"],
    reason: "null means that the venue does not know the order",
  },
  {
    name: "no-lookup-by-client-order-id",
    description: "It declares queryByClientId but finds orders only by the venue's id.",
    edits: [
      [
        "    const path =\n      venueOrderId ===",
        "    if (!venueOrderId) return null;\n    const path =\n      venueOrderId ===",
      ],
    ],
    caughtBy: ["C77"],
    reason: "the venue has the order",
  },
  {
    name: "order-is-always-open",
    description: "Its getOrder always reports an open order without fills.",
    edits: [["status, filledQuantity: filled_quantity }", 'status: "open" as const, filledQuantity: "0" }']],
    caughtBy: ["C81"],
  },
  {
    name: "no-open-orders",
    description: "Its getOpenOrders returns no orders after a restart.",
    edits: [[OPEN_ORDERS, "return [];"]],
    caughtBy: ["C79"],
  },
];
