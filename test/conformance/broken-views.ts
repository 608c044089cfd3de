/** Quotes, account and order reports that go wrong: what the desk believes of the venue. */
import type { Mistake } from "./mistake.ts";

const FIELD = "private isOpen = false;";
const ASK_QUOTE = "const { bid, ask, last, time } = await this.get(`/quotes/${encodeURIComponent(symbol)}`);";
const QUOTE = "return { symbol, bid, ask, last, timestamp: time };";
const POWER = 'return (await this.get("/account")).buying_power;';
const POSITIONS = 'const positions: any[] = await this.get("/positions");';
const OPEN = 'const orders: any[] = await this.get("/orders?status=open");';
const SYMBOL_FAILED = "if (status !== 200) throw new Error(`the venue answered ${status} for ${symbol}`);";
const ORDER_FAILED = "if (status !== 200) throw new Error(`the venue answered ${status} for an order`);";
const NULL_FOR_404 = "if (status === 404) return null;\n    ";

export const BROKEN_VIEWS: readonly Mistake[] = [
  {
    name: "invents-quotes",
    what: "It answers the last price it saw, or 100, for a symbol the venue does not know.",
    edits: [
      [
        ASK_QUOTE,
        ASK_QUOTE.replace(");", ').catch(() => ({ bid: "99", ask: "101", last: "100", time: Date.now() }));'),
      ],
    ],
    caughtBy: ["C15", "C73"],
  },
  {
    name: "zero-quotes",
    what: "It answers 0 until the price feed was written.",
    edits: [
      [QUOTE, 'return { symbol, bid: "0", ask: "0", last: "0", timestamp: Date.now() };'],
      [ASK_QUOTE, ""],
    ],
    caughtBy: ["C12", "C14"],
  },
  {
    name: "frozen-quotes",
    what: "It keeps the first quote of a symbol, and never asks again.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly seen = new Map<string, any>();`],
      [ASK_QUOTE, ASK_QUOTE.replace("await", "this.seen.get(symbol) ?? await")],
      [QUOTE, `this.seen.set(symbol, { bid, ask, last, time });\n    ${QUOTE}`],
    ],
    caughtBy: ["C14"],
    words: "ask the venue each time",
  },
  {
    name: "stale-quote-in-trouble",
    what: "It answers an old quote as if it were new while the venue is down.",
    edits: [
      [FIELD, `${FIELD}\n  private old: any = { bid: "1", ask: "2", last: "1", time: Date.now() };`],
      [ASK_QUOTE, ASK_QUOTE.replace(");", ").catch(() => this.old);")],
    ],
    caughtBy: ["C73"],
    words: "throw",
  },
  {
    name: "one-variable-for-all-quotes",
    what: "It keeps the symbol that is asked in a field, and quotes at once get mixed up.",
    edits: [
      [FIELD, `${FIELD}\n  private asked = "";`],
      [ASK_QUOTE, `this.asked = symbol;\n    ${ASK_QUOTE}`],
      [QUOTE, "return { symbol: this.asked, bid, ask, last, timestamp: time };"],
    ],
    caughtBy: ["C16"],
    words: "20 quotes were asked at once",
  },
  {
    name: "bid-and-ask-exchanged",
    what: "It reads the bid for the ask.",
    edits: [[QUOTE, "return { symbol, bid: ask, ask: bid, last, timestamp: time };"]],
    caughtBy: ["C12", "C14"],
  },
  {
    name: "mends-crossed-quotes",
    what: "It swaps bid and ask of a crossed market, which then looks whole.",
    edits: [
      [
        QUOTE,
        `const [low, high] = Number(bid) <= Number(ask) ? [bid, ask] : [ask, bid];
    return { symbol, bid: low, ask: high, last, timestamp: time };`,
      ],
    ],
    caughtBy: ["C71"],
    words: "pass it on as it is",
  },
  {
    name: "quote-time-in-seconds",
    what: "It gives the time of a quote in seconds, and every quote is stale.",
    edits: [[QUOTE, "return { symbol, bid, ask, last, timestamp: Math.floor(time / 1000) };"]],
    caughtBy: ["C13"],
    words: "milliseconds since 1970",
  },
  {
    name: "prices-as-floats",
    what: "It makes JavaScript numbers of prices, although it declares exact decimals.",
    edits: [[QUOTE, "return { symbol, bid: Number(bid), ask: Number(ask), last: Number(last), timestamp: time };"]],
    caughtBy: ["C17"],
  },
  {
    name: "no-buying-power",
    what: "The buying power of the skeleton was never replaced.",
    edits: [[POWER, "return 0 as never;"]],
    caughtBy: ["C21", "C24"],
  },
  {
    name: "boundless-buying-power",
    what: "It answers a large amount, so that no order is held up.",
    edits: [[POWER, 'return "1000000000";']],
    caughtBy: ["C21", "C24", "C25"],
  },
  {
    name: "no-positions",
    what: "The positions of the skeleton were never read.",
    edits: [[POSITIONS, "const positions: any[] = [];"]],
    caughtBy: ["C23", "C25"],
  },
  {
    name: "shorts-look-long",
    what: "It drops the sign of what was sold short.",
    edits: [["      quantity,\n      averagePrice", '      quantity: quantity.replace("-", ""),\n      averagePrice']],
    caughtBy: ["C23"],
    words: "keep the sign of a short",
  },
  {
    name: "account-in-trouble-is-empty",
    what: "It answers 0 and no positions while the venue is down.",
    edits: [
      [POWER, 'return (await this.get("/account").catch(() => ({ buying_power: "0" }))).buying_power;'],
      [POSITIONS, 'const positions: any[] = await this.get("/positions").catch(() => []);'],
    ],
    caughtBy: ["C25"],
  },
  {
    name: "account-of-another-sum",
    what: "Its account tells the net worth as buying power.",
    edits: [["buyingPower: buying_power, currency };", "buyingPower: String(Number(nav) * 2), currency };"]],
    caughtBy: ["C24"],
  },
  {
    name: "throws-for-what-is-not-listed",
    what: "Its getInstrument throws for a symbol that is not listed, as if the venue were down.",
    edits: [[`${NULL_FOR_404}${SYMBOL_FAILED}`, SYMBOL_FAILED]],
    caughtBy: ["C19"],
  },
  {
    name: "instrument-without-steps",
    what: "It never tells the smallest steps, so that the venue refuses what the desk let pass.",
    edits: [["tickSize: body.tick_size, lotSize: body.lot_size, ", ""]],
    caughtBy: ["C18"],
  },
  {
    name: "throws-for-an-unknown-order",
    what: "Its getOrder throws for 404, and the desk cannot tell never taken from not to be reached.",
    edits: [[`${NULL_FOR_404}${ORDER_FAILED}`, ORDER_FAILED]],
    caughtBy: ["C80"],
    words: "answer null",
  },
  {
    name: "null-for-an-order-in-trouble",
    what: "Its getOrder answers null for any error, and the desk believes that the order was never taken.",
    edits: [[`${NULL_FOR_404}${ORDER_FAILED}`, "if (status !== 200) return null;"]],
    caughtBy: ["C74"],
    words: "null says that the venue does not know it",
  },
  {
    name: "finds-no-order-by-client-id",
    what: "It declares queryByClientId and looks orders up by the venue's id alone.",
    edits: [
      [
        "const path = venueOrderId === undefined ?",
        'if (!venueOrderId) return null;\n    const path = venueOrderId === "" ?',
      ],
    ],
    caughtBy: ["C77"],
    words: "the venue knows the order",
  },
  {
    name: "order-is-always-open",
    what: "Its getOrder answers open with nothing filled, whatever happened.",
    edits: [["  status,\n  filledQuantity: filled_quantity,", '  status: "open",\n  filledQuantity: "0",']],
    caughtBy: ["C81"],
  },
  {
    name: "no-open-orders",
    what: "Its getOpenOrders tells of this life's orders, and after a restart there are none.",
    edits: [[OPEN, "const orders: any[] = [];"]],
    caughtBy: ["C79"],
  },
];
