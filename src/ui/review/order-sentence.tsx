/** An order in one line, for a heading. */
import type { JSX } from "preact";
import { type OrderTerms, flagWords } from "../../domain/orders/order.ts";
import { money } from "../amounts.ts";
import { SideWord } from "../parts/marks.tsx";

/** "BUY 10 SPX limit 2,900 day at paper" */
export function OrderSentence({ order }: { readonly order: { readonly terms: OrderTerms } }): JSX.Element {
  const { terms } = order;
  const price = [
    terms.type.replace("_", "-"),
    terms.stopPrice === undefined ? "" : `stop ${money(terms.stopPrice)}`,
    terms.limitPrice === undefined ? "" : money(terms.limitPrice),
    terms.protectionPrice === undefined ? "" : `(worst ${money(terms.protectionPrice)})`,
    terms.timeInForce,
    ...flagWords(terms),
    `at ${terms.connector}`,
  ].filter((word) => word !== "");
  return (
    <>
      {terms.cancels === undefined ? null : `Cancel ${terms.cancels.id}: `}
      {terms.replaces === undefined ? null : `Replace ${terms.replaces.id} by `}
      <SideWord side={terms.side} /> {terms.quantity} {terms.symbol} <span class="terms">{price.join(" ")}</span>
    </>
  );
}
