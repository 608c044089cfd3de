/** NAV and limits on shares of it. NAV comes from the journal only, never from a file. */
import { type DeskState, totalNav, dayPnl } from "../domain/desk-state.ts";
import { type Decimal, ZERO, withinPercent } from "../domain/decimal.ts";
import type { Check } from "../domain/verdict.ts";
import { type Available, block, available, missingInput, pass, unavailable } from "./check-result.ts";
import { formatMoney, formatPercent, formatShare } from "./format.ts";
import { sameCurrency } from "./valuation.ts";

/** The reason why the accounts cannot be added up, or undefined. */
function notSummable(state: Readonly<DeskState>): string | undefined {
  if (state.accounts.size === 0) return "no connector has reported its account yet";
  const counted = [...state.accounts.values()].filter(
    (account) => !account.nav.eq(ZERO) || !account.dayOpenNav.eq(ZERO),
  );
  const first = counted[0]?.account.currency;
  const other = counted.find((account) => !sameCurrency(account.account.currency, first ?? ""))?.account.currency;
  return other === undefined ? undefined : `accounts are in ${first} and ${other}, and no exchange rate is available`;
}

export function navOf(state: Readonly<DeskState>): Available<Decimal> {
  const problem = notSummable(state);
  return problem === undefined ? available(totalNav(state)) : missingInput(problem);
}

export interface DayResult {
  /** NAV at the open of the day, over all connectors. */
  readonly open: Decimal;
  /** Realized and unrealized profit since then; below zero is a loss. */
  readonly pnl: Decimal;
}

export function dayResult(state: Readonly<DeskState>): Available<DayResult> {
  const problem = notSummable(state);
  if (problem !== undefined) return missingInput(problem);
  let open = ZERO;
  for (const account of state.accounts.values()) open = open.plus(account.dayOpenNav);
  return available({ open, pnl: dayPnl(state) });
}

export interface ShareRule {
  readonly key: string;
  readonly percent: Decimal;
  /** The measured part, for example "order" or "position in AAPL, at worst". */
  readonly noun: string;
  readonly part: Available<Decimal>;
}

interface NavContext {
  readonly nav: Available<Decimal>;
  /** The order strictly reduces a position. */
  readonly reducing: boolean;
  readonly currency: string;
}

/**
 * Passes if `part` is at most `percent` of NAV. The comparison does not divide. Without a NAV above zero there is no share, and
 * only a strictly reducing order passes.
 */
export function shareOfNav(context: NavContext, rule: ShareRule): Check {
  const nav = context.nav;
  const usable = "value" in nav && nav.value.gt(ZERO);
  if (!usable && context.reducing) return pass(rule.key, "strictly reducing, so it passes without a usable NAV");
  if ("missing" in nav) return unavailable(rule.key, nav.missing);
  if (!usable) {
    return block(
      rule.key,
      "NAV_NOT_POSITIVE",
      `NAV is ${formatMoney(nav.value, context.currency)}; only a strictly reducing order passes`,
    );
  }
  if ("missing" in rule.part) return unavailable(rule.key, rule.part.missing);
  const part = rule.part.value;
  const figures = { limit: formatPercent(rule.percent), actual: formatShare(part, nav.value, rule.percent) };
  const message =
    `${rule.noun} of ${formatMoney(part, context.currency)} is ${figures.actual} of NAV ` +
    `${formatMoney(nav.value, context.currency)} (limit ${figures.limit})`;
  if (withinPercent(part, rule.percent, nav.value)) return pass(rule.key, message, figures);
  return block(rule.key, `${rule.key.toUpperCase().replaceAll("-", "_")}_EXCEEDED`, message, figures);
}
