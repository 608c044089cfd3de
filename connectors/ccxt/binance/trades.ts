/** Trades of `myTrades` as fills. Pure. */
import type { Fill, UnreadableFill } from "@qoc-app/sdk";
import { listedFill, sinceInOrder } from "../../listed-item.ts";
import { millisOfTime } from "../../venue-time.ts";
import { naming } from "../../words.ts";
import { type Body, optionalTextIn } from "../fields.ts";
import { fillOf } from "./map.ts";

export function fillsOf(trades: readonly Body[], symbol: string, since: number): (Fill | UnreadableFill)[] {
  const read = (trade: Body): Fill | UnreadableFill => {
    const { id: fillId, orderId: venueOrderId } = trade;
    const of = `trade ${String(fillId)} of order ${String(venueOrderId)}`;
    return listedFill({ fillId, venueOrderId, symbol }, () => naming(of, () => fillOf(trade, symbol)));
  };
  return sinceInOrder(trades.map(read), since);
}

export function hasTime(trade: Body): boolean {
  return millisOfTime(optionalTextIn(trade, "time") ?? "") !== undefined;
}
