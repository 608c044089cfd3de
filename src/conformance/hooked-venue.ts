/** The author's own fake venue, behind the kit's proxy. Its hooks fill orders, move prices and list orders. */
import * as z from "zod";
import type { Clock } from "../domain/ports.ts";
import { ZERO, decimal, max, text } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import type { FakeFill, FakeOrder, FakeQuote, FillTerms } from "./fake-venue-state.ts";
import { ProxyVenue, type Upstream } from "./proxy-venue.ts";

/** Runs a hook of the author's module, in a process of its own. @throws Error with the hook's error. */
export interface VenueProcess {
  call(hook: "start" | "orders" | "fill" | "setQuote", ...args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

const amount = z.union([z.string(), z.number()]).transform(String);
const addressSchema = z.looseObject({ url: z.url(), stream: z.url().optional() });
const orderSchema = z.looseObject({
  venueOrderId: z.string(),
  clientOrderId: z.string(),
  symbol: z.string(),
  side: z.enum(["buy", "sell"]),
  quantity: amount,
  type: z.string(),
  timeInForce: z.string(),
  limitPrice: amount.optional(),
  stopPrice: amount.optional(),
  filledQuantity: amount,
  status: z.enum(["open", "partially_filled", "filled", "cancelled", "rejected", "expired"]),
});
const fillSchema = z.looseObject({ fillId: z.string(), timestamp: z.number().optional() });

/** @throws Error if the hook `start` fails; the process is ended then. */
export async function openHookedVenue(clock: Clock, process: VenueProcess): Promise<HookedVenue> {
  try {
    const addresses = parseHook("start", addressSchema, await process.call("start"));
    const venue = new HookedVenue(clock, process, addresses);
    await venue.listen();
    return venue;
  } catch (error) {
    await process.close();
    throw error;
  }
}

export class HookedVenue extends ProxyVenue {
  readonly #process: VenueProcess;
  readonly #prices = new Map<string, FakeQuote>();
  readonly #filled = new Set<string>();
  /** The error of a hook that the kit called by itself. */
  hookFailure: string | undefined;

  constructor(clock: Clock, process: VenueProcess, upstream: Upstream) {
    super(clock, upstream);
    this.#process = process;
  }

  override async listOrders(): Promise<readonly FakeOrder[]> {
    const orders = parseHook("orders", z.array(orderSchema), await this.#process.call("orders"));
    return orders.map((order) => ({
      order_id: order.venueOrderId,
      client_order_id: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      quantity: order.quantity,
      type: order.type,
      time_in_force: order.timeInForce,
      limit_price: order.limitPrice,
      stop_price: order.stopPrice,
      filled_quantity: order.filledQuantity,
      average_price: null,
      status: order.status,
    }));
  }

  override async fillOrder(order: FakeOrder, terms: FillTerms = {}): Promise<FakeFill> {
    const remaining = text(max(decimal(order.quantity).minus(decimal(order.filled_quantity)), ZERO));
    const quantity = terms.quantity ?? remaining;
    const { bid, ask, last = "100" } = this.#prices.get(order.symbol) ?? {};
    const price = terms.price ?? order.limit_price ?? (order.side === "buy" ? ask : bid) ?? last;
    const request = { venueOrderId: order.order_id, clientOrderId: order.client_order_id, quantity, price };
    const { fillId, timestamp } = parseHook("fill", fillSchema, await this.#process.call("fill", request));
    return {
      fill_id: fillId,
      order_id: order.order_id,
      client_order_id: order.client_order_id,
      symbol: order.symbol,
      side: order.side,
      quantity,
      price,
      time: timestamp ?? this.now,
      fee: "0",
      fee_currency: "",
    };
  }

  override async setQuote(symbol: string, quote: FakeQuote): Promise<void> {
    await this.#process.call("setQuote", { symbol, bid: quote.bid, ask: quote.ask, last: quote.last });
    this.#prices.set(symbol, quote);
  }

  /** Fills a market order as a venue does, unless the case fills by itself. */
  override afterOrder(clientOrderId: string): void {
    if (this.filling !== "after-ack") return;
    this.#fillMarketOrder(clientOrderId).catch((error: unknown) => {
      this.hookFailure ??= messageOf(error);
    });
  }

  async #fillMarketOrder(clientOrderId: string): Promise<void> {
    for (const order of await this.listOrders()) {
      const isOther = order.client_order_id !== clientOrderId || this.#filled.has(order.order_id);
      if (isOther || order.type !== "market" || order.status !== "open") continue;
      this.#filled.add(order.order_id);
      await this.fillOrder(order);
    }
    this.onChange();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#process.close();
  }
}

function parseHook<T>(hook: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const returned = JSON.stringify(value)?.slice(0, 200) ?? "undefined";
  throw new Error(`the hook ${hook} returned ${returned}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`);
}
