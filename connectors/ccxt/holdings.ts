/** Balances of a spot exchange as an account and its positions. Pure. */
import { createHash } from "node:crypto";
import type { Account, Position } from "@qoc-app/sdk";
import { ZERO, amount, textOf } from "../amount.ts";
import type { Balance } from "./venue.ts";

/** A coin that is held is a position in its market against the account's currency. */
export function marketOfCoin(asset: string, currency: string): string {
  return `${asset}/${currency}`;
}

/** The coins that are held, without the account's currency. */
export function coinsOf(balances: readonly Balance[], currency: string): readonly Balance[] {
  return balances.filter(({ asset, total }) => asset !== currency && !amount(total).eq(ZERO));
}

export function positionsOf(coins: readonly Balance[], currency: string, prices: ReadonlyMap<string, string>) {
  return coins.map(({ asset, total }): Position => {
    const symbol = marketOfCoin(asset, currency);
    const position: Position = { symbol, quantity: total, currency };
    const price = priceOf(prices, symbol);
    if (price !== undefined) position.markPrice = price;
    return position;
  });
}

/** A market without a trade has a last price of 0 at some exchanges, which is no price. */
function priceOf(prices: ReadonlyMap<string, string>, symbol: string): string | undefined {
  const price = prices.get(symbol);
  return price === undefined || amount(price).eq(ZERO) ? undefined : price;
}

/** The net asset value leaves out coins without a price, and says so. */
export function accountOf(
  balances: readonly Balance[],
  currency: string,
  prices: ReadonlyMap<string, string>,
): Account {
  const cash = balances.find(({ asset }) => asset === currency);
  const coins = coinsOf(balances, currency);
  let nav = amount(cash?.total ?? "0");
  const unpriced: string[] = [];
  for (const { asset, total } of coins) {
    const price = priceOf(prices, marketOfCoin(asset, currency));
    if (price === undefined) unpriced.push(asset);
    else nav = nav.plus(amount(total).times(amount(price)));
  }
  const named = unpriced.length > 8 ? [...unpriced.slice(0, 8), `${unpriced.length - 8} more`] : unpriced;
  return {
    nav: textOf(nav),
    cash: cash?.total ?? "0",
    buyingPower: cash?.free ?? "0",
    currency,
    notice: named.length === 0 ? undefined : `not in the NAV, for lack of a price in ${currency}: ${named.join(", ")}`,
  };
}

/** For an exchange that does not name the account: the key stands for it. */
export function accountIdOf(name: string, key: string): string {
  return `${name} key ${createHash("sha256").update(key).digest("hex").slice(0, 12)}`;
}
