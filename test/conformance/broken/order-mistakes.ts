/** Mistakes in placeOrder and cancelOrder: the adapter sends the wrong request or misreads the response. */
import type { Mistake } from "./apply-mistake.ts";
import { ACKNOWLEDGE, CANCEL, FIELD, IS_REJECTED, NOT_CONFIRMED, REJECT } from "./template-snippets.ts";

const POST_ORDER = 'const { status, body } = await this.request("POST", "/orders", {';
const PLACE = "async placeOrder(order: Order): Promise<OrderAck> {";
const QUANTITY = "quantity: order.quantityText,";
const ACKNOWLEDGED_ID = "venueOrderId: accepted.order_id,";
const SAME_CLIENT_ID = "accepted?.client_order_id === order.clientOrderId &&";
const READ_RESPONSE = "return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : undefined };";
const NOT_CANCELLED =
  "if (status !== 204) throw new Error(`the venue did not cancel ${venueOrderId}: ${errorMessage(body) ?? status}`);";

export const ORDER_MISTAKES: readonly Mistake[] = [
  {
    name: "keeps-its-lock-after-a-failed-cancel",
    description: "It sends one cancel at a time, and does not release its lock if a cancel fails.",
    edits: [
      [FIELD, `${FIELD}\n  private cancelling: Promise<void> = Promise.resolve();`],
      [CANCEL, `await this.cancelling;\n    this.cancelling = new Promise(() => undefined);\n    ${CANCEL}`],
      [NOT_CANCELLED, `${NOT_CANCELLED}\n    this.cancelling = Promise.resolve();`],
    ],
    caughtBy: ["C54"],
  },
  {
    name: "filled-at-once-is-a-rejection",
    description: "It takes an order that the answer does not call open for a rejected one, also if it is filled.",
    edits: [['accepted?.status === "rejected")', 'accepted?.status !== "open")']],
    caughtBy: ["C44"],
  },
  {
    name: "too-late-a-cancel-is-a-rejection",
    description: "It reports an order as rejected whose cancel the venue refused because it is filled.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly refused = new Set<string>();`],
      [NOT_CANCELLED, `if (status === 409) this.refused.add(venueOrderId);\n    ${NOT_CANCELLED}`],
      [
        "const report = toReport(last);",
        'const report = { ...toReport(last), ...(this.refused.has(last.order_id) ? { status: "rejected" as const } : {}) };',
      ],
    ],
    caughtBy: ["C55"],
  },
  {
    name: "a-conflict-is-an-acknowledgement",
    description: "It takes each 409 for an acknowledgement, under the client order id if the answer names no order.",
    edits: [
      [NOT_CONFIRMED, NOT_CONFIRMED.replace("!isConfirmed", "!isConfirmed && status !== 409")],
      [ACKNOWLEDGED_ID, "venueOrderId: accepted?.order_id ?? order.clientOrderId,"],
    ],
    caughtBy: ["C140"],
  },
  {
    name: "keeps-its-lock-after-an-error",
    description: "It sends one order at a time, and does not release its lock if an order fails.",
    edits: [
      [FIELD, `${FIELD}\n  private lock: Promise<void> = Promise.resolve();`],
      [
        PLACE,
        `${PLACE}
    const before = this.lock;
    let release!: () => void;
    this.lock = new Promise((resolve) => (release = resolve));
    await before;
    const ack = await this.placeNow(order);
    release();
    return ack;
  }

  private async placeNow(order: Order): Promise<OrderAck> {`,
      ],
    ],
    caughtBy: ["C36"],
  },
  {
    name: "a-timeout-of-a-proxy-is-a-rejection",
    description: "It takes each status of 400 to 499 for a rejection, except those of duplicates and of limits.",
    edits: [[IS_REJECTED, "if (status >= 400 && status < 500 && status !== 409 && status !== 429)"]],
    caughtBy: ["C97"],
    reason: "408",
  },
  {
    name: "any-success-is-a-cancel",
    description: "It takes every success status for a cancel, whatever the body says.",
    edits: [[NOT_CANCELLED, NOT_CANCELLED.replace("status !== 204", "status < 200 || status > 299")]],
    caughtBy: ["C139"],
  },
  {
    name: "orders-in-capitals",
    description: "It sends the symbols of orders in capital letters.",
    edits: [["symbol: order.symbol,", "symbol: order.symbol.toUpperCase(),"]],
    caughtBy: ["C35"],
  },
  {
    name: "constant-order-id",
    description: "It acknowledges every order with the same placeholder id.",
    edits: [[ACKNOWLEDGED_ID, 'venueOrderId: "placeholder-id",']],
    caughtBy: ["C28", "C29", "C38"],
  },
  {
    name: "acknowledges-without-response",
    description: "It acknowledges an order under its own id before the venue has responded.",
    edits: [
      [POST_ORDER, 'void this.request("POST", "/orders", {'],
      [`${IS_REJECTED}\n      ${REJECT}`, "const [status, body]: [number, unknown] = [201, undefined];"],
      [NOT_CONFIRMED, "if (isConfirmed) throw new Error();"],
      [ACKNOWLEDGED_ID, "venueOrderId: `local-${order.clientOrderId}`,"],
    ],
    caughtBy: ["C29", "C36"],
  },
  {
    name: "waits-for-the-fill",
    description: "It returns only when the order is filled, which may take days.",
    edits: [
      [
        ACKNOWLEDGE,
        `while ((await this.getOrder({ venueOrderId: accepted.order_id }))?.status !== "filled") {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    ${ACKNOWLEDGE}`,
      ],
    ],
    caughtBy: ["C27"],
    reason: "placeOrder waits for the fill",
  },
  {
    name: "order-id-as-number",
    description: "It reads the venue's ids of 19 digits as numbers, which loses the last digits.",
    edits: [[ACKNOWLEDGED_ID, "venueOrderId: String(Number(accepted.order_id)),"]],
    caughtBy: ["C28", "C29"],
  },
  {
    name: "own-client-order-id",
    description: "It makes its own client order ids, so a lost order can never be found again.",
    edits: [
      ["client_order_id: order.clientOrderId,", "client_order_id: crypto.randomUUID(),"],
      [SAME_CLIENT_ID, "accepted !== undefined &&"],
    ],
    caughtBy: ["C30", "C37"],
    reason: "order.clientOrderId",
  },
  {
    name: "quantity-as-float",
    description: "It sends the quantity as a JavaScript number although it declares exact decimals.",
    edits: [[QUANTITY, "quantity: String(order.quantity),"]],
    caughtBy: ["C32"],
  },
  {
    name: "whole-shares-only",
    description: "It silently rounds the quantity to whole shares.",
    edits: [[QUANTITY, "quantity: String(Math.round(order.quantity)),"]],
    caughtBy: ["C31"],
    reason: "quantityText",
  },
  {
    name: "drops-the-limit-price",
    description: "It does not send the limit price, so a limit order trades at any price.",
    edits: [["      limit_price: order.limitPriceText,\n", ""]],
    caughtBy: ["C31", "C32"],
  },
  {
    name: "sends-market-orders-only",
    description: "It sends every order as a market order.",
    edits: [["type: order.type,", 'type: "market",']],
    caughtBy: ["C33", "C34"],
  },
  {
    name: "drops-the-stop-price",
    description: "It sends a stop order without its stop price.",
    edits: [["      stop_price: order.stopPriceText,\n", ""]],
    caughtBy: ["C34"],
    reason: "stopPriceText",
  },
  {
    name: "sends-day-orders-only",
    description: "It sends a constant time in force.",
    edits: [["time_in_force: order.timeInForce,", 'time_in_force: "day",']],
    caughtBy: ["C33"],
  },
  {
    name: "swaps-the-side",
    description: "It sends buys as sells and sells as buys.",
    edits: [["side: order.side,", 'side: order.side === "buy" ? "sell" : "buy",']],
    caughtBy: ["C35"],
  },
  {
    name: "shares-a-field-between-orders",
    description: "It keeps the last response in a field, so concurrent orders get each other's ids.",
    edits: [
      [FIELD, `${FIELD}\n  private last: any;`],
      [
        ACKNOWLEDGE,
        `this.last = accepted;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { venueOrderId: this.last.order_id, status: "acknowledged" };`,
      ],
    ],
    caughtBy: ["C38"],
  },
  {
    name: "rejection-as-plain-error",
    description: "It throws a plain error for a definite rejection, so the order stays unknown.",
    edits: [[REJECT, "throw new Error(errorMessage(body));"]],
    caughtBy: ["C36"],
    reason: "VenueRejection",
  },
  {
    name: "rejection-without-the-venues-message",
    description: "It replaces the venue's message by its own.",
    edits: [[REJECT, 'throw new VenueRejection("the order was refused");']],
    caughtBy: ["C36"],
    reason: "pass the venue's message on",
  },
  {
    name: "every-error-status-as-rejection",
    description: "It treats a 5xx as a rejection although the order may be live at the venue.",
    edits: [[IS_REJECTED, "if (status >= 400 && status !== 409)"]],
    caughtBy: ["C59", "C60", "C61"],
    reason: "VenueRejection",
  },
  {
    name: "timeout-as-rejection",
    description: "It reports an order as rejected if no response came in time.",
    edits: [["      throw error;\n", "      throw new VenueRejection(String(error));\n"]],
    caughtBy: ["C57", "C58", "C65", "C66"],
    reason: "definite rejection",
  },
  {
    name: "timeout-as-not-sent",
    description: "It reports an order as not sent if only the response did not arrive.",
    edits: [["      throw error;\n", "      throw new NotSent(String(error));\n"]],
    caughtBy: ["C57", "C58", "C65", "C66"],
    reason: "NotSent",
  },
  {
    name: "truncated-response-as-rejection",
    description: "It reports an order as rejected if the venue's confirmation cannot be parsed.",
    edits: [
      [
        READ_RESPONSE,
        `try {
      ${READ_RESPONSE}
    } catch {
      throw new VenueRejection("the response cannot be parsed");
    }`,
      ],
    ],
    caughtBy: ["C62"],
    reason: "definite rejection",
  },
  {
    name: "unreachable-as-rejection",
    description: "It reports an order as rejected by the venue if the venue could not be reached.",
    edits: [['throw new NotSent("the venue refused the connection")', 'throw new VenueRejection("the venue is down")']],
    caughtBy: ["C67"],
  },
  {
    name: "acknowledges-anything",
    description: "It acknowledges any response, and invents an id if the venue returned none.",
    edits: [
      [NOT_CONFIRMED, ""],
      [ACKNOWLEDGED_ID, "venueOrderId: accepted?.order_id ?? order.clientOrderId,"],
    ],
    caughtBy: ["C59", "C61", "C63"],
    reason: "acknowledged the order",
  },
  {
    name: "retries-with-a-new-id",
    description:
      "It sends an order again under another client order id if no response came, so the venue has two orders.",
    edits: [
      [
        `async placeOrder(order: Order): Promise<OrderAck> {`,
        `async placeOrder(order: Order): Promise<OrderAck> {
    try {
      return await this.placeOnce(order);
    } catch (error) {
      if (error instanceof VenueRejection) throw error;
      return this.placeOnce({ ...order, clientOrderId: crypto.randomUUID() });
    }
  }

  private async placeOnce(order: Order): Promise<OrderAck> {`,
      ],
    ],
    caughtBy: ["C57", "C60", "C65"],
    reason: "under another client order id",
  },
  {
    name: "ignores-cancel-errors",
    description: "It reports every cancel as successful, whatever the venue answered.",
    edits: [
      [NOT_CANCELLED, "if (status !== 204) this.ctx.logger.warn(`${venueOrderId} was not cancelled`, { body });"],
    ],
    caughtBy: ["C54", "C55", "C56"],
  },
  {
    name: "cancel-not-implemented",
    description: "Its cancelOrder only writes a log line.",
    edits: [
      [CANCEL, ""],
      [NOT_CANCELLED, "this.ctx.logger.info(`cancel ${venueOrderId}`);"],
    ],
    caughtBy: ["C53"],
  },
  {
    name: "cancels-the-newest-order",
    description: "It cancels the order that was placed last instead of the given one.",
    edits: [
      [FIELD, `${FIELD}\n  private newestOrder = "";`],
      [ACKNOWLEDGE, `this.newestOrder = accepted.order_id;\n    ${ACKNOWLEDGE}`],
      [
        'this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`)',
        'this.request("DELETE", `/orders/${this.newestOrder}`)',
      ],
    ],
    caughtBy: ["C53"],
  },
];
