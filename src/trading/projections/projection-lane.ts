/**
 * Writes the files of one connector's orders and inbox items, one at a time, the files of orders first. What a burst
 * of fills changes is written once in a while, so that the number of writes does not grow with the number of fills.
 */
import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../domain/errors/error.ts";
import type { OrderId } from "../../domain/ids.ts";
import type { Clock, Log } from "../../domain/ports.ts";

export interface LaneWriter {
  order(id: OrderId): Promise<void>;
  /** Writes one inbox item by its key. */
  item(key: string): Promise<void>;
}

interface LaneOptions {
  readonly clock: Pick<Clock, "after" | "monotonic">;
  readonly log: Log;
  readonly writer: LaneWriter;
}

/** What one burst of fills changes is written at most once in this time. */
const PACE_MS = 250;

export class ProjectionLane {
  readonly #options: LaneOptions;
  readonly #orders = new Set<OrderId>();
  readonly #alerts: (() => Promise<unknown>)[] = [];
  readonly #items = new Set<string>();
  /** What fills have changed since `#pacedAt`, and orders that are on their way. */
  readonly #later = { orders: new Set<OrderId>(), items: new Set<string>() };
  readonly #writes = new Map<OrderId, Promise<void>>();
  #pacedAt = Number.NEGATIVE_INFINITY;
  #isTimed = false;
  #isClosed = false;
  #isRunning = false;
  /** Inbox items of the pass that are not written yet. */
  #inPass = 0;
  /** Writes what was added before it started. */
  #pass: Promise<void> = Promise.resolve();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  addOrder(id: OrderId): void {
    this.#later.orders.delete(id);
    this.#orders.add(id);
    this.#run();
  }

  /** The order has an intermediate state: its file waits for the next one, but not for long. */
  addPassingOrder(id: OrderId): void {
    this.#later.orders.add(id);
    this.#writeLaterAfter(PACE_MS);
  }

  addAlert(write: () => Promise<unknown>): void {
    this.#alerts.push(write);
    this.#run();
  }

  /** A fill changed the order, the inbox item, or both. */
  addFill(id: OrderId | undefined, item: string | undefined): void {
    if (id !== undefined) this.#later.orders.add(id);
    if (item !== undefined) this.#later.items.add(item);
    if (this.#isTimed) return;
    const wait = this.#pacedAt + PACE_MS - this.#options.clock.monotonic();
    if (wait <= 0) this.#writeLater();
    else this.#writeLaterAfter(wait);
  }

  #writeLaterAfter(wait: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#options.clock.after(wait, () => this.#writeLater());
  }

  /** Resolves when everything that was added so far is written, also if more is added without a pause. */
  async settled(): Promise<void> {
    this.#writeLater();
    // What is added during a pass is written by the next one, which starts when this one ends.
    await this.#pass;
    await this.#pass;
    await Promise.all(this.#writes.values());
  }

  /** Resolves when the order's file is written. Waits for no other file. */
  async orderSettled(id: OrderId): Promise<void> {
    const isDue = this.#later.orders.delete(id);
    if (this.#orders.delete(id) || isDue) await this.#writeOrder(id);
    else await this.#writes.get(id);
  }

  /** Resolves when the files of all orders are written. */
  async ordersSettled(): Promise<void> {
    for (const id of [...this.#orders, ...this.#later.orders]) await this.orderSettled(id);
    await Promise.all(this.#writes.values());
  }

  /** Starts no further write. Returns the number of inbox items that are not written. */
  close(): number {
    this.#isClosed = true;
    return this.#alerts.length + this.#items.size + this.#later.items.size + this.#inPass;
  }

  #writeLater(): void {
    const { orders, items } = this.#later;
    this.#isTimed = false;
    this.#pacedAt = this.#options.clock.monotonic();
    for (const id of orders) this.#orders.add(id);
    for (const key of items) this.#items.add(key);
    orders.clear();
    items.clear();
    this.#run();
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#pass = this.#startPass();
  }

  async #startPass(): Promise<void> {
    // Events that are taken in the same turn are written together, after the answers that wait for the same flush.
    await setImmediate();
    const alerts = this.#alerts.splice(0);
    const items = [...this.#items];
    this.#items.clear();
    this.#inPass = alerts.length + items.length;
    await this.#writeOrders();
    for (let alert = alerts.shift(); alert !== undefined && !this.#isClosed; alert = alerts.shift()) {
      await this.#logged("an alert", alert);
      this.#inPass -= 1;
      await this.#writeOrders();
    }
    for (let key = items.shift(); key !== undefined && !this.#isClosed; key = items.shift()) {
      const item = key;
      await this.#logged(`inbox item of ${item}`, () => this.#options.writer.item(item));
      this.#inPass -= 1;
      await this.#writeOrders();
    }
    this.#alerts.unshift(...alerts);
    for (const key of items) this.#items.add(key);
    this.#isRunning = false;
    if (!this.#isClosed && this.#orders.size + this.#alerts.length + this.#items.size > 0) this.#run();
  }

  async #writeOrders(): Promise<void> {
    for (const id of this.#orders) {
      if (this.#isClosed) return;
      this.#orders.delete(id);
      await this.#writeOrder(id);
    }
  }

  /** Writes of one order run one after another. */
  #writeOrder(id: OrderId): Promise<void> {
    const earlier = this.#writes.get(id) ?? Promise.resolve();
    const write = earlier
      .then(() => this.#logged(`order ${id}`, () => this.#options.writer.order(id)))
      .finally(() => {
        if (this.#writes.get(id) === write) this.#writes.delete(id);
      });
    this.#writes.set(id, write);
    return write;
  }

  /** A failure is logged; `qoc journal rebuild` repairs it. */
  async #logged(what: string, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#options.log.error(`projection of ${what}: ${messageOf(error)}`);
    }
  }
}
