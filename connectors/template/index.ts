/**
 * A connector to one venue. The desk calls the methods of the class below, and they call the venue's REST and WebSocket
 * API. Initially it works with the fake venue of `qoc connectors test`. Replace the paths and the message types by
 * those of your venue, one method after the other, and run the test after each change.
 */
import {
  type Account,
  type Capabilities,
  type ConnectorAdapter,
  type ConnectorContext,
  type Fill,
  type Instrument,
  NotSent,
  type Order,
  type OrderAck,
  type OrderReport,
  type Position,
  type Quote,
  type Side,
  VenueRejection,
} from "@qoc-app/sdk";

/** Must be shorter than the desk's own timeout for an order (10 s), so that a slow venue leads to a clear error. */
const REQUEST_MS = 4_000;
const RECONNECT_MS = { min: 200, max: 10_000 };
/** The venue returns fills in pages. A shorter page is the last one. */
const FILLS_PAGE = 100;

/**
 * The venue's messages. Amounts and ids are strings, because a JavaScript number cannot hold every decimal amount, nor
 * an id of 19 digits.
 */
interface VenueOrder {
  order_id: string;
  client_order_id: string;
  status: OrderReport["status"] | "replaced";
  replaced_by?: string;
  quantity: string;
  filled_quantity: string;
  average_price: string | null;
}
interface VenueFill {
  fill_id: string;
  order_id: string;
  client_order_id: string;
  symbol: string;
  side: Side;
  quantity: string;
  price: string;
  time: number;
  fee: string;
  fee_currency: string;
}
interface VenuePosition {
  symbol: string;
  quantity: string;
  average_price: string;
  mark_price: string;
  currency: string;
}
interface VenueAccount {
  nav: string;
  cash: string;
  buying_power: string;
  currency: string;
}
interface VenueResponse {
  status: number;
  body: unknown;
}

export default class TemplateConnector implements ConnectorAdapter {
  /** The SDK version that this connector was written for. A desk with another version refuses to load the connector. */
  static readonly sdk = 1;
  /** Properties of the venue that the desk relies on. Declare only what the venue's documentation guarantees. */
  static readonly capabilities: Capabilities = {
    exactDecimals: true,
    queryByClientId: true,
    clientIdDedupe: "forever",
    mode: "paper",
  };

  private ctx!: ConnectorContext;
  private stream: WebSocket | undefined;
  private isConnected = false;
  private retryMs = RECONNECT_MS.min;
  /** The venue's time of the newest emitted fill. After a gap in the stream, fills are read from here. */
  private newestFillTime = 0;
  /** Start of a gap in which fills may be missing; undefined if there is no gap. */
  private gapStart: number | undefined;

  /** Throws if the venue cannot be reached. The desk retries with increasing delays. */
  async connect(ctx: ConnectorContext): Promise<void> {
    this.ctx = ctx;
    this.isConnected = true;
    const { time } = await this.get<{ time: number }>("/time");
    this.newestFillTime = time;
    await this.subscribe();
    ctx.logger.info("connected", { url: this.ctx.options["url"] });
  }

  async disconnect(): Promise<void> {
    this.isConnected = false;
    this.stream?.close();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const { bid, ask, last, time } = await this.get<{ bid: string; ask: string; last: string; time: number }>(
      `/quotes/${encodeURIComponent(symbol)}`,
    );
    // Use the venue's time, not the local clock: the desk refuses to trade on a quote that is too old.
    return { symbol, bid, ask, last, timestamp: time };
  }

  async getPositions(): Promise<Position[]> {
    const positions = await this.get<VenuePosition[]>("/positions");
    return positions.map(({ symbol, quantity, average_price, mark_price, currency }) => ({
      symbol,
      quantity,
      averagePrice: average_price,
      markPrice: mark_price,
      currency,
    }));
  }

  async getBuyingPower(): Promise<string> {
    return (await this.get<VenueAccount>("/account")).buying_power;
  }

  async getAccount(): Promise<Account> {
    const { nav, cash, buying_power, currency } = await this.get<VenueAccount>("/account");
    return { nav, cash, buyingPower: buying_power, currency };
  }

  /** Returns null if the venue does not list the symbol. The desk checks tick and lot size before it sends an order. */
  async getInstrument(symbol: string): Promise<Instrument | null> {
    const path = `/instruments/${encodeURIComponent(symbol)}`;
    const instrument = await this.getOrNull<{ tick_size: string; lot_size: string; currency: string }>(path);
    if (instrument === null) return null;
    const { tick_size, lot_size, currency } = instrument;
    return { symbol, tickSize: tick_size, lotSize: lot_size, currency };
  }

  /**
   * Returns as soon as the venue confirms the order, without waiting for a fill.
   * @throws VenueRejection if the venue rejected the order, so that it can never fill.
   * @throws NotSent if the request was never sent.
   * @throws Error in every other case, e.g. after a timeout. The outcome is then unknown, and the desk queries the
   * venue before it allows another order for the instrument.
   */
  async placeOrder(order: Order): Promise<OrderAck> {
    const { status, body } = await this.request("POST", "/orders", {
      client_order_id: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      quantity: order.quantityText,
      type: order.type,
      limit_price: order.limitPriceText,
      stop_price: order.stopPriceText,
      time_in_force: order.timeInForce,
    });
    // The venue read the request and refused it, or did not accept the key. After a 5xx the order may be live.
    if (status === 400 || status === 401 || status === 403 || status === 422)
      throw new VenueRejection(errorMessage(body) ?? `the venue answered ${status}`);
    // 409: the venue already has an order with this client order id. The desk never reuses an id, so it is this order.
    const accepted = (status === 409 ? (body as { order?: VenueOrder } | undefined)?.order : body) as
      | VenueOrder
      | undefined;
    if (status === 201 && accepted?.status === "rejected")
      throw new VenueRejection(errorMessage(body) ?? "the venue rejected the order");
    const isConfirmed =
      (status === 201 || status === 409) &&
      accepted?.client_order_id === order.clientOrderId &&
      accepted.order_id !== "";
    if (!isConfirmed) throw new Error(`the venue did not confirm the order; it answered ${status}`);
    return { venueOrderId: accepted.order_id, status: "acknowledged" };
  }

  /** Throws unless the venue confirms the cancel; otherwise the desk would treat an open order as cancelled. */
  async cancelOrder(venueOrderId: string): Promise<void> {
    const { status, body } = await this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`);
    if (status !== 204) throw new Error(`the venue did not cancel ${venueOrderId}: ${errorMessage(body) ?? status}`);
  }

  /** Returns null if the venue does not know the order. The desk uses it to resolve orders with an unknown outcome. */
  async getOrder({
    venueOrderId,
    clientOrderId,
  }: {
    venueOrderId?: string;
    clientOrderId?: string;
  }): Promise<OrderReport | null> {
    const path =
      venueOrderId === undefined
        ? `/orders?client_order_id=${encodeURIComponent(clientOrderId ?? "")}`
        : `/orders/${encodeURIComponent(venueOrderId)}`;
    const order = await this.getOrNull<VenueOrder>(path);
    return order === null ? null : this.follow(order);
  }

  /** A venue may replace an order by itself, for example after a split: the order that continues it is reported. */
  private async follow(order: VenueOrder): Promise<OrderReport> {
    let last = order;
    while (last.status === "replaced")
      last = await this.get<VenueOrder>(`/orders/${encodeURIComponent(last.replaced_by ?? "")}`);
    const report = toReport(last);
    if (last === order) return report;
    const { order_id: venueOrderId, client_order_id: clientOrderId } = order;
    return { ...report, venueOrderId, clientOrderId, replacedBy: last.order_id, quantity: last.quantity };
  }

  async getOpenOrders(): Promise<OrderReport[]> {
    return (await this.get<VenueOrder[]>("/orders?status=open")).map(toReport);
  }

  /** Returns fills since a time, oldest first. The desk calls it after each start to recover missed fills. */
  async getFills(since: number): Promise<Fill[]> {
    const fills: VenueFill[] = [];
    for (;;) {
      const after = fills.length === 0 ? "" : `&after=${fills.at(-1)?.fill_id}`;
      const page = await this.get<VenueFill[]>(`/fills?since=${since}${after}`);
      fills.push(...page);
      if (page.length < FILLS_PAGE) return fills.map(toFill);
    }
  }

  private async get<T>(path: string): Promise<T> {
    const body = await this.getOrNull<T>(path);
    if (body === null) throw new Error(`the venue does not know ${path}`);
    return body;
  }

  /** Returns null if the venue answers 404. */
  private async getOrNull<T>(path: string): Promise<T | null> {
    const { status, body } = await this.request("GET", path);
    if (status === 404) return null;
    if (status !== 200 || body === undefined)
      throw new Error(`the venue answered ${status} for ${path}: ${errorMessage(body) ?? ""}`);
    return body as T;
  }

  private async request(method: string, path: string, body?: unknown): Promise<VenueResponse> {
    const headers = { authorization: `Bearer ${this.ctx.secret("api_key")}`, "content-type": "application/json" };
    const signal = AbortSignal.timeout(REQUEST_MS);
    const init =
      body === undefined ? { method, headers, signal } : { method, headers, signal, body: JSON.stringify(body) };
    let response: Response;
    try {
      response = await fetch(`${String(this.ctx.options["url"])}${path}`, init);
    } catch (error) {
      // A refused connection is the only failure that proves that the request was not sent.
      const code = error instanceof Error ? (error.cause as { code?: string } | undefined)?.code : undefined;
      if (code === "ECONNREFUSED") throw new NotSent("the venue refused the connection");
      throw error;
    }
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : undefined };
  }

  /** Opens the stream and resolves when the venue's hello arrives; closes the stream if it does not arrive in time. */
  private subscribe(): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = encodeURIComponent(this.ctx.secret("api_key"));
      const stream = new WebSocket(`${String(this.ctx.options["stream"])}?key=${key}`);
      this.stream = stream;
      const helloTimeout = setTimeout(() => stream.close(), REQUEST_MS);
      stream.addEventListener("message", ({ data }) => {
        if (this.handleMessage(String(data)) !== "hello") return;
        clearTimeout(helloTimeout);
        resolve();
      });
      stream.addEventListener("close", () => {
        clearTimeout(helloTimeout);
        reject(new Error("the stream closed"));
        if (this.isConnected && this.stream === stream) this.scheduleReconnect();
      });
    });
  }

  private scheduleReconnect(): void {
    setTimeout(() => void this.reconnect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RECONNECT_MS.max);
  }

  /**
   * Opens the stream first and then requests the missed fills. A fill that arrives twice has the same id both times, so
   * the desk drops the duplicate. If the request fails, the stream is closed and both steps are repeated.
   */
  private async reconnect(): Promise<void> {
    if (!this.isConnected) return;
    this.gapStart ??= this.newestFillTime;
    try {
      await this.subscribe();
      for (const fill of await this.getFills(this.gapStart)) this.emit(fill);
      this.gapStart = undefined;
      this.retryMs = RECONNECT_MS.min;
    } catch (error) {
      this.ctx.logger.warn("could not reconnect the stream", {
        error: error instanceof Error ? error.message : String(error),
      });
      this.stream?.close();
    }
  }

  /** Returns the message's type; undefined if the message is invalid, which must not end the stream. */
  private handleMessage(json: string): string | undefined {
    try {
      const message = JSON.parse(json) as { type: string } & VenueFill;
      if (message.type === "fill") this.emit(toFill(message));
      return message.type;
    } catch {
      this.ctx.logger.warn("the venue sent an invalid message");
      return undefined;
    }
  }

  private emit(fill: Fill): void {
    this.newestFillTime = Math.max(this.newestFillTime, Number(fill.timestamp));
    this.ctx.emitFill(fill);
  }
}

function errorMessage(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "error" in body ? String(body.error) : undefined;
}

function toReport({ order_id, client_order_id, status, filled_quantity, average_price }: VenueOrder): OrderReport {
  if (status === "replaced") throw new Error(`another order continues ${order_id}`);
  const report = { venueOrderId: order_id, clientOrderId: client_order_id, status, filledQuantity: filled_quantity };
  return average_price === null ? report : { ...report, averagePrice: average_price };
}

function toFill(fill: VenueFill): Fill {
  return {
    // The venue's execution id: a fill must have the same id every time it is reported.
    fillId: fill.fill_id,
    venueOrderId: fill.order_id,
    clientOrderId: fill.client_order_id,
    symbol: fill.symbol,
    side: fill.side,
    quantity: fill.quantity,
    price: fill.price,
    timestamp: fill.time,
    fee: fill.fee,
    feeCurrency: fill.fee_currency,
  };
}
