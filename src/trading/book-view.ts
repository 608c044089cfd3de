/** The book as the outside sees it: NAV, cash, buying power, positions; decimal text throughout. */
import { type Decimal, ZERO, decimal, rounded, text } from "../domain/decimal.ts";
import { type DeskState, totalNav, dayPnl } from "../domain/desk-state.ts";
import { averagePrice, unrealizedPnl } from "../domain/position.ts";
import { UNNAMED, plainName } from "../domain/untrusted.ts";
import { iso } from "./desk.ts";

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

export interface BookView {
  readonly nav: string;
  readonly cash: string;
  readonly buyingPower: string;
  readonly dayPnl: string;
  readonly currency: string;
  /** When the connector that was asked the longest ago said what it holds; null: none has yet. */
  readonly asOf: string | null;
  readonly positions: readonly PositionView[];
}

/** `askedAt`: when each connector was last asked, where that is known; else its last change counts. */
export function bookView(
  state: Readonly<DeskState>,
  currency: string,
  askedAt: ReadonlyMap<string, number> = new Map(),
): BookView {
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

/** Open positions by our own fills, marked with what the connector last said. */
export function positionViews(state: Readonly<DeskState>): readonly PositionView[] {
  return [...state.positions.values()]
    .filter((position) => !position.quantity.eq(ZERO))
    .map((position) => {
      const held = state.accounts.get(position.connector)?.positions.get(position.symbol);
      const mark = held?.markPrice === undefined ? undefined : decimal(held.markPrice);
      const average = averagePrice(position);
      return {
        connector: position.connector,
        symbol: plainName(position.symbol) ?? UNNAMED,
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
