/** A connector's account at its last mark, and the NAV at the open of its day. */
import type { CashEvent } from "./cash-event.ts";
import { type Decimal, ZERO, decimal, ratio } from "../decimal.ts";
import type { AccountMarked, Recorded } from "../event.ts";
import { joinedBalances } from "./joined-balances.ts";
import { type NavBase, isNoise } from "./nav-change.ts";
import type { VenueAccount, VenuePosition } from "../market/venue.ts";
import {
  type AnnouncedMoney,
  type AwaitedMoney,
  type CountedMoney,
  type StatedFlow,
  explains,
  recentFlows,
  shownBy,
  statedBefore,
} from "./venue-money.ts";

export interface AccountRecord {
  readonly account: VenueAccount;
  readonly positions: ReadonlyMap<string, VenuePosition>;
  readonly venueTime: number;
  readonly venueDate: string;
  /** NAV at the end of the last venue date before this one; the first NAV ever seen on the first day. */
  readonly dayOpenNav: Decimal;
  /** As `dayOpenNav`, if money came in after a loss of the day: that loss keeps the share of the NAV that it had. */
  readonly lossBase?: Decimal | undefined;
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
  /** Money of activities that no mark has shown yet. */
  readonly awaited: readonly AwaitedMoney[];
  /** The money of activities that the newest record of the account counted. */
  readonly counted: readonly CountedMoney[];
  /** Recent flows of humans that no activity of the venue stated as well. */
  readonly stated: readonly StatedFlow[];
}

const NONE: readonly never[] = [];

/**
 * The venue's date never goes back: a late mark of yesterday counts for today. `change`: of the NAV since the base,
 * without what trades and prices explain; undefined if it is not known.
 */
export function markedAccount(
  earlier: AccountRecord | undefined,
  { event, at, seq }: Recorded<AccountMarked>,
  change: Decimal | undefined,
): AccountRecord {
  const { account, positions, venueTime, venueDate, isBase = true } = event;
  const nav = decimal(account.nav);
  const isNewDay = earlier !== undefined && venueDate > earlier.venueDate;
  const held = new Map<string, VenuePosition>();
  for (const position of positions) held.set(position.symbol, position);
  const base: NavBase = { account, nav, positions: held };
  const opening = earlier === undefined ? { dayOpenNav: nav } : isNewDay ? { dayOpenNav: earlier.nav } : earlier;
  const settled = withJoined(settle(earlier, { change, at, isNewDay }), earlier, account);
  const opened = afterFlows(opening, settled.counted, nav);
  // Field by field: a spread of `base` took longer than all else here, and a journal has many marks.
  return {
    account,
    nav,
    positions: held,
    base:
      earlier === undefined || (isBase && earlier.unexplained.eq(ZERO)) ? base : shifted(earlier.base, settled.shown),
    venueTime,
    venueDate: earlier !== undefined && venueDate < earlier.venueDate ? earlier.venueDate : venueDate,
    dayOpenNav: opened.dayOpenNav,
    lossBase: opened.lossBase,
    unexplained: earlier?.unexplained ?? ZERO,
    unexplainedOn:
      earlier === undefined || earlier.unexplained.eq(ZERO) ? undefined : (earlier.unexplainedOn ?? venueDate),
    markedAt: at,
    markedSeq: seq,
    openedAt: earlier?.openedAt ?? venueTime,
    awaited: settled.awaited,
    counted: settled.counted,
    stated: earlier?.stated ?? NONE,
  };
}

function shifted(base: NavBase, amount: Decimal): NavBase {
  return amount.eq(ZERO) ? base : { ...base, nav: base.nav.plus(amount) };
}

type DayOpening = Pick<AccountRecord, "dayOpenNav" | "lossBase">;

const BASE_PLACES = 18;

/**
 * A flow is no profit: it moves the base of the day's profit. A deposit after a loss of 4 % must not make it a loss of
 * 2 %, so the base of the loss grows by the factor by which the deposit multiplies the NAV. `nav`: with the flows.
 */
function afterFlows({ dayOpenNav, lossBase }: DayOpening, counted: readonly CountedMoney[], nav: Decimal): DayOpening {
  const flows = flowsOf(counted);
  if (flows.eq(ZERO)) return { dayOpenNav, lossBase };
  const [base, before] = [lossBase ?? dayOpenNav, nav.minus(flows)];
  const isAfterLoss = flows.gt(ZERO) && before.gt(ZERO) && before.lt(base);
  const after = isAfterLoss ? ratio(base.times(nav), before, BASE_PLACES) : base.plus(flows);
  const opened = dayOpenNav.plus(flows);
  return { dayOpenNav: opened, lossBase: after.gt(opened) ? after : undefined };
}

function flowsOf(counted: readonly CountedMoney[]): Decimal {
  let sum = ZERO;
  for (const { amount, line, isOfEarlierDate } of counted)
    if (line === "flow" && !isOfEarlierDate) sum = sum.plus(amount);
  return sum;
}

interface SettledMoney {
  /** The sum of what the mark shows. */
  readonly shown: Decimal;
  readonly counted: readonly CountedMoney[];
  readonly awaited: readonly AwaitedMoney[];
}

const NOTHING_SETTLED: SettledMoney = { shown: ZERO, counted: NONE, awaited: NONE };

interface MarkedChange {
  readonly change: Decimal | undefined;
  readonly at: number;
  readonly isNewDay: boolean;
}

/**
 * A mark counts the money that its change of the NAV shows. An earlier mark may have shown an amount that is too small
 * to be noticed: the next mark counts it in any case.
 */
function settle(earlier: AccountRecord | undefined, { change, at, isNewDay }: MarkedChange): SettledMoney {
  if (earlier === undefined || earlier.awaited.length === 0) return NOTHING_SETTLED;
  const shown = change === undefined ? new Set(earlier.awaited) : shownBy(change, earlier.awaited).shown;
  const counted: CountedMoney[] = [];
  const awaited: AwaitedMoney[] = [];
  let sum = ZERO;
  for (const money of earlier.awaited) {
    if (shown.has(money)) {
      sum = sum.plus(money.amount);
      counted.push({ ...money, isOfEarlierDate: false });
    } else if (at > money.until || wasUnnoticed(money.amount, earlier.base.nav))
      counted.push({ ...money, isOfEarlierDate: isNewDay });
    else awaited.push(money);
  }
  return { shown: sum, counted, awaited };
}

/** A balance that has got an exchange rate since the mark before is no profit. */
function withJoined(settled: SettledMoney, earlier: AccountRecord | undefined, now: VenueAccount): SettledMoney {
  if (now.balances === undefined || earlier === undefined) return settled;
  const amount = joinedBalances(earlier.account, now);
  if (amount.eq(ZERO)) return settled;
  return { ...settled, counted: [...settled.counted, { amount, line: "flow", isOfEarlierDate: false }] };
}

/** The base may be the mark that showed the amount: it was noise of the NAV before it. */
function wasUnnoticed(amount: Decimal, nav: Decimal): boolean {
  return isNoise(amount, nav) || isNoise(amount, nav.minus(amount));
}

/** The venue may book the money in its account a few minutes after the activity. */
const AWAIT_MS = 15 * 60 * 1000;

interface AnnouncedAt {
  /** Of the activity and of its record, ms. */
  readonly at: number;
  readonly recordedAt: number;
}

/**
 * The money of an activity explains its part of an unexplained change; otherwise a mark is awaited that shows it. A
 * flow that a human stated before, with the same amount within a day, counts once.
 */
export function afterAnnouncement(
  account: AccountRecord,
  money: AnnouncedMoney,
  { at, recordedAt }: AnnouncedAt,
): AccountRecord {
  const found = money.line === "flow" ? statedBefore(account.stated, money.amount, [at, recordedAt]) : undefined;
  const stated = found === undefined ? account.stated : account.stated.filter((flow) => flow !== found);
  if (found?.hasExplained === true) return { ...account, stated, counted: NONE };
  // The human's flow is counted: the money only explains the change.
  const counting: AnnouncedMoney = found === undefined ? money : { ...money, line: "other" };
  if (!explains(money.amount, account.unexplained)) {
    const awaited = [...account.awaited, { ...counting, until: recordedAt + AWAIT_MS }];
    return { ...account, stated, awaited, counted: NONE };
  }
  const isOfEarlierDate = account.unexplainedOn !== undefined && account.unexplainedOn !== account.venueDate;
  const counted = [{ ...counting, isOfEarlierDate }];
  return { ...explained(account, money.amount), stated, ...afterFlows(account, counted, account.nav), counted };
}

/** The amount is explained, and a rest that is noise with it. */
function explained(account: AccountRecord, amount: Decimal): AccountRecord {
  const { base, unexplained } = account;
  if (unexplained.eq(ZERO)) return account;
  const part = isNoise(unexplained.minus(amount), base.nav) ? unexplained : amount;
  return { ...account, unexplained: unexplained.minus(part), base: shifted(base, part) };
}

/**
 * A deposit or withdrawal is no profit: it changes the base of the day's profit, unless the NAV changed on an earlier
 * date. What a human says explains its own amount; the rest stays unexplained.
 */
export function afterCashEvent(account: AccountRecord, { event, at }: Recorded<CashEvent>): AccountRecord {
  const amount = decimal(event.amount);
  if (event.type === "nav.unexplained") return { ...account, unexplained: amount, counted: NONE };
  const { unexplained, unexplainedOn = account.venueDate } = account;
  const isFlow = event.kind !== "result";
  const isOfToday = isFlow && unexplainedOn === account.venueDate;
  const flow: StatedFlow = { amount, at, hasExplained: explains(amount, unexplained) };
  // A human may say it before the mark that shows it.
  const nav = flow.hasExplained ? account.nav : account.nav.plus(amount);
  const counted: readonly CountedMoney[] = isOfToday ? [{ amount, line: "flow", isOfEarlierDate: false }] : NONE;
  const stated = isFlow ? [...recentFlows(account.stated, at), flow] : account.stated;
  return { ...explained(account, amount), ...afterFlows(account, counted, nav), stated, counted: NONE };
}
