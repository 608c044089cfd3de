/**
 * Every order that works at Coinbase. Its list takes OPEN with no other status, and an order on its way into the book,
 * or out of it, has another one: they have a request of their own, which is made when there may be such orders.
 */
import { type Body, optionalTextIn } from "../fields.ts";

const ON_THE_WAY = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"];

type ReadOrders = (statuses: readonly string[]) => Promise<readonly Body[]>;

export class OpenOrders {
  /** The ids of orders that were on their way when the stream or the list last named them. */
  readonly #onTheWay = new Set<string>();
  /** Whether the list was read since the stream began, which then names every change. */
  #isListed = false;

  /** The stream begins. It does not say what was before. */
  restart(): void {
    this.#isListed = false;
  }

  /** Orders of the stream. */
  saw(orders: readonly Body[]): void {
    for (const order of orders) {
      const [id, status] = [optionalTextIn(order, "order_id"), optionalTextIn(order, "status")];
      if (id === undefined || status === undefined) continue;
      if (ON_THE_WAY.includes(status)) this.#onTheWay.add(id);
      else this.#onTheWay.delete(id);
    }
  }

  async read(readOrders: ReadOrders): Promise<readonly Body[]> {
    // First: an order that comes into the book meanwhile is then in both lists, and not in none.
    const onTheWay = this.#isListed && this.#onTheWay.size === 0 ? [] : await this.#readOnTheWay(readOrders);
    const open = await readOrders(["OPEN"]);
    const ids = new Set(open.map((order) => order["order_id"]));
    return [...onTheWay.filter((order) => !ids.has(order["order_id"])), ...open];
  }

  async #readOnTheWay(readOrders: ReadOrders): Promise<readonly Body[]> {
    const before = [...this.#onTheWay];
    this.#isListed = true;
    try {
      const orders = await readOrders(ON_THE_WAY);
      for (const id of before) this.#onTheWay.delete(id);
      this.saw(orders);
      return orders;
    } catch (error) {
      this.#isListed = false;
      throw error;
    }
  }
}
