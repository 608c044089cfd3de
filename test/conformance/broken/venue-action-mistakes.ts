/** Mistakes with what a venue does by itself: it ends a stream in order, and replaces an order after a split. */
import type { Mistake } from "./apply-mistake.ts";
import { OPEN_ORDERS } from "./template-snippets.ts";

const CLOSE = 'stream.addEventListener("close", () => {';
const AGAIN = "if (this.isConnected && this.stream === stream) this.scheduleReconnect();";
const FOLLOW = "return order === null ? null : this.follow(order);";
const REPLACED = 'if (status === "replaced") throw new Error(`another order continues ${order_id}`);';

const SUBSCRIBED = "await this.subscribe();\n    ctx.logger";
const CLOSED = "this.isConnected = false;\n    this.stream?.close();";
const PLACE = "async placeOrder(order: Order): Promise<OrderAck> {";
const CONFIRMED = 'return { venueOrderId: accepted.order_id, status: "acknowledged" };';
const RECOVERED = "this.gapStart = undefined;\n      this.retryMs";

export const VENUE_ACTION_MISTAKES: readonly Mistake[] = [
  {
    name: "lists-orders-of-the-desks-form-only",
    description: "It takes orders with another form of client order id for none of its business.",
    edits: [
      [OPEN_ORDERS, OPEN_ORDERS.replace(").map(", ').filter((order) => order.client_order_id.startsWith("q")).map(')],
    ],
    caughtBy: ["C155"],
    reason: "list every open order of the account",
  },
  {
    name: "tries-an-order-at-connect",
    description: "It finds out by an order of its own whether it may trade.",
    edits: [
      [
        SUBSCRIBED,
        SUBSCRIBED.replace(
          "\n",
          `\n    await this.request("POST", "/orders", { client_order_id: String(time), symbol: "?", side: "buy" });\n`,
        ),
      ],
    ],
    caughtBy: ["C154"],
    reason: "the desk asked for 1",
  },
  {
    name: "cancels-everything-at-disconnect",
    description: "It leaves no orders at the venue when it ends.",
    edits: [
      [
        CLOSED,
        `for (const order of await this.getOpenOrders()) await this.cancelOrder(String(order.venueOrderId));\n    ${CLOSED}`,
      ],
    ],
    caughtBy: ["C154"],
    reason: "is cancelled at the venue",
  },
  {
    name: "sends-orders-again-after-a-gap",
    description: "It takes its orders for lost when the stream was cut.",
    edits: [
      [CONFIRMED, `this.placed.push(order);\n    ${CONFIRMED}`],
      [
        RECOVERED,
        `for (const order of this.placed.splice(0))\n        await this.placeOrder({ ...order, clientOrderId: \`\${order.clientOrderId}r\` });\n      ${RECOVERED}`,
      ],
      ["private isConnected = false;", "private isConnected = false;\n  private readonly placed: Order[] = [];"],
    ],
    caughtBy: ["C154"],
    reason: "that the desk did not place",
  },
  {
    name: "sends-unclear-orders-again-after-a-gap",
    description: "It sends an order without an answer again, under its id, when the stream is back.",
    edits: [
      [PLACE, `${PLACE}\n    this.unclear.add(order);`],
      [CONFIRMED, `this.unclear.delete(order);\n    ${CONFIRMED}`],
      [
        RECOVERED,
        `for (const order of this.unclear) await this.placeOrder(order).catch(() => undefined);\n      ${RECOVERED}`,
      ],
      ["private isConnected = false;", "private isConnected = false;\n  private readonly unclear = new Set<Order>();"],
    ],
    caughtBy: ["C154"],
    reason: "the desk asked for 2",
  },
  {
    name: "names-a-flag-and-does-not-send-it",
    description: "Its instrument takes post-only orders, and it sends them as ordinary ones.",
    edits: [
      [
        "return { symbol, tickSize: tick_size, lotSize: lot_size, currency };",
        'return { symbol, tickSize: tick_size, lotSize: lot_size, currency, orderFlags: ["postOnly"] };',
      ],
    ],
    caughtBy: ["C153"],
    reason: "arrived at the venue without it",
  },
  {
    name: "takes-a-close-with-a-code-for-the-end",
    description: "It opens a stream again only if the connection was cut.",
    edits: [
      [CLOSE, 'stream.addEventListener("close", ({ code }) => {'],
      [AGAIN, AGAIN.replace("this.isConnected &&", "this.isConnected && code !== 1013 &&")],
    ],
    caughtBy: ["C151"],
    reason: "opened no other",
  },
  {
    name: "storms-a-venue-that-restarts",
    description: "It opens a stream again at once, however often that fails.",
    edits: [["this.retryMs = Math.min(this.retryMs * 2, RECONNECT_MS.max);", "this.retryMs = 10;"]],
    caughtBy: ["C151"],
    reason: "wait longer after each failure",
  },
  {
    name: "takes-a-replaced-order-for-a-cancelled-one",
    description: "It reports an order that another one continues as cancelled.",
    edits: [
      [FOLLOW, "return order === null ? null : toReport(order);"],
      [REPLACED, 'if (status === "replaced") status = "cancelled";'],
    ],
    caughtBy: ["C152"],
    reason: "the order works on",
  },
  {
    name: "hides-the-order-that-continues-another-one",
    description: "It reports the state of the order that continues another one, and does not name that order.",
    edits: [[", replacedBy: last.order_id, quantity", ", quantity"]],
    caughtBy: ["C152"],
    reason: "return the new id as replacedBy",
  },
];
