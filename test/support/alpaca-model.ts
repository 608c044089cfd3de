/** Alpaca's orders and trades as its documents describe them: what it sends of them, and what is true in the end. */
import { randomUUID } from "node:crypto";

/** Amounts are whole numbers of ten-thousandths. */
const UNIT = 10_000n;

export function decimalText(units: bigint): string {
  const fraction = String(units % UNIT)
    .padStart(4, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(units / UNIT) : `${units / UNIT}.${fraction}`;
}

interface ModelTrade {
  /** Of the first version. */
  readonly id: string;
  version: string;
  quantity: bigint;
  price: bigint;
  fee: bigint;
  isBusted: boolean;
}

interface ModelOrder {
  readonly id: string;
  readonly clientId: string;
  readonly quantity: bigint;
  status: string;
  updatedAt: number;
  next?: ModelOrder;
  readonly before?: ModelOrder;
  readonly trades: ModelTrade[];
}

/** Statuses that an order may have while it works, after the event of the same name. */
export const WORKING = [
  ...["accepted", "pending_new", "new", "stopped", "suspended", "held", "calculated", "done_for_day"],
  ...["pending_cancel", "pending_replace"],
] as const;
/** Events that leave the status of the order. */
export const NOTICES = ["order_cancel_rejected", "order_replace_rejected", "restated", "an_event_of_2031"] as const;
export const ENDS = ["canceled", "expired", "rejected"] as const;

export type ModelStep =
  | { readonly kind: "fill" | "replace" | "bust"; readonly order: number; readonly of: number }
  | { readonly kind: "correct"; readonly order: number; readonly of: number; readonly isOfFirst: boolean }
  | { readonly kind: "working"; readonly order: number; readonly status: (typeof WORKING)[number] }
  | { readonly kind: "notice"; readonly order: number; readonly event: (typeof NOTICES)[number] }
  | { readonly kind: "end"; readonly order: number; readonly status: (typeof ENDS)[number] };

/** What is true of an order of the desk in the end. `state`: undefined if the documents do not say. */
export interface ModelResult {
  readonly trades: readonly { id: string; quantity: string; price: string; fee: string }[];
  readonly filled: bigint;
  /** The sum of quantity and price over the trades. */
  readonly cost: bigint;
  readonly state: "filled" | "cancelled" | "expired" | "rejected" | "working" | undefined;
}

export class AlpacaModel {
  /** The orders that the desk sent. */
  readonly #sent: readonly ModelOrder[];
  readonly #orders = new Map<string, ModelOrder>();
  readonly activities: { readonly at: number; readonly listedAt: number; readonly payload: object }[] = [];
  readonly #paysCommission: boolean;
  readonly #unstated = new Set<ModelOrder>();

  constructor(sent: readonly { id: string; clientId: string; quantity: bigint }[], paysCommission: boolean) {
    this.#paysCommission = paysCommission;
    this.#sent = sent.map((order) => this.#added({ ...order, status: "new", updatedAt: Date.now(), trades: [] }));
  }

  #added(order: ModelOrder): ModelOrder {
    this.#orders.set(order.id, order);
    return order;
  }

  /** The messages of the stream that tell of a step; none if it cannot happen. */
  take(step: ModelStep, delayMs: number): readonly object[] {
    const sent = this.#sent[step.order % this.#sent.length] as ModelOrder;
    const order = lastOf(sent);
    if (step.kind === "bust" || step.kind === "correct") return this.#change(sent, step, delayMs);
    const isEnded = [...ENDS, "filled"].includes(order.status);
    if (isEnded && step.kind !== "notice") return [];
    switch (step.kind) {
      case "fill":
        return this.#fill(order, BigInt(step.of), delayMs);
      case "working":
        return [this.#moved(order, step.status, step.status)];
      case "notice":
        return [this.#message(step.event, order)];
      case "end":
        if (step.status === "rejected" && (filledOf(order) > 0n || sent !== order)) return [];
        return [this.#moved(order, step.status, step.status)];
      case "replace": {
        const more = BigInt(step.of) * UNIT;
        const quantity = order.quantity - filledOf(order) + more;
        if (quantity <= 0n) return [];
        const next = { id: randomUUID(), clientId: randomUUID(), quantity, status: "new", updatedAt: Date.now() };
        order.next = this.#added({ ...next, before: order, trades: [] });
        return [this.#moved(order, "replaced", "replaced"), this.#message("new", order.next)];
      }
    }
  }

  #moved(order: ModelOrder, event: string, status: string): object {
    order.status = status;
    return this.#message(event, order);
  }

  #fill(order: ModelOrder, share: bigint, delayMs: number): readonly object[] {
    const open = order.quantity - filledOf(order);
    const part = (open * (share % 10n)) / 9n;
    const quantity = part === 0n ? 1n : part;
    const price = 95n * UNIT + share * 37n;
    const id = randomUUID();
    const fee = this.#paysCommission ? 4n * (share + 1n) : 0n;
    const trade = { id, version: id, quantity, price, fee, isBusted: false };
    order.trades.push(trade);
    const isWhole = filledOf(order) === order.quantity;
    order.status = isWhole ? "filled" : "partially_filled";
    const event = isWhole ? "fill" : "partial_fill";
    this.#list(order, { trade, type: event, id, delayMs });
    return [this.#execution(event, order, trade)];
  }

  #change(sent: ModelOrder, step: ModelStep & { readonly of: number }, delayMs: number): readonly object[] {
    const chain = chainOf(sent);
    const order = chain[step.of % chain.length] as ModelOrder;
    const trades = order.trades.filter(({ isBusted }) => !isBusted);
    const trade = trades[step.of % trades.length];
    if (trade === undefined) return [];
    // The documents do not say the state of an order that was filled, or replaced, with that trade.
    if (order !== chain.at(-1) || order.status === "filled") this.#unstated.add(sent);
    const previous = step.kind === "correct" && step.isOfFirst ? trade.id : trade.version;
    trade.version = randomUUID();
    if (step.kind === "bust") trade.isBusted = true;
    else {
      trade.price = 94n * UNIT + BigInt(step.of) * 41n;
      if (trade.quantity > 1n && step.of % 2 === 0) trade.quantity -= 1n;
    }
    if (order.status === "filled") order.status = "partially_filled";
    const type = step.kind === "bust" ? "trade_bust" : "trade_correct";
    this.#list(order, { trade, type, id: trade.version, previous, delayMs });
    return [this.#execution(type, order, trade)];
  }

  #list(
    order: ModelOrder,
    activity: { trade: ModelTrade; type: string; id: string; delayMs: number; previous?: string },
  ): void {
    const { trade, type, id, delayMs, previous } = activity;
    const at = Date.now();
    const details = {
      ...{ order_id: order.id, client_order_id: order.clientId, side: "buy", symbol: "AAPL", asset_id: "a" },
      ...{ execution_type: type, leaves_qty: "0", cum_qty: "0", order_status: order.status },
      ...(trade.fee > 0n && { commission: decimalText(trade.fee) }),
    };
    const payload = {
      ...{ activity_type: "FILL", event_id: id, ref_id: id, status: "executed", currency: "USD", settle_date: null },
      ...{ at: timeText(at), executed_at: timeText(at - 10), qty: decimalText(trade.quantity) },
      ...{ price: decimalText(trade.price), details, ...(previous !== undefined && { previous_id: previous }) },
    };
    this.activities.push({ at, listedAt: at + delayMs, payload });
  }

  #execution(event: string, order: ModelOrder, { version, quantity, price }: ModelTrade): object {
    const amounts = { qty: decimalText(quantity), price: decimalText(price), position_qty: "0" };
    return { ...this.#message(event, order), execution_id: version, ...amounts };
  }

  #message(event: string, order: ModelOrder): object {
    order.updatedAt = Math.max(Date.now(), order.updatedAt);
    const execution_id = randomUUID();
    const reason = event.endsWith("_rejected") || event === "canceled" ? "TOO_LATE_TO_CANCEL" : undefined;
    return { event, execution_id, timestamp: timeText(Date.now()), reason, order: this.#order(order) };
  }

  #order(order: ModelOrder): object {
    return {
      ...{ id: order.id, client_order_id: order.clientId, status: order.status, symbol: "AAPL", asset_id: "a" },
      ...{ asset_class: "us_equity", side: "buy", qty: decimalText(order.quantity), notional: null, legs: null },
      ...{ filled_qty: decimalText(filledOf(order)), filled_avg_price: null, limit_price: "100" },
      ...{
        replaced_by: order.next?.id ?? null,
        replaces: order.before?.id ?? null,
        updated_at: timeText(order.updatedAt),
      },
    };
  }

  /** The order of this id, as a request answers it. */
  find(id: string): object | undefined {
    const order = this.#orders.get(id);
    return order === undefined ? undefined : this.#order(order);
  }

  /** Of each order that the desk sent. */
  results(): readonly ModelResult[] {
    return this.#sent.map((sent) => {
      const chain = chainOf(sent);
      const trades = chain.flatMap((order) => order.trades).filter(({ isBusted }) => !isBusted);
      const last = lastOf(sent);
      const isWhole = filledOf(last) === last.quantity;
      const ends: Readonly<Record<string, ModelResult["state"]>> = {
        ...{ canceled: "cancelled", expired: "expired", rejected: "rejected" },
      };
      return {
        trades: trades
          .map(({ id, quantity, price, fee }) => ({
            ...{ id, quantity: decimalText(quantity), price: decimalText(price), fee: decimalText(fee) },
          }))
          .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        filled: trades.reduce((sum, { quantity }) => sum + quantity, 0n),
        cost: trades.reduce((sum, { quantity, price }) => sum + quantity * price, 0n),
        state: this.#unstated.has(sent) ? undefined : isWhole ? "filled" : (ends[last.status] ?? "working"),
      };
    });
  }
}

function chainOf(sent: ModelOrder): readonly ModelOrder[] {
  return sent.next === undefined ? [sent] : [sent, ...chainOf(sent.next)];
}

function lastOf(sent: ModelOrder): ModelOrder {
  return sent.next === undefined ? sent : lastOf(sent.next);
}

function filledOf({ trades }: ModelOrder): bigint {
  return trades.reduce((sum, { isBusted, quantity }) => (isBusted ? sum : sum + quantity), 0n);
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
