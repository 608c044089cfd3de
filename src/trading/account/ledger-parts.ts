/**
 * What a profit ledger keeps, as plain data: a checkpoint has it with the desk's state. Rows, points and trades that
 * cannot change any more move to the archive.
 */
import type { VenueBalance } from "../../domain/market/venue.ts";
import { type Decimal, ZERO, decimal } from "../../domain/decimal.ts";
import type { AccountMarked, FillReceived } from "../../domain/event.ts";
import { iso } from "../../lib/time.ts";

/** Of one instrument or account; amounts are gains, so that fees are below zero. */
export interface ProfitParts {
  realized: Decimal;
  unrealized: Decimal;
  fees: Decimal;
}

/** What activities of the venue brought, without trades. */
export interface IncomeParts {
  dividends: Decimal;
  interest: Decimal;
  /** Below zero. */
  fees: Decimal;
}

/** One account on one date of its venue, in the account's currency. */
export interface ProfitRow {
  readonly connector: string;
  readonly date: string;
  readonly currency: string;
  /** NAV at the end of the date before, and the last one of this date. */
  readonly open: Decimal;
  close: Decimal;
  /** Paid in less paid out. */
  flow: Decimal;
  readonly symbols: Map<string, ProfitParts>;
  /** By instrument; "" for what belongs to none. */
  readonly income: Map<string, IncomeParts>;
  /** Price of one unit of the account's currency in the desk's, at the open and at the close; undefined without one. */
  readonly openRate: Decimal | undefined;
  closeRate: Decimal | undefined;
  /** Of the exchange rates, on the account's balances in other currencies. */
  balanceFx: Decimal;
  /** Instruments whose cost or mark is not known: their profit is in `other`. */
  readonly incomplete: Set<string>;
}

/** The value of every account at one moment: before money was paid in or out, at a snapshot, at the end of a date. */
export interface ValuePoint {
  readonly date: string;
  readonly at: number;
  readonly accounts: readonly AccountValue[];
  /** Paid in or out right after, by connector. */
  readonly flows: Map<string, Decimal>;
  /** The number of fills that the desk recorded since the point before, whatever their venues' dates. */
  readonly fills: number;
}

export interface AccountValue {
  readonly connector: string;
  readonly nav: Decimal;
  readonly currency: string;
  readonly rate: Decimal | undefined;
  /** true: the value is of before the point, because the venue did not report the account. */
  readonly isStale?: boolean | undefined;
}

/** One change of realized P&L: a fill, its correction or its cancellation. */
export interface TradeRow {
  readonly at: number;
  readonly connector: string;
  readonly id: string | null;
  readonly kind: "fill" | "correction" | "bust";
  readonly fill: FillReceived["fill"];
  readonly currency: string;
  /** Of the lots that it closed, FIFO. */
  readonly realized: Decimal;
}

export interface CumulativeProfit {
  readonly symbols: ReadonlyMap<string, ProfitParts>;
  readonly incomplete: ReadonlySet<string>;
}

/** What the fills of one position made; without parts if they are in another currency than the account's. */
export interface PositionProfit {
  readonly parts: ProfitParts | undefined;
  readonly isIncomplete: boolean;
}

/** The profit of positions before their first change since a mark; undefined for a position that is new. */
export interface ProfitAtMark {
  /** By symbol. */
  readonly positions: Map<string, PositionProfit | undefined>;
  /** All positions of the account are kept: those of now that are missing are new. */
  isWhole: boolean;
}

export interface UnexplainedChange {
  readonly point: ValuePoint;
  row: ProfitRow | undefined;
}

export interface LedgerParts {
  /** `[account] currency`, to which the rates of rows and points lead. */
  readonly currency: string;
  /** By connector, the oldest first. A connector whose rows have moved keeps its name here. */
  readonly rows: Map<string, ProfitRow[]>;
  readonly points: ValuePoint[];
  readonly trades: TradeRow[];
  /** The cumulative parts at the end of the last closed date, by connector. */
  readonly closed: Map<string, CumulativeProfit>;
  /** By connector: the positions that have changed since the last mark, as they were then. */
  readonly atMark: Map<string, ProfitAtMark>;
  /** The point of an unexplained change, until a human says what it was. */
  readonly unexplained: Map<string, UnexplainedChange>;
  /** The value before the newest mark of each account that awaits money. */
  readonly beforeMoney: Map<string, ValuePoint>;
  /** The balances in other currencies at the last mark, by connector. */
  readonly balances: Map<string, readonly VenueBalance[]>;
  /** The connectors that have left desk.toml. */
  readonly left: Set<string>;
  /** Since the newest point. */
  fills: number;
  date: string;
}

export function emptyLedger(currency: string): LedgerParts {
  return {
    currency,
    rows: new Map(),
    points: [],
    trades: [],
    closed: new Map(),
    atMark: new Map(),
    unexplained: new Map(),
    beforeMoney: new Map(),
    balances: new Map(),
    left: new Set(),
    fills: 0,
    date: "",
  };
}

/** How many of the oldest rows of each connector, points and trades cannot change any more. */
export interface ClosedCounts {
  readonly rows: ReadonlyMap<string, number>;
  readonly points: number;
  readonly trades: number;
}

/** Money that is found later belongs to one of the last two dates of a connector. */
const ROWS_KEPT = 2;

/** `tradesMax`: more would make one checkpoint long. */
export function closedCounts(parts: LedgerParts, tradesMax: number): ClosedCounts {
  const openRows = new Set([...parts.unexplained.values()].map(({ row }) => row));
  const openPoints = new Set([
    ...[...parts.unexplained.values()].map(({ point }) => point),
    ...parts.beforeMoney.values(),
  ]);
  const rows = new Map<string, number>();
  for (const [connector, own] of parts.rows) {
    const first = own.findIndex((row) => openRows.has(row));
    rows.set(connector, Math.min(first === -1 ? own.length : first, Math.max(0, own.length - ROWS_KEPT)));
  }
  const firstPoint = parts.points.findIndex((point) => openPoints.has(point));
  const points = firstPoint === -1 ? parts.points.length : firstPoint;
  return { rows, points, trades: Math.min(parts.trades.length, tradesMax) };
}

/** The parts that cannot change any more. */
export function closedParts(
  parts: LedgerParts,
  counts: ClosedCounts,
): {
  readonly rows: readonly ProfitRow[];
  readonly points: readonly ValuePoint[];
  readonly trades: readonly TradeRow[];
} {
  return {
    rows: [...parts.rows].flatMap(([connector, rows]) => rows.slice(0, counts.rows.get(connector) ?? 0)),
    points: parts.points.slice(0, counts.points),
    trades: parts.trades.slice(0, counts.trades),
  };
}

/** The parts that stay. */
export function openParts(parts: LedgerParts, counts: ClosedCounts): LedgerParts {
  return {
    ...parts,
    rows: new Map([...parts.rows].map(([connector, rows]) => [connector, rows.slice(counts.rows.get(connector) ?? 0)])),
    points: parts.points.slice(counts.points),
    trades: parts.trades.slice(counts.trades),
  };
}

/** Removes what has moved to the archive. */
export function removeClosed(parts: LedgerParts, counts: ClosedCounts): void {
  for (const [connector, count] of counts.rows) parts.rows.get(connector)?.splice(0, count);
  parts.points.splice(0, counts.points);
  parts.trades.splice(0, counts.trades);
}

/** A mark whose time differs by more is of a replayed market. */
export const SKEW_MS = 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The date that a mark begins for the points of all accounts. A market that is dated ahead would end the dates of the
 * others: it counts as of the day before, which has begun in every time zone.
 */
export function dateOfDesk(
  { venueDate, venueTime }: Pick<AccountMarked, "venueDate" | "venueTime">,
  at: number,
): string {
  return venueTime - at < SKEW_MS ? venueDate : iso(at - DAY_MS).slice(0, 10);
}

/** What the balances of before gained since by their rates. */
export function rateGain(before: readonly VenueBalance[], now: readonly VenueBalance[]): Decimal {
  const rates = new Map(now.map(({ currency, rate }) => [currency, rate]));
  let sum = ZERO;
  for (const { currency, total, rate } of before) {
    const later = rates.get(currency);
    if (rate !== undefined && later !== undefined)
      sum = sum.plus(decimal(total).times(decimal(later).minus(decimal(rate))));
  }
  return sum;
}
