/** What the fills of an account bought since its base mark, by instrument: kept up to date fill by fill. */
import { type Decimal, ZERO, decimal } from "../decimal.ts";
import { comparableSymbol } from "../orders/order.ts";
import { type SplitRatio, splitFill } from "./split-ratio.ts";
import { TextMap } from "../../lib/text-map.ts";
import type { VenueFill } from "../market/venue.ts";

/** The trades in one instrument, in all its spellings. */
export interface TradeSum {
  /** Bought less sold, and what that cost. */
  traded: Decimal;
  cost: Decimal;
  lastPrice: Decimal | undefined;
}

interface ExchangedFills {
  readonly symbol: string;
  readonly newSymbol: string | undefined;
  readonly ratio: SplitRatio | undefined;
  /** ms. */
  readonly at: number;
}

/** The state of {@link TradeSums} as plain data. */
export interface TradeSumsParts {
  readonly fills: TextMap<string, VenueFill>;
  readonly sums: Map<string, TradeSum>;
  readonly fees: Map<string, Decimal>;
}

export class TradeSums {
  readonly #fills: TextMap<string, VenueFill>;
  readonly #sums: Map<string, TradeSum>;
  readonly #fees: Map<string, Decimal>;

  /** `parts` become its own. */
  constructor({ fills, sums, fees }: TradeSumsParts = { fills: new TextMap(), sums: new Map(), fees: new Map() }) {
    this.#fills = fills;
    this.#sums = sums;
    this.#fees = fees;
  }

  get parts(): TradeSumsParts {
    return { fills: this.#fills, sums: this.#sums, fees: this.#fees };
  }

  /** By {@link comparableSymbol}. */
  get bySymbol(): ReadonlyMap<string, Readonly<TradeSum>> {
    return this.#sums;
  }

  /** The fees in this currency; a fee without one is in the account's. */
  feesIn(currency: string): Decimal {
    return (this.#fees.get("") ?? ZERO).plus(this.#fees.get(currency) ?? ZERO);
  }

  has(key: string): boolean {
    return this.#fills.has(key);
  }

  /** Counts this version of a fill instead of the earlier one; undefined: the fill does not count any more. */
  set(key: string, fill: VenueFill | undefined): void {
    this.#count(this.#fills.get(key), -1);
    if (fill === undefined) this.#fills.delete(key);
    else this.#fills.set(key, fill);
    this.#count(fill, 1);
  }

  /** Restates the fills of an instrument, by {@link comparableSymbol}, from before a split in the units after it. */
  split(name: string, { ratio, at }: { readonly ratio: SplitRatio; readonly at: number }): void {
    for (const [key, fill] of this.#fills)
      if (fill.at < at && comparableSymbol(fill.symbol) === name) this.set(key, splitFill(fill, ratio));
  }

  /** Restates the fills of an instrument that became another one; with cash alone they are part of it. */
  exchange({ symbol, newSymbol, ratio, at }: ExchangedFills): void {
    const name = comparableSymbol(symbol);
    for (const [key, fill] of this.#fills) {
      if (fill.at >= at || fill.symbol === newSymbol || comparableSymbol(fill.symbol) !== name) continue;
      const isKept = newSymbol !== undefined && ratio !== undefined;
      this.set(key, isKept ? { ...splitFill(fill, ratio), symbol: newSymbol } : undefined);
    }
  }

  #count(fill: VenueFill | undefined, sign: 1 | -1): void {
    if (fill === undefined || fill.busts !== undefined) return;
    const { side, fee, feeCurrency = "", symbol } = fill;
    const [quantity, price] = [decimal(fill.quantity), decimal(fill.price)];
    const isAdded = (side === "buy") === (sign === 1);
    const signed = isAdded ? quantity : ZERO.minus(quantity);
    const key = comparableSymbol(symbol);
    const sum = this.#sums.get(key) ?? { traded: ZERO, cost: ZERO, lastPrice: undefined };
    sum.traded = sum.traded.plus(signed);
    sum.cost = sum.cost.plus(signed.times(price));
    if (sign === 1) sum.lastPrice = price;
    this.#sums.set(key, sum);
    if (fee === undefined) return;
    const paid = sign === 1 ? decimal(fee) : ZERO.minus(decimal(fee));
    this.#fees.set(feeCurrency, (this.#fees.get(feeCurrency) ?? ZERO).plus(paid));
  }
}
