/**
 * A connector to one venue: the desk's side is the class below, the venue's side is its REST and WebSocket API. As it stands
 * it speaks to the venue of `qoc connectors test`; replace the addresses and the shapes by those of your venue, one method
 * after the other, and test again after each.
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

/** Shorter than the desk waits for an order (10 s), so that a slow venue is an error here and not a silence there. */
const REQUEST_MS = 4_000;
const RECONNECT_MS = { first: 200, most: 10_000 };

/** The venue's own words. Amounts are text: a JavaScript number loses digits, and an id of 19 digits is no number at all. */
interface VenueOrder {
  order_id: string;
  client_order_id: string;
  status: OrderReport["status"];
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
interface Answer {
  status: number;
  body: unknown;
}

export default class TemplateConnector implements ConnectorAdapter {
  /** The SDK it was written for: a desk that speaks another says so instead of guessing. */
  static readonly sdk = 1;
  /** Promises about the venue, each of which the desk relies on. Claim only what the venue's documentation says. */
  static readonly capabilities: Capabilities = {
    exactDecimals: true,
    queryByClientId: true,
    clientIdDedupe: "forever",
    mode: "paper",
  };

  private ctx!: ConnectorContext;
  private stream: WebSocket | undefined;
  private isUp = false;
  private retryMs = RECONNECT_MS.first;
  /** The venue's time of the newest fill that was handed on: where to read on after a gap. */
  private newest = 0;
  /** Since when fills may be missing; undefined while the stream has no gap. */
  private since: number | undefined;

  /** Throws where the venue cannot be reached; the desk tries again with growing waits. */
  async connect(ctx: ConnectorContext): Promise<void> {
    this.ctx = ctx;
    this.isUp = true;
    const { time } = await this.get<{ time: number }>("/time");
    this.newest = time;
    await this.subscribe();
    ctx.logger.info("connected", { url: this.ctx.options["url"] });
  }

  async disconnect(): Promise<void> {
    this.isUp = false;
    this.stream?.close();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const { bid, ask, last, time } = await this.get<{ bid: string; ask: string; last: string; time: number }>(
      `/quotes/${encodeURIComponent(symbol)}`,
    );
    // The venue's time, not ours: the desk refuses to trade on a quote that is too old.
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

  /** null: the venue does not list it. With this the desk checks tick and lot before it sends. */
  async getInstrument(symbol: string): Promise<Instrument | null> {
    const path = `/instruments/${encodeURIComponent(symbol)}`;
    const found = await this.find<{ tick_size: string; lot_size: string; currency: string }>(path);
    return found === null
      ? null
      : { symbol, tickSize: found.tick_size, lotSize: found.lot_size, currency: found.currency };
  }

  /**
   * Returns when the venue has confirmed the order, and never waits for its fill. Three ways to fail, and they differ:
   * VenueRejection: the venue said no, nothing will ever fill. NotSent: nothing left this machine. Anything else, a time-out
   * above all: nobody knows, and the desk asks the venue before it lets anyone trade that instrument again.
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
    if (status === 400 || status === 422) throw new VenueRejection(errorOf(body) ?? `the venue answered ${status}`);
    // 409: it has this id already. An id of ours never repeats, so that is this very order.
    const taken = (status === 409 ? (body as { order?: VenueOrder } | undefined)?.order : body) as
      | VenueOrder
      | undefined;
    const isConfirmed =
      (status === 201 || status === 409) && taken?.client_order_id === order.clientOrderId && taken.order_id !== "";
    if (!isConfirmed) throw new Error(`the venue did not confirm the order; it answered ${status}`);
    return { venueOrderId: taken.order_id, status: "acknowledged" };
  }

  /** Throws unless the venue confirmed it: a cancel that is believed and did not happen is an order nobody watches. */
  async cancelOrder(venueOrderId: string): Promise<void> {
    const { status, body } = await this.request("DELETE", `/orders/${encodeURIComponent(venueOrderId)}`);
    if (status !== 204) throw new Error(`the venue did not cancel ${venueOrderId}: ${errorOf(body) ?? status}`);
  }

  /** null: the venue does not know it. With this an order without a clear answer is settled without a human. */
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
    const found = await this.find<VenueOrder>(path);
    return found === null ? null : reportOf(found);
  }

  async getOpenOrders(): Promise<OrderReport[]> {
    return (await this.get<VenueOrder[]>("/orders?status=open")).map(reportOf);
  }

  /** Oldest first. The desk calls it after each start: fills that were missed come from here. */
  async getFills(since: number): Promise<Fill[]> {
    return (await this.get<VenueFill[]>(`/fills?since=${since}`)).map(fillOf);
  }

  private async get<T>(path: string): Promise<T> {
    const found = await this.find<T>(path);
    if (found === null) throw new Error(`the venue does not know ${path}`);
    return found;
  }

  private async find<T>(path: string): Promise<T | null> {
    const { status, body } = await this.request("GET", path);
    if (status === 404) return null;
    if (status !== 200 || body === undefined)
      throw new Error(`the venue answered ${status} for ${path}: ${errorOf(body) ?? ""}`);
    return body as T;
  }

  private async request(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.ctx.secret("api_key")}`, "content-type": "application/json" };
    const signal = AbortSignal.timeout(REQUEST_MS);
    let response: Response;
    try {
      response = await fetch(`${String(this.ctx.options["url"])}${path}`, {
        method,
        headers,
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      // Refused before a connection stood: the one failure that proves that nothing left.
      const code = error instanceof Error ? (error.cause as { code?: string } | undefined)?.code : undefined;
      if (code === "ECONNREFUSED") throw new NotSent("the venue refused the connection");
      throw error;
    }
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : undefined };
  }

  /** Resolves with the venue's hello; a stream that does not say it is closed. */
  private subscribe(): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = encodeURIComponent(this.ctx.secret("api_key"));
      const stream = new WebSocket(`${String(this.ctx.options["stream"])}?key=${key}`);
      this.stream = stream;
      const late = setTimeout(() => stream.close(), REQUEST_MS);
      stream.addEventListener("message", ({ data }) => {
        if (this.take(String(data)) !== "hello") return;
        clearTimeout(late);
        resolve();
      });
      stream.addEventListener("close", () => {
        clearTimeout(late);
        reject(new Error("the stream closed"));
        if (this.isUp && this.stream === stream) this.comeBack();
      });
    });
  }

  private comeBack(): void {
    setTimeout(() => void this.resubscribe(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RECONNECT_MS.most);
  }

  /** The stream first, then what was missed: what arrives twice has one id. Where it cannot be read, all of it is tried again. */
  private async resubscribe(): Promise<void> {
    if (!this.isUp) return;
    this.since ??= this.newest;
    try {
      await this.subscribe();
      for (const fill of await this.getFills(this.since)) this.emit(fill);
      this.since = undefined;
      this.retryMs = RECONNECT_MS.first;
    } catch (error) {
      this.ctx.logger.warn("the stream is not back", { error: error instanceof Error ? error.message : String(error) });
      this.stream?.close();
    }
  }

  /** One bad message must not end the stream. */
  private take(text: string): string | undefined {
    try {
      const message = JSON.parse(text) as { type: string } & VenueFill;
      if (message.type === "fill") this.emit(fillOf(message));
      return message.type;
    } catch {
      this.ctx.logger.warn("the venue sent a message that cannot be read");
      return undefined;
    }
  }

  private emit(fill: Fill): void {
    this.newest = Math.max(this.newest, Number(fill.timestamp));
    this.ctx.emitFill(fill);
  }
}

function errorOf(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "error" in body ? String(body.error) : undefined;
}

function reportOf({ order_id, client_order_id, status, filled_quantity, average_price }: VenueOrder): OrderReport {
  return {
    venueOrderId: order_id,
    clientOrderId: client_order_id,
    status,
    filledQuantity: filled_quantity,
    ...(average_price === null ? {} : { averagePrice: average_price }),
  };
}

function fillOf(fill: VenueFill): Fill {
  return {
    // The venue's execution id: the same fill has the same id, however often it comes.
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
