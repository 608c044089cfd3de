/** Mistakes that show only during faults or on a second call: the usual path of the method is correct. */
import type { Mistake } from "./apply-mistake.ts";
import {
  ACKNOWLEDGE,
  QUOTE,
  QUOTE_METHOD,
  QUOTE_REQUEST,
  REQUEST_TIME,
  BUYING_POWER,
  CANCEL,
  FETCH,
  FIELD,
  FILLS,
  FIND_ORDER,
  IS_REJECTED,
  OPEN_ORDERS,
  POSITIONS,
  RECONNECT_ON_CLOSE,
} from "./template-snippets.ts";

const EMIT_FILL = "    this.ctx.emitFill(fill);\n";
const ACCOUNT = 'const { nav, cash, buying_power, currency } = await this.get<VenueAccount>("/account");';
const INSTRUMENT =
  "const instrument = await this.getOrNull<{ tick_size: string; lot_size: string; currency: string }>(path);";
const STATUS_FIELD = "status, filledQuantity: filled_quantity }";
const HELLO = "clearTimeout(helloTimeout);\n        resolve();";
const RECONNECT_WARNING = `this.ctx.logger.warn("could not reconnect the stream", {
        error: error instanceof Error ? error.message : String(error),
      });`;

export const RARE_MISTAKES: readonly Mistake[] = [
  {
    name: "cash-as-buying-power",
    description: "It returns the cash as buying power, also what the venue holds back.",
    edits: [[BUYING_POWER, BUYING_POWER.replace("buying_power", "cash")]],
    caughtBy: ["C21", "C24"],
  },
  {
    name: "symbols-unescaped",
    description: "It does not escape the slash of a symbol in a path.",
    edits: [["`/quotes/${encodeURIComponent(symbol)}`", "`/quotes/${symbol}`"]],
    caughtBy: ["C16"],
    reason: "stETH/USD",
  },
  {
    name: "own-clock-as-asof",
    description: "It says by its own clock that a quote is still valid.",
    edits: [[QUOTE, QUOTE.replace("timestamp: time", "timestamp: time, asOf: Date.now()")]],
    caughtBy: ["C105"],
    reason: "asOf",
  },
  {
    name: "leaves-its-stream-open",
    description: "It does not close its stream in disconnect.",
    edits: [["this.isConnected = false;\n    this.stream?.close();", "this.isConnected = false;"]],
    caughtBy: ["C123"],
    reason: "still open",
  },
  {
    name: "fills-after-since-only",
    description: "It leaves out fills at the given time itself.",
    edits: [[FILLS, "if (page.length < FILLS_PAGE) return fills.filter(({ time }) => time > since).map(toFill);"]],
    caughtBy: ["C51"],
    reason: "at since itself",
  },
  {
    name: "stores-each-fill",
    description: "It stores the newest fill and does not catch a failure of its store.",
    edits: [[EMIT_FILL, `${EMIT_FILL}    void this.ctx.store.put("newest", fill.fillId);\n`]],
    caughtBy: ["C92"],
    reason: "catch errors of ctx.store",
  },
  {
    name: "reconnects-in-a-loop",
    description: "It opens a refused stream again at once.",
    edits: [["setTimeout(() => void this.reconnect(), this.retryMs);", "setTimeout(() => void this.reconnect(), 5);"]],
    caughtBy: ["C128"],
    reason: "wait longer",
  },
  {
    name: "client-order-id-of-its-own-in-reports",
    description: "It reports the venue's id as the client order id.",
    edits: [
      ["clientOrderId: client_order_id, status, filledQuantity", "clientOrderId: order_id, status, filledQuantity"],
    ],
    caughtBy: ["C122"],
    reason: "clientOrderId",
  },
  {
    name: "quotes-from-a-table",
    description: "It answers from a table of its own and never asks the venue.",
    edits: [
      [REQUEST_TIME, ""],
      ["    await this.subscribe();\n    ctx", "    ctx"],
      [QUOTE_REQUEST, QUOTE_REQUEST.replace("await this.get", "await this.table")],
      [
        QUOTE_METHOD,
        `private async table<T>(_path: string): Promise<T> {
    return { bid: "99.50", ask: "100.50", last: "100.00", time: Date.now() } as T;
  }

  ${QUOTE_METHOD}`,
      ],
    ],
    caughtBy: ["C04", "C15"],
  },
  {
    name: "symbol-of-its-own",
    description: "It returns quotes under its own spelling of the symbol.",
    edits: [[QUOTE, QUOTE.replace("symbol,", "symbol: symbol.toLowerCase(),")]],
    caughtBy: ["C11", "C16"],
    reason: "aapl",
  },
  {
    name: "negative-buying-power",
    description: "It returns the cash that is missing as a negative buying power.",
    edits: [[BUYING_POWER, BUYING_POWER.replace("return ", "return `-${").replace(/;$/, "}`;")]],
    caughtBy: ["C20"],
  },
  {
    name: "positions-without-symbol",
    description: "It names the field of the symbol otherwise, so no position can be read.",
    edits: [
      [
        "      symbol,\n      quantity,\n      averagePrice",
        "      ...({ instrument: symbol } as never as { symbol: string }),\n      quantity,\n      averagePrice",
      ],
    ],
    caughtBy: ["C22", "C23"],
  },
  {
    name: "acknowledges-with-a-bare-id",
    description: "It returns the venue's id itself instead of an acknowledgement.",
    edits: [[ACKNOWLEDGE, "return accepted.order_id as never;"]],
    caughtBy: ["C26", "C30"],
  },
  {
    name: "makes-reused-ids-unique",
    description: "It adds a counter to a fill id that it has seen, so a repeated fill counts twice.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly times = new Map<string, number>();`],
      [
        EMIT_FILL,
        `    const times = (this.times.get(fill.fillId) ?? 0) + 1;
    this.times.set(fill.fillId, times);
    this.ctx.emitFill(times === 1 ? fill : { ...fill, fillId: \`\${fill.fillId}-\${times}\` });
`,
      ],
    ],
    caughtBy: ["C43", "C49"],
    reason: "id",
  },
  {
    name: "fills-from-memory",
    description: "Its getFills returns what its stream sent, so a fill that the stream missed is missing there too.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly emitted: Fill[] = [];`],
      [EMIT_FILL, `    this.emitted.push(fill);\n${EMIT_FILL}`],
      [
        FILLS,
        "if (page.length < FILLS_PAGE) return this.emitted.filter(({ timestamp }) => Number(timestamp) >= since);",
      ],
    ],
    caughtBy: ["C52", "C78", "C113"],
  },
  {
    name: "subscribes-once",
    description: "It remembers in its store that it subscribed, and does not subscribe after a restart.",
    edits: [
      [
        "    await this.subscribe();\n    ctx",
        `    if ((await ctx.store.get("subscribed")) !== true) await this.subscribe();
    await ctx.store.put("subscribed", true);
    ctx`,
      ],
    ],
    caughtBy: ["C83", "C119"],
  },
  {
    name: "retries-429-with-a-new-id",
    description: "It sends an order again under another client order id after 429.",
    edits: [
      [
        IS_REJECTED,
        `if (status === 429) return this.placeOrder({ ...order, clientOrderId: crypto.randomUUID() });
    ${IS_REJECTED}`,
      ],
    ],
    caughtBy: ["C64"],
  },
  {
    name: "duplicate-as-rejection",
    description: "It retries under the same id, and reports the order as rejected if the venue already has it.",
    edits: [
      [IS_REJECTED, "if ([400, 401, 403, 409, 422].includes(status))"],
      [
        FETCH,
        `const attempt = () => {
        const signal = AbortSignal.timeout(REQUEST_MS / 2);
        return fetch(\`\${String(this.ctx.options["url"])}\${path}\`, { ...init, signal });
      };
      response = await attempt().catch(attempt);`,
      ],
    ],
    caughtBy: ["C95"],
    reason: "definite rejection",
  },
  {
    name: "stop-limit-without-its-limit",
    description: "It sends the limit price of limit orders only, so a stop-limit order trades at any price.",
    edits: [
      ["limit_price: order.limitPriceText,", 'limit_price: order.type === "limit" ? order.limitPriceText : undefined,'],
    ],
    caughtBy: ["C34"],
  },
  {
    name: "scientific-notation",
    description: "It formats quantities as JavaScript does, so 0.0000001 becomes 1e-7.",
    edits: [
      ["    exactDecimals: true,\n", ""],
      ["quantity: order.quantityText,", "quantity: String(order.quantity),"],
    ],
    caughtBy: ["C31"],
  },
  {
    name: "failed-cancel-request-as-success",
    description: "It treats a cancel as successful if the connection broke.",
    edits: [[CANCEL, CANCEL.replace(/;$/, ".catch(() => ({ status: 204, body: undefined }));")]],
    caughtBy: ["C56"],
  },
  {
    name: "null-by-client-id-on-error",
    description:
      "Its lookup by client order id returns null for every error, so an open order looks as if it was never sent.",
    edits: [
      [
        FIND_ORDER,
        FIND_ORDER.replace(
          /;$/,
          `.catch((error: unknown) => {
      if (venueOrderId === undefined) return null;
      throw error;
    });`,
        ),
      ],
    ],
    caughtBy: ["C74"],
  },
  {
    name: "no-open-orders-on-error",
    description: "Its getOpenOrders returns an empty list during an outage of the venue.",
    edits: [[OPEN_ORDERS, OPEN_ORDERS.replace('")).map', '").catch(() => [])).map')]],
    caughtBy: ["C93"],
  },
  {
    name: "open-orders-without-partly-filled-orders",
    description: "Its getOpenOrders leaves out partly filled orders.",
    edits: [[OPEN_ORDERS, OPEN_ORDERS.replace(/;$/, '.filter(({ status }) => status === "open");')]],
    caughtBy: ["C79"],
  },
  {
    name: "unlisted-on-error",
    description: "Its getInstrument returns null for every error, so the symbol looks unlisted.",
    edits: [[INSTRUMENT, INSTRUMENT.replace(/;$/, ".catch(() => null);")]],
    caughtBy: ["C94"],
  },
  {
    name: "zero-account-on-error",
    description: "Its getAccount returns zeros during an outage of the venue.",
    edits: [
      [ACCOUNT, ACCOUNT.replace(/;$/, '.catch(() => ({ nav: "0", cash: "0", buying_power: "0", currency: "USD" }));')],
    ],
    caughtBy: ["C25"],
  },
  {
    name: "nav-is-cash",
    description: "Its getAccount returns the cash as NAV, without the positions.",
    edits: [["return { nav, cash, buyingPower", "return { nav: cash, cash, buyingPower"]],
    caughtBy: ["C24"],
  },
  {
    name: "caches-buying-power",
    description: "It requests the buying power once and caches it.",
    edits: [
      [FIELD, `${FIELD}\n  private power: any;`],
      [BUYING_POWER, 'return (this.power ??= (await this.get<VenueAccount>("/account")).buying_power);'],
    ],
    caughtBy: ["C21"],
  },
  {
    name: "caches-positions",
    description: "It requests the positions once and caches them.",
    edits: [
      [FIELD, `${FIELD}\n  private cache: any;`],
      [
        POSITIONS,
        'const positions = (this.cache ??= await this.get<VenuePosition[]>("/positions")) as VenuePosition[];',
      ],
    ],
    caughtBy: ["C23"],
  },
  {
    name: "cancelled-looks-open",
    description: "It does not know the venue's status of a cancelled order and reports the order as open.",
    edits: [
      [STATUS_FIELD, 'status: status === "cancelled" ? ("open" as const) : status, filledQuantity: filled_quantity }'],
    ],
    caughtBy: ["C81"],
  },
  {
    name: "local-time-for-fetched-fills",
    description: "Its getFills stamps fills with the local time of the request.",
    edits: [[FILLS, FILLS.replace("map(toFill)", "map((fill) => ({ ...toFill(fill), timestamp: Date.now() }))")]],
    caughtBy: ["C51"],
  },
  {
    name: "reconnects-once-only",
    description: "It tries only once to reconnect its stream, so a longer outage of the venue ends it for good.",
    edits: [
      [FIELD, `${FIELD}\n  private attempts = 0;`],
      [
        RECONNECT_ON_CLOSE,
        RECONNECT_ON_CLOSE.replace("this.isConnected &&", "this.isConnected && (this.attempts += 1) < 2 &&"),
      ],
      [HELLO, `this.attempts = 0;\n        ${HELLO}`],
    ],
    caughtBy: ["C69"],
  },
  {
    name: "crashes-if-the-stream-cannot-reconnect",
    description: "It does not catch the error of a failed reconnect, so the worker ends.",
    edits: [[RECONNECT_WARNING, "throw error;"]],
    caughtBy: ["C69"],
  },
  {
    name: "secret-in-a-stream-error",
    description: "The error of its stream contains the stream's URL, which contains the key.",
    edits: [['new Error("the stream closed")', "new Error(`${stream.url} closed`)"]],
    caughtBy: ["C85"],
  },
  {
    name: "client-order-id-as-venue-order-id",
    description: "It emits fills with the client order id where the desk expects the venue's order id.",
    edits: [["venueOrderId: fill.order_id,", "venueOrderId: fill.client_order_id,"]],
    caughtBy: ["C39", "C41"],
  },
];
