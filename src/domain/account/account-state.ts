/** Accounts, exchange rates and multipliers, folded from marks, activities and what humans state. */
import { type AccountRecord, afterAnnouncement, afterCashEvent, markedAccount } from "./account.ts";
import type { ArchivedMap } from "../archived-map.ts";
import type { MoneyEvent } from "./cash-event.ts";
import { type Decimal, ONE, ZERO, decimal } from "../decimal.ts";
import { stateAsset } from "../market/asset.ts";
import type { AccountMarked, Recorded } from "../event.ts";
import { type ExchangeRate, converted, keepRate, ratePath } from "./exchange-rate.ts";
import { type FillState, positionOf } from "../fills/fill-state.ts";
import { exchangeInstrument, exchangeOf, exchangedPositions, renameOrders } from "./instrument-exchange.ts";
import { type MultiplierStated, multiplierKey, multiplierOf } from "./multiplier.ts";
import type { SplitStated } from "../market/instrument-event.ts";
import { type NavReading, changeWithoutTrades, unexplainedChange } from "./nav-change.ts";
import { openPosition } from "./position.ts";
import { spinOffInstrument, spinOffOf } from "./spin-off.ts";
import { splitInstrument } from "./split.ts";
import { possibleRatio, splitRatioOf } from "./split-ratio.ts";
import {
  type ActivityKey,
  type ActivityReceived,
  type KnownActivity,
  activityKey,
  receiveActivity,
} from "./venue-activity.ts";
import { announcedMoney, correctedMoney } from "./venue-money.ts";

export type AccountEvent = AccountMarked | MoneyEvent | SplitStated;

export interface AccountState extends FillState {
  /** The activities that the journal has, so that each counts once. */
  readonly activities: ArchivedMap<ActivityKey, KnownActivity>;
  /** By connector: the venue's time of the newest activity, ms, and at most the time of its record. */
  readonly activitiesAt: Map<string, number>;
  /** The newest rates of venues, by {@link rateKey}. */
  readonly rates: Map<string, ExchangeRate>;
}

export function applyAccountEvent(state: AccountState, recorded: Recorded<AccountEvent>): void {
  const { event } = recorded;
  switch (event.type) {
    case "account.marked":
      markAccount(state, recorded as Recorded<AccountMarked>);
      return;
    case "venue.activity":
      announce(state, recorded as Recorded<ActivityReceived>);
      return;
    case "instrument.split":
      splitAsStated(state, recorded as Recorded<SplitStated>);
      return;
    case "instrument.multiplier":
      stateMultiplier(state, event);
      return;
    case "instrument.asset":
      stateAsset(state, event);
      return;
    case "fx.observed": {
      const { type: _type, ...rate } = event;
      keepRate(state.rates, rate);
      return;
    }
    case "nav.unexplained":
    case "cash.moved": {
      const account = state.accounts.get(event.connector);
      if (account !== undefined)
        state.accounts.set(event.connector, afterCashEvent(account, recorded as Recorded<typeof event>));
    }
  }
}

function stateMultiplier(state: FillState, { connector, symbol, multiplier }: MultiplierStated): void {
  const key = multiplierKey(connector, symbol);
  state.multipliers.set(key, decimal(multiplier));
  for (const position of state.positions.values())
    if (multiplierKey(position.connector, position.symbol) === key) position.multiplier = decimal(multiplier);
}

/** The money of an activity, once; an activity that replaces an earlier one counts by the difference. */
function announce(state: AccountState, recorded: Recorded<ActivityReceived>): void {
  const { event, at: recordedAt } = recorded;
  const { connector, activity } = event;
  const account = state.accounts.get(connector);
  const isKnown = state.activities.has(activityKey(connector, activity.id));
  const { corrects } = activity;
  const earlier = corrects === undefined ? undefined : state.activities.get(activityKey(connector, corrects))?.money;
  const money = account && announcedMoney(event, account.account.currency);
  receiveActivity(state, recorded, money);
  if (account === undefined) return;
  let after: AccountRecord = { ...account, counted: [] };
  const parts = money === undefined || isKnown ? [] : earlier === undefined ? [money] : correctedMoney(money, earlier);
  for (const part of parts) {
    const next = afterAnnouncement(after, part, { at: activity.at, recordedAt });
    after = { ...next, counted: [...after.counted, ...next.counted] };
  }
  state.accounts.set(connector, after);
  if (isKnown || activity.symbol === undefined) return;
  const ratio = splitRatioOf(activity);
  if (ratio !== undefined) splitInstrument(state, { connector, symbol: activity.symbol, ratio, at: activity.at });
  if (exchange(state, event, money?.amount ?? ZERO) || ratio !== undefined) explainAgain(state, connector, recordedAt);
}

/** A human states it after the mark that shows it: what was held then is of before. */
function splitAsStated(
  state: AccountState,
  { event: { connector, symbol, ratio: stated, newSymbol }, at }: Recorded<SplitStated>,
): void {
  const ratio = possibleRatio(stated);
  if (ratio === undefined) return;
  if (newSymbol !== undefined) renameOrders(state, { connector, symbol, newSymbol });
  if (newSymbol === undefined) splitInstrument(state, { connector, symbol, ratio, at });
  else exchangeInstrument(state, { connector, symbol, newSymbol, ratio, cash: ZERO, at });
  explainAgain(state, connector, at);
}

/** A new name, a merger or a spin-off; returns whether it is one of these. `cash`: in the account's currency. */
function exchange(state: FillState, { connector, activity }: ActivityReceived, cash: Decimal): boolean {
  const { kind, symbol = "", newSymbol } = activity;
  if ((kind === "rename" || kind === "merger") && newSymbol !== undefined)
    renameOrders(state, { connector, symbol, newSymbol });
  const old = exchangedPositions(state, { connector, symbol, newSymbol });
  const held = old.reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
  const found = exchangeOf({ connector, activity }, { held, cash });
  if (found !== undefined) exchangeInstrument(state, found);
  const spinOff = spinOffOf({ connector, activity }, { held, cash });
  if (spinOff !== undefined) spinOffInstrument(state, spinOff);
  return found !== undefined || spinOff !== undefined;
}

/** A mark that showed the split before its activity left a change that nothing explained. */
function explainAgain(state: AccountState, connector: string, at: number): void {
  const account = state.accounts.get(connector);
  if (account === undefined || account.unexplained.eq(ZERO)) return;
  const shown = { account: account.account, positions: [...account.positions.values()], at };
  const change = unexplainedChange(account.base, readingOf(state, connector, shown));
  if (change !== undefined) state.accounts.set(connector, { ...account, unexplained: change });
}

/** What the venue shows now, with the trades, multipliers and exchange rates that the journal has. */
export function readingOf(
  state: Readonly<Pick<AccountState, "multipliers" | "rates" | "trades">>,
  connector: string,
  { account, positions, at }: Pick<NavReading, "account" | "positions"> & { readonly at: number },
): NavReading {
  const sizeOf = (symbol: string): Decimal => multiplierOf(state, connector, symbol);
  const rateOf = (from: string): Decimal | undefined => {
    const table = { rates: [...state.rates.values()], pegs: [] };
    const path = ratePath(table, { from, to: account.currency, now: at, connector, use: "display" });
    return path && converted(ONE, path);
  };
  return { account, positions, trades: state.trades.get(connector), multiplierOf: sizeOf, rateOf };
}

/**
 * The first mark of a connector opens its positions. Later marks change no position: they are compared with the fills.
 */
function markAccount(state: AccountState, recorded: Recorded<AccountMarked>): void {
  const { connector, account, positions } = recorded.event;
  const earlier = state.accounts.get(connector);
  if (earlier === undefined) openPositions(state, recorded.event);
  let change: Decimal | undefined;
  if (earlier !== undefined && earlier.awaited.length > 0)
    change = changeWithoutTrades(earlier.base, readingOf(state, connector, { account, positions, at: recorded.at }));
  const marked = markedAccount(earlier, recorded, change);
  // The trades before a base mark are part of it.
  if (marked.base.account === marked.account) state.trades.delete(connector);
  state.accounts.set(connector, marked);
}

function openPositions(state: FillState, { connector, positions }: AccountMarked): void {
  // The opening positions contain the external fills before the mark.
  for (const key of state.external.keys()) if (key.startsWith(`${connector}/`)) state.external.delete(key);
  for (const held of positions) {
    const quantity = decimal(held.quantity);
    if (quantity.eq(ZERO)) continue;
    openPosition(
      positionOf(state, connector, held.symbol),
      quantity,
      held.averagePrice === undefined ? undefined : decimal(held.averagePrice),
    );
  }
}
