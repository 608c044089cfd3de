/** Mistakes in the terms of an order, in what a cancel ends, and in the times that an adapter waits. */
import type { Mistake } from "./apply-mistake.ts";
import { CANCEL, CONNECTED, CLOSE, FIELD, QUOTE_PATH, STATUS_ERROR } from "./template-snippets.ts";

const QUANTITY = "quantity: order.quantityText,";
const LIMIT = "limit_price: order.limitPriceText,";
const STOP = "stop_price: order.stopPriceText,";
const TIME_IN_FORCE = "time_in_force: order.timeInForce,";
const TYPE = "type: order.type,";
const EXACT = "    exactDecimals: true,\n";
const NOT_CANCELLED = "if (status !== 204) throw";
const GET_REQUEST = 'const { status, body } = await this.request("GET", path);';
const POSITIONS_REQUEST = 'const positions = await this.get<VenuePosition[]>("/positions");';

export const TERM_MISTAKES: readonly Mistake[] = [
  {
    name: "fok-as-ioc",
    description: "It sends fill-or-kill orders as immediate-or-cancel, so a part of them can fill.",
    edits: [[TIME_IN_FORCE, 'time_in_force: order.timeInForce === "fok" ? "ioc" : order.timeInForce,']],
    caughtBy: ["C33"],
    reason: "fok",
  },
  {
    name: "limit-orders-rest-forever",
    description: "It sends every limit order as good-till-cancelled.",
    edits: [[TIME_IN_FORCE, 'time_in_force: order.type === "limit" ? "gtc" : order.timeInForce,']],
    caughtBy: ["C33"],
    reason: "time in force",
  },
  {
    name: "limit-price-in-cents",
    description: "It rounds limit prices to cents.",
    edits: [
      [EXACT, ""],
      [LIMIT, "limit_price: order.limitPrice?.toFixed(2),"],
    ],
    caughtBy: ["C31"],
    reason: "limitPriceText",
  },
  {
    name: "quantity-with-two-places",
    description: "It rounds the quantity to two places.",
    edits: [
      [EXACT, ""],
      [QUANTITY, "quantity: order.quantity.toFixed(2),"],
    ],
    caughtBy: ["C31"],
    reason: "quantityText",
  },
  {
    name: "quantity-in-lots",
    description: "It sends the number of lots instead of the quantity.",
    edits: [[QUANTITY, "quantity: String(Math.round(order.quantity / 0.001)),"]],
    caughtBy: ["C31", "C112"],
  },
  {
    name: "limit-price-of-the-stop",
    description: "It sends the stop price as the limit price of a stop-limit order.",
    edits: [[LIMIT, "limit_price: order.stopPriceText ?? order.limitPriceText,"]],
    caughtBy: ["C34"],
    reason: "limit price",
  },
  {
    name: "stop-price-of-the-limit",
    description: "It sends the limit price as the stop price.",
    edits: [
      [
        STOP,
        "stop_price: order.stopPriceText === undefined ? undefined : (order.limitPriceText ?? order.stopPriceText),",
      ],
    ],
    caughtBy: ["C34"],
    reason: "stop price",
  },
  {
    name: "stop-orders-at-once",
    description: "It sends a stop order as a market order.",
    edits: [[TYPE, 'type: order.type === "stop" ? "market" : order.type,']],
    caughtBy: ["C34"],
    reason: "a stop order reached the venue as market",
  },
  {
    name: "limit-at-the-last-price",
    description: "It turns a market order into a limit order.",
    edits: [[TYPE, 'type: order.type === "market" ? "limit" : order.type,']],
    caughtBy: ["C33"],
    reason: "a market order reached the venue as limit",
  },
  {
    name: "sells-a-negative-quantity",
    description: "It sends a sell with a minus sign, which the venue refuses.",
    edits: [[QUANTITY, 'quantity: order.side === "sell" ? `-${order.quantityText}` : order.quantityText,']],
    caughtBy: ["C35", "C50"],
  },
  {
    name: "symbols-without-signs",
    description: "It sends orders with the letters and digits of the symbol.",
    edits: [["symbol: order.symbol,\n      side", 'symbol: order.symbol.replace(/\\W/g, ""),\n      side']],
    caughtBy: ["C35"],
  },
  {
    name: "one-symbol-only",
    description: "It sends every order for the symbol of its first one.",
    edits: [
      [FIELD, `${FIELD}\n  private symbol: string | undefined;`],
      ["symbol: order.symbol,\n      side", "symbol: (this.symbol ??= order.symbol),\n      side"],
    ],
    caughtBy: ["C35"],
    reason: "reached the venue",
  },
  {
    name: "cancels-every-open-order",
    description: "Its cancel ends every open order of the account.",
    edits: [
      [
        CANCEL,
        `for (const other of await this.getOpenOrders())
      if (other.venueOrderId !== venueOrderId) await this.request("DELETE", \`/orders/\${other.venueOrderId}\`);
    ${CANCEL}`,
      ],
    ],
    caughtBy: ["C53", "C122"],
  },
  {
    name: "silent-cancel-as-success",
    description: "It takes a cancel without a response for done.",
    edits: [
      [
        CANCEL,
        CANCEL.replace(
          /;$/,
          `.catch((error: Error) => {
      if (error.name !== "TimeoutError") throw error;
      return { status: 204, body: undefined };
    });`,
        ),
      ],
    ],
    caughtBy: ["C124"],
    reason: "never answered the cancel",
  },
  {
    name: "cancel-of-an-unknown-order-as-success",
    description: "It takes 404 for an order that is gone.",
    edits: [[NOT_CANCELLED, "if (status !== 204 && status !== 404) throw"]],
    caughtBy: ["C54"],
  },
  {
    name: "cancel-of-a-filled-order-as-success",
    description: "It takes 409, already filled, for a cancelled order.",
    edits: [[NOT_CANCELLED, "if (status !== 204 && status !== 409) throw"]],
    caughtBy: ["C55"],
  },
  {
    name: "cancel-5xx-as-success",
    description: "It takes only 4xx for an error of a cancel.",
    edits: [[NOT_CANCELLED, "if (status >= 400 && status < 500) throw"]],
    caughtBy: ["C56"],
  },
  {
    name: "cancels-own-orders-only",
    description: "It cancels only orders that it placed since its start, so nothing can be cancelled after a restart.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly own = new Set<string>();`],
      [
        "return { venueOrderId: accepted.order_id, status",
        "this.own.add(accepted.order_id);\n    return { venueOrderId: accepted.order_id, status",
      ],
      [CANCEL, `if (!this.own.has(venueOrderId)) throw new Error("not an order of mine");\n    ${CANCEL}`],
    ],
    caughtBy: ["C119"],
    reason: "cannot be cancelled",
  },
  {
    name: "reconnects-after-disconnect",
    description: "It closes its stream in disconnect, and its handler opens the stream again.",
    edits: [[CLOSE, "this.stream?.close();"]],
    caughtBy: ["C123"],
  },
  {
    name: "heartbeat-after-disconnect",
    description: "It never clears the timer of its heartbeat.",
    edits: [[CONNECTED, `${CONNECTED}\n    setInterval(() => void this.get("/time").catch(() => undefined), 300);`]],
    caughtBy: ["C123"],
    reason: "clear its timers",
  },
  {
    name: "log-timer-after-disconnect",
    description: "It goes on writing its statistics after disconnect.",
    edits: [[CONNECTED, `${CONNECTED}\n    setInterval(() => ctx.logger.info("statistics"), 400);`]],
    caughtBy: ["C123"],
    reason: "clear its timers",
  },
  {
    name: "unhandled-rejection-during-faults",
    description: "It starts background work in a call and does not catch its failure.",
    edits: [[POSITIONS_REQUEST, `void this.get("/account");\n    ${POSITIONS_REQUEST}`]],
    caughtBy: ["C103"],
    reason: "catch each promise",
  },
  {
    name: "throws-in-a-timer",
    description: "It reports an error of the venue by throwing in a timer.",
    edits: [
      [
        STATUS_ERROR,
        STATUS_ERROR.replace(
          "throw ",
          'throw (setTimeout(() => { throw new Error("the venue failed"); }, 10), ',
        ).replace(/;$/, ");"),
      ],
    ],
    caughtBy: ["C103"],
  },
  {
    name: "retries-429-in-a-loop",
    description: "It repeats a request at once for as long as the venue answers 429.",
    edits: [
      [
        GET_REQUEST,
        `let answer = await this.request("GET", path);
    for (let left = 500; answer.status === 429 && left > 0; left -= 1) answer = await this.request("GET", path);
    const { status, body } = answer;`,
      ],
    ],
    caughtBy: ["C104"],
    reason: "requests in",
  },
  {
    name: "old-quote-at-429",
    description: "It returns a made-up quote if the venue limits its requests.",
    edits: [
      [
        QUOTE_PATH,
        QUOTE_PATH.replace(
          /;$/,
          `.catch((error: Error) => {
      if (!error.message.includes("429")) throw error;
      return { bid: "99", ask: "101", last: "100", time: Date.now() };
    });`,
        ),
      ],
    ],
    caughtBy: ["C104"],
    reason: "RateLimited",
  },
  {
    name: "blocks-the-thread-in-open-orders",
    description: "It computes for over a second in getOpenOrders.",
    edits: [
      [
        "async getOpenOrders(): Promise<OrderReport[]> {",
        `async getOpenOrders(): Promise<OrderReport[]> {
    for (const until = Date.now() + 1_500; Date.now() < until; );`,
      ],
    ],
    caughtBy: ["C89"],
    reason: "during getOpenOrders",
  },
];
