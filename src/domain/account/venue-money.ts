/**
 * Money that a venue's activities announce, until a mark of the account shows it. An activity may arrive before or
 * after the mark that shows its money; each is counted once, on the date of that mark.
 */
import { type Decimal, type DecimalText, ZERO, decimal } from "../decimal.ts";
import { isSameCode } from "./currency.ts";
import type { ActivityKind } from "../sdk.ts";
import type { VenueActivity } from "../market/venue.ts";

/** flow: no profit. The others are profit; `other` has no line of its own. */
export type MoneyLine = "flow" | "dividends" | "interest" | "fees" | "other";

export interface AnnouncedMoney {
  /** Signed, in the account's currency. */
  readonly amount: Decimal;
  readonly line: MoneyLine;
  /** The instrument of a dividend. */
  readonly symbol?: string | undefined;
}

export interface AwaitedMoney extends AnnouncedMoney {
  /** A mark after this time, ms, counts it even if the change of the NAV does not show it. */
  readonly until: number;
}

export interface CountedMoney extends AnnouncedMoney {
  /** The NAV changed before the date on which the money is counted. */
  readonly isOfEarlierDate: boolean;
}

/** A flow that a human stated. */
export interface StatedFlow {
  readonly amount: Decimal;
  /** When it was recorded, ms. */
  readonly at: number;
  /** The flow explained a change of the NAV; otherwise a later mark shows it. */
  readonly hasExplained: boolean;
}

const LINES: Readonly<Partial<Record<ActivityKind, MoneyLine>>> = {
  deposit: "flow",
  withdrawal: "flow",
  transfer: "flow",
  dividend: "dividends",
  interest: "interest",
  fee: "fees",
  tax: "other",
  adjustment: "other",
  // Cash of a corporate action is no income: it lowers the cost of what is held, or pays for a rest of a share.
  split: "other",
  rename: "other",
  spinoff: "other",
  merger: "other",
};

/**
 * Money in another currency counts by the rate that was recorded with it; without one it is no money of the account.
 */
export function announcedMoney(
  { activity, rate }: { readonly activity: VenueActivity; readonly rate?: DecimalText | undefined },
  accountCurrency: string,
): AnnouncedMoney | undefined {
  const { kind, amount, currency, symbol } = activity;
  const line = LINES[kind];
  if (line === undefined || amount === undefined) return undefined;
  if (isSameCode(currency ?? "", accountCurrency)) return { amount: decimal(amount), line, symbol };
  return rate === undefined ? undefined : { amount: decimal(amount).times(decimal(rate)), line, symbol };
}

/** Whether an activity is money of another currency than the account's. */
export function isForeignMoney({ kind, amount, currency }: VenueActivity, accountCurrency: string): boolean {
  return LINES[kind] !== undefined && amount !== undefined && !isSameCode(currency ?? "", accountCurrency);
}

/** The money of an activity that replaces an earlier one. */
export function correctedMoney(money: AnnouncedMoney, earlier: AnnouncedMoney): readonly AnnouncedMoney[] {
  const undone = ZERO.minus(earlier.amount);
  if (money.line === earlier.line && money.symbol === earlier.symbol)
    return [{ ...money, amount: money.amount.plus(undone) }];
  return [{ ...earlier, amount: undone }, money];
}

/** Whether the amount explains a part of the change: without it less is left. */
export function explains(amount: Decimal, change: Decimal): boolean {
  return change.minus(amount).abs().lt(change.abs());
}

/** The awaited amounts that a change of the NAV shows, and what they leave of the change. */
export function shownBy(
  change: Decimal,
  awaited: readonly AwaitedMoney[],
): { readonly shown: ReadonlySet<AwaitedMoney>; readonly rest: Decimal } {
  const shown = new Set<AwaitedMoney>();
  let rest = change;
  // The largest amount first: a small one must not take its place.
  for (const money of awaited.toSorted((a, b) => (b.amount.abs().gt(a.amount.abs()) ? 1 : -1))) {
    if (!explains(money.amount, rest)) continue;
    shown.add(money);
    rest = rest.minus(money.amount);
  }
  return { shown, rest };
}

const SAME_FLOW_MS = 24 * 60 * 60 * 1000;

interface FlowAt {
  readonly amount: Decimal;
  /** ms. */
  readonly at: number;
}

/** Whether a human and a venue state one flow: the same amount within a day. */
export function isSameFlow(a: FlowAt, b: FlowAt): boolean {
  return a.amount.eq(b.amount) && Math.abs(a.at - b.at) <= SAME_FLOW_MS;
}

/** The flow of a human that states this flow of the venue, at one of its times. */
export function statedBefore(
  stated: readonly StatedFlow[],
  amount: Decimal,
  times: readonly number[],
): StatedFlow | undefined {
  return stated.find((flow) => times.some((at) => isSameFlow(flow, { amount, at })));
}

/** What is kept of the stated flows at a time: activities arrive up to a week late. */
export function recentFlows(stated: readonly StatedFlow[], now: number): readonly StatedFlow[] {
  return stated.filter(({ at }) => now - at <= 8 * SAME_FLOW_MS);
}
