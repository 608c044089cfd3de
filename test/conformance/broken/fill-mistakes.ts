/** Mistakes with fills and the stream: fills are lost, duplicated, changed or read wrongly. */
import type { Mistake } from "./apply-mistake.ts";
import {
  ACKNOWLEDGE,
  EMIT,
  FIELD,
  FILLS,
  FILLS_PAGE_REQUEST,
  FIND_ORDER,
  INVALID_MESSAGE,
  RECONNECT_ON_CLOSE,
  REQUEST_TIME,
} from "./template-snippets.ts";

const FILL_ID = "fillId: fill.fill_id,";
const FILL_TIME = "timestamp: fill.time,";
const HANDLE_FILL = 'if (message.type === "fill") this.emit(toFill(message));';
const EMIT_FILL = "    this.ctx.emitFill(fill);\n";

export const FILL_MISTAKES: readonly Mistake[] = [
  {
    name: "makes-fills-of-reports",
    description: "It makes a fill of an order's filled quantity if its session saw none of that order.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly seen = new Set<string>();`],
      [EMIT, `${EMIT}\n    this.seen.add(fill.venueOrderId);`],
      [
        FIND_ORDER,
        `${FIND_ORDER}
    if (order !== null && order.filled_quantity !== "0" && !this.seen.has(order.order_id)) {
      const { order_id: venueOrderId, filled_quantity: quantity, average_price: price } = order;
      const { symbol, side } = order as unknown as { symbol: string; side: Side };
      const timestamp = this.newestFillTime;
      this.emit({ fillId: venueOrderId + "-1", venueOrderId, symbol, side, quantity, price: price!, timestamp });
    }`,
      ],
    ],
    caughtBy: ["C78"],
    reason: "made no fill with that id",
  },
  {
    name: "fees-as-numbers",
    description: "It emits fees as JavaScript numbers.",
    edits: [["fee: fill.fee,", "fee: Number(fill.fee),"]],
    caughtBy: ["C42"],
  },
  {
    name: "fills-in-capitals",
    description: "It emits fills under symbols in capital letters.",
    edits: [["symbol: fill.symbol,", "symbol: fill.symbol.toUpperCase(),"]],
    caughtBy: ["C50"],
  },
  {
    name: "never-emits",
    description: "It reads its stream but emits no fill.",
    edits: [[EMIT_FILL, ""]],
    caughtBy: ["C39", "C44"],
  },
  {
    name: "never-reconnects",
    description: "It does not reconnect its stream after a cut.",
    edits: [[RECONNECT_ON_CLOSE, ""]],
    caughtBy: ["C69"],
    reason: "reconnect on close",
  },
  {
    name: "reconnects-without-listening",
    description: "It opens a new stream after a cut but does not read from it.",
    edits: [
      [
        "await this.subscribe();\n      for",
        'new WebSocket(`${this.ctx.options.stream}?key=${this.ctx.secret("api_key")}`);\n      for',
      ],
    ],
    caughtBy: ["C69"],
  },
  {
    name: "crashes-on-invalid-messages",
    description: "It parses messages without a catch, so an invalid message ends the worker.",
    edits: [[INVALID_MESSAGE, "    } finally {\n      this.isConnected = true;\n    }"]],
    caughtBy: ["C70"],
    reason: "catch errors of each message separately",
  },
  {
    name: "closes-on-invalid-messages",
    description: "It closes the stream for good at the first invalid message.",
    edits: [
      [
        INVALID_MESSAGE,
        `    } catch {
      this.isConnected = false;
      this.stream?.close();
      return undefined;
    }`,
      ],
    ],
    caughtBy: ["C70"],
  },
  {
    name: "random-fill-ids",
    description: "It gives each message a new random fill id, so a fill that is sent twice counts twice.",
    edits: [[FILL_ID, "fillId: crypto.randomUUID(),"]],
    caughtBy: ["C39", "C43", "C51"],
  },
  {
    name: "counted-fill-ids",
    description: "It numbers fills with a counter that restarts with each worker session.",
    edits: [
      ["function toFill(", "let count = 0;\nfunction toFill("],
      [FILL_ID, "fillId: `fill-${(count += 1)}`,"],
    ],
    caughtBy: ["C39", "C43", "C51"],
  },
  {
    name: "order-id-as-fill-id",
    description: "It uses the order's id as the fill id, so the second fill of an order looks like a duplicate.",
    edits: [[FILL_ID, "fillId: fill.order_id,"]],
    caughtBy: ["C39", "C41"],
  },
  {
    name: "emits-each-fill-twice",
    description: "It emits a fill from the stream and again from the order's state, under two ids.",
    edits: [[EMIT_FILL, `${EMIT_FILL}    this.ctx.emitFill({ ...fill, fillId: \`\${fill.fillId}-state\` });\n`]],
    caughtBy: ["C40", "C41"],
  },
  {
    name: "hides-overfills",
    description: "It drops fills that exceed the order's quantity.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly remaining = new Map<string, number>();`],
      [ACKNOWLEDGE, `this.remaining.set(accepted.order_id, order.quantity);\n    ${ACKNOWLEDGE}`],
      [
        EMIT,
        `${EMIT}
    const remaining = this.remaining.get(fill.venueOrderId) ?? 0;
    this.remaining.set(fill.venueOrderId, remaining - Number(fill.quantity));
    if (this.remaining.has(fill.venueOrderId) && remaining <= 0) return;`,
      ],
    ],
    caughtBy: ["C46"],
    reason: "emit every fill",
  },
  {
    name: "drops-fills-of-cancelled-orders",
    description: "It assumes that no fill can follow a cancel.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly cancelled = new Set<string>();`],
      [
        "async cancelOrder(venueOrderId: string): Promise<void> {",
        "async cancelOrder(venueOrderId: string): Promise<void> {\n    this.cancelled.add(venueOrderId);",
      ],
      [EMIT, `${EMIT}\n    if (this.cancelled.has(fill.venueOrderId)) return;`],
    ],
    caughtBy: ["C45"],
    reason: "after its cancel",
  },
  {
    name: "drops-fills-before-the-acknowledgement",
    description: "It emits only fills of acknowledged orders, so a fill that arrives earlier is lost.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly acknowledged = new Set<string>();`],
      [ACKNOWLEDGE, `this.acknowledged.add(accepted.order_id);\n    ${ACKNOWLEDGE}`],
      [EMIT, `${EMIT}\n    if (!this.acknowledged.has(fill.venueOrderId)) return;`],
    ],
    caughtBy: ["C44"],
    reason: "before it confirmed the order",
  },
  {
    name: "drops-late-fills",
    description: "It drops fills that are older than the newest one.",
    edits: [[EMIT, `${EMIT}\n    if (Number(fill.timestamp) < this.newestFillTime) return;`]],
    caughtBy: ["C48"],
  },
  {
    name: "local-time-of-arrival",
    description: "It stamps fills with the local time of their arrival.",
    edits: [[FILL_TIME, "timestamp: Date.now(),"]],
    caughtBy: ["C47", "C72"],
    reason: "use the venue's time",
  },
  {
    name: "wrong-time-zone",
    description: "It treats the venue's times as local times of another time zone.",
    edits: [[FILL_TIME, "timestamp: fill.time - 5 * 3_600_000,"]],
    caughtBy: ["C47", "C72"],
  },
  {
    name: "drops-fees",
    description: "It leaves out the fee, so the cost of every trade is too low.",
    edits: [["    fee: fill.fee,\n    feeCurrency: fill.fee_currency,\n", ""]],
    caughtBy: ["C47"],
    reason: "set fee and feeCurrency",
  },
  {
    name: "every-fill-is-a-taker",
    description: "It calls each fill that of a taker, whatever the venue says.",
    edits: [["    fee: fill.fee,\n", '    liquidity: "taker",\n    fee: fill.fee,\n']],
    caughtBy: ["C109"],
    reason: "the venue calls the fill that of a maker",
  },
  {
    name: "fills-as-floats",
    description: "It reads the amounts of fills as JavaScript numbers.",
    edits: [
      ["quantity: fill.quantity,", "quantity: Number(fill.quantity),"],
      ["price: fill.price,", "price: Number(fill.price),"],
    ],
    caughtBy: ["C42"],
  },
  {
    name: "every-fill-is-a-buy",
    description: "It ignores the side of a fill.",
    edits: [["side: fill.side,", 'side: "buy",']],
    caughtBy: ["C50"],
  },
  {
    name: "fills-from-order-updates",
    description: "It derives fills from the filled quantity of order updates, which merges partial fills.",
    edits: [
      [
        HANDLE_FILL,
        `if (message.type === "order" && Number(message.filled_quantity) > 0) {
        const price = message.average_price;
        const fillId = \`\${message.order_id}/\${message.filled_quantity}\`;
        this.emit({ ...toFill(message), fillId, price, quantity: message.filled_quantity, timestamp: Date.now() });
      }`,
      ],
    ],
    caughtBy: ["C39", "C41"],
  },
  {
    name: "get-fills-ignores-since",
    description: "Its getFills ignores the given time and returns the newest fill first.",
    edits: [
      [FILLS_PAGE_REQUEST, FILLS_PAGE_REQUEST.replace("${since}", "0")],
      [FILLS, FILLS.replace("map(toFill)", "map(toFill).reverse()")],
    ],
    caughtBy: ["C51"],
  },
  {
    name: "get-fills-since-connect",
    description: "Its getFills returns only fills since its own start, so fills made while it was down are lost.",
    edits: [
      [FIELD, `${FIELD}\n  private startTime = 0;`],
      [REQUEST_TIME, `${REQUEST_TIME}\n    this.startTime = time;`],
      [FILLS_PAGE_REQUEST, FILLS_PAGE_REQUEST.replace("${since}", "${Math.max(since, this.startTime)}")],
    ],
    caughtBy: ["C78"],
    reason: "while the connector was down",
  },
  {
    name: "get-fills-empty-on-error",
    description: "Its getFills returns an empty list during an outage of the venue.",
    edits: [[FILLS_PAGE_REQUEST, FILLS_PAGE_REQUEST.replace(/;$/, ".catch(() => []);")]],
    caughtBy: ["C75"],
    reason: "an empty list means that there were no fills",
  },
  {
    name: "leaks-streams",
    description: "It opens two streams for each stream that was cut.",
    edits: [
      [
        "setTimeout(() => void this.reconnect(), this.retryMs);",
        "for (const ms of [100, 150]) setTimeout(() => void this.reconnect(), ms);",
      ],
    ],
    caughtBy: ["C82"],
    reason: "close the old stream",
  },
];
