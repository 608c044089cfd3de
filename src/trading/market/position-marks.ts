/** The marks of positions at a connector: the venue's own, or a quote. */
import { type Decimal, ZERO, decimal, text } from "../../domain/decimal.ts";
import { messageOf } from "../../domain/errors/error.ts";
import { type Quote, mid } from "../../domain/market/quote.ts";
import type { VenuePosition } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";

/** A quote that is being fetched. */
export interface QuotedSymbol {
  readonly symbol: string;
  readonly quote: Promise<Quote>;
}

export interface HeldPositions {
  readonly held: readonly VenuePosition[];
  readonly quoted: QuotedSymbol | undefined;
}

/** A position that the venue states no mark for has the mid of a quote, so that its price moves explain the NAV. */
export function withMarks(
  desk: Pick<Desk, "log" | "venues">,
  connector: string,
  { held, quoted }: HeldPositions,
): Promise<readonly VenuePosition[]> {
  const marked = async (position: VenuePosition): Promise<VenuePosition> => {
    try {
      const price = await markOfHeld(desk, connector, { position, quoted });
      return price === undefined ? position : { ...position, markPrice: text(price) };
    } catch (error) {
      desk.log.warn(`no mark for ${position.symbol} at ${connector}: ${messageOf(error)}`);
      return position;
    }
  };
  return Promise.all(held.map(marked));
}

interface HeldPosition {
  readonly position: VenuePosition;
  readonly quoted: QuotedSymbol | undefined;
}

/** The venue's mark, else the mid of a quote; undefined if nothing is held. @throws the connector's error. */
async function markOfHeld(
  desk: Pick<Desk, "venues">,
  connector: string,
  { position: { markPrice, quantity, symbol }, quoted }: HeldPosition,
): Promise<Decimal | undefined> {
  if (markPrice !== undefined) return decimal(markPrice);
  if (decimal(quantity).eq(ZERO)) return undefined;
  return mid(await (quoted?.symbol === symbol ? quoted.quote : desk.venues.quote(connector, symbol)));
}

/** As {@link markOfHeld}, else the last mark, else the average price. */
export async function priceOfHeld(
  desk: Pick<Desk, "log" | "state" | "venues">,
  connector: string,
  held: HeldPosition,
): Promise<Decimal | undefined> {
  try {
    return await markOfHeld(desk, connector, held);
  } catch (error) {
    const { position } = held;
    const known =
      desk.state.accounts.get(connector)?.positions.get(position.symbol)?.markPrice ?? position.averagePrice;
    const instead = known === undefined ? "it has no value" : `${known} counts`;
    desk.log.warn(`no mark for ${position.symbol} at ${connector}, ${instead}: ${messageOf(error)}`);
    return known === undefined ? undefined : decimal(known);
  }
}
