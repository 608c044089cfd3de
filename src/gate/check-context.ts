/** The input of checks and guards: the gate's input, and values that several of them need, computed at most once. */
import { type Decimal, decimal } from "../domain/decimal.ts";
import type { RatePath } from "../domain/account/exchange-rate.ts";
import type { GuardKey, GuardOptions, GuardScope } from "../domain/config/guard-config.ts";
import { multiplierOf } from "../domain/account/multiplier.ts";
import type { OrderTerms } from "../domain/orders/order.ts";
import type { OrderRecord } from "../domain/orders/order-state.ts";
import type { Quote } from "../domain/market/quote.ts";
import type { Check, Stage } from "../domain/orders/verdict.ts";
import { type Available, available } from "./check-result.ts";
import {
  type Exposure,
  type OpenQuantities,
  disputeOf,
  exposureAt,
  exposureOf,
  flagOf,
  openQuantities,
  othersInFlight,
  priceOf,
  quoteOf,
  strictlyReducing,
} from "./exposure.ts";
import type { GateInput } from "./input.ts";
import { type NavSum, guardPath, navOf } from "./nav.ts";

/**
 * A built-in guard: takes its options in `desk.toml`, returns one row of the verdict. Pure; if it throws, the gate
 * blocks.
 */
export type Guard<K extends GuardKey> = (options: GuardOptions<K>, context: CheckContext) => Check;

/** A check that no configuration switches off. */
export interface GateCheck {
  readonly key: string;
  /** The stages at which the check runs: a check of the approval does not run at propose. */
  readonly stages: readonly Stage[];
  /** Absent: the check is for every order. */
  readonly appliesTo?: (terms: OrderTerms) => boolean;
  /** Pure and synchronous; if it throws, the gate blocks. */
  readonly evaluate: (context: CheckContext) => Check;
}

export const EVERY_STAGE: readonly Stage[] = ["propose", "approve", "dispatch"];

export interface CheckContext {
  readonly input: GateInput;
  readonly quantity: Decimal;
  /** The orders in flight, without the order itself. */
  readonly others: readonly Readonly<OrderRecord>[];
  /** What they may still fill. */
  readonly open: OpenQuantities;
  /** The exposure in the order's instrument, without the order itself. */
  readonly exposure: Exposure;
  /**
   * The same without the order that this one replaces: a replacement is sent only after the end of that order. Limits
   * count both orders until then; what a replacement closes, the order before it closed too.
   */
  readonly exposureWithoutReplaced: Exposure;
  /** The quote of the order's symbol. */
  readonly quote: Available<Quote>;
  /** The worst price of one unit. */
  readonly price: Available<Decimal>;
  /** quantity × multiplier. */
  readonly units: Decimal;
  /** units × price. */
  readonly notional: Available<Decimal>;
  /** NAV of the order's account, or the sum of the accounts of its mode. */
  nav(scope: GuardScope): Available<NavSum>;
  /** What converts the account of a connector to the currency of the order's account; undefined without a rate. */
  pathOf(connector: string): RatePath | undefined;
  /**
   * The order can only reduce a position that the venue confirms. Always false if the connector is not ready or not
   * reconciled, or if the instrument is flagged: then the position is unknown.
   */
  readonly reducing: boolean;
  /** The currency of the connector's account, for messages. */
  readonly currency: string;
}

export function checkContextOf(input: GateInput): CheckContext {
  return new LazyContext(input);
}

/** Each value is computed when the first check or guard needs it. */
class LazyContext implements CheckContext {
  readonly input: GateInput;
  #quantity: Decimal | undefined;
  #others: CheckContext["others"] | undefined;
  #open: OpenQuantities | undefined;
  #exposure: Exposure | undefined;
  #withoutReplaced: Exposure | undefined;
  #price: Available<Decimal> | undefined;
  #units: Decimal | undefined;
  #notional: Available<Decimal> | undefined;
  #reducing: boolean | undefined;
  readonly #navs: Partial<Record<GuardScope, Available<NavSum>>> = {};
  readonly #paths = new Map<string, RatePath | undefined>();

  constructor(input: GateInput) {
    this.input = input;
  }

  get quantity(): Decimal {
    return (this.#quantity ??= decimal(this.input.order.terms.quantity));
  }

  get others(): CheckContext["others"] {
    return (this.#others ??= othersInFlight(this.input.state, this.input.order.id));
  }

  get open(): OpenQuantities {
    return (this.#open ??= openQuantities(this.others));
  }

  get exposure(): Exposure {
    const { connector, symbol } = this.input.order.terms;
    return (this.#exposure ??= exposureAt(this.input.state, { connector, symbol, open: this.open }));
  }

  get exposureWithoutReplaced(): Exposure {
    const { id, terms } = this.input.order;
    const { connector, symbol, replaces } = terms;
    if (replaces === undefined) return this.exposure;
    return (this.#withoutReplaced ??= exposureOf(this.input.state, connector, symbol, [id, replaces.id]));
  }

  get quote(): Available<Quote> {
    return quoteOf(this.input);
  }

  get price(): Available<Decimal> {
    return (this.#price ??= priceOf(this.input, this.exposure));
  }

  get units(): Decimal {
    const { connector, symbol } = this.input.order.terms;
    return (this.#units ??= this.quantity.times(multiplierOf(this.input.state, connector, symbol)));
  }

  get notional(): Available<Decimal> {
    return (this.#notional ??= this.#worth());
  }

  nav(scope: GuardScope): Available<NavSum> {
    return (this.#navs[scope] ??= navOf(this.input, scope));
  }

  pathOf(connector: string): RatePath | undefined {
    if (!this.#paths.has(connector)) this.#paths.set(connector, this.#findPath(connector));
    return this.#paths.get(connector);
  }

  get reducing(): boolean {
    return (this.#reducing ??= reducing(this));
  }

  get currency(): string {
    return this.input.state.accounts.get(this.input.order.terms.connector)?.account.currency ?? "";
  }

  #findPath(connector: string): RatePath | undefined {
    const { currency } = this;
    const from = this.input.state.accounts.get(connector)?.account.currency ?? currency;
    return guardPath(this.input, connector, { from, to: currency });
  }

  #worth(): Available<Decimal> {
    const { price } = this;
    return "missing" in price ? price : available(this.units.times(price.value));
  }
}

function reducing(context: CheckContext): boolean {
  const { order, connector, state } = context.input;
  if (connector.ready !== true || connector.reconciled !== true) return false;
  const { connector: name, symbol } = order.terms;
  if (flagOf(state, name, symbol) !== undefined || disputeOf(state, name, symbol) !== undefined) return false;
  return strictlyReducing(order.terms, context.exposureWithoutReplaced);
}
