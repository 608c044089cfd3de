/** Mistakes that show only in trouble, or on the second look: the rarer path of a method that is right on the usual one. */
import type { Mistake } from "./mistake.ts";

const FIELD = "private isOpen = false;";
const COME_BACK = "if (this.isOpen && this.ws === ws) setTimeout(() => void this.resubscribe(), RECONNECT_MS);";
const CANCEL = 'const { status, body } = await this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`);';
const ACCOUNT = 'const { nav, cash, buying_power, currency } = await this.get("/account");';
const POWER = 'return (await this.get("/account")).buying_power;';
const POSITIONS = 'const positions: any[] = await this.get("/positions");';
const OPEN = 'const orders: any[] = await this.get("/orders?status=open");';
const ORDER_FAILED = "if (status !== 200) throw new Error(`the venue answered ${status} for an order`);";
const SYMBOL_FAILED = "if (status !== 200) throw new Error(`the venue answered ${status} for ${symbol}`);";
const PLACE_RULE = "if (status === 400 || status === 422)";

export const BROKEN_DEEPER: readonly Mistake[] = [
  {
    name: "tries-again-under-a-new-id-when-slowed",
    what: "It sends an order again after 429 under another client order id.",
    edits: [
      [
        PLACE_RULE,
        `if (status === 429) return this.placeOrder({ ...order, clientOrderId: crypto.randomUUID() });
    ${PLACE_RULE}`,
      ],
    ],
    caughtBy: ["C64"],
  },
  {
    name: "its-own-duplicate-is-a-refusal",
    what: "It sends an order again under the same id, and calls it refused when the venue says that it has it.",
    edits: [
      [PLACE_RULE, "if (status === 400 || status === 422 || status === 409)"],
      [
        "response = await fetch(`${this.ctx.options.url}${path}`, init);",
        `const signal = () => AbortSignal.timeout(REQUEST_MS / 2);
      const ask = () => fetch(\`\${this.ctx.options.url}\${path}\`, { ...init, signal: signal() });
      response = await ask().catch(ask);`,
      ],
    ],
    caughtBy: ["C95"],
    words: "definite no",
  },
  {
    name: "stop-limit-without-its-limit",
    what: "It sends the limit of limit orders only, and a stop limit trades at any price.",
    edits: [
      ["limit_price: order.limitPriceText,", 'limit_price: order.type === "limit" ? order.limitPriceText : undefined,'],
    ],
    caughtBy: ["C34"],
  },
  {
    name: "tiny-quantities-in-scientific-notation",
    what: "It writes numbers as JavaScript does, and 0.0000001 becomes 1e-7.",
    edits: [
      ["    exactDecimals: true,\n", ""],
      ["quantity: order.quantityText,", "quantity: String(order.quantity),"],
    ],
    caughtBy: ["C31"],
  },
  {
    name: "cancel-without-an-answer-is-done",
    what: "It takes a cancel for done when the connection broke.",
    edits: [[CANCEL, CANCEL.replace(/;$/, ".catch(() => ({ status: 204, body: undefined }));")]],
    caughtBy: ["C56"],
  },
  {
    name: "null-by-client-id-in-trouble",
    what: "Its search by client order id answers null for any error, and an order that stands is taken for never sent.",
    edits: [[ORDER_FAILED, `if (status !== 200 && venueOrderId === undefined) return null;\n    ${ORDER_FAILED}`]],
    caughtBy: ["C74"],
  },
  {
    name: "no-open-orders-in-trouble",
    what: "Its getOpenOrders answers an empty list while the venue is in trouble.",
    edits: [[OPEN, OPEN.replace(/;$/, ".catch(() => []);")]],
    caughtBy: ["C93"],
  },
  {
    name: "open-orders-without-the-partly-filled",
    what: "Its getOpenOrders leaves out what has begun to fill.",
    edits: [["return orders.map(reportOf);", 'return orders.map(reportOf).filter(({ status }) => status === "open");']],
    caughtBy: ["C79"],
  },
  {
    name: "not-listed-in-trouble",
    what: "Its getInstrument answers null for any error, and the symbol looks unlisted.",
    edits: [[SYMBOL_FAILED, "if (status !== 200) return null;"]],
    caughtBy: ["C94"],
  },
  {
    name: "empty-account-in-trouble",
    what: "Its getAccount answers zeros while the venue is in trouble.",
    edits: [
      [
        ACCOUNT,
        `const none = { nav: "0", cash: "0", buying_power: "0", currency: "USD" };
    const { nav, cash, buying_power, currency } = await this.get("/account").catch(() => none);`,
      ],
    ],
    caughtBy: ["C25"],
  },
  {
    name: "net-worth-is-cash",
    what: "Its getAccount tells the cash as net worth, and what is held counts nothing.",
    edits: [["return { nav, cash, buyingPower", "return { nav: cash, cash, buyingPower"]],
    caughtBy: ["C24"],
  },
  {
    name: "frozen-buying-power",
    what: "It reads the buying power once, and never sees that it was spent.",
    edits: [
      [FIELD, `${FIELD}\n  private power: any;`],
      [POWER, 'return (this.power ??= (await this.get("/account")).buying_power);'],
    ],
    caughtBy: ["C21"],
  },
  {
    name: "frozen-positions",
    what: "It reads the positions once, and never sees that they changed.",
    edits: [
      [FIELD, `${FIELD}\n  private held: any;`],
      [POSITIONS, 'const positions: any[] = (this.held ??= await this.get("/positions"));'],
    ],
    caughtBy: ["C23"],
  },
  {
    name: "cancelled-looks-open",
    what: "It never learnt the venue's word for a cancelled order, and reports it as open.",
    edits: [["  status,\n  filledQuantity", '  status: status === "cancelled" ? "open" : status,\n  filledQuantity']],
    caughtBy: ["C81"],
  },
  {
    name: "own-clock-for-fills-that-are-read",
    what: "Its getFills stamps fills with the moment they were read.",
    edits: [["return fills.map(fillOf);", "return fills.map((fill) => ({ ...fillOf(fill), timestamp: Date.now() }));"]],
    caughtBy: ["C51"],
  },
  {
    name: "gives-up-after-one-try",
    what: "It tries once to open its stream again, and a venue that is down for longer is never heard again.",
    edits: [
      [FIELD, `${FIELD}\n  private tries = 0;`],
      [COME_BACK, COME_BACK.replace("this.isOpen &&", "this.isOpen && (this.tries += 1) < 2 &&")],
      ['=== "hello") resolve();', '=== "hello") {\n          this.tries = 0;\n          resolve();\n        }'],
    ],
    caughtBy: ["C69"],
  },
  {
    name: "dies-while-the-venue-is-away",
    what: "It catches nothing when its stream cannot be opened again, and its life ends.",
    edits: [["this.ctx.logger.warn(`the stream is not back: ${(error as Error).message}`);", "throw error;"]],
    caughtBy: ["C69"],
  },
  {
    name: "secret-in-a-stream-error",
    what: "Its stream's error tells the address, and the key stands in it.",
    edits: [['new Error("the stream failed")', "new Error(`${ws.url} failed`)"]],
    caughtBy: ["C85"],
  },
  {
    name: "fills-without-their-order",
    what: "It emits fills under the client order id where the desk looks for the venue's.",
    edits: [["const fillOf = ({ fill_id, order_id, ", "const fillOf = ({ fill_id, client_order_id: order_id, "]],
    caughtBy: ["C39", "C41"],
  },
];
