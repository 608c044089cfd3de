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
 * What is held counts by its size, long or short, and every open order counts in full, so that two orders cannot pass on the
 * same room. An order that only makes a position smaller is allowed. A symbol that the map does not name is blocked: what is
 * not known cannot be held to a limit.
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
    if (shrinks(order, book)) return { result: "allow" };
    const sector = this.sectors.get(order.symbol);
    if (sector === undefined)
      return { result: "block", reason: `sector_map does not name the sector of ${order.symbol}` };
    if (!(book.nav > 0)) return { result: "block", reason: `NAV is ${book.navText}: no share of it can be told` };
    const pct = ((this.held(sector, book) + this.working(sector, order, book) + order.notional) / book.nav) * 100;
    // Written so that a value that is no number blocks.
    if (pct <= this.maxPct) return { result: "allow" };
    return {
      result: "block",
      reason: `${sector} would be ${pct.toFixed(2)} % of NAV; the limit is ${this.maxPct.toFixed(2)} %`,
    };
  }

  private held(sector: string, book: BookSnapshot): number {
    const inSector = book.positions.filter((position) => this.sectors.get(position.symbol) === sector);
    return inSector.reduce((sum, position) => sum + Math.abs(position.value), 0);
  }

  /** Open orders of the sector, at their limit, else their stop, else the mark. One without any price counts as without bound. */
  private working(sector: string, asked: Order, book: BookSnapshot): number {
    const priceOf = (order: Order): number =>
      order.limitPrice ??
      order.stopPrice ??
      book.positions.find(({ symbol }) => symbol === order.symbol)?.markPrice ??
      Infinity;
    return others(asked, book)
      .filter((order) => this.sectors.get(order.symbol) === sector)
      .reduce((sum, order) => sum + order.quantity * priceOf(order), 0);
  }
}

/** An order that is asked about again is among the open ones already; before it is approved its id is empty. */
function others({ clientOrderId }: Order, book: BookSnapshot): readonly Order[] {
  return book.openOrders.filter((order) => clientOrderId === "" || order.clientOrderId !== clientOrderId);
}

/** Together with the open orders of its side, it takes no more than is held. */
function shrinks(order: Order, book: BookSnapshot): boolean {
  const held = book.positions
    .filter(({ symbol }) => symbol === order.symbol)
    .reduce((sum, { quantity }) => sum + quantity, 0);
  const same = others(order, book).filter(({ symbol, side }) => symbol === order.symbol && side === order.side);
  const taken = same.reduce((sum, { quantity }) => sum + quantity, order.quantity);
  return order.side === "sell" ? taken <= held : taken <= -held;
}
