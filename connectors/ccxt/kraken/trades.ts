/** Trades of `TradesHistory` as fills. Pure. */
import type { Fill, UnreadableFill } from "@qoc-app/sdk";
import { ZERO, amount } from "../../amount.ts";
import { listedFill, sinceInOrder } from "../../listed-item.ts";
import { naming } from "../../words.ts";
import { type Body, optionalAmountIn, optionalTextIn, textIn } from "../fields.ts";
import type { Market } from "../venue.ts";
import { fillOf } from "./map.ts";

export interface Trade {
  readonly fill: Fill | UnreadableFill;
  /** It moved no coin: its profit or loss, and its fee, are in the ledger. */
  readonly isOnMargin: boolean;
}

/** `market`: undefined for a pair that Kraken lists no longer, which keeps Kraken's name. */
export function tradeOf(id: string, trade: Body, market: Market | undefined): Trade {
  const { ordertxid: venueOrderId } = trade;
  const symbol = market?.symbol ?? optionalTextIn(trade, "pair");
  let isOnMargin = false;
  const read = (): Fill => {
    isOnMargin = amount(optionalAmountIn(trade, "margin") ?? "0").gt(ZERO);
    return fillOf(id, trade, symbol ?? textIn(trade, "pair"), market?.quote);
  };
  const of = `trade ${id} of order ${String(venueOrderId)}`;
  const fill = listedFill({ fillId: id, venueOrderId, symbol }, () => naming(of, read));
  return { fill, isOnMargin };
}

/** The fills of what the account holds, since a time (ms), oldest first. */
export function fillsIn(trades: readonly Trade[], since: number): (Fill | UnreadableFill)[] {
  return sinceInOrder(
    trades.filter(({ isOnMargin }) => !isOnMargin).map(({ fill }) => fill),
    since,
  );
}
