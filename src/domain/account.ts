/** A connector's account at its last mark, and the NAV at the open of its day. */
import type { CashEvent } from "./cash-event.ts";
import { type Decimal, ZERO, decimal } from "./decimal.ts";
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
  /** The part of the day's change that no trade explains, until a human says what it was. */
  readonly unexplained: Decimal;
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
    unexplained: earlier?.unexplained ?? ZERO,
    markedAt: at,
    markedSeq: seq,
    openedAt: earlier?.openedAt ?? venueTime,
  };
}

/** A deposit or withdrawal is no profit: it changes the base of the day's profit. */
export function afterCashEvent(account: AccountRecord, event: CashEvent): AccountRecord {
  if (event.type === "nav.unexplained") return { ...account, unexplained: decimal(event.amount) };
  const flow = event.kind === "result" ? ZERO : decimal(event.amount);
  return { ...account, unexplained: ZERO, dayOpenNav: account.dayOpenNav.plus(flow) };
}

/** Changes of the NAV up to this part, 1 / 200, need no explanation: fees, funding and rounding. */
const NOISE = decimal("200");

/** The change of the NAV that the moves of the marks do not explain; undefined if positions changed or lack a mark. */
export function unexplainedChange(
  before: Pick<AccountRecord, "account" | "nav" | "positions">,
  now: VenueAccount,
  positions: readonly VenuePosition[],
): Decimal | undefined {
  const held = positions.filter(({ quantity }) => quantity !== "0");
  const heldBefore = [...before.positions.values()].filter(({ quantity }) => quantity !== "0");
  if (held.length !== heldBefore.length || now.currency !== before.account.currency) return undefined;
  if ((now.unvalued?.length ?? 0) !== (before.account.unvalued?.length ?? 0)) return undefined;
  let change = decimal(now.nav).minus(before.nav);
  for (const { symbol, quantity, markPrice, currency = now.currency } of held) {
    const earlier = before.positions.get(symbol);
    if (earlier?.quantity !== quantity || currency !== now.currency) return undefined;
    if (markPrice === undefined || earlier.markPrice === undefined) return undefined;
    change = change.minus(decimal(quantity).times(decimal(markPrice).minus(decimal(earlier.markPrice))));
  }
  return change.abs().times(NOISE).gt(before.nav.abs()) ? change : ZERO;
}
