/**
 * Custom guards: the port that runs them, and the frozen snapshot of the desk that they receive. They run in another
 * thread, and their results become rows of the verdict.
 */
import { type Decimal, ZERO, approximate, decimal, text } from "../domain/decimal.ts";
import { atLeast } from "../domain/account/exchange-rate.ts";
import type { CustomGuard } from "../domain/config/guard-config.ts";
import { multiplierOf } from "../domain/account/multiplier.ts";
import { type OrderTerms, instrumentKey, toSdkOrder } from "../domain/orders/order.ts";
import { averagePrice } from "../domain/account/position.ts";
import { omitUndefined } from "../lib/omit-undefined.ts";
import type { BookPosition, BookSnapshot, Order as SdkOrder } from "../domain/sdk.ts";
import type { Check } from "../domain/orders/verdict.ts";
import { checkContextOf } from "./check-context.ts";
import type { GateInput } from "./input.ts";
import { connectorsInScope, explained, guardPath } from "./nav.ts";

/** The order as a custom guard receives it. */
export type GuardedOrder = SdkOrder & { readonly notional: number };

/**
 * Runs the enabled guards as one task with a hard time-out. Returns one row per guard, with its key in `Check.guard`. A
 * guard that throws, hangs or cannot be loaded blocks. Never rejects.
 */
export interface GuardRunner {
  /** Where they run: in a thread of the desk, or in a process of their own. */
  readonly level: "worker" | "process";
  run(guards: readonly CustomGuard[], order: GuardedOrder, book: BookSnapshot): Promise<readonly Check[]>;
}

function freeze<T extends object>(value: T): Readonly<T> {
  return Object.freeze(value);
}

/**
 * The accounts, positions and open orders at the connectors of the order's mode that route orders, as plain frozen data
 * for another thread. Amounts are in the currency of the order's account: an account without an exchange rate counts
 * only if its NAV is below zero, and a rise that no trade explains does not count. The buying power is that of the
 * order's account alone.
 */
export function bookSnapshot(input: GateInput): BookSnapshot {
  const { state } = input;
  const counted = new Set(connectorsInScope(input, "desk").map(({ connector }) => connector));
  const own = state.accounts.get(input.order.terms.connector)?.account;
  const currency = own?.currency ?? "";
  let [nav, cash] = [ZERO, ZERO];
  for (const [connector, account] of state.accounts) {
    if (!counted.has(connector)) continue;
    const path = guardPath(input, connector, { from: account.account.currency, to: currency });
    if (path === undefined && account.nav.gte(ZERO)) continue;
    nav = nav.plus(path === undefined ? account.nav : atLeast(explained(account.nav, account), path));
    cash = cash.plus(path === undefined ? ZERO : atLeast(explained(decimal(account.account.cash), account), path));
  }
  return freeze({
    nav: approximate(nav),
    navText: text(nav),
    cash: approximate(cash),
    buyingPower: approximate(decimal(own?.buyingPower ?? "0")),
    positions: freeze(positions(input, counted)),
    openOrders: freeze(
      [...state.inFlight.values()]
        .filter(({ terms }) => counted.has(terms.connector))
        .map((order) => freeze(toGuardOrder(order.terms, order.clientOrderId ?? ""))),
    ),
    time: input.venueNow,
  });
}

/** All positions by fills that are not flat, and positions that only a venue reports. */
function positions({ state }: GateInput, counted: ReadonlySet<string>): BookPosition[] {
  const rows: BookPosition[] = [];
  const add = (
    connector: string,
    symbol: string,
    quantity: Decimal,
    average: Decimal | undefined,
    mark: string | undefined,
  ): void => {
    if (quantity.eq(ZERO) || !counted.has(connector)) return;
    const price = mark === undefined ? average : decimal(mark);
    rows.push(
      freeze(
        omitUndefined({
          connector,
          symbol,
          quantity: approximate(quantity),
          quantityText: text(quantity),
          averagePrice: average === undefined ? undefined : approximate(average),
          markPrice: mark === undefined ? undefined : approximate(decimal(mark)),
          value: approximate(quantity.times(price ?? ZERO).times(multiplierOf(state, connector, symbol))),
        }),
      ),
    );
  };
  for (const position of state.positions.values()) {
    const { connector, symbol, quantity } = position;
    const mark = state.accounts.get(connector)?.positions.get(symbol)?.markPrice;
    add(connector, symbol, quantity, averagePrice(position), mark);
  }
  for (const [connector, account] of state.accounts) {
    for (const { symbol, quantity, averagePrice: price, markPrice } of account.positions.values()) {
      if (state.positions.has(instrumentKey(connector, symbol))) continue;
      const average = price === undefined ? undefined : decimal(price);
      add(connector, symbol, decimal(quantity), average, markPrice);
    }
  }
  return rows;
}

function toGuardOrder(terms: OrderTerms, clientOrderId: string): SdkOrder {
  return toSdkOrder(clientOrderId, terms, (amount) => approximate(decimal(amount)));
}

/**
 * Makes the order for a custom guard. Without a price `notional` is Infinity, so that a guard with a limit on it
 * blocks.
 */
export function guardedOrder(input: GateInput): GuardedOrder {
  const { notional } = checkContextOf(input);
  const value = "value" in notional ? approximate(notional.value) : Number.POSITIVE_INFINITY;
  return freeze({ ...toGuardOrder(input.order.terms, input.order.clientOrderId ?? ""), notional: value });
}
