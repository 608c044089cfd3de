/** Mistakes with several fills: orders in turn, gaps, pages, bursts, and arithmetic. */
import type { Mistake } from "./apply-mistake.ts";
import { ACKNOWLEDGE, EMIT, FIELD, FILLS, REQUEST_TIME } from "./template-snippets.ts";

const EXACT = "    exactDecimals: true,\n";
const EMIT_FILL = "    this.ctx.emitFill(fill);\n";
const GAP_START = "this.gapStart ??= this.newestFillTime;";
const MISSED = "for (const fill of await this.getFills(this.gapStart)) this.emit(fill);";
const HANDLE_FILL = 'if (message.type === "fill") this.emit(toFill(message));';
const QUANTITY = "quantity: fill.quantity,";
const PRICE = "price: fill.price,";
const FEE = "fee: fill.fee,";

export const STREAM_MISTAKES: readonly Mistake[] = [
  {
    name: "fills-of-the-newest-order",
    description: "It attributes each fill to the order that it placed last.",
    edits: [
      [FIELD, `${FIELD}\n  private newest = "";`],
      [ACKNOWLEDGE, `this.newest = accepted.order_id;\n    ${ACKNOWLEDGE}`],
      [EMIT_FILL, "    this.ctx.emitFill({ ...fill, venueOrderId: this.newest || fill.venueOrderId });\n"],
    ],
    caughtBy: ["C111"],
  },
  {
    name: "one-client-order-id-for-all-fills",
    description: "It counts what was filled in one field for all orders and drops what exceeds the newest order.",
    edits: [
      [FIELD, `${FIELD}\n  private open = 0;`],
      [
        'const { status, body } = await this.request("POST"',
        'this.open = order.quantity;\n    const { status, body } = await this.request("POST"',
      ],
      [EMIT, `${EMIT}\n    if (this.open <= 0) return;\n    this.open -= Number(fill.quantity);`],
    ],
    caughtBy: ["C111"],
  },
  {
    name: "rounds-fill-quantities",
    description: "It rounds the quantity of a fill to four places.",
    edits: [
      [EXACT, ""],
      [QUANTITY, "quantity: String(Number(Number(fill.quantity).toFixed(4))),"],
    ],
    caughtBy: ["C112"],
  },
  {
    name: "fill-prices-in-cents",
    description: "It rounds the price of a fill to cents.",
    edits: [
      [EXACT, ""],
      [PRICE, "price: Number(fill.price).toFixed(2),"],
    ],
    caughtBy: ["C112"],
  },
  {
    name: "cumulative-quantities",
    description: "It emits the quantity filled so far instead of that of the fill.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly filled = new Map<string, number>();`],
      [
        EMIT_FILL,
        `    const total = (this.filled.get(fill.venueOrderId) ?? 0) + Number(fill.quantity);
    this.filled.set(fill.venueOrderId, total);
    this.ctx.emitFill({ ...fill, quantity: String(total) });
`,
      ],
    ],
    caughtBy: ["C41", "C111"],
  },
  {
    name: "float-differences",
    description: "It computes the quantity of a fill as a difference of two floats.",
    edits: [
      [EXACT, ""],
      [FIELD, `${FIELD}\n  private readonly filled = new Map<string, number>();`],
      [
        EMIT_FILL,
        `    const before = this.filled.get(fill.venueOrderId) ?? 0;
    const total = before + Number(fill.quantity);
    this.filled.set(fill.venueOrderId, total);
    this.ctx.emitFill({ ...fill, quantity: total - before });
`,
      ],
    ],
    caughtBy: ["C112"],
  },
  {
    name: "fees-without-sign",
    description: "It takes the absolute value of a fee, so a rebate is a cost.",
    edits: [[FEE, 'fee: fill.fee.replace("-", ""),']],
    caughtBy: ["C109"],
    reason: "sign and the unit of the venue",
  },
  {
    name: "fees-negated",
    description: "It emits a cost with a minus sign.",
    edits: [[FEE, "fee: `-${fill.fee}`,"]],
    caughtBy: ["C47"],
  },
  {
    name: "fees-in-dollars",
    description: "It emits every fee in dollars.",
    edits: [["feeCurrency: fill.fee_currency,", 'feeCurrency: "USD",']],
    caughtBy: ["C109"],
    reason: "BNB",
  },
  {
    name: "fill-times-in-seconds",
    description: "It emits the times of fills in seconds.",
    edits: [["timestamp: fill.time,", "timestamp: Math.floor(fill.time / 1000),"]],
    caughtBy: ["C47"],
  },
  {
    name: "since-moves-with-live-fills",
    description: "It requests missed fills since the newest fill, which a live fill moves while a request fails.",
    edits: [[GAP_START, "this.gapStart = this.newestFillTime;"]],
    caughtBy: ["C114"],
    reason: "keep that start",
  },
  {
    name: "forgets-the-gap-before-the-request",
    description: "It forgets the start of a gap before the missed fills were read.",
    edits: [
      [
        MISSED,
        "const since = this.gapStart;\n      this.gapStart = undefined;\n      for (const fill of await this.getFills(since)) this.emit(fill);",
      ],
    ],
    caughtBy: ["C114"],
  },
  {
    name: "never-requests-missed-fills",
    description: "It reconnects its stream and does not request the fills of the gap.",
    edits: [[MISSED, ""]],
    caughtBy: ["C115"],
    reason: "after each reconnect",
  },
  {
    name: "missed-fills-since-the-reconnect",
    description: "It requests the missed fills since the reconnect instead of since the start of the gap.",
    edits: [[MISSED, "for (const fill of await this.getFills(Date.now())) this.emit(fill);"]],
    caughtBy: ["C115"],
  },
  {
    name: "missed-fills-by-the-local-clock",
    description: "It measures a gap with the local clock, which is ahead of the venue's.",
    edits: [
      [REQUEST_TIME, `${REQUEST_TIME.replace("time;", "Date.now();")}\n    void time;`],
      [EMIT, `${EMIT}\n    this.newestFillTime = Date.now();`],
    ],
    caughtBy: ["C116"],
    reason: "10 minutes behind",
  },
  {
    name: "new-ids-for-missed-fills",
    description: "It gives missed fills ids of its own, so a fill that arrives both ways counts twice.",
    edits: [[MISSED, MISSED.replace("this.emit(fill)", "this.emit({ ...fill, fillId: `${fill.fillId}-gap` })")]],
    caughtBy: ["C115"],
  },
  {
    name: "own-fills-only",
    description: "It drops fills of orders that it did not place, those of before its restart included.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly own = new Set<string>();`],
      [
        'const { status, body } = await this.request("POST"',
        'this.own.add(order.clientOrderId);\n    const { status, body } = await this.request("POST"',
      ],
      [EMIT, `${EMIT}\n    if (!this.own.has(fill.clientOrderId ?? "")) return;`],
    ],
    caughtBy: ["C117", "C119"],
  },
  {
    name: "first-page-of-fills",
    description: "It reads only the first page of fills.",
    edits: [[FILLS, "return fills.map(toFill);"]],
    caughtBy: ["C113"],
    reason: "request every page",
  },
  {
    name: "full-pages-of-fills",
    description: "It drops the last page of fills, which is not full.",
    edits: [
      [
        FILLS,
        "if (page.length < FILLS_PAGE) return fills.slice(0, fills.length - (fills.length > FILLS_PAGE ? page.length : 0)).map(toFill);",
      ],
    ],
    caughtBy: ["C113"],
    reason: "request every page",
  },
  {
    name: "pages-in-the-wrong-order",
    description: "It puts each page of fills before the pages that it read earlier.",
    edits: [
      [
        "fills.push(...page);",
        "fills.push(...page);\n      if (page.length < FILLS_PAGE) return [...page, ...fills.slice(0, -page.length || undefined)].map(toFill);",
      ],
    ],
    caughtBy: ["C113"],
    reason: "oldest first",
  },
  {
    name: "slow-fill-handler",
    description: "It computes for some milliseconds for each fill and blocks the thread in a busy market.",
    edits: [[EMIT, `${EMIT}\n    for (let n = 0, sum = 0; n < 3_000_000; n++) sum = (sum * 31 + n) % 1_000_003;`]],
    caughtBy: ["C118"],
    reason: "busy",
  },
  {
    name: "bounded-queue-of-fills",
    description: "It keeps fills in a queue of a hundred and drops the rest.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly waiting: Fill[] = [];`],
      [
        EMIT_FILL,
        `    if (this.waiting.length < 100) this.waiting.push(fill);
    setTimeout(() => {
      const next = this.waiting.shift();
      if (next !== undefined) this.ctx.emitFill(next);
    }, 20);
`,
      ],
    ],
    caughtBy: ["C118"],
  },
  {
    name: "equal-fills-as-duplicates",
    description: "It takes two fills of one order with the same quantity and price for one.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly seen = new Set<string>();`],
      [
        EMIT,
        `${EMIT}
    const key = \`\${fill.venueOrderId} \${fill.quantity} \${fill.price}\`;
    if (this.seen.has(key)) return;
    this.seen.add(key);`,
      ],
    ],
    caughtBy: ["C118"],
  },
  {
    name: "ten-fills-a-second",
    description: "It passes on ten fills a second, so the desk's positions are late for minutes.",
    edits: [
      [FIELD, `${FIELD}\n  private nextAt = 0;`],
      [
        EMIT_FILL,
        `    this.nextAt = Math.max(this.nextAt, Date.now()) + 100;
    setTimeout(() => this.ctx.emitFill(fill), this.nextAt - Date.now() - 100);
`,
      ],
    ],
    caughtBy: ["C118"],
  },
  {
    name: "rejects-unknown-messages",
    description: "It rejects a promise for a message type that it does not know.",
    edits: [
      [
        HANDLE_FILL,
        `${HANDLE_FILL}
      if (!["fill", "order", "hello"].includes(message.type)) void Promise.reject(new Error(message.type));`,
      ],
    ],
    caughtBy: ["C70"],
  },
  {
    name: "symbol-of-every-fill",
    description: "It emits every fill with the symbol that it trades most.",
    edits: [["symbol: fill.symbol,\n    side: fill.side,", 'symbol: "AAPL",\n    side: fill.side,']],
    caughtBy: ["C50"],
  },
  {
    name: "average-as-fill-price",
    description: "It emits the order's average price as the price of each fill.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly sums = new Map<string, [number, number]>();`],
      [
        EMIT_FILL,
        `    const [quantity, value] = this.sums.get(fill.venueOrderId) ?? [0, 0];
    const sum: [number, number] = [quantity + Number(fill.quantity), value + Number(fill.quantity) * Number(fill.price)];
    this.sums.set(fill.venueOrderId, sum);
    this.ctx.emitFill({ ...fill, price: String(sum[1] / sum[0]) });
`,
      ],
    ],
    caughtBy: ["C41", "C111"],
  },
];
