/** An order that Alpaca replaced with another one: after a corporate action, or for another program. */
import { type Amount, ZERO, amount } from "../amount.ts";
import { isStated } from "./fields.ts";
import type { VenueOrder } from "./wire.ts";

/** Orders that follow each other by replacement. */
const REPLACEMENTS_MAX = 20;

export interface Replacements {
  /** The order in force; the order itself if nothing replaced it. */
  readonly last: VenueOrder;
  /** What was filled of the orders before the last one. */
  readonly earlier: Amount;
}

/** @throws Error if an order of the chain is not found. */
export async function followReplacements(
  asked: VenueOrder,
  find: (venueOrderId: string) => Promise<VenueOrder | undefined>,
): Promise<Replacements> {
  let [last, earlier] = [asked, ZERO];
  for (let step = 0; last.status === "replaced"; step += 1) {
    earlier = earlier.plus(amount(last.filled_qty));
    const { replaced_by: id } = last;
    const next = isStated(id) ? await find(id) : undefined;
    if (next === undefined || step === REPLACEMENTS_MAX) throw new Error(missing(asked, "continues it"));
    last = next;
  }
  if (last === asked) return { last, earlier };
  let { replaces: id } = asked;
  for (let step = 0; isStated(id); step += 1) {
    const before = await find(id);
    if (before === undefined || step === REPLACEMENTS_MAX) throw new Error(missing(asked, "it continues"));
    earlier = earlier.plus(amount(before.filled_qty));
    id = before.replaces;
  }
  return { last, earlier };
}

function missing({ id }: VenueOrder, which: string): string {
  return `order ${id} was replaced at Alpaca, and the order that ${which} is not found`;
}
