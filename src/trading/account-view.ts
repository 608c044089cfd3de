/**
 * NAV, cash, buying power and positions for output; amounts are decimal strings. Only amounts of one currency are added
 * up: an account in a currency without a rate is shown by itself. The accounts of connectors that desk.toml does not
 * enable do not count.
 */
import type {
  AccountLine,
  AccountView,
  Amount,
  ConnectorStanding,
  PositionView,
  ProfitLine,
} from "../domain/account-view.ts";
import type { AccountRecord } from "../domain/account.ts";
import { isSameCode } from "../domain/currency.ts";
import { type Decimal, ZERO, decimal, rounded, text } from "../domain/decimal.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { type PositionRecord, averagePrice, unrealizedPnl } from "../domain/position.ts";
import { shownCurrency, shownSymbol } from "../domain/untrusted.ts";
import { iso } from "../lib/time.ts";
import type { Desk } from "./desk.ts";

type ViewedDesk = Pick<Desk, "config" | "state">;

/** `askedAt`: when each connector last reported its account; if not known, the time of its last change counts. */
export function accountView(desk: ViewedDesk, askedAt: ReadonlyMap<string, number> = new Map()): AccountView {
  const counted = [...desk.state.accounts].filter(([connector]) => standingOf(desk, connector) === "enabled");
  const currency = sumCurrency(
    desk.config.account.currency,
    counted.map(([, { account }]) => account.currency),
  );
  const inSum = counted.filter(([, { account }]) => isSameCode(account.currency, currency)).map(([, record]) => record);
  const reportedAt = (connector: string, { markedAt }: AccountRecord): number => askedAt.get(connector) ?? markedAt;
  const oldest = Math.min(...counted.map(([connector, record]) => reportedAt(connector, record)));
  const sum = (amountOf: (record: AccountRecord) => Decimal): string | null =>
    inSum.length === 0 && counted.length > 0
      ? null
      : text(
          rounded(
            inSum.reduce((total, record) => total.plus(amountOf(record)), ZERO),
            8,
          ),
        );
  return {
    nav: sum(({ nav }) => nav),
    cash: sum(({ account }) => decimal(account.cash)),
    buyingPower: sum(({ account }) => decimal(account.buyingPower)),
    dayPnl: inSum.every(isExplained) ? sum(dayPnlOf) : null,
    currency: shownCurrency(currency),
    asOf: Number.isFinite(oldest) ? iso(oldest) : null,
    accounts: counted.map(([connector, record]) => accountLine(desk, connector, record, { currency, reportedAt })),
    profit: profitLines(desk),
    fees: amounts(feesOf(desk)),
    positions: positionViews(desk),
  };
}

export function standingOf({ config }: Pick<Desk, "config">, connector: string): ConnectorStanding {
  const known = config.connectors.find(({ name }) => name === connector);
  return known === undefined ? "removed" : known.enabled ? "enabled" : "disabled";
}

function sumCurrency(base: string, currencies: readonly string[]): string {
  const [first] = currencies;
  if (first === undefined || currencies.some((currency) => isSameCode(currency, base))) return base;
  return currencies.every((currency) => isSameCode(currency, first)) ? first : base;
}

function isExplained({ unexplained }: AccountRecord): boolean {
  return unexplained.eq(ZERO);
}

function dayPnlOf({ nav, dayOpenNav }: AccountRecord): Decimal {
  return nav.minus(dayOpenNav);
}

function accountLine(
  { config, state }: ViewedDesk,
  connector: string,
  record: AccountRecord,
  sums: { readonly currency: string; readonly reportedAt: (connector: string, record: AccountRecord) => number },
): AccountLine {
  const { account } = record;
  const settings = config.connectors.find(({ name }) => name === connector);
  return {
    connector,
    mode: state.connectors.get(connector)?.mode ?? settings?.mode ?? "unstated",
    currency: shownCurrency(account.currency),
    nav: text(rounded(record.nav, 8)),
    cash: account.cash,
    buyingPower: account.buyingPower,
    dayPnl: isExplained(record) ? text(rounded(dayPnlOf(record), 8)) : null,
    unexplained: isExplained(record) ? null : text(rounded(record.unexplained, 8)),
    asOf: iso(sums.reportedAt(connector, record)),
    isCountedByGuards: settings?.orders === true,
    unvalued: (account.unvalued ?? []).map(({ symbol }) => shownSymbol(symbol)),
    isInSum: isSameCode(account.currency, sums.currency),
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
  return [...desk.state.positions.values()].filter(({ connector }) => standingOf(desk, connector) === "enabled");
}

function profitLines(desk: ViewedDesk): readonly ProfitLine[] {
  const { state } = desk;
  const sums = new Map<string, { realized: Decimal; unrealized: Decimal; incomplete: string[] }>();
  for (const position of countedPositions(desk)) {
    const currency = currencyOf(state, position);
    if (currency === undefined) continue;
    const sum = sums.get(currency) ?? { realized: ZERO, unrealized: ZERO, incomplete: [] };
    sums.set(currency, sum);
    const mark = markOf(state, position);
    const unrealized = mark === undefined ? undefined : unrealizedPnl(position, mark);
    sum.realized = sum.realized.plus(position.realizedPnl);
    sum.unrealized = sum.unrealized.plus(unrealized ?? ZERO);
    const isOpen = !position.quantity.eq(ZERO);
    if (position.hasUnknownPnl || (isOpen && unrealized === undefined))
      sum.incomplete.push(`${position.connector}/${shownSymbol(position.symbol)}`);
  }
  return [...sums].map(([currency, { realized, unrealized, incomplete }]) => ({
    currency: shownCurrency(currency),
    realized: text(realized),
    unrealized: text(unrealized),
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

function feesOf(desk: ViewedDesk): ReadonlyMap<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const position of countedPositions(desk)) {
    for (const [currency, fee] of namedFees(desk.state, position))
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
        currency: currency === undefined ? null : shownCurrency(currency),
        averagePrice: average === undefined ? null : text(average),
        markPrice: mark === undefined ? null : text(mark),
        value: mark === undefined ? null : text(position.quantity.times(mark)),
        unrealizedPnl: unrealized === undefined ? null : text(unrealized),
        realizedPnl: position.hasUnknownPnl ? null : text(position.realizedPnl),
        fees: amounts(namedFees(state, position)),
      };
    });
}
