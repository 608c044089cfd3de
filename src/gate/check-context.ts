/** What the rules share, worked out once per evaluation and only when a rule asks for it. */
import { type Decimal, decimal } from "../domain/decimal.ts";
import { instrumentKey } from "../domain/order.ts";
import type { Quote } from "../domain/quote.ts";
import { type Available, available } from "./check-result.ts";
import { type Exposure, exposureOf, priceOf, quoteOf, strictlyReducing } from "./exposure.ts";
import type { GateInput } from "./input.ts";
import { navOf } from "./nav.ts";

export interface CheckContext {
  readonly input: GateInput;
  readonly quantity: Decimal;
  /** Of the order's instrument, without the order itself. */
  readonly exposure: Exposure;
  /** The quote, if it is one of the order's symbol. */
  readonly quote: Available<Quote>;
  /** One unit of the order at its worst. */
  readonly price: Available<Decimal>;
  /** quantity × price. */
  readonly notional: Available<Decimal>;
  readonly nav: Available<Decimal>;
  /**
   * The order can only shrink a position that the venue confirms. Never true while the connector is not ready and
   * reconciled or the instrument is flagged: then the position is not known.
   */
  readonly reducing: boolean;
  /** Of the connector's account, for messages. */
  readonly currency: string;
}

export function checkContextOf(input: GateInput): CheckContext {
  const memo = new Map<string, unknown>();
  const once = <T>(name: string, compute: () => T): T => {
    if (!memo.has(name)) memo.set(name, compute());
    return memo.get(name) as T;
  };
  const facts: CheckContext = {
    input,
    get quantity() {
      return once("quantity", () => decimal(input.order.terms.quantity));
    },
    get exposure() {
      const { terms, id } = input.order;
      return once("exposure", () => exposureOf(input.state, terms.connector, terms.symbol, id));
    },
    get quote() {
      return once("quote", () => quoteOf(input));
    },
    get price() {
      return once("price", () => priceOf(input, facts.exposure));
    },
    get notional() {
      const { price } = facts;
      return "missing" in price ? price : available(facts.quantity.times(price.value));
    },
    get nav() {
      return once("nav", () => navOf(input.state));
    },
    get reducing() {
      return once("reducing", () => reducing(facts));
    },
    get currency() {
      return input.state.accounts.get(input.order.terms.connector)?.account.currency ?? "";
    },
  };
  return facts;
}

function reducing(facts: CheckContext): boolean {
  const { order, connector, state } = facts.input;
  if (connector.ready !== true || connector.reconciled !== true) return false;
  if (state.flagged.has(instrumentKey(order.terms.connector, order.terms.symbol))) return false;
  return strictlyReducing(order.terms, facts.exposure);
}
