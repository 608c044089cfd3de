/** Orders and cancels that go wrong: the wrong thing is sent, or the answer to it is misread. */
import type { Mistake } from "./mistake.ts";

const ACK = 'return { venueOrderId: taken.order_id, status: "acknowledged" };';
const NOT_CONFIRMED = "throw new Error(`the venue did not confirm the order; it answered ${status}`);";
const PLACE = 'const { status, body } = await this.request("POST", "/orders", {';
const TAKEN = "const taken = status === 409 ? body.order : body;";
const QUANTITY = "quantity: order.quantityText,";
const CHECKED = `if (!isTaken || taken.client_order_id !== order.clientOrderId) ${NOT_CONFIRMED}`;
const CANCELLED =
  "if (status !== 204) throw new Error(`the venue did not cancel ${venueOrderId}: ${body?.error ?? status}`);";

export const BROKEN_ORDERS: readonly Mistake[] = [
  {
    name: "one-order-id-for-all",
    what: "The constant id of the skeleton was never replaced by the venue's.",
    edits: [["venueOrderId: taken.order_id,", 'venueOrderId: "placeholder-id",']],
    caughtBy: ["C28", "C29", "C38"],
  },
  {
    name: "acks-without-asking",
    what: "It acknowledges before the venue has answered, under an id of its own.",
    edits: [
      [PLACE, `void this.request("POST", "/orders", {`],
      [CHECKED, ""],
      [TAKEN, ""],
      [ACK, ""],
      [
        "if (status === 400 || status === 422) throw new VenueRejection(String(body.error));",
        'return { venueOrderId: `local-${order.clientOrderId}`, status: "acknowledged" };',
      ],
      ['const isTaken = (status === 201 || status === 409) && typeof taken?.order_id === "string";', ""],
    ],
    caughtBy: ["C29", "C36"],
  },
  {
    name: "awaits-its-fill",
    what: "It answers when the order is filled, and an order may rest for days.",
    edits: [
      [
        ACK,
        `while ((await this.getOrder({ venueOrderId: taken.order_id }))?.status !== "filled") {
      await new Promise((go) => setTimeout(go, 50));
    }
    ${ACK}`,
      ],
    ],
    caughtBy: ["C27"],
    words: "placeOrder awaits its fill",
  },
  {
    name: "order-id-as-number",
    what: "It reads the venue's ids of 19 digits as numbers, and the last digits are lost.",
    edits: [["venueOrderId: taken.order_id,", "venueOrderId: String(Number(taken.order_id)),"]],
    caughtBy: ["C28", "C29"],
  },
  {
    name: "own-client-order-id",
    what: "It makes client order ids of its own, so that a lost order is never found again.",
    edits: [
      ["client_order_id: order.clientOrderId,", "client_order_id: crypto.randomUUID(),"],
      ["!isTaken || taken.client_order_id !== order.clientOrderId", "!isTaken"],
    ],
    caughtBy: ["C30", "C37"],
    words: "order.clientOrderId",
  },
  {
    name: "quantity-as-float",
    what: "It sends the quantity through a JavaScript number, although it declares exact decimals.",
    edits: [[QUANTITY, "quantity: String(order.quantity),"]],
    caughtBy: ["C32"],
  },
  {
    name: "whole-shares-only",
    what: "It rounds the quantity to whole shares in silence.",
    edits: [[QUANTITY, "quantity: String(Math.round(order.quantity)),"]],
    caughtBy: ["C31"],
    words: "quantityText",
  },
  {
    name: "drops-the-limit",
    what: "It forgets the limit price, and an order with a limit trades at any price.",
    edits: [["      limit_price: order.limitPriceText,\n", ""]],
    caughtBy: ["C31", "C32"],
  },
  {
    name: "all-orders-are-market",
    what: "It knows market orders only, and sends every type as one.",
    edits: [["type: order.type,", 'type: "market",']],
    caughtBy: ["C33", "C34"],
  },
  {
    name: "drops-the-stop-price",
    what: "It sends a stop without the price that sets it off.",
    edits: [["      stop_price: order.stopPriceText,\n", ""]],
    caughtBy: ["C34"],
    words: "stopPriceText",
  },
  {
    name: "all-orders-are-day",
    what: "It writes the time in force as a constant.",
    edits: [["time_in_force: order.timeInForce,", 'time_in_force: "day",']],
    caughtBy: ["C33"],
  },
  {
    name: "flips-the-side",
    what: "It takes the order's side from the wrong branch, and buys become sells.",
    edits: [["side: order.side,", 'side: order.side === "buy" ? "sell" : "buy",']],
    caughtBy: ["C35"],
  },
  {
    name: "one-variable-for-all-orders",
    what: "It keeps the answer to the last order in a field, and orders at once get each other's ids.",
    edits: [
      ["private isOpen = false;", "private isOpen = false;\n  private last: any;"],
      [
        ACK,
        `this.last = taken;
    await new Promise((go) => setTimeout(go, 100));
    return { venueOrderId: this.last.order_id, status: "acknowledged" };`,
      ],
    ],
    caughtBy: ["C38"],
  },
  {
    name: "refusal-is-a-plain-error",
    what: "A definite no of the venue is thrown as an error like any other, and the order stays unknown.",
    edits: [["throw new VenueRejection(String(body.error));", "throw new Error(String(body.error));"]],
    caughtBy: ["C36"],
    words: "VenueRejection",
  },
  {
    name: "refusal-without-its-words",
    what: "It hides what the venue said behind a sentence of its own.",
    edits: [["throw new VenueRejection(String(body.error));", 'throw new VenueRejection("the order was refused");']],
    caughtBy: ["C36"],
    words: "pass the venue's words on",
  },
  {
    name: "every-bad-status-is-a-refusal",
    what: "It takes a 5xx for a no, while the order may stand at the venue.",
    edits: [
      ["if (status === 400 || status === 422)", "if (status >= 400 && status !== 409)"],
      ["String(body.error)", "String(body?.error)"],
    ],
    caughtBy: ["C59", "C60", "C61"],
    words: "VenueRejection",
  },
  {
    name: "time-out-is-a-refusal",
    what: "It calls an order refused when no answer came in time.",
    edits: [["      throw error;\n", "      throw new VenueRejection(String(error));\n"]],
    caughtBy: ["C57", "C58", "C65", "C66"],
    words: "definite no",
  },
  {
    name: "time-out-is-not-sent",
    what: "It says that nothing left the machine, when only the answer did not come.",
    edits: [["      throw error;\n", "      throw new NotSent(String(error));\n"]],
    caughtBy: ["C57", "C58", "C65", "C66"],
    words: "NotSent",
  },
  {
    name: "half-an-answer-is-a-refusal",
    what: "It calls an order refused when the venue's confirmation cannot be read.",
    edits: [
      [
        "return { status: response.status, body: isJson ? JSON.parse(text) : undefined };",
        `try {
      return { status: response.status, body: isJson ? JSON.parse(text) : undefined };
    } catch {
      throw new VenueRejection("the answer cannot be read");
    }`,
      ],
    ],
    caughtBy: ["C62"],
    words: "definite no",
  },
  {
    name: "unreachable-is-a-refusal",
    what: "It calls an order refused by the venue that it could not reach.",
    edits: [['throw new NotSent("the venue refused the connection")', 'throw new VenueRejection("the venue is down")']],
    caughtBy: ["C67"],
  },
  {
    name: "ack-of-nothing",
    what: "It acknowledges any answer, and makes up an id where the venue gave none.",
    edits: [
      [CHECKED, ""],
      ["venueOrderId: taken.order_id,", "venueOrderId: taken?.order_id ?? order.clientOrderId,"],
    ],
    caughtBy: ["C59", "C61", "C63"],
    words: "acknowledged the order",
  },
  {
    name: "tries-again-under-a-new-id",
    what: "It sends an order again when no answer came, under another client order id, and the venue has two.",
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
    words: "under another client order id",
  },
  {
    name: "swallows-cancel-errors",
    what: "It says that a cancel is done whatever the venue answered.",
    edits: [
      [
        CANCELLED,
        "if (status !== 204) this.ctx.logger.warn(`${venueOrderId} was not cancelled: ${body?.error ?? status}`);",
      ],
    ],
    caughtBy: ["C54", "C55", "C56"],
  },
  {
    name: "cancel-is-a-stub",
    what: "The cancel of the skeleton was never written.",
    edits: [
      ['const { status, body } = await this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`);', ""],
      [CANCELLED, "this.ctx.logger.info(`cancel ${venueOrderId}`);"],
    ],
    caughtBy: ["C53"],
  },
  {
    name: "cancels-the-newest",
    what: "It cancels the order it placed last, and not the one that was named.",
    edits: [
      ["private isOpen = false;", 'private isOpen = false;\n  private newestOrder = "";'],
      [ACK, `this.newestOrder = taken.order_id;\n    ${ACK}`],
      [
        'this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`)',
        'this.request("DELETE", `/orders/${this.newestOrder}`)',
      ],
    ],
    caughtBy: ["C53"],
  },
];
