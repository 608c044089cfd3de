/** NAV, cash, buying power and positions for output; amounts are decimal strings. */
import { type Decimal, ZERO, decimal, rounded, text } from "../domain/decimal.ts";
import { type DeskState, totalNav, dayPnl } from "../domain/desk-state.ts";
import { averagePrice, unrealizedPnl } from "../domain/position.ts";
import { shownSymbol } from "../domain/untrusted.ts";
import { iso } from "../lib/time.ts";

export interface PositionView {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly averagePrice: string | null;
  readonly markPrice: string | null;
  readonly value: string | null;
  readonly unrealizedPnl: string | null;
  readonly realizedPnl: string;
  readonly fees: string;
}

export interface AccountView {
  readonly nav: string;
  readonly cash: string;
  readonly buyingPower: string;
  readonly dayPnl: string;
  readonly currency: string;
  /** Time of the oldest account report among the connectors; null without any report. */
  readonly asOf: string | null;
  readonly positions: readonly PositionView[];
}

/** `askedAt`: when each connector last reported its account; if not known, the time of its last change counts. */
export function accountView(
  state: Readonly<DeskState>,
  currency: string,
  askedAt: ReadonlyMap<string, number> = new Map(),
): AccountView {
  const oldest = Math.min(
    ...[...state.accounts].map(([connector, { markedAt }]) => askedAt.get(connector) ?? markedAt),
  );
  const sum = (field: "cash" | "buyingPower"): Decimal =>
    [...state.accounts.values()].reduce((total, { account }) => total.plus(decimal(account[field])), ZERO);
  return {
    nav: text(rounded(totalNav(state), 8)),
    cash: text(rounded(sum("cash"), 8)),
    buyingPower: text(rounded(sum("buyingPower"), 8)),
    dayPnl: text(rounded(dayPnl(state), 8)),
    currency,
    asOf: Number.isFinite(oldest) ? iso(oldest) : null,
    positions: positionViews(state),
  };
}

/** Open positions by our own fills, at the connector's last marks. */
export function positionViews(state: Readonly<DeskState>): readonly PositionView[] {
  return [...state.positions.values()]
    .filter((position) => !position.quantity.eq(ZERO))
    .map((position) => {
      const reported = state.accounts.get(position.connector)?.positions.get(position.symbol);
      const mark = reported?.markPrice === undefined ? undefined : decimal(reported.markPrice);
      const average = averagePrice(position);
      return {
        connector: position.connector,
        symbol: shownSymbol(position.symbol),
        quantity: text(position.quantity),
        averagePrice: average === undefined ? null : text(average),
        markPrice: mark === undefined ? null : text(mark),
        value: mark === undefined ? null : text(position.quantity.times(mark)),
        unrealizedPnl: mark === undefined ? null : text(unrealizedPnl(position, mark)),
        realizedPnl: text(position.realizedPnl),
        fees: text(position.fees),
      };
    });
}
