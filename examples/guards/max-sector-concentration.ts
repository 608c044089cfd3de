/**
 * Blocks an order after which one sector would hold more than `max_pct` percent of the desk's NAV.
 *
 *   [[guard]]
 *   key = "max-sector-concentration"
 *   adapter = "./src/guards/max-sector-concentration.ts"
 *   max_pct = 30.0
 *     [guard.sector_map]
 *     AAPL = "Information Technology"
 *     XOM = "Energy"
 *
 * A position counts by its absolute value, and each open order counts in full, so that two orders cannot both use the
 * same remaining limit. An order that only reduces a position is allowed. A symbol that is missing from the map is
 * blocked.
 */
import type { BookSnapshot, GuardAdapter, GuardResult, Order } from "@qoc-app/sdk";

interface Options {
  /** 30.0 means 30 % of NAV. */
  readonly max_pct: number;
  /** Symbol to GICS sector. */
  readonly sector_map: Readonly<Record<string, string>>;
}

export default class MaxSectorConcentrationGuard implements GuardAdapter {
  readonly key = "max-sector-concentration";
  readonly description = "no sector holds more than its share of NAV";
  private readonly maxPct: number;
  private readonly sectors: ReadonlyMap<string, string>;

  constructor({ max_pct, sector_map }: Options) {
    if (typeof max_pct !== "number" || !(max_pct > 0))
      throw new Error("max_pct must be a number of percent such as 30.0");
    if (typeof sector_map !== "object" || sector_map === null)
      throw new Error("sector_map must name the sector of each symbol");
    this.maxPct = max_pct;
    this.sectors = new Map(Object.entries(sector_map));
  }

  evaluate(order: Order & { readonly notional: number }, book: BookSnapshot): GuardResult {
    if (reduces(order, book)) return { result: "allow" };
    const sector = this.sectors.get(order.symbol);
    if (sector === undefined)
      return { result: "block", reason: `sector_map does not name the sector of ${order.symbol}` };
    if (!(book.nav > 0))
      return { result: "block", reason: `NAV is ${book.navText}: a share of NAV cannot be computed` };
    const pct =
      ((this.positionValue(sector, book) + this.openOrderValue(sector, order, book) + order.notional) / book.nav) * 100;
    // NaN fails this comparison, so it blocks.
    if (pct <= this.maxPct) return { result: "allow" };
    return {
      result: "block",
      reason: `${sector} would be ${pct.toFixed(2)} % of NAV; the limit is ${this.maxPct.toFixed(2)} %`,
    };
  }

  private positionValue(sector: string, book: BookSnapshot): number {
    const inSector = book.positions.filter((position) => this.sectors.get(position.symbol) === sector);
    return inSector.reduce((sum, position) => sum + Math.abs(position.value), 0);
  }

  /**
   * Value of the open orders in the sector, at their limit price, else their stop price, else the mark. An order
   * without any of them counts as infinite.
   */
  private openOrderValue(sector: string, order: Order, book: BookSnapshot): number {
    const priceOf = (open: Order): number =>
      open.limitPrice ??
      open.stopPrice ??
      book.positions.find(({ symbol }) => symbol === open.symbol)?.markPrice ??
      Infinity;
    return others(order, book)
      .filter(({ symbol }) => this.sectors.get(symbol) === sector)
      .reduce((sum, open) => sum + open.quantity * priceOf(open), 0);
  }
}

/**
 * Open orders without the order under evaluation, which is among them if it was evaluated before; its id is empty
 * before approval.
 */
function others({ clientOrderId }: Order, book: BookSnapshot): readonly Order[] {
  return book.openOrders.filter((order) => clientOrderId === "" || order.clientOrderId !== clientOrderId);
}

/** Whether the order and the open orders of the same side together are at most the position. */
function reduces(order: Order, book: BookSnapshot): boolean {
  const position = book.positions
    .filter(({ symbol }) => symbol === order.symbol)
    .reduce((sum, { quantity }) => sum + quantity, 0);
  const sameSide = others(order, book).filter(({ symbol, side }) => symbol === order.symbol && side === order.side);
  const total = sameSide.reduce((sum, { quantity }) => sum + quantity, order.quantity);
  return order.side === "sell" ? total <= position : total <= -position;
}
