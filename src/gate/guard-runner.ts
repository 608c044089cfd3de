/**
 * The operator's own guards: the port through which they are run, and the frozen picture of the desk that they get. They
 * run outside this room and this thread; what they answer comes back as rows of the verdict.
 */
import type { DeskState } from "../domain/desk-state.ts";
import { type Decimal, ZERO, approximate, decimal, text } from "../domain/decimal.ts";
import type { CustomGuard } from "../domain/guard-config.ts";
import { type OrderTerms, instrumentKey, toSdkOrder } from "../domain/order.ts";
import { averagePrice } from "../domain/position.ts";
import type { BookPosition, BookSnapshot, Order as SdkOrder } from "../domain/sdk.ts";
import type { Check } from "../domain/verdict.ts";
import { checkContextOf } from "./check-context.ts";
import type { GateInput } from "./input.ts";

/** What a custom guard judges. */
export type GuardedOrder = SdkOrder & { readonly notional: number };

/**
 * Runs the enabled guards as one task with a hard time-out. Answers one row per guard, `Check.guard` its key; a guard that
 * throws, hangs or cannot be loaded is a block. Never rejects.
 */
export interface GuardRunner {
  run(guards: readonly CustomGuard[], order: GuardedOrder, book: BookSnapshot): Promise<readonly Check[]>;
}

function freeze<T extends object>(value: T): Readonly<T> {
  return Object.freeze(value);
}

/** The book as plain frozen data that can cross to another thread. `time` is the venue's, ms. */
export function bookSnapshot(state: Readonly<DeskState>, time: number): BookSnapshot {
  let [nav, cash, power] = [ZERO, ZERO, ZERO];
  for (const account of state.accounts.values()) {
    nav = nav.plus(account.nav);
    cash = cash.plus(decimal(account.account.cash));
    power = power.plus(decimal(account.account.buyingPower));
  }
  return freeze({
    nav: approximate(nav),
    navText: text(nav),
    cash: approximate(cash),
    buyingPower: approximate(power),
    positions: freeze(positions(state)),
    openOrders: freeze(
      [...state.inFlight.values()].map((order) => freeze(toGuardOrder(order.terms, order.clientOrderId ?? ""))),
    ),
    time,
  });
}

/** Every position that is not flat by our fold, and any that only a venue's mark knows. */
function positions(state: Readonly<DeskState>): BookPosition[] {
  const rows: BookPosition[] = [];
  const add = (
    connector: string,
    symbol: string,
    quantity: Decimal,
    average: Decimal | undefined,
    mark: string | undefined,
  ): void => {
    if (quantity.eq(ZERO)) return;
    const price = mark === undefined ? average : decimal(mark);
    rows.push(
      freeze({
        connector,
        symbol,
        quantity: approximate(quantity),
        quantityText: text(quantity),
        ...(average === undefined ? {} : { averagePrice: approximate(average) }),
        ...(mark === undefined ? {} : { markPrice: approximate(decimal(mark)) }),
        value: approximate(quantity.times(price ?? ZERO)),
      }),
    );
  };
  for (const own of state.positions.values()) {
    const mark = state.accounts.get(own.connector)?.positions.get(own.symbol)?.markPrice;
    add(own.connector, own.symbol, own.quantity, averagePrice(own), mark);
  }
  for (const [connector, account] of state.accounts) {
    for (const held of account.positions.values()) {
      if (state.positions.has(instrumentKey(connector, held.symbol))) continue;
      const average = held.averagePrice === undefined ? undefined : decimal(held.averagePrice);
      add(connector, held.symbol, decimal(held.quantity), average, held.markPrice);
    }
  }
  return rows;
}

function toGuardOrder(terms: OrderTerms, clientOrderId: string): SdkOrder {
  return toSdkOrder(clientOrderId, terms, (amount) => approximate(decimal(amount)));
}

/** The order as a custom guard sees it. Without a price `notional` is Infinity: a guard that holds it to a limit blocks. */
export function guardedOrder(input: GateInput): GuardedOrder {
  const { notional } = checkContextOf(input);
  const value = "value" in notional ? approximate(notional.value) : Number.POSITIVE_INFINITY;
  return freeze({ ...toGuardOrder(input.order.terms, input.order.clientOrderId ?? ""), notional: value });
}
