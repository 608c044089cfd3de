/** Fills and their stream that go wrong: lost, doubled, changed, or read at the wrong time. */
import type { Mistake } from "./mistake.ts";

const EMIT = "private emit(fill: Fill): void {";
const FIELD = "private isOpen = false;";
const TIME = "  timestamp: time,\n  fee,";
const COME_BACK = "if (this.isOpen && this.ws === ws) setTimeout(() => void this.resubscribe(), RECONNECT_MS);";
const TAKE_FILL = 'if (message.type === "fill") this.emit(fillOf(message));';
const TAKE_CATCH = `    } catch {
      this.ctx.logger.warn("the venue sent a message that cannot be read");
      return undefined;
    }`;

export const BROKEN_FILLS: readonly Mistake[] = [
  {
    name: "never-emits",
    what: "It reads its stream and hands no fill to the desk.",
    edits: [["    this.ctx.emitFill(fill);\n", ""]],
    caughtBy: ["C39", "C44"],
  },
  {
    name: "never-comes-back",
    what: "It opens its stream once, and after the first cut it is deaf for ever.",
    edits: [[COME_BACK, ""]],
    caughtBy: ["C69"],
    words: "reconnect on close",
  },
  {
    name: "comes-back-once",
    what: "It opens a new stream after a cut, and forgets to listen to it.",
    edits: [
      [
        "await this.subscribe();\n      for",
        'new WebSocket(`${this.ctx.options.stream}?key=${this.ctx.secret("api_key")}`);\n      for',
      ],
    ],
    caughtBy: ["C69"],
  },
  {
    name: "dies-of-garbage",
    what: "It parses messages without a catch, and one that cannot be read ends its life.",
    edits: [
      [
        TAKE_CATCH,
        `    } finally {
      this.isOpen = true;
    }`,
      ],
    ],
    caughtBy: ["C70"],
    words: "catch what one message does",
  },
  {
    name: "hangs-up-on-garbage",
    what: "It closes the stream for good at the first message that cannot be read.",
    edits: [
      [
        TAKE_CATCH,
        `    } catch {
      this.isOpen = false;
      this.ws?.close();
      return undefined;
    }`,
      ],
    ],
    caughtBy: ["C70"],
  },
  {
    name: "random-fill-ids",
    what: "It gives each message a new random fill id, so that a fill sent twice counts twice.",
    edits: [["fillId: fill_id,", "fillId: crypto.randomUUID(),"]],
    caughtBy: ["C39", "C43", "C51"],
  },
  {
    name: "counted-fill-ids",
    what: "It numbers fills by a counter that starts again with each life.",
    edits: [
      ["const fillOf = (", "let count = 0;\nconst fillOf = ("],
      ["fillId: fill_id,", "fillId: `fill-${(count += 1)}`,"],
    ],
    caughtBy: ["C39", "C43", "C51"],
  },
  {
    name: "order-id-as-fill-id",
    what: "It takes the order's id for the fill's, and the second part of an order looks like a copy of the first.",
    edits: [["fillId: fill_id,", "fillId: order_id,"]],
    caughtBy: ["C39", "C41"],
  },
  {
    name: "emits-each-fill-twice",
    what: "It takes a fill from the stream and again from its order's state, under two ids.",
    edits: [
      [
        "    this.ctx.emitFill(fill);\n",
        "    this.ctx.emitFill(fill);\n    this.ctx.emitFill({ ...fill, fillId: `${fill.fillId}-state` });\n",
      ],
    ],
    caughtBy: ["C40", "C41"],
  },
  {
    name: "hides-overfills",
    what: "It cuts a fill down to what its order still lacked.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly left = new Map<string, number>();`],
      [
        "const taken = status === 409 ? body.order : body;",
        `const taken = status === 409 ? body.order : body;
    if (taken !== undefined) this.left.set(taken.order_id, order.quantity);`,
      ],
      [
        EMIT,
        `${EMIT}
    const left = this.left.get(fill.venueOrderId) ?? 0;
    this.left.set(fill.venueOrderId, left - Number(fill.quantity));
    if (this.left.has(fill.venueOrderId) && left <= 0) return;`,
      ],
    ],
    caughtBy: ["C46"],
    words: "pass on every fill",
  },
  {
    name: "drops-fills-of-cancelled-orders",
    what: "It believes that nothing can fill after a cancel.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly cancelled = new Set<string>();`],
      [
        "async cancelOrder(venueOrderId: string): Promise<void> {",
        `async cancelOrder(venueOrderId: string): Promise<void> {
    this.cancelled.add(venueOrderId);`,
      ],
      [EMIT, `${EMIT}\n    if (this.cancelled.has(fill.venueOrderId)) return;`],
    ],
    caughtBy: ["C45"],
    words: "after its cancel",
  },
  {
    name: "drops-fills-before-the-ack",
    what: "It passes on fills of orders it knows only, and a fast fill comes before the order is known.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly known = new Set<string>();`],
      [
        'return { venueOrderId: taken.order_id, status: "acknowledged" };',
        `this.known.add(taken.order_id);
    return { venueOrderId: taken.order_id, status: "acknowledged" };`,
      ],
      [EMIT, `${EMIT}\n    if (!this.known.has(fill.venueOrderId)) return;`],
    ],
    caughtBy: ["C44"],
    words: "before it confirmed the order",
  },
  {
    name: "drops-late-fills",
    what: "It passes on fills newer than the newest only, and those out of order are lost.",
    edits: [[EMIT, `${EMIT}\n    if (Number(fill.timestamp) < this.newest) return;`]],
    caughtBy: ["C48"],
  },
  {
    name: "own-clock-for-fills",
    what: "It stamps fills with the moment they arrived.",
    edits: [[TIME, "  timestamp: Date.now(),\n  fee,"]],
    caughtBy: ["C47", "C72"],
    words: "use the venue's time",
  },
  {
    name: "five-hours-off",
    what: "It takes the venue's times for a local time of New York.",
    edits: [[TIME, "  timestamp: time - 5 * 3_600_000,\n  fee,"]],
    caughtBy: ["C47", "C72"],
  },
  {
    name: "forgets-fees",
    what: "It leaves the fee out, and the cost of every trade is too low.",
    edits: [["  fee,\n  feeCurrency: fee_currency,\n", ""]],
    caughtBy: ["C47"],
    words: "set fee and feeCurrency",
  },
  {
    name: "fills-as-floats",
    what: "It reads the amounts of fills as JavaScript numbers.",
    edits: [
      [
        "  quantity,\n  price,\n  timestamp: time,",
        "  quantity: Number(quantity),\n  price: Number(price),\n  timestamp: time,",
      ],
    ],
    caughtBy: ["C42"],
  },
  {
    name: "every-fill-is-a-buy",
    what: "It never read the side of a fill.",
    edits: [["  side,\n  quantity,\n  price,", '  side: "buy",\n  quantity,\n  price,']],
    caughtBy: ["C50"],
  },
  {
    name: "fills-by-the-order-channel",
    what: "It makes a fill of each order update, by what was filled in all, and sums parts up.",
    edits: [
      [
        TAKE_FILL,
        `if (message.type === "order" && Number(message.filled_quantity) > 0) {
        const price = message.average_price;
        const fillId = \`\${message.order_id}/\${message.filled_quantity}\`;
        this.emit({ ...fillOf(message), fillId, price, quantity: message.filled_quantity, timestamp: Date.now() });
      }`,
      ],
    ],
    caughtBy: ["C39", "C41"],
  },
  {
    name: "fills-of-always",
    what: "Its getFills ignores the time, and answers the newest first.",
    edits: [
      ["`/fills?since=${since}`", '"/fills?since=0"'],
      ["return fills.map(fillOf);", "return fills.map(fillOf).reverse();"],
    ],
    caughtBy: ["C51"],
  },
  {
    name: "fills-since-connect",
    what: "Its getFills looks back to its own start only, and misses what was made while it was down.",
    edits: [
      [FIELD, `${FIELD}\n  private started = 0;`],
      [
        'this.newest = (await this.get("/time")).time;',
        'this.newest = (await this.get("/time")).time;\n    this.started = this.newest;',
      ],
      ["`/fills?since=${since}`", "`/fills?since=${Math.max(since, this.started)}`"],
    ],
    caughtBy: ["C78"],
    words: "while it was down",
  },
  {
    name: "no-fills-on-error",
    what: "Its getFills answers an empty list when the venue is in trouble.",
    edits: [["await this.get(`/fills?since=${since}`);", "await this.get(`/fills?since=${since}`).catch(() => []);"]],
    caughtBy: ["C75"],
    words: "an empty list says that there were none",
  },
  {
    name: "streams-left-behind",
    what: "It opens two streams for each that was cut.",
    edits: [
      [COME_BACK, "if (this.isOpen) for (const ms of [100, 150]) setTimeout(() => void this.resubscribe(), ms);"],
    ],
    caughtBy: ["C82"],
    words: "close the old one",
  },
];
