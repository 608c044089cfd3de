/** Mistakes in how often and under which id an order is sent, and in what a failed request is taken for. */
import type { Mistake } from "./apply-mistake.ts";
import { ACKNOWLEDGE, FETCH, FIELD, IS_REJECTED } from "./template-snippets.ts";

const DEDUPE = '    clientIdDedupe: "forever",\n';
const CLIENT_ID = "client_order_id: order.clientOrderId,";
const SAME_CLIENT_ID = "accepted?.client_order_id === order.clientOrderId &&";
const REFUSED = 'if (code === "ECONNREFUSED") throw new NotSent("the venue refused the connection");';
const REJECTED_STATUS = `    if (status === 201 && accepted?.status === "rejected")
      throw new VenueRejection(errorMessage(body) ?? "the venue rejected the order");
`;
const PLACE = "async placeOrder(order: Order): Promise<OrderAck> {";

/** Returns the edits of an adapter that changes the client order id of what it sends. */
function changedId(expression: string): Mistake["edits"] {
  return [
    [CLIENT_ID, `client_order_id: ${expression},`],
    [SAME_CLIENT_ID, "accepted !== undefined &&"],
  ];
}

/** Wraps placeOrder: `recover` runs in a catch of its first attempt. */
function recovering(recover: string): Mistake["edits"] {
  return [
    [
      PLACE,
      `async placeOrder(order: Order): Promise<OrderAck> {
    try {
      return await this.placeOnce(order);
    } catch (error) {
      if (error instanceof VenueRejection || error instanceof NotSent) throw error;
      ${recover}
    }
  }

  private async placeOnce(order: Order): Promise<OrderAck> {`,
    ],
  ];
}

export const RESEND_MISTAKES: readonly Mistake[] = [
  {
    name: "retries-in-fetch-without-dedupe",
    description: "It repeats a request whose connection broke, orders included, at a venue that takes an order twice.",
    edits: [
      [DEDUPE, ""],
      [
        FETCH,
        FETCH.replace(
          /^response = (.*);$/,
          "const send = () => $1;\n      response = await send().catch(send);",
        ).replace("= () => await", "= () =>"),
      ],
    ],
    caughtBy: ["C98"],
    reason: "sent the order 2 times",
  },
  {
    name: "retries-an-order-without-dedupe",
    description: "It sends an order again under the same id after an error, at a venue that takes an order twice.",
    edits: [[DEDUPE, ""], ...recovering("return this.placeOnce(order);")],
    caughtBy: ["C98"],
    reason: "sent the order",
  },
  {
    name: "retries-5xx-without-dedupe",
    description: "It sends an order again after a 5xx, at a venue that takes an order twice while the first is closed.",
    edits: [
      [DEDUPE, '    clientIdDedupe: "open-only",\n'],
      [FIELD, `${FIELD}\n  private readonly retried = new Set<string>();`],
      [
        IS_REJECTED,
        `if (status >= 500 && !this.retried.has(order.clientOrderId)) {
      this.retried.add(order.clientOrderId);
      return this.placeOrder(order);
    }
    ${IS_REJECTED}`,
      ],
    ],
    caughtBy: ["C98"],
    reason: "sent the order",
  },
  {
    name: "retries-with-a-suffix",
    description: "It sends an order again with a suffix of its id.",
    edits: recovering("return this.placeOnce({ ...order, clientOrderId: `${order.clientOrderId}r` });"),
    caughtBy: ["C57", "C60", "C65", "C96", "C97"],
    reason: "under another client order id",
  },
  {
    name: "looks-up-too-early",
    description: "It looks an order up after an error, and reports it as not sent if the venue does not know it yet.",
    edits: recovering(
      `if ((await this.getOrder({ clientOrderId: order.clientOrderId })) === null) throw new NotSent("not found");
      throw error;`,
    ),
    caughtBy: ["C58", "C59", "C66"],
    reason: "NotSent",
  },
  {
    name: "shortens-the-client-order-id",
    description: "It shortens the client order id to what it believes the venue takes.",
    edits: changedId("order.clientOrderId.slice(0, 12)"),
    caughtBy: ["C30"],
    reason: "unchanged",
  },
  {
    name: "changes-the-case-of-the-client-order-id",
    description: "It sends the client order id in upper case.",
    edits: changedId("order.clientOrderId.toUpperCase()"),
    caughtBy: ["C30"],
    reason: "unchanged",
  },
  {
    name: "prefixes-the-client-order-id",
    description: "It adds a broker's prefix to the client order id, and look-ups by the desk's id find nothing.",
    edits: changedId("`x-${order.clientOrderId}`"),
    caughtBy: ["C30", "C77"],
  },
  {
    name: "502-as-not-sent",
    description: "It takes a 502 for a request that never reached the venue.",
    edits: [[IS_REJECTED, `if (status === 502) throw new NotSent("bad gateway");\n    ${IS_REJECTED}`]],
    caughtBy: ["C96"],
    reason: "NotSent",
  },
  {
    name: "504-as-rejection",
    description: "It takes a gateway's time-out for a rejection.",
    edits: [[IS_REJECTED, "if ([400, 401, 403, 422, 504].includes(status))"]],
    caughtBy: ["C97"],
    reason: "definite rejection",
  },
  {
    name: "503-as-not-sent",
    description: "It takes a 503 for a request that the venue did not read.",
    edits: [[IS_REJECTED, `if (status === 503) throw new NotSent("maintenance");\n    ${IS_REJECTED}`]],
    caughtBy: ["C61"],
    reason: "NotSent",
  },
  {
    name: "500-as-not-sent",
    description: "It takes a 500 for an order that was not accepted.",
    edits: [[IS_REJECTED, `if (status === 500) throw new NotSent("internal error");\n    ${IS_REJECTED}`]],
    caughtBy: ["C59", "C60"],
    reason: "NotSent",
  },
  {
    name: "reset-as-not-sent",
    description: "It takes every network error with a code for a request that was not sent.",
    edits: [[REFUSED, 'if (code !== undefined) throw new NotSent("the venue cannot be reached");']],
    caughtBy: ["C65", "C66"],
    reason: "NotSent",
  },
  {
    name: "refused-key-as-unknown",
    description: "It leaves an order unknown if the venue refused the key, which blocks the instrument for good.",
    edits: [[IS_REJECTED, "if (status === 400 || status === 422)"]],
    caughtBy: ["C100"],
    reason: "definite refusals",
  },
  {
    name: "acknowledges-a-rejected-order",
    description: "It does not read the order's status in the response.",
    edits: [[REJECTED_STATUS, ""]],
    caughtBy: ["C101"],
    reason: "acknowledged the order",
  },
  {
    name: "acknowledges-another-order",
    description: "It does not check whose order the response confirms.",
    edits: [[SAME_CLIENT_ID, "accepted !== undefined &&"]],
    caughtBy: ["C102"],
    reason: "compare client_order_id",
  },
  {
    name: "duplicate-refusal-as-rejection",
    description: "It reports an order as rejected if the venue already has it.",
    edits: [[IS_REJECTED, "if ([400, 401, 403, 409, 422].includes(status))"]],
    caughtBy: ["C99"],
    reason: "definite rejection",
  },
  {
    name: "remembers-one-acknowledgement",
    description: "It answers the second order with the first one's acknowledgement.",
    edits: [
      [FIELD, `${FIELD}\n  private known: OrderAck | undefined;`],
      [ACKNOWLEDGE, 'return (this.known ??= { venueOrderId: accepted.order_id, status: "acknowledged" });'],
    ],
    caughtBy: ["C28", "C38"],
  },
];
