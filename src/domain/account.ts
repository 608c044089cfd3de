/** A connector's account at its last mark, and the NAV at the open of its day. */
import { type Decimal, decimal } from "./decimal.ts";
import type { AccountMarked, Recorded } from "./event.ts";
import type { VenueAccount, VenuePosition } from "./venue.ts";

export interface AccountRecord {
  readonly account: VenueAccount;
  readonly positions: ReadonlyMap<string, VenuePosition>;
  readonly venueTime: number;
  readonly venueDate: string;
  /** NAV at the end of the last venue date before this one; the first NAV ever seen on the first day. */
  readonly dayOpenNav: Decimal;
  readonly nav: Decimal;
  readonly markedAt: number;
  readonly markedSeq: number;
  /** The venue's time of the first mark. Fills before this time are part of the opening positions. */
  readonly openedAt: number;
}

/** The venue's date never goes back: a late mark of yesterday counts for today. */
export function markedAccount(
  earlier: AccountRecord | undefined,
  { event, at, seq }: Recorded<AccountMarked>,
): AccountRecord {
  const { account, positions, venueTime, venueDate } = event;
  const nav = decimal(account.nav);
  const isNewDay = earlier !== undefined && venueDate > earlier.venueDate;
  return {
    account,
    positions: new Map(positions.map((position) => [position.symbol, position])),
    venueTime,
    venueDate: earlier !== undefined && venueDate < earlier.venueDate ? earlier.venueDate : venueDate,
    dayOpenNav: earlier === undefined ? nav : isNewDay ? earlier.nav : earlier.dayOpenNav,
    nav,
    markedAt: at,
    markedSeq: seq,
    openedAt: earlier?.openedAt ?? venueTime,
  };
}
