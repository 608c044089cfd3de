/** The review of one proposal as one value; the terminal and `--json` render it. */
import { type Decimal, ZERO, decimal, ratio, rounded, text } from "../domain/decimal.ts";
import { describe, instrumentKey } from "../domain/order.ts";
import type { OrderRecord } from "../domain/order-state.ts";
import { type Untrusted, connectorSource, plainName, untrusted } from "../domain/untrusted.ts";
import type { Check, Verdict } from "../domain/verdict.ts";
import type { Mode } from "../domain/venue.ts";
import { orderPrice } from "../gate/valuation.ts";
import { plainPath } from "../workspace/path-policy.ts";
import type { Desk } from "./desk.ts";
import { iso } from "../lib/time.ts";
import { evaluateProposal } from "./evaluate-proposal.ts";
import { type OrderTexts, orderTexts } from "./order-view.ts";
import { orderPath } from "./order-files.ts";

export interface BookChange {
  readonly what: string;
  /** null: not available. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface Review {
  readonly id: string;
  readonly path: string;
  readonly sentence: string;
  readonly mode: Mode;
  readonly digest: string;
  readonly terms: OrderRecord["terms"];
  readonly researchRef: string | null;
  readonly proposedBy: string | null;
  readonly proposedAt: string;
  readonly issue: string | null;
  readonly sources: readonly string[];
  readonly decision: Verdict["decision"];
  readonly checks: readonly Check[];
  readonly book: readonly BookChange[];
  readonly quote: {
    readonly bid: string;
    readonly ask: string;
    readonly last: string | null;
    readonly at: string;
  } | null;
  readonly notional: string | null;
  readonly warnings: readonly string[];
  readonly untrusted: OrderTexts & {
    /** The connector's error messages for data that could not be fetched. */
    readonly problems: Untrusted | null;
  };
}

export async function reviewOrder(desk: Desk, order: Readonly<OrderRecord>): Promise<Review> {
  const { verdict, view } = await evaluateProposal(desk, order);
  const valued = orderPrice(order.terms, view.quote, false);
  const price = "value" in valued ? valued.value : undefined;
  const { terms } = order;
  return {
    id: order.id,
    path: plainPath(orderPath(order)),
    sentence: `${describe(terms)} (${terms.mode})`,
    mode: terms.mode,
    digest: order.digest,
    terms,
    researchRef: plainName(order.researchRef ?? ""),
    proposedBy: plainName(order.proposedBy),
    proposedAt: iso(order.proposedAt),
    issue: plainName(order.issue ?? ""),
    sources: order.sources ?? [],
    decision: verdict.decision,
    checks: verdict.checks,
    book: bookChanges(desk, order, price),
    quote:
      view.quote === undefined
        ? null
        : { bid: view.quote.bid, ask: view.quote.ask, last: view.quote.last ?? null, at: iso(view.quote.at) },
    notional: price === undefined ? null : text(price.times(decimal(terms.quantity))),
    warnings: warningsOf(order, view.problems.length > 0),
    untrusted: { ...orderTexts(order), problems: problemsOf(desk, order, view.problems) },
  };
}

function bookChanges(desk: Desk, order: Readonly<OrderRecord>, price: Decimal | undefined): readonly BookChange[] {
  const { terms } = order;
  const account = desk.state.accounts.get(terms.connector);
  const position = desk.state.positions.get(instrumentKey(terms.connector, terms.symbol))?.quantity ?? ZERO;
  const signed = terms.side === "buy" ? decimal(terms.quantity) : ZERO.minus(decimal(terms.quantity));
  const after = position.plus(signed);
  const nav = account?.nav ?? ZERO;
  const weight = (quantity: Decimal): string | null =>
    price === undefined || !nav.gt(ZERO)
      ? null
      : `${text(rounded(ratio(quantity.times(price).times(decimal("100")), nav, 6), 2))} %`;
  const money = (name: "cash" | "buyingPower", what: string): BookChange => ({
    what,
    before: account?.account[name] ?? null,
    after:
      account === undefined || price === undefined
        ? null
        : text(rounded(decimal(account.account[name]).minus(signed.times(price)), 2)),
  });
  return [
    { what: `${terms.symbol} held`, before: text(position), after: text(after) },
    { what: `${terms.symbol} weight`, before: weight(position), after: weight(after) },
    money("cash", "cash"),
    money("buyingPower", "buying power"),
  ];
}

function problemsOf({ clock }: Desk, { terms }: Readonly<OrderRecord>, problems: readonly string[]): Untrusted | null {
  return problems.length === 0 ? null : untrusted(connectorSource(terms.connector), clock.now(), problems.join("\n"));
}

function warningsOf(order: Readonly<OrderRecord>, isIncomplete: boolean): readonly string[] {
  return [
    ...(order.terms.mode === "unstated" ? ["the connector does not state whether it is paper or live"] : []),
    ...(order.rationale === "" ? ["no rationale was given"] : []),
    ...(isIncomplete ? [`connector ${order.terms.connector} did not return all data`] : []),
  ];
}
