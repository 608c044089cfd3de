/** Mistakes in an adapter of another wire format, found over the hooks of its author's fake venue. */
import type { Mistake } from "./apply-mistake.ts";
import { BUYING_POWER, EMIT, FIELD, TICKER } from "./form-venue-snippets.ts";

const SUBSCRIBED = "    this.isConnected = true;\n    await this.subscribe();";
const REFUSAL = "if (error instanceof VenueError) throw new VenueRejection(error.message);";
const ADD_ORDER = 'await this.call<{ txid?: string[]; status?: string }>("AddOrder", {';
const CANCEL = 'const { count } = await this.call<{ count?: number }>("CancelOrder", { txid: venueOrderId });';
const QUERY = 'await this.call<Record<string, VenueOrder>>("QueryOrders", query)';
const STATUS = 'status: isPartial ? "partially_filled" : statuses[status],';
const EMIT_FILL = "    this.ctx.emitFill(fill);\n";
const MISSED = "for (const fill of await this.getFills(this.gapStart)) this.emit(fill);";
const PAGE_END = "if (page.length < PAGE) return found.toReversed();";
const POSITIONS = 'const positions = await this.call<VenuePosition[]>("Positions");';
const VENUE_ID = 'return { venueOrderId, status: "acknowledged" };';
const CONFIRMED = 'if (venueOrderId === undefined) throw new Error("the venue did not confirm the order");';
const KEY_REFUSED = "throw new VenueError(`the venue refused the key (${response.status})`);";
const QUEUED = "const result = this.queue.then(() => this.callNow<T>(name, fields));";
const RETRY_ON_CLOSE = "if (this.isConnected && this.stream === stream) this.scheduleReconnect();";
const UNLISTED = 'if (error instanceof VenueError && error.message.includes("Unknown asset pair")) return null;';

export const FORM_VENUE_MISTAKES: readonly Mistake[] = [
  {
    name: "every-error-is-a-rejection",
    description: "It reports every error of a request as the venue's rejection.",
    edits: [[REFUSAL, "throw new VenueRejection(String(error));"]],
    caughtBy: ["C57", "C58", "C59", "C60", "C61", "C65", "C66", "C96", "C97"],
    reason: "definite rejection",
  },
  {
    name: "every-error-is-not-sent",
    description: "It reports every error without a refusal as not sent.",
    edits: [[REFUSAL, `${REFUSAL}\n      throw new NotSent(String(error));`]],
    caughtBy: ["C57", "C60", "C62", "C65"],
    reason: "NotSent",
  },
  {
    name: "refusals-are-unknown",
    description: "It does not read the error list of a response with status 200, so a refused order stays unknown.",
    edits: [[REFUSAL, ""]],
    caughtBy: ["C36", "C100"],
  },
  {
    name: "server-errors-are-refusals",
    description: "It takes a status of 500 and above for the venue's refusal.",
    edits: [
      [
        "throw new Error(`the venue answered ${response.status}`);",
        "throw new VenueError(`the venue answered ${response.status}`);",
      ],
    ],
    caughtBy: ["C59", "C60", "C96", "C97"],
    reason: "definite rejection",
  },
  {
    name: "sends-again-under-the-same-id",
    description: "It sends an order again whose response was lost; the venue takes both.",
    edits: [
      [ADD_ORDER, `await this.send<{ txid?: string[]; status?: string }>({`],
      [
        "  async cancelOrder(",
        `  private send<T>(fields: Record<string, string | undefined>): Promise<T> {
    return this.call<T>("AddOrder", fields).catch((error: unknown) => {
      if (error instanceof VenueError) throw error;
      return this.call<T>("AddOrder", fields);
    });
  }

  async cancelOrder(`,
      ],
    ],
    caughtBy: ["C98"],
    reason: "sent the order 2 times",
  },
  {
    name: "sends-again-under-a-new-id",
    description: "It sends an order whose response was lost again under another id.",
    edits: [
      [ADD_ORDER, `await this.send<{ txid?: string[]; status?: string }>({`],
      [
        "  async cancelOrder(",
        `  private send<T>(fields: Record<string, string | undefined>): Promise<T> {
    return this.call<T>("AddOrder", fields).catch((error: unknown) => {
      if (error instanceof VenueError) throw error;
      return this.call<T>("AddOrder", { ...fields, cl_ord_id: "retry1" });
    });
  }

  async cancelOrder(`,
      ],
    ],
    caughtBy: ["C57", "C60", "C65"],
    reason: "under another client order id",
  },
  {
    name: "acknowledges-without-an-id",
    description: "It acknowledges an order under the client order id if the response has no id.",
    edits: [
      [CONFIRMED, ""],
      [VENUE_ID, 'return { venueOrderId: venueOrderId ?? order.clientOrderId, status: "acknowledged" };'],
      ['if (answer.result === undefined) throw new Error("the venue sent no result");', ""],
      ["const { txid, status } = await", "const { txid, status } = (await"],
      [
        "price2: isStop ? order.limitPriceText : undefined,\n      });",
        "price2: isStop ? order.limitPriceText : undefined,\n      })) ?? {};",
      ],
    ],
    caughtBy: ["C63"],
  },
  {
    name: "client-id-as-venue-id",
    description: "It acknowledges orders under the client order id.",
    edits: [[VENUE_ID, 'return { venueOrderId: order.clientOrderId, status: "acknowledged" };']],
    caughtBy: ["C29", "C39"],
  },
  {
    name: "no-client-order-id",
    description: "It does not send the client order id.",
    edits: [["        cl_ord_id: order.clientOrderId,\n", ""]],
    caughtBy: ["C30", "C57"],
    reason: "order.clientOrderId",
  },
  {
    name: "volume-in-lots",
    description: "It sends the number of lots as the volume.",
    edits: [["volume: order.quantityText,", "volume: String(order.quantity * 10_000),"]],
    caughtBy: ["C31"],
    reason: "quantityText",
  },
  {
    name: "whole-prices",
    description: "It rounds limit prices to whole dollars.",
    edits: [
      [
        "price: isStop ? order.stopPriceText : order.limitPriceText,",
        "price: isStop ? order.stopPriceText : order.limitPrice?.toFixed(0),",
      ],
    ],
    caughtBy: ["C31"],
    reason: "limitPriceText",
  },
  {
    name: "always-good-till-cancelled",
    description: "It sends no time in force.",
    edits: [["        timeinforce: order.timeInForce.toUpperCase(),\n", ""]],
    caughtBy: ["C33"],
    reason: "time in force",
  },
  {
    name: "stop-and-limit-price-swapped",
    description: "It swaps stop and limit price of a stop-limit order.",
    edits: [
      [
        "price: isStop ? order.stopPriceText : order.limitPriceText,",
        "price: order.limitPriceText ?? order.stopPriceText,",
      ],
      ["price2: isStop ? order.limitPriceText : undefined,", "price2: isStop ? order.stopPriceText : undefined,"],
    ],
    caughtBy: ["C34"],
  },
  {
    name: "stop-limit-as-stop",
    description: "It sends a stop-limit order as a stop order without a limit.",
    edits: [['stop_limit: "stop-loss-limit" };', 'stop_limit: "stop-loss" };']],
    caughtBy: ["C34"],
    reason: "reached the venue as stop",
  },
  {
    name: "buys-only",
    description: "It sends every order as a buy.",
    edits: [["type: order.side,", 'type: "buy",']],
    caughtBy: ["C35", "C50"],
  },
  {
    name: "waits-until-filled",
    description: "It acknowledges an order when it is filled.",
    edits: [
      [
        VENUE_ID,
        `while ((await this.getOrder({ venueOrderId }))?.status !== "filled") await new Promise((resolve) => setTimeout(resolve, 50));
      ${VENUE_ID}`,
      ],
    ],
    caughtBy: ["C27"],
    reason: "placeOrder waits for the fill",
  },
  {
    name: "nonces-of-the-clock",
    description: "It makes nonces from the clock and sends private calls at the same time, so the venue refuses some.",
    edits: [
      // In steps of a tenth of a second, so that calls at the same time have one nonce on a slow machine, too.
      ["this.nonce += 1;", "this.nonce = Math.floor(Date.now() / 100) * 100_000;"],
      [QUEUED, "const result = this.callNow<T>(name, fields);"],
    ],
    caughtBy: ["C38"],
  },
  {
    name: "unknown-order-as-cancelled",
    description: "It takes the venue's error for an unknown order as a cancel.",
    edits: [
      [
        CANCEL,
        CANCEL.replace(
          /;$/,
          `.catch((error: unknown) => {
      if (error instanceof VenueError) return { count: 1 };
      throw error;
    });`,
        ),
      ],
    ],
    caughtBy: ["C54", "C55"],
  },
  {
    name: "failed-cancel-as-cancelled",
    description: "It takes every failure of a cancel for done.",
    edits: [[CANCEL, CANCEL.replace(/;$/, ".catch(() => ({ count: 1 }));")]],
    caughtBy: ["C54", "C56", "C124"],
  },
  {
    name: "cancels-orders-of-this-session",
    description: "It cancels only orders that it placed since its start.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly own = new Set<string>();`],
      [VENUE_ID, `this.own.add(venueOrderId);\n      ${VENUE_ID}`],
      [CANCEL, `if (!this.own.has(venueOrderId)) throw new Error("unknown order");\n    ${CANCEL}`],
    ],
    caughtBy: ["C119"],
  },
  {
    name: "open-orders-as-all-orders",
    description: "It looks orders up among the open ones only.",
    edits: [
      [
        `Object.entries(${QUERY})`,
        `Object.entries((await this.call<{ open: Record<string, VenueOrder> }>("OpenOrders")).open)
      .filter(([txid, order]) => txid === query.txid || order.cl_ord_id === query.cl_ord_id)`,
      ],
      [
        "const query = venueOrderId === undefined ? { cl_ord_id: clientOrderId } : { txid: venueOrderId };",
        "const query: { cl_ord_id?: string | undefined; txid?: string | undefined } = venueOrderId === undefined ? { cl_ord_id: clientOrderId } : { txid: venueOrderId };",
      ],
    ],
    caughtBy: ["C81", "C127"],
  },
  {
    name: "closed-as-cancelled",
    description: "It takes the venue's word closed for cancelled.",
    edits: [['closed: "filled"', 'closed: "cancelled"']],
    caughtBy: ["C81", "C127"],
  },
  {
    name: "canceled-as-filled",
    description: "It takes every order that is not open for filled.",
    edits: [['canceled: "cancelled"', 'canceled: "filled"']],
    caughtBy: ["C81", "C127"],
  },
  {
    name: "pair-as-symbol",
    description: "It reports open orders under the venue's name of the symbol.",
    edits: [["symbol: symbolOf(descr.pair),", "symbol: descr.pair,"]],
    caughtBy: ["C122"],
    reason: "XBTUSD",
  },
  {
    name: "lots-as-quantity",
    description: "It reports a tenth of the volume, the venue's lots, as the order's quantity.",
    edits: [["    quantity: vol,\n  };", "    quantity: String(Number(vol) / 10),\n  };"]],
    caughtBy: ["C122"],
    reason: "quantity",
  },
  {
    name: "partial-fills-as-open",
    description: "It reports a partly filled order as open, as the venue's status says.",
    edits: [[STATUS, "status: isPartial ? statuses.open : statuses[status],"]],
    caughtBy: ["C81"],
  },
  {
    name: "volume-as-filled-quantity",
    description: "It reports the order's volume as filled.",
    edits: [["filledQuantity: vol_exec,", "filledQuantity: vol,"]],
    caughtBy: ["C81"],
  },
  {
    name: "null-order-for-errors",
    description: "It returns null for an order that cannot be read.",
    edits: [[QUERY, `${QUERY}.catch(() => ({}))`]],
    caughtBy: ["C74"],
    reason: "null means",
  },
  {
    name: "no-fills-for-errors",
    description: "It returns no fills if they cannot be read.",
    edits: [
      [
        "async getFills(since: number): Promise<Fill[]> {",
        "async getFills(since: number): Promise<Fill[]> {\n    return this.readFills(since).catch(() => []);\n  }\n\n  private async readFills(since: number): Promise<Fill[]> {",
      ],
    ],
    caughtBy: ["C75"],
    reason: "no fills",
  },
  {
    name: "no-open-orders-for-errors",
    description: "It returns no open orders if they cannot be read.",
    edits: [
      [
        'await this.call<{ open: Record<string, VenueOrder> }>("OpenOrders", { ofs: String(offset) });',
        'await this.call<{ open: Record<string, VenueOrder> }>("OpenOrders").catch(() => ({ open: {} }));',
      ],
    ],
    caughtBy: ["C93"],
  },
  {
    name: "unlisted-for-errors",
    description: "It returns null for an instrument that cannot be read.",
    edits: [[UNLISTED, "if (error instanceof Error) return null;"]],
    caughtBy: ["C94"],
  },
  {
    name: "zero-balance-for-errors",
    description: "It returns a buying power of 0 if the balance cannot be read.",
    edits: [
      [BUYING_POWER, 'return (await this.call<Balance>("Balance").catch(() => ({ available: "0" }))).available;'],
    ],
    caughtBy: ["C25"],
  },
  {
    name: "no-positions-for-errors",
    description: "It returns no positions if the balance cannot be read.",
    edits: [
      [POSITIONS, 'const positions = await this.call<VenuePosition[]>("Positions").catch((): VenuePosition[] => []);'],
    ],
    caughtBy: ["C25"],
  },
  {
    name: "never-any-positions",
    description: "It always returns no positions.",
    edits: [["return positions.map(", "return positions.slice(0, 0).map("]],
    caughtBy: ["C23"],
    reason: "every position",
  },
  {
    name: "positions-of-the-start",
    description: "It requests the positions once.",
    edits: [
      [FIELD, `${FIELD}\n  private positions: Promise<VenuePosition[]> | undefined;`],
      [POSITIONS, 'const positions = await (this.positions ??= this.call<VenuePosition[]>("Positions"));'],
    ],
    caughtBy: ["C23", "C125"],
  },
  {
    name: "old-ticker",
    description: "It keeps the first ticker.",
    edits: [
      [FIELD, `${FIELD}\n  private kept: Quote | undefined;`],
      [TICKER, `return (this.kept ??= ${TICKER.slice("return ".length, -1)});`],
    ],
    caughtBy: ["C14"],
  },
  {
    name: "uncrosses-the-market",
    description: "It swaps bid and ask of a crossed market.",
    edits: [
      [
        TICKER,
        `const [bid, ask] = [ticker.b[0]!, ticker.a[0]!].sort((a, b) => Number(a) - Number(b));
    return { symbol, bid: bid!, ask: ask!, last: ticker.c[0]!, timestamp: ticker.t };`,
      ],
    ],
    caughtBy: ["C71"],
  },
  {
    name: "first-page-of-trades",
    description: "It reads only the first page of trades.",
    edits: [[PAGE_END, "return found.toReversed();"]],
    caughtBy: ["C113"],
    reason: "request every page",
  },
  {
    name: "first-page-of-open-orders",
    description: "It reads the first page of the open orders only.",
    edits: [["      if (page.length < PAGE) return found;\n", "      return found;\n"]],
    caughtBy: ["C129"],
    reason: "read every page",
  },
  {
    name: "success-is-an-acknowledgement",
    description: "It takes an answer without an error for an acknowledgement, also if it calls the order rejected.",
    edits: [['if (status === "rejected") throw', 'if (status === "never") throw']],
    caughtBy: ["C101"],
    reason: "an order that it calls rejected",
  },
  {
    name: "newest-trades-first",
    description: "It returns trades in the venue's order, the newest first.",
    edits: [[PAGE_END, "if (page.length < PAGE) return found;"]],
    caughtBy: ["C113"],
    reason: "oldest first",
  },
  {
    name: "since-in-milliseconds",
    description: "It sends the start in milliseconds to a venue that takes seconds.",
    edits: [["const start = String((since - 1) / 1000);", "const start = String(since - 1);"]],
    caughtBy: ["C51", "C78"],
  },
  {
    name: "trade-times-in-seconds",
    description: "It returns the times of trades in seconds.",
    edits: [["timestamp: Math.round(time * 1000),", "timestamp: time,"]],
    caughtBy: ["C51"],
    reason: "use the venue's time",
  },
  {
    name: "execution-times-in-another-zone",
    description: "It reads the times of executions in another time zone.",
    edits: [["timestamp: execution.timestamp,", 'timestamp: execution.timestamp.replace("Z", "-05:00"),']],
    caughtBy: ["C39"],
    reason: "with its offset",
  },
  {
    name: "order-ids-of-trades-missing",
    description: "It returns trades with the client order id as the venue's order id.",
    edits: [
      [
        "venueOrderId: txid,\n    ...ownId(cl_ord_id),\n    symbol: symbolOf(pair),\n    side: type,",
        "venueOrderId: cl_ord_id,\n    ...ownId(cl_ord_id),\n    symbol: symbolOf(pair),\n    side: type,",
      ],
    ],
    caughtBy: ["C51", "C78"],
  },
  {
    name: "cumulative-executions",
    description: "It emits the cumulative quantity of an execution.",
    edits: [
      ["quantity: execution.last_qty,", "quantity: execution.cum_qty,"],
      ["  last_qty: string;", "  last_qty: string;\n  cum_qty: string;"],
    ],
    caughtBy: ["C41", "C111"],
  },
  {
    name: "ids-of-its-own",
    description: "It numbers executions itself.",
    edits: [["fillId: execution.exec_id,", "fillId: `${execution.order_id}-${execution.timestamp}-${Math.random()}`,"]],
    caughtBy: ["C41", "C51"],
  },
  {
    name: "names-of-the-venue",
    description: "It emits fills under the venue's name of the symbol.",
    edits: [["symbol: execution.symbol,", "symbol: pairOf(execution.symbol),"]],
    caughtBy: ["C39"],
    reason: "XBTUSD",
  },
  {
    name: "side-of-every-fill",
    description: "It emits every fill as a buy.",
    edits: [["side: execution.side,", 'side: "buy",']],
    caughtBy: ["C50"],
  },
  {
    name: "executions-of-the-newest-order",
    description: "It attributes executions to the newest order.",
    edits: [
      [FIELD, `${FIELD}\n  private newest = "";`],
      [VENUE_ID, `this.newest = venueOrderId;\n      ${VENUE_ID}`],
      [EMIT_FILL, "    this.ctx.emitFill({ ...fill, venueOrderId: this.newest || fill.venueOrderId });\n"],
    ],
    caughtBy: ["C111"],
  },
  {
    name: "executions-twice",
    description: "It emits each execution twice, under two ids.",
    edits: [[EMIT_FILL, `${EMIT_FILL}    this.ctx.emitFill({ ...fill, fillId: \`\${fill.fillId}-2\` });\n`]],
    caughtBy: ["C40"],
  },
  {
    name: "executions-after-the-acknowledgement-only",
    description: "It drops executions of orders that it has not acknowledged yet.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly acknowledged = new Set<string>();`],
      [VENUE_ID, `this.acknowledged.add(venueOrderId);\n      ${VENUE_ID}`],
      [EMIT, `${EMIT}\n    if (!this.acknowledged.has(fill.venueOrderId)) return;`],
    ],
    caughtBy: ["C44", "C119"],
  },
  {
    name: "stream-without-reconnect",
    description: "It does not open its stream again.",
    edits: [[RETRY_ON_CLOSE, ""]],
    caughtBy: ["C69", "C115"],
  },
  {
    name: "gap-without-a-request",
    description: "It does not request the fills of a gap.",
    edits: [[MISSED, ""]],
    caughtBy: ["C115"],
    reason: "after each reconnect",
  },
  {
    name: "stream-after-disconnect",
    description: "It opens its stream again after disconnect.",
    edits: [["    this.isConnected = false;\n    clearTimeout", "    clearTimeout"]],
    caughtBy: ["C123"],
  },
  {
    name: "ends-at-an-invalid-message",
    description: "It closes its stream for good at an invalid message.",
    edits: [
      [
        'this.ctx.logger.warn("the venue sent an invalid message");',
        "this.isConnected = false;\n      this.stream?.close();",
      ],
    ],
    caughtBy: ["C70"],
  },
  {
    name: "waits-a-second-only",
    description: "Its timeout is shorter than the desk's.",
    edits: [["const REQUEST_MS = 4_000;", "const REQUEST_MS = 1_000;"]],
    caughtBy: ["C68"],
  },
  {
    name: "key-refused-as-unknown",
    description: "It leaves an order unknown if the venue refused the key.",
    edits: [[KEY_REFUSED, KEY_REFUSED.replace("VenueError", "Error")]],
    caughtBy: ["C100"],
  },
  {
    name: "limited-in-a-loop",
    description: "It repeats a request at once while the venue answers 429.",
    edits: [
      [
        'response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(REQUEST_MS) });',
        `const send = () => fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_MS) });
      response = await send();
      for (let left = 200; response.status === 429 && left > 0; left -= 1) response = await send();`,
      ],
    ],
    caughtBy: ["C104"],
    reason: "requests in",
  },
  {
    name: "private-half-in-a-log",
    description: "It logs a part of its private key.",
    edits: [
      [SUBSCRIBED, `${SUBSCRIBED}\n    ctx.logger.info(\`signing with \${ctx.secret("api_secret").slice(3, 14)}\`);`],
    ],
    caughtBy: ["C84"],
    reason: "in part",
  },
  {
    name: "private-half-in-an-error",
    description: "Its errors contain its private key in hexadecimal.",
    edits: [
      [
        "throw new Error(`the venue answered ${response.status}`);",
        'throw new Error(`the venue answered ${response.status} to ${Buffer.from(this.ctx.secret("api_secret")).toString("hex")}`);',
      ],
    ],
    caughtBy: ["C85"],
    reason: "in hexadecimal",
  },
  {
    name: "private-half-in-the-form",
    description: "It sends its private key with the form.",
    edits: [
      [
        "const body = form.toString();",
        'form.set("secret", this.ctx.secret("api_secret"));\n    const body = form.toString();',
      ],
    ],
    caughtBy: ["C87"],
  },
];
