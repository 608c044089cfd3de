/**
 * Profit and loss of each account and day, folded from the journal beside the desk's state. The lines of a row add up
 * to the change of the NAV less what was paid in or out; what the venue did not itemise is the line `other`.
 */
import type { AccountRecord } from "../../domain/account/account.ts";
import { isSameCode } from "../../domain/account/currency.ts";
import type { Table } from "../../domain/config/config-tables.ts";
import { type Decimal, ONE, ZERO, decimal } from "../../domain/decimal.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import type { AccountMarked, ConnectorState, DeskEvent, FillReceived, Recorded } from "../../domain/event.ts";
import { converted, ratePath } from "../../domain/account/exchange-rate.ts";
import { instrumentKey } from "../../domain/orders/order.ts";
import { type PositionRecord, unrealizedPnl } from "../../domain/account/position.ts";
import type { CountedMoney } from "../../domain/account/venue-money.ts";
import { type FxConfig, fxOf } from "../../workspace/fx-config.ts";
import {
  type AccountValue,
  type CumulativeProfit,
  type IncomeParts,
  type LedgerParts,
  type PositionProfit,
  type ProfitAtMark,
  type ProfitParts,
  type ProfitRow,
  type TradeRow,
  type ValuePoint,
  dateOfDesk,
  emptyLedger,
  rateGain,
  SKEW_MS,
} from "./ledger-parts.ts";

export interface LedgerOptions {
  /** `[account] currency`. */
  readonly currency: string;
  /** Keeps the fills of these times, ms. */
  readonly trades: (at: number) => boolean;
}

/** The account is that of before. A connector that starts is asked next; what has stopped was asked before. */
const UNREPORTED: ReadonlySet<ConnectorState> = new Set([
  "degraded",
  "unresponsive",
  "restarting",
  "quarantined",
  "zombie",
]);

/** Takes each record with the state before and after it. */
export class ProfitLedger {
  readonly #state: Readonly<DeskState>;
  readonly #options: LedgerOptions;
  readonly #parts: LedgerParts;
  /** `[fx]` as it was accepted last. */
  #fx: { readonly table: Table | undefined; readonly config: FxConfig } = { table: undefined, config: fxOf(undefined) };
  #realizedBefore: Decimal = ZERO;

  /** `parts`: those of the records before. The ledger changes them. */
  constructor(state: Readonly<DeskState>, options: LedgerOptions, parts = emptyLedger(options.currency)) {
    this.#state = state;
    this.#options = options;
    this.#parts = parts;
  }

  /** By connector and date. */
  get rows(): readonly ProfitRow[] {
    return [...this.#parts.rows.values()].flat();
  }

  get points(): readonly ValuePoint[] {
    return this.#parts.points;
  }

  get trades(): readonly TradeRow[] {
    return this.#parts.trades;
  }

  /** Before the record is applied to the state. */
  before({ at, event }: Recorded): void {
    switch (event.type) {
      case "account.marked":
        this.#beforeMark(event, at);
        return;
      case "fill.received":
        this.#keepBeforeFill(event);
        this.#realizedBefore = this.#positionOf(event)?.realizedPnl ?? ZERO;
        return;
      case "instrument.cleared":
      case "instrument.agreed":
      case "position.adopted":
        this.#keepAllOf(event.connector);
        return;
      case "venue.activity":
      case "instrument.split":
      case "instrument.multiplier":
        if (this.#parts.atMark.has(event.connector)) this.#keepAllOf(event.connector);
        return;
      case "nav.unexplained":
        // The account is still as it was before the change.
        if (event.amount !== "0" && !this.#parts.unexplained.has(event.connector)) {
          this.#parts.unexplained.set(event.connector, { point: this.#addPoint(at), row: undefined });
        } else if (event.amount === "0") this.#parts.unexplained.delete(event.connector);
    }
  }

  /** After the record is applied to the state. */
  after({ at, event }: Recorded): void {
    switch (event.type) {
      case "account.marked":
        this.#afterMark(event.connector);
        this.#count(event.connector, at);
        return;
      case "venue.activity":
        this.#count(event.connector, at);
        return;
      case "fill.received":
        this.#keepTrade(at, event);
        return;
      case "cash.moved":
        if (event.kind === "result" || !this.#state.accounts.has(event.connector)) return;
        this.#addFlow(event.connector, decimal(event.amount), { at });
        this.#endExplained(event.connector);
        return;
      case "instrument.split":
        this.#endExplained(event.connector);
        return;
      case "snapshot.taken":
        if (this.#parts.rows.size > 0) this.#addPoint(at);
        return;
      case "config.accepted":
        this.#closeLeft(event, at);
    }
  }

  /** After the last record: the point of now. */
  finish(): void {
    for (const [connector, rows] of this.#parts.rows) {
      this.#closeParts(connector);
      const [account, row] = [this.#state.accounts.get(connector), rows.at(-1)];
      // The rate may be of after the last mark: an account that does not change is not marked again.
      if (account !== undefined && row !== undefined && !this.#parts.left.has(connector))
        row.closeRate = this.#rateOf(connector, account) ?? row.closeRate;
    }
    if (this.#parts.rows.size > 0) this.#addPoint(this.#state.lastAt);
  }

  #beforeMark(event: AccountMarked, at: number): void {
    const { connector, venueDate } = event;
    const account = this.#state.accounts.get(connector);
    const date = dateOfDesk(event, at);
    if (date > this.#parts.date) {
      if (this.#parts.date !== "") this.#addPoint(at, { isEndOfDate: true });
      this.#parts.date = date;
    }
    if (account === undefined) return;
    this.#parts.beforeMoney.delete(connector);
    if (account.awaited.some(({ line }) => line === "flow")) this.#parts.beforeMoney.set(connector, this.#addPoint(at));
    if (venueDate > account.venueDate) {
      this.#closeParts(connector);
      this.#openRow(connector, venueDate, account);
    }
  }

  #afterMark(connector: string): void {
    const account = this.#state.accounts.get(connector);
    if (account === undefined) return;
    if (!this.#parts.rows.has(connector) || this.#parts.left.delete(connector)) {
      // What the account holds at its first mark is capital.
      this.#parts.closed.set(connector, this.#cumulative(connector));
      this.#openRow(connector, account.venueDate, account);
      const point = this.#addPoint(account.markedAt, { without: connector });
      point.flows.set(connector, account.nav);
    }
    const row = this.#parts.rows.get(connector)?.at(-1);
    if (row === undefined) return;
    // The mark that follows shows the change first.
    const found = this.#parts.unexplained.get(connector);
    if (found !== undefined) found.row ??= row;
    const balances = account.account.balances ?? [];
    row.balanceFx = row.balanceFx.plus(rateGain(this.#parts.balances.get(connector) ?? [], balances));
    this.#parts.balances.set(connector, balances);
    row.close = account.nav;
    row.closeRate = this.#rateOf(connector, account) ?? row.closeRate;
    this.#parts.atMark.delete(connector);
  }

  #openRow(connector: string, date: string, account: AccountRecord): void {
    const rows = this.#parts.rows.get(connector) ?? [];
    this.#parts.rows.set(connector, rows);
    const rate = this.#rateOf(connector, account);
    const before = rows.at(-1);
    if (before !== undefined) before.closeRate ??= rate;
    rows.push({
      ...{ connector, date, currency: account.account.currency, open: account.nav, close: account.nav, flow: ZERO },
      ...{ symbols: new Map(), income: new Map(), openRate: before?.closeRate ?? rate, closeRate: rate },
      ...{ balanceFx: ZERO, incomplete: new Set<string>() },
    });
  }

  /** What the account had earned at the mark is kept of each position that changes, because a date may end there. */
  #keptOf(connector: string): ProfitAtMark | undefined {
    if (!this.#parts.rows.has(connector)) return undefined;
    const kept = this.#parts.atMark.get(connector) ?? { positions: new Map(), isWhole: false };
    this.#parts.atMark.set(connector, kept);
    return kept;
  }

  #keepBeforeFill({ connector, id, fill, completes }: FillReceived): void {
    const isFirst = fill.busts === undefined && fill.corrects === undefined && completes !== true;
    // Another version of a fill may change the position of another spelling, and its order may claim earlier fills.
    if (id === null || !isFirst || this.#state.unmatchedFills.size > 0) {
      this.#keepAllOf(connector);
      return;
    }
    const kept = this.#keptOf(connector);
    if (kept === undefined || kept.isWhole || kept.positions.has(fill.symbol)) return;
    const position = this.#state.positions.get(instrumentKey(connector, fill.symbol));
    kept.positions.set(fill.symbol, position && this.#profitOf(position));
  }

  #keepAllOf(connector: string): void {
    const kept = this.#keptOf(connector);
    if (kept === undefined || kept.isWhole) return;
    kept.isWhole = true;
    for (const position of this.#state.positions.values())
      if (position.connector === connector && !kept.positions.has(position.symbol))
        kept.positions.set(position.symbol, this.#profitOf(position));
  }

  /** The parts of a row are the change of the cumulative parts since the row before. */
  #closeParts(connector: string): void {
    const row = this.#parts.rows.get(connector)?.at(-1);
    if (row === undefined) return;
    const now = this.#cumulative(connector, this.#parts.atMark.get(connector));
    const earlier = this.#parts.closed.get(connector)?.symbols;
    for (const [symbol, parts] of now.symbols) {
      const before = earlier?.get(symbol);
      const change = {
        realized: parts.realized.minus(before?.realized ?? ZERO),
        unrealized: parts.unrealized.minus(before?.unrealized ?? ZERO),
        fees: parts.fees.minus(before?.fees ?? ZERO),
      };
      if (!Object.values(change).every((amount) => amount.eq(ZERO))) row.symbols.set(symbol, change);
    }
    for (const symbol of now.incomplete) row.incomplete.add(symbol);
    this.#parts.closed.set(connector, now);
  }

  /** `atMark`: of the positions that have changed since the mark at which the sum is made; none for the sum of now. */
  #cumulative(connector: string, atMark?: ProfitAtMark): CumulativeProfit {
    const symbols = new Map<string, ProfitParts>();
    const incomplete = new Set<string>();
    for (const position of this.#state.positions.values()) {
      if (position.connector !== connector) continue;
      const { symbol } = position;
      const isKept = atMark !== undefined && (atMark.isWhole || atMark.positions.has(symbol));
      const profit = isKept ? atMark.positions.get(symbol) : this.#profitOf(position);
      if (profit?.isIncomplete === true) incomplete.add(symbol);
      if (profit?.parts !== undefined) symbols.set(symbol, profit.parts);
    }
    return { symbols, incomplete };
  }

  #profitOf(position: PositionRecord): PositionProfit {
    const account = this.#state.accounts.get(position.connector);
    const held = account?.positions.get(position.symbol);
    const currency = account?.account.currency ?? "";
    const isForeign = held?.currency !== undefined && !isSameCode(held.currency, currency);
    const mark = held?.markPrice === undefined ? undefined : decimal(held.markPrice);
    const isOpen = !position.quantity.eq(ZERO);
    const unrealized = !isOpen ? ZERO : mark === undefined ? undefined : unrealizedPnl(position, mark);
    const isIncomplete = isForeign || unrealized === undefined || position.hasUnknownPnl;
    if (isForeign) return { parts: undefined, isIncomplete };
    const fees = ZERO.minus(feesIn(position, currency));
    return { parts: { realized: position.realizedPnl, unrealized: unrealized ?? ZERO, fees }, isIncomplete };
  }

  #positionOf({ connector, fill }: FillReceived): PositionRecord | undefined {
    return this.#state.positions.get(instrumentKey(connector, fill.symbol));
  }

  #keepTrade(at: number, event: FillReceived): void {
    const { busts, corrects } = event.fill;
    const isNew = busts === undefined && corrects === undefined && event.completes !== true;
    if (isNew && event.finding?.kind !== "disputed") this.#parts.fills += 1;
    if (!this.#options.trades(event.fill.at) || event.finding?.kind === "disputed") return;
    const { connector, fill, id } = event;
    const realized = (this.#positionOf(event)?.realizedPnl ?? ZERO).minus(this.#realizedBefore);
    const account = this.#state.accounts.get(connector);
    const currency = account?.positions.get(fill.symbol)?.currency ?? account?.account.currency ?? "";
    const kind = fill.busts === undefined ? (fill.corrects === undefined ? "fill" : "correction") : "bust";
    if (event.completes === true) return;
    this.#parts.trades.push({ at, connector, id, kind, fill, currency, realized });
  }

  /** Money that was paid in or out belongs to the date on which the NAV changed. */
  #addFlow(connector: string, amount: Decimal, { at, row }: { readonly at: number; readonly row?: ProfitRow }): void {
    const found = this.#parts.unexplained.get(connector);
    const changed = row ?? found?.row ?? this.#parts.rows.get(connector)?.at(-1);
    if (changed !== undefined) changed.flow = changed.flow.plus(amount);
    const point = this.#parts.beforeMoney.get(connector) ?? found?.point ?? this.#addPoint(at);
    point.flows.set(connector, (point.flows.get(connector) ?? ZERO).plus(amount));
  }

  #endExplained(connector: string): void {
    if (this.#state.accounts.get(connector)?.unexplained.eq(ZERO) === true) this.#parts.unexplained.delete(connector);
  }

  /** The money of activities that this record counted: by a mark, or as a part of an unexplained change. */
  #count(connector: string, at: number): void {
    const counted = this.#state.accounts.get(connector)?.counted ?? [];
    for (const money of counted) {
      const row = this.#rowOf(connector, money);
      if (row === undefined || money.line === "other") continue;
      if (money.line === "flow") this.#addFlow(connector, money.amount, { at, row });
      else addIncome(row, money.line, money);
    }
    this.#parts.beforeMoney.delete(connector);
    this.#endExplained(connector);
  }

  #rowOf(connector: string, { isOfEarlierDate }: CountedMoney): ProfitRow | undefined {
    const rows = this.#parts.rows.get(connector);
    if (!isOfEarlierDate) return rows?.at(-1);
    return this.#parts.unexplained.get(connector)?.row ?? rows?.at(-2) ?? rows?.at(-1);
  }

  /** A connector that leaves desk.toml takes its last NAV with it. */
  #closeLeft({ tables }: Extract<DeskEvent, { type: "config.accepted" }>, at: number): void {
    const enabled = new Set(tables.connector.filter((table) => table["enabled"] !== false).map(({ name }) => name));
    for (const connector of this.#parts.rows.keys()) {
      const account = this.#state.accounts.get(connector);
      if (enabled.has(connector) || this.#parts.left.has(connector) || account === undefined) continue;
      this.#closeParts(connector);
      this.#addPoint(at).flows.set(connector, ZERO.minus(account.nav));
      this.#parts.left.add(connector);
    }
  }

  #addPoint(
    at: number,
    { without, isEndOfDate = false }: { readonly without?: string; readonly isEndOfDate?: boolean } = {},
  ): ValuePoint {
    const accounts: AccountValue[] = [];
    for (const connector of this.#parts.rows.keys()) {
      const account = this.#state.accounts.get(connector);
      if (account === undefined || connector === without || this.#parts.left.has(connector)) continue;
      const rate = this.#rateOf(connector, account);
      const isStale = this.#isStale(connector, account, isEndOfDate) || undefined;
      accounts.push({ connector, nav: account.nav, currency: account.account.currency, rate, isStale });
    }
    const point: ValuePoint = { date: this.#parts.date, at, accounts, flows: new Map(), fills: this.#parts.fills };
    this.#parts.fills = 0;
    this.#parts.points.push(point);
    return point;
  }

  /** Whether the connector cannot report its account now, or did not on the date that ends. */
  #isStale(connector: string, { venueDate, venueTime, markedAt }: AccountRecord, isEndOfDate: boolean): boolean {
    const { state } = this.#state.connectors.get(connector) ?? {};
    if (state !== undefined && UNREPORTED.has(state)) return true;
    // A replayed market has dates of its own.
    const isOfNow = Math.abs(venueTime - markedAt) < SKEW_MS;
    return isEndOfDate && isOfNow && venueDate < this.#parts.date;
  }

  #rateOf(connector: string, { account }: AccountRecord): Decimal | undefined {
    const { currency: to } = this.#options;
    if (isSameCode(account.currency, to)) return ONE;
    const found = this.#state.config.accepted?.tables.fx;
    if (this.#fx.table !== found) this.#fx = { table: found, config: fxOf(found) };
    const { rates, pegs } = this.#fx.config;
    const table = { rates: [...this.#state.rates.values(), ...rates], pegs };
    const query = { from: account.currency, to, now: this.#state.lastAt, connector, use: "display" } as const;
    const path = ratePath(table, query);
    return path && converted(ONE, path);
  }
}

function addIncome(row: ProfitRow, line: keyof IncomeParts, { amount, symbol = "" }: CountedMoney): void {
  const parts = row.income.get(symbol) ?? { dividends: ZERO, interest: ZERO, fees: ZERO };
  row.income.set(symbol, parts);
  parts[line] = parts[line].plus(amount);
}

/** Fees in the account's currency; a fee in the traded asset at the cost of the units that it took. */
function feesIn(position: Readonly<PositionRecord>, currency: string): Decimal {
  let sum = position.assetFeeCost;
  for (const [code, fee] of position.fees) if (code === "" || isSameCode(code, currency)) sum = sum.plus(fee);
  return sum;
}
