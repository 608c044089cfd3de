/** Alpaca's open orders, page by page. */
import { millis } from "./fields.ts";
import type { VenueOrder } from "./wire.ts";

/** Orders in one page, the most that Alpaca gives. A shorter page is the last one. */
export const ORDERS_PAGE = 500;

/**
 * All open orders, oldest first. A page begins after a time, and several orders can have the time of the last one of
 * the page before: each page begins a millisecond earlier, and orders that are known are left out.
 *
 * @throws Error if a page holds no further order: more of them have one time than a page holds.
 */
export async function allOpenOrders(
  read: (path: string) => Promise<readonly VenueOrder[]>,
): Promise<readonly VenueOrder[]> {
  const found = new Map<string, VenueOrder>();
  let after = "";
  for (;;) {
    const page = await read(`/v2/orders?status=open&direction=asc&limit=${ORDERS_PAGE}${after}`);
    const known = found.size;
    for (const order of page) found.set(order.id, order);
    const last = page.at(-1);
    if (last === undefined || page.length < ORDERS_PAGE) return [...found.values()];
    if (found.size === known)
      throw new Error(`Alpaca has more than ${ORDERS_PAGE} open orders of ${last.submitted_at}: the list has a gap`);
    after = `&after=${encodeURIComponent(new Date(millis(last.submitted_at) - 1).toISOString())}`;
  }
}
