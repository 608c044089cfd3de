/** A connector's account at its last mark, and the NAV at the open of its day. */
import type { CashEvent } from "./cash-event.ts";
import { type Decimal, ZERO, decimal } from "./decimal.ts";
import type { AccountMarked, Recorded } from "./event.ts";
import { type NavBase, isNoise } from "./nav-change.ts";
import type { VenueAccount, VenuePosition } from "./venue.ts";

export interface AccountRecord {
  readonly account: VenueAccount;
  readonly positions: ReadonlyMap<string, VenuePosition>;
  readonly venueTime: number;
  readonly venueDate: string;
  /** NAV at the end of the last venue date before this one; the first NAV ever seen on the first day. */
  readonly dayOpenNav: Decimal;
  readonly nav: Decimal;
  /** The change of the NAV since `base` that no trade explains, until a human says what it was. */
  readonly unexplained: Decimal;
  /** The venue's date of the mark that shows the unexplained change first. */
  readonly unexplainedOn?: string | undefined;
  /** The mark that changes are measured from. It stays during an unexplained change, and by `isBase` of the event. */
  readonly base: NavBase;
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
  const { account, positions, venueTime, venueDate, isBase = true } = event;
  const nav = decimal(account.nav);
  const isNewDay = earlier !== undefined && venueDate > earlier.venueDate;
  const held = new Map<string, VenuePosition>();
  for (const position of positions) held.set(position.symbol, position);
  const base: NavBase = { account, nav, positions: held };
  // Field by field: a spread of `base` took longer than all else here, and a journal has many marks.
  return {
    account,
    nav,
    positions: held,
    base: earlier === undefined || (isBase && earlier.unexplained.eq(ZERO)) ? base : earlier.base,
    venueTime,
    venueDate: earlier !== undefined && venueDate < earlier.venueDate ? earlier.venueDate : venueDate,
    dayOpenNav: earlier === undefined ? nav : isNewDay ? earlier.nav : earlier.dayOpenNav,
    unexplained: earlier?.unexplained ?? ZERO,
    unexplainedOn:
      earlier === undefined || earlier.unexplained.eq(ZERO) ? undefined : (earlier.unexplainedOn ?? venueDate),
    markedAt: at,
    markedSeq: seq,
    openedAt: earlier?.openedAt ?? venueTime,
  };
}

/**
 * A deposit or withdrawal is no profit: it changes the base of the day's profit, unless the NAV changed on an earlier
 * date. What a human says explains its own amount; the rest stays unexplained.
 */
export function afterCashEvent(account: AccountRecord, event: CashEvent): AccountRecord {
  const amount = decimal(event.amount);
  if (event.type === "nav.unexplained") return { ...account, unexplained: amount };
  const { base, unexplained, unexplainedOn = account.venueDate } = account;
  const isOfToday = event.kind !== "result" && unexplainedOn === account.venueDate;
  const dayOpenNav = isOfToday ? account.dayOpenNav.plus(amount) : account.dayOpenNav;
  if (unexplained.eq(ZERO)) return { ...account, dayOpenNav };
  const rest = unexplained.minus(amount);
  const explained = isNoise(rest, base.nav) ? unexplained : amount;
  const shifted = { ...base, nav: base.nav.plus(explained) };
  return { ...account, dayOpenNav, unexplained: unexplained.minus(explained), base: shifted };
}
