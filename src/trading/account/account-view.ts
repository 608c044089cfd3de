/**
 * NAV, cash, buying power and positions for output; amounts are decimal strings. The sums are in one currency: an
 * account in another one counts by its exchange rate, and without a rate is shown by itself. The accounts of connectors
 * that desk.toml does not enable do not count.
 */
import type {
  AccountLine,
  AccountView,
  Amount,
  ConnectorStanding,
  PositionView,
  ProfitLine,
  RateView,
} from "../../domain/account/account-view.ts";
import { openItems } from "../../domain/market/unread-item.ts";
import type { AccountRecord } from "../../domain/account/account.ts";
import { type Decimal, ZERO, decimal, rounded, text } from "../../domain/decimal.ts";
import {
  type ExchangeRate,
  type RatePath,
  type RateTable,
  converted,
  isFresh,
  ratePath,
  sumCurrency,
} from "../../domain/account/exchange-rate.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { type PositionRecord, averagePrice, unrealizedPnl } from "../../domain/account/position.ts";
import { shownCurrency, shownSymbol } from "../../domain/untrusted.ts";
import { iso } from "../../lib/time.ts";
import { plainPath } from "../../workspace/path-policy.ts";
import { accountOwner } from "./account-owner.ts";
import type { Desk } from "../desk.ts";
import { rateTable } from "./exchange-rates.ts";
import { exposureViews } from "./exposure-views.ts";

type ViewedDesk = Pick<Desk, "config" | "state" | "clock">;

export interface ViewSources {
  /** When each connector last reported its account; if not known, the time of its last change counts. */
  readonly askedAt?: ReadonlyMap<string, number> | undefined;
  /** Rates of files, for display. */
  readonly fileRates?: readonly ExchangeRate[] | undefined;
}

/** An account of an enabled connector, and how it is added to the sums. */
interface ViewedAccount {
  readonly connector: string;
  readonly record: AccountRecord;
  readonly reportedAt: number;
  readonly path: RatePath | undefined;
}

const STALE_MS = 5 * 60 * 1000;

export function accountView(desk: ViewedDesk, { askedAt, fileRates = [] }: ViewSources = {}): AccountView {
  const { rates, pegs } = rateTable(desk);
  const table: RateTable = { rates: [...rates, ...fileRates], pegs };
  const now = desk.clock.now();
  const base = desk.config.account.currency;
  const pathTo = (to: string, connector: string, { account }: AccountRecord): RatePath | undefined =>
    ratePath(table, { from: account.currency, to, now, connector, use: "display" });
  const enabled = [...desk.state.accounts]
    .filter(([connector]) => standingOf(desk, connector) === "enabled")
    .map(([connector, record]) => ({ connector, record, path: pathTo(base, connector, record) }));
  const currency = sumCurrency(
    base,
    enabled.map(({ record, path }) => ({ currency: record.account.currency, rate: path?.bid })),
  );
  const accounts = enabled.map(({ connector, record, path }): ViewedAccount => {
    const toSum = currency === base ? path : pathTo(currency, connector, record);
    return {
      connector,
      record,
      reportedAt: askedAt?.get(connector) ?? record.markedAt,
      // Money that two connectors show counts once.
      path: isOwner(desk, connector) ? toSum : undefined,
    };
  });
  const counted = countedPositions(desk);
  const oldest = Math.min(...accounts.map(({ reportedAt }) => reportedAt));
  const isKnown = accounts.every(({ record, path }) => path === undefined || isExplained(record));
  return {
    nav: sumOf(accounts, ({ nav }) => nav),
    cash: sumOf(accounts, ({ account }) => decimal(account.cash)),
    buyingPower: sumOf(accounts, ({ account }) => decimal(account.buyingPower)),
    dayPnl: isKnown ? sumOf(accounts, dayPnlOf) : null,
    day: commonDay(accounts),
    rates: usedRates(accounts, now),
    currency: shownCurrency(currency),
    asOf: Number.isFinite(oldest) ? iso(oldest) : null,
    accounts: accounts.map((account) => accountLine(desk, account, now)),
    profit: profitLines(desk.state, counted),
    fees: amounts(feesOf(desk.state, counted)),
    positions: positionViews(desk),
    exposures: exposureViews({
      state: desk.state,
      connectors: enabled
        .filter(({ connector }) => isOwner(desk, connector))
        .map(({ connector }) => ({ name: connector, mode: modeOf(desk, connector) })),
      pathTo: (connector, from) => ratePath(table, { from, to: currency, now, connector, use: "display" }),
    }),
  };
}

function modeOf({ config, state }: ViewedDesk, connector: string): string {
  const settings = config.connectors.find(({ name }) => name === connector);
  return state.connectors.get(connector)?.mode ?? settings?.mode ?? "unstated";
}

export function standingOf({ config }: Pick<Desk, "config">, connector: string): ConnectorStanding {
  const known = config.connectors.find(({ name }) => name === connector);
  return known === undefined ? "removed" : known.enabled ? "enabled" : "disabled";
}

function isOwner(desk: ViewedDesk, connector: string): boolean {
  return accountOwner(desk, connector) === connector;
}

function commonDay(accounts: readonly ViewedAccount[]): string | null {
  const inSum = accounts.filter(({ path }) => path !== undefined);
  const days = new Set(inSum.map(({ record }) => record.venueDate));
  return days.size === 1 ? ([...days][0] ?? null) : null;
}

/** null if there are accounts, and none of them can be converted. */
function sumOf(accounts: readonly ViewedAccount[], amountOf: (record: AccountRecord) => Decimal): string | null {
  const inSum = accounts.filter(({ path }) => path !== undefined);
  if (inSum.length === 0 && accounts.length > 0) return null;
  const total = inSum.reduce(
    (sum, { record, path }) => (path === undefined ? sum : sum.plus(converted(amountOf(record), path))),
    ZERO,
  );
  return text(rounded(total, 8));
}

function usedRates(accounts: readonly ViewedAccount[], now: number): readonly RateView[] {
  const used = new Set(accounts.flatMap(({ path }) => path?.rates ?? []));
  return [...used].map((rate) => ({
    pair: `${shownCurrency(rate.base)}/${shownCurrency(rate.quote)}`,
    rate: rate.bid,
    at: iso(rate.at),
    source: plainPath(rate.source),
    isStale: !isFresh(rate, now),
    isForDisplay: rate.origin === "file",
  }));
}

function isExplained({ unexplained }: AccountRecord): boolean {
  return unexplained.eq(ZERO);
}

function dayPnlOf({ nav, dayOpenNav }: AccountRecord): Decimal {
  return nav.minus(dayOpenNav);
}

function accountLine(
  desk: ViewedDesk,
  { connector, record, reportedAt, path }: ViewedAccount,
  now: number,
): AccountLine {
  const { config } = desk;
  const owner = accountOwner(desk, connector);
  const { account } = record;
  const settings = config.connectors.find(({ name }) => name === connector);
  const unread = openItems(desk.state.unread, connector).length;
  return {
    connector,
    mode: modeOf(desk, connector),
    currency: shownCurrency(account.currency),
    nav: text(rounded(record.nav, 8)),
    cash: account.cash,
    buyingPower: account.buyingPower,
    settledCash: account.settledCash ?? null,
    marginUsed: account.marginUsed ?? null,
    venueUnrealizedPnl: account.unrealizedPnl ?? null,
    balances: (account.balances ?? []).map(({ total, currency, free = null }) => ({
      amount: total,
      currency: shownCurrency(currency),
      buyingPower: free,
    })),
    dayPnl: isExplained(record) ? text(rounded(dayPnlOf(record), 8)) : null,
    day: record.venueDate,
    unexplained: isExplained(record) ? null : text(rounded(record.unexplained, 8)),
    asOf: iso(reportedAt),
    isStale: now - reportedAt > STALE_MS,
    isCountedByGuards: settings?.orders === true,
    unvalued: (account.unvalued ?? []).map(({ symbol }) => shownSymbol(symbol)),
    ...(unread > 0 && { unread }),
    sharedWith: owner === connector ? null : owner,
    isInSum: path !== undefined,
    navInSum: path === undefined ? null : text(rounded(converted(record.nav, path), 8)),
  };
}

/** The currency of a position's prices: the venue's own word, else the account's. */
function currencyOf(state: Readonly<DeskState>, { connector, symbol }: Readonly<PositionRecord>): string | undefined {
  const account = state.accounts.get(connector);
  return account?.positions.get(symbol)?.currency ?? account?.account.currency;
}

function markOf(state: Readonly<DeskState>, { connector, symbol }: Readonly<PositionRecord>): Decimal | undefined {
  const mark = state.accounts.get(connector)?.positions.get(symbol)?.markPrice;
  return mark === undefined ? undefined : decimal(mark);
}

function countedPositions(desk: ViewedDesk): readonly PositionRecord[] {
  const counted = new Set<string>(
    desk.config.connectors.filter(({ enabled, name }) => enabled && isOwner(desk, name)).map(({ name }) => name),
  );
  return [...desk.state.positions.values()].filter(({ connector }) => counted.has(connector));
}

interface ProfitSums {
  realized: Decimal | undefined;
  unrealized: Decimal | undefined;
  hasOpen: boolean;
  readonly incomplete: string[];
}

function profitLines(state: Readonly<DeskState>, counted: readonly PositionRecord[]): readonly ProfitLine[] {
  const sums = new Map<string, ProfitSums>();
  for (const position of counted) {
    const currency = currencyOf(state, position);
    if (currency === undefined) continue;
    const sum = sums.get(currency) ?? { realized: undefined, unrealized: undefined, hasOpen: false, incomplete: [] };
    sums.set(currency, sum);
    const mark = markOf(state, position);
    const isOpen = !position.quantity.eq(ZERO);
    const unrealized = !isOpen || mark === undefined ? undefined : unrealizedPnl(position, mark);
    // A part that is known although the cost is not counts too.
    if (!position.hasUnknownPnl || !position.realizedPnl.eq(ZERO))
      sum.realized = (sum.realized ?? ZERO).plus(position.realizedPnl);
    if (unrealized !== undefined) sum.unrealized = (sum.unrealized ?? ZERO).plus(unrealized);
    sum.hasOpen ||= isOpen;
    if (position.hasUnknownPnl || (isOpen && unrealized === undefined))
      sum.incomplete.push(`${position.connector}/${shownSymbol(position.symbol)}`);
  }
  return [...sums].map(([currency, { realized, unrealized, hasOpen, incomplete }]) => ({
    currency: shownCurrency(currency),
    realized: realized === undefined ? null : text(realized),
    unrealized: unrealized === undefined ? (hasOpen ? null : "0") : text(unrealized),
    incomplete,
  }));
}

/** A fee without a currency is in that of the position's price. */
function namedFees(state: Readonly<DeskState>, position: Readonly<PositionRecord>): ReadonlyMap<string, Decimal> {
  const named = new Map<string, Decimal>();
  for (const [code, fee] of position.fees) {
    const currency = code === "" ? (currencyOf(state, position) ?? "") : code;
    named.set(currency, (named.get(currency) ?? ZERO).plus(fee));
  }
  return named;
}

function feesOf(state: Readonly<DeskState>, counted: readonly PositionRecord[]): ReadonlyMap<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const position of counted) {
    for (const [currency, fee] of namedFees(state, position))
      sums.set(currency, (sums.get(currency) ?? ZERO).plus(fee));
  }
  return sums;
}

function amounts(sums: ReadonlyMap<string, Decimal>): readonly Amount[] {
  return [...sums].map(([currency, amount]) => ({ amount: text(amount), currency: shownCurrency(currency) }));
}

/** Open positions by our own fills, at the connector's last marks. */
export function positionViews(desk: ViewedDesk): readonly PositionView[] {
  const { state } = desk;
  return [...state.positions.values()]
    .filter((position) => !position.quantity.eq(ZERO))
    .map((position) => {
      const mark = markOf(state, position);
      const currency = currencyOf(state, position);
      const average = averagePrice(position);
      const unrealized = mark === undefined ? undefined : unrealizedPnl(position, mark);
      return {
        connector: position.connector,
        standing: standingOf(desk, position.connector),
        symbol: shownSymbol(position.symbol),
        quantity: text(position.quantity),
        multiplier: text(position.multiplier),
        currency: currency === undefined ? null : shownCurrency(currency),
        averagePrice: average === undefined ? null : text(average),
        markPrice: mark === undefined ? null : text(mark),
        value: mark === undefined ? null : text(position.quantity.times(mark).times(position.multiplier)),
        unrealizedPnl: unrealized === undefined ? null : text(unrealized),
        realizedPnl: position.hasUnknownPnl ? null : text(position.realizedPnl),
        fees: amounts(namedFees(state, position)),
      };
    });
}
