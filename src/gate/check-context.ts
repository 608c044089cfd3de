/** The input of checks and guards: the gate's input, and values that several of them need, computed at most once. */
import { type Decimal, decimal } from "../domain/decimal.ts";
import type { GuardKey, GuardOptions, GuardScope } from "../domain/guard-config.ts";
import type { OrderTerms } from "../domain/order.ts";
import type { Quote } from "../domain/quote.ts";
import type { Check, Stage } from "../domain/verdict.ts";
import { type Available, available } from "./check-result.ts";
import { type Exposure, disputeOf, exposureOf, flagOf, priceOf, quoteOf, strictlyReducing } from "./exposure.ts";
import type { GateInput } from "./input.ts";
import { type NavSum, navOf } from "./nav.ts";

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
  /** quantity × price. */
  readonly notional: Available<Decimal>;
  /** NAV of the order's account, or the sum of the accounts of its mode. */
  readonly nav: (scope: GuardScope) => Available<NavSum>;
  /**
   * The order can only reduce a position that the venue confirms. Always false if the connector is not ready or not
   * reconciled, or if the instrument is flagged: then the position is unknown.
   */
  readonly reducing: boolean;
  /** The currency of the connector's account, for messages. */
  readonly currency: string;
}

export function checkContextOf(input: GateInput): CheckContext {
  const memo = new Map<string, unknown>();
  const once = <T>(name: string, compute: () => T): T => {
    if (!memo.has(name)) memo.set(name, compute());
    return memo.get(name) as T;
  };
  const context: CheckContext = {
    input,
    get quantity() {
      return once("quantity", () => decimal(input.order.terms.quantity));
    },
    get exposure() {
      const { terms, id } = input.order;
      return once("exposure", () => exposureOf(input.state, terms.connector, terms.symbol, id));
    },
    get exposureWithoutReplaced() {
      const { terms, id } = input.order;
      const { connector, symbol, replaces } = terms;
      if (replaces === undefined) return context.exposure;
      return once("exposure without replaced", () => exposureOf(input.state, connector, symbol, [id, replaces.id]));
    },
    get quote() {
      return once("quote", () => quoteOf(input));
    },
    get price() {
      return once("price", () => priceOf(input, context.exposure));
    },
    get notional() {
      const { price } = context;
      return "missing" in price ? price : available(context.quantity.times(price.value));
    },
    nav: (scope) => once(`nav ${scope}`, () => navOf(input, scope)),
    get reducing() {
      return once("reducing", () => reducing(context));
    },
    get currency() {
      return input.state.accounts.get(input.order.terms.connector)?.account.currency ?? "";
    },
  };
  return context;
}

function reducing(context: CheckContext): boolean {
  const { order, connector, state } = context.input;
  if (connector.ready !== true || connector.reconciled !== true) return false;
  const { connector: name, symbol } = order.terms;
  if (flagOf(state, name, symbol) !== undefined || disputeOf(state, name, symbol) !== undefined) return false;
  return strictlyReducing(order.terms, context.exposureWithoutReplaced);
}
