/** A connector's account as it was last marked, and what its day opened with. */
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
  /** The venue's time of the first mark: what filled before it is in the opening positions already. */
  readonly openedAt: number;
}

/** A venue's date does not go back: a late answer of yesterday stays in today. */
export function markedAccount(
  earlier: AccountRecord | undefined,
  { event, at, seq }: Recorded<AccountMarked>,
): AccountRecord {
  const { account, positions, venueTime, venueDate } = event;
  const nav = decimal(account.nav);
  const isNewDay = earlier !== undefined && venueDate > earlier.venueDate;
  return {
    account,
    positions: new Map(positions.map((held) => [held.symbol, held])),
    venueTime,
    venueDate: earlier !== undefined && venueDate < earlier.venueDate ? earlier.venueDate : venueDate,
    dayOpenNav: earlier === undefined ? nav : isNewDay ? earlier.nav : earlier.dayOpenNav,
    nav,
    markedAt: at,
    markedSeq: seq,
    openedAt: earlier?.openedAt ?? venueTime,
  };
}
