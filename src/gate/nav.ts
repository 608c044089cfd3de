/**
 * NAV and limits on shares of it. NAV comes from the journal only, never from a file. It is a lower bound: only
 * accounts of the order's mode count whose connectors are enabled and route orders. An account in another currency
 * counts at less than its rate says.
 */
import { shownSymbol } from "../domain/untrusted.ts";
import type { AccountRecord } from "../domain/account/account.ts";
import { flowCommand } from "../domain/account/cash-event.ts";
import { isSameCode } from "../domain/account/currency.ts";
import { type Decimal, ZERO, decimal, max, min, withinPercent } from "../domain/decimal.ts";
import {
  type RatePath,
  type RateTable,
  atLeast,
  isFresh,
  pairText,
  ratePath,
} from "../domain/account/exchange-rate.ts";
import type { GuardScope } from "../domain/config/guard-config.ts";
import type { UnvaluedPosition } from "../domain/market/venue.ts";
import type { Check } from "../domain/orders/verdict.ts";
import { type Available, block, available, missingInput, pass, unavailable } from "./check-result.ts";
import { formatDuration, formatMoney, formatPercent, formatShare } from "./format.ts";
import type { GateInput, OrderRoute } from "./input.ts";

/** An account that was not reported for longer counts at its last value, and the message states its age. */
const STALE_MS = 5 * 60 * 1000;

type NavInput = Pick<GateInput, "order" | "routes" | "state" | "hostNow" | "exchange">;

export interface NavSum {
  readonly value: Decimal;
  /**
   * Accounts that count at an old value or not at all, for messages; empty if every account counts at its current
   * value.
   */
  readonly note: string;
}

export interface DayResult {
  /** NAV at the open of the day. */
  readonly open: Decimal;
  /** Realized and unrealized profit since then; below zero is a loss. */
  readonly pnl: Decimal;
  /** What the loss is a share of. Both are larger if money came in after a loss, which keeps its share. */
  readonly share: { readonly loss: Decimal; readonly of: Decimal };
  readonly note: string;
}

/** The connectors whose accounts, positions and orders count for a guard of this scope. */
export function connectorsInScope({ order, routes }: NavInput, scope: GuardScope): readonly OrderRoute[] {
  const { connector: own, mode } = order.terms;
  return routes.filter((route) => route.mode === mode && (scope === "desk" || route.connector === own));
}

interface CountedAccount {
  readonly account: AccountRecord;
  readonly connector: string;
  readonly isStale: boolean;
  /** To the currency of the order's account; undefined: there is no rate, and the account counts zero. */
  readonly path: RatePath | undefined;
}

interface CountedAccounts {
  readonly accounts: readonly CountedAccount[];
  readonly note: string;
}

/** The accounts that are added up. An account without a mark or without an exchange rate counts zero. */
function countedAccounts(input: NavInput, scope: GuardScope): Available<CountedAccounts> {
  const { connector, mode } = input.order.terms;
  const routes = connectorsInScope(input, scope);
  if (!routes.some((route) => route.connector === connector))
    return missingInput(`${connector} is not an enabled connector for ${mode} orders`);
  const own = input.state.accounts.get(connector);
  if (own === undefined) return missingInput(`${connector} has not reported its account yet`);
  const notes: string[] = [];
  const accounts: CountedAccount[] = [];
  for (const route of routes) {
    const account = input.state.accounts.get(route.connector);
    if (account === undefined) {
      notes.push(`${route.connector} has reported no account and counts zero`);
      continue;
    }
    const pair = { from: account.account.currency, to: own.account.currency };
    const path = guardPath(input, route.connector, pair);
    if (path === undefined) {
      notes.push(`${noRate(input, route.connector, pair)}, which counts zero`);
      accounts.push({ account, connector: route.connector, isStale: true, path });
      continue;
    }
    if (!isSameCode(pair.from, pair.to)) notes.push(conversionNote(route.connector, path));
    const { unvalued = [] } = account.account;
    const short = unvalued.find(({ quantity }) => decimal(quantity).lt(ZERO));
    if (short !== undefined)
      return missingInput(`${route.connector} is short of ${short.symbol}, which has no price to count it at`);
    if (unvalued.length > 0) notes.push(`${namesOf(unvalued)} at ${route.connector} has no value and counts zero`);
    const age = input.hostNow - (route.reportedAt ?? account.markedAt);
    if (age > STALE_MS) notes.push(`the account of ${route.connector} is ${formatDuration(age)} old`);
    accounts.push({ account, connector: route.connector, isStale: age > STALE_MS, path });
  }
  return available({ accounts, note: notes.length === 0 ? "" : ` (${notes.join("; ")})` });
}

const NAMED_MAX = 5;

function namesOf(positions: readonly UnvaluedPosition[]): string {
  const names = positions.slice(0, NAMED_MAX).map(({ symbol }) => shownSymbol(symbol));
  return [...names, ...(positions.length > NAMED_MAX ? [`and ${positions.length - NAMED_MAX} more`] : [])].join(", ");
}

interface CurrencyPair {
  readonly from: string;
  readonly to: string;
}

/** The path that guards convert an account of this connector by. */
export function guardPath(
  { exchange, hostNow }: Pick<NavInput, "exchange" | "hostNow">,
  connector: string,
  { from, to }: CurrencyPair,
): RatePath | undefined {
  return ratePath(exchange, { from, to, now: hostNow, connector, use: "guards" });
}

/** Names the rate that is too old, if there is one. */
export function noRate(
  { exchange, hostNow }: { readonly exchange: RateTable; readonly hostNow: number },
  connector: string,
  { from, to }: CurrencyPair,
): string {
  const missing = `no exchange rate from ${from} to ${to} is available for ${connector}`;
  const old = ratePath(exchange, { from, to, now: hostNow, connector, use: "display" })?.rates.find(
    (rate) => rate.origin !== "file" && !isFresh(rate, hostNow),
  );
  if (old === undefined) return missing;
  return `${missing} (${pairText(old)} of ${old.source} is ${formatDuration(hostNow - old.at)} old)`;
}

function conversionNote(connector: string, { rates, pegs }: RatePath): string {
  const by = [
    ...rates.map((rate) => `${pairText(rate)} ${rate.bid} of ${rate.source}, less 1 %`),
    ...pegs.map((peg) => `the peg ${peg.base}=${peg.quote}, less 0.5 %`),
  ];
  return `${connector} counts by ${by.join(" and ")}`;
}

/** Without a rise that no trade explains: a connector could otherwise lift every limit by a number. */
export function explained(amount: Decimal, { unexplained }: Pick<AccountRecord, "unexplained">): Decimal {
  return amount.minus(max(ZERO, unexplained));
}

export function navOf(input: NavInput, scope: GuardScope): Available<NavSum> {
  const counted = countedAccounts(input, scope);
  if ("missing" in counted) return counted;
  const { accounts, note } = counted.value;
  let value = ZERO;
  let gains = "";
  for (const { account, connector, path } of accounts) {
    const { nav, unexplained } = account;
    if (path !== undefined) value = value.plus(atLeast(explained(nav, account), path));
    else if (nav.lt(ZERO)) return missingInput(ownRate(input, connector, account));
    if (unexplained.gt(ZERO))
      gains += ` (without ${formatMoney(unexplained, account.account.currency)} at ${connector} that no trade explains)`;
  }
  return available({ value, note: `${note}${gains}` });
}

/** Zero would be too much for an account that is below zero, and for its loss of today. */
function ownRate(input: NavInput, connector: string, { account }: AccountRecord): string {
  const to = input.state.accounts.get(input.order.terms.connector)?.account.currency ?? "";
  return noRate(input, connector, { from: account.currency, to });
}

/**
 * Each account by its own venue date. The profit of an account that is not up to date does not offset a loss of
 * another.
 */
export function dayResult(input: NavInput, scope: GuardScope): Available<DayResult> {
  const counted = countedAccounts(input, scope);
  if ("missing" in counted) return counted;
  let [open, pnl, base, lost] = [ZERO, ZERO, ZERO, ZERO];
  let { note } = counted.value;
  for (const { account, connector, isStale, path } of counted.value.accounts) {
    const { unexplained, dayOpenNav } = account;
    const lossBase = account.lossBase ?? dayOpenNav;
    if (account.lossBase !== undefined)
      note += ` (money came into ${connector} after a loss, which keeps the share that it had)`;
    if (!unexplained.eq(ZERO)) {
      const amount = formatMoney(unexplained, account.account.currency);
      const what = `the NAV of ${connector} changed by ${amount} that no trade and no price explains`;
      return missingInput(`${what}; say what it was: ${flowCommand(connector, unexplained)}`);
    }
    const [result, share] = [account.nav.minus(dayOpenNav), account.nav.minus(lossBase)];
    if (path === undefined) {
      if (share.lt(ZERO) || dayOpenNav.lt(ZERO)) return missingInput(ownRate(input, connector, account));
      continue;
    }
    open = open.plus(atLeast(dayOpenNav, path));
    pnl = pnl.plus(atLeast(isStale ? min(ZERO, result) : result, path));
    base = base.plus(atLeast(lossBase, path));
    lost = lost.minus(atLeast(isStale ? min(ZERO, share) : share, path));
  }
  return available({ open, pnl, share: { loss: lost, of: base }, note });
}

export interface ShareRule {
  readonly key: string;
  readonly scope: GuardScope;
  readonly percent: Decimal;
  /** The measured part, for example "order" or "worst-case position in AAPL". */
  readonly noun: string;
  readonly part: Available<Decimal>;
}

interface NavContext {
  nav(scope: GuardScope): Available<NavSum>;
  /** The order strictly reduces a position. */
  readonly reducing: boolean;
  readonly currency: string;
}

/**
 * Passes if `part` is at most `percent` of NAV, or if the order strictly reduces a position: a limit must not keep a
 * position from being closed. The comparison does not divide. Without a NAV above zero there is no share.
 */
export function shareOfNav(context: NavContext, rule: ShareRule): Check {
  if (context.reducing) return pass(rule.key, "strictly reducing, so it passes at any size");
  const nav = context.nav(rule.scope);
  if ("missing" in nav) return unavailable(rule.key, nav.missing);
  const { value, note } = nav.value;
  if (!value.gt(ZERO)) {
    return block(
      rule.key,
      "NAV_NOT_POSITIVE",
      `NAV is ${formatMoney(value, context.currency)}${note}; only a strictly reducing order passes`,
    );
  }
  if ("missing" in rule.part) return unavailable(rule.key, rule.part.missing);
  const part = rule.part.value;
  const figures = { limit: formatPercent(rule.percent), actual: formatShare(part, value, rule.percent) };
  const message =
    `${rule.noun} of ${formatMoney(part, context.currency)} is ${figures.actual} of NAV ` +
    `${formatMoney(value, context.currency)}${note} (limit ${figures.limit})`;
  if (withinPercent(part, rule.percent, value)) return pass(rule.key, message, figures);
  return block(rule.key, `${rule.key.toUpperCase().replaceAll("-", "_")}_EXCEEDED`, message, figures);
}
