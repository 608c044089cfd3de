/**
 * Profit and loss of each account and day, folded from the journal beside the desk's state. The lines of a row add up
 * to the change of the NAV less what was paid in or out; what the venue did not itemise is the line `other`.
 */
import type { AccountRecord } from "../../domain/account/account.ts";
import { isSameCode } from "../../domain/account/currency.ts";
import type { Table } from "../../domain/config/config-tables.ts";
import { type Decimal, ONE, ZERO, decimal } from "../../domain/decimal.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import type { DeskEvent, FillReceived, Recorded } from "../../domain/event.ts";
import { converted, ratePath } from "../../domain/account/exchange-rate.ts";
import { instrumentKey } from "../../domain/orders/order.ts";
import { type PositionRecord, unrealizedPnl } from "../../domain/account/position.ts";
import type { CountedMoney } from "../../domain/account/venue-money.ts";
import type { VenueBalance } from "../../domain/market/venue.ts";
import { type FxConfig, fxOf } from "../../workspace/fx-config.ts";

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

interface Cumulative {
  readonly symbols: ReadonlyMap<string, ProfitParts>;
  readonly incomplete: ReadonlySet<string>;
}

export interface LedgerOptions {
  /** `[account] currency`. */
  readonly currency: string;
  /** Keeps the fills of these times, ms. */
  readonly trades: (at: number) => boolean;
}

/** Takes each record with the state before and after it. */
export class ProfitLedger {
  readonly #state: Readonly<DeskState>;
  readonly #options: LedgerOptions;
  readonly #rows = new Map<string, ProfitRow[]>();
  /** The cumulative parts at the end of the last closed date, by connector. */
  readonly #closed = new Map<string, Cumulative>();
  /** The cumulative parts at the last mark, if a position has changed since. */
  readonly #atMark = new Map<string, Cumulative>();
  /** The point of an unexplained change, until a human says what it was. */
  readonly #unexplained = new Map<string, { readonly point: ValuePoint; row: ProfitRow | undefined }>();
  /** The value before the newest mark of each account that awaits money. */
  readonly #beforeMoney = new Map<string, ValuePoint>();
  /** The balances in other currencies at the last mark, by connector. */
  readonly #balances = new Map<string, readonly VenueBalance[]>();
  readonly #left = new Set<string>();
  readonly points: ValuePoint[] = [];
  readonly trades: TradeRow[] = [];
  /** Since the newest point. */
  #fills = 0;
  #date = "";
  /** `[fx]` as it was accepted last. */
  #fx: { readonly table: Table | undefined; readonly config: FxConfig } = { table: undefined, config: fxOf(undefined) };
  #realizedBefore: Decimal = ZERO;

  constructor(state: Readonly<DeskState>, options: LedgerOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** All rows, by connector and date. */
  get rows(): readonly ProfitRow[] {
    return [...this.#rows.values()].flat();
  }

  /** Before the record is applied to the state. */
  before({ at, event }: Recorded): void {
    switch (event.type) {
      case "account.marked":
        this.#beforeMark(event.connector, event.venueDate, at);
        return;
      case "fill.received":
        this.#keepMark(event.connector);
        this.#realizedBefore = this.#positionOf(event)?.realizedPnl ?? ZERO;
        return;
      case "instrument.cleared":
      case "instrument.agreed":
      case "position.adopted":
        this.#keepMark(event.connector);
        return;
      case "nav.unexplained":
        // The account is still as it was before the change.
        if (event.amount !== "0" && !this.#unexplained.has(event.connector)) {
          this.#unexplained.set(event.connector, { point: this.#addPoint(at), row: undefined });
        } else if (event.amount === "0") this.#unexplained.delete(event.connector);
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
        if (event.kind !== "result" && this.#state.accounts.has(event.connector)) {
          this.#addFlow(event.connector, decimal(event.amount), { at });
          this.#endExplained(event.connector);
        }
        return;
      case "snapshot.taken":
        if (this.#rows.size > 0) this.#addPoint(at);
        return;
      case "config.accepted":
        this.#closeLeft(event, at);
    }
  }

  /** After the last record: the point of now. */
  finish(): void {
    for (const connector of this.#rows.keys()) this.#closeParts(connector);
    if (this.#rows.size > 0) this.#addPoint(this.#state.lastAt);
  }

  #beforeMark(connector: string, venueDate: string, at: number): void {
    const account = this.#state.accounts.get(connector);
    if (venueDate > this.#date) {
      if (this.#date !== "") this.#addPoint(at);
      this.#date = venueDate;
    }
    if (account === undefined) return;
    this.#beforeMoney.delete(connector);
    if (account.awaited.some(({ line }) => line === "flow")) this.#beforeMoney.set(connector, this.#addPoint(at));
    if (venueDate > account.venueDate) {
      this.#closeParts(connector);
      this.#openRow(connector, venueDate, account);
    }
  }

  #afterMark(connector: string): void {
    const account = this.#state.accounts.get(connector);
    if (account === undefined) return;
    if (!this.#rows.has(connector) || this.#left.delete(connector)) {
      // What the account holds at its first mark is capital.
      this.#closed.set(connector, this.#cumulative(connector));
      this.#openRow(connector, account.venueDate, account);
      const point = this.#addPoint(account.markedAt, connector);
      point.flows.set(connector, account.nav);
    }
    const row = this.#rows.get(connector)?.at(-1);
    if (row === undefined) return;
    // The mark that follows shows the change first.
    const found = this.#unexplained.get(connector);
    if (found !== undefined) found.row ??= row;
    const balances = account.account.balances ?? [];
    row.balanceFx = row.balanceFx.plus(rateGain(this.#balances.get(connector) ?? [], balances));
    this.#balances.set(connector, balances);
    row.close = account.nav;
    row.closeRate = this.#rateOf(connector, account) ?? row.closeRate;
    this.#atMark.delete(connector);
  }

  #openRow(connector: string, date: string, account: AccountRecord): void {
    const rows = this.#rows.get(connector) ?? [];
    this.#rows.set(connector, rows);
    const rate = this.#rateOf(connector, account);
    rows.push({
      ...{ connector, date, currency: account.account.currency, open: account.nav, close: account.nav, flow: ZERO },
      ...{ symbols: new Map(), income: new Map(), openRate: rows.at(-1)?.closeRate ?? rate, closeRate: rate },
      ...{ balanceFx: ZERO, incomplete: new Set<string>() },
    });
  }

  /** The first change of a position since a mark: the parts at the mark are kept, because a date may end there. */
  #keepMark(connector: string): void {
    if (this.#rows.has(connector) && !this.#atMark.has(connector))
      this.#atMark.set(connector, this.#cumulative(connector));
  }

  /** The parts of a row are the change of the cumulative parts since the row before. */
  #closeParts(connector: string): void {
    const row = this.#rows.get(connector)?.at(-1);
    if (row === undefined) return;
    const now = this.#atMark.get(connector) ?? this.#cumulative(connector);
    const earlier = this.#closed.get(connector)?.symbols;
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
    this.#closed.set(connector, now);
  }

  #cumulative(connector: string): Cumulative {
    const symbols = new Map<string, ProfitParts>();
    const incomplete = new Set<string>();
    const account = this.#state.accounts.get(connector);
    for (const position of this.#state.positions.values()) {
      if (position.connector !== connector) continue;
      const held = account?.positions.get(position.symbol);
      const currency = account?.account.currency ?? "";
      const isForeign = held?.currency !== undefined && !isSameCode(held.currency, currency);
      const mark = held?.markPrice === undefined ? undefined : decimal(held.markPrice);
      const isOpen = !position.quantity.eq(ZERO);
      const unrealized = !isOpen ? ZERO : mark === undefined ? undefined : unrealizedPnl(position, mark);
      if (isForeign || unrealized === undefined || position.hasUnknownPnl) incomplete.add(position.symbol);
      if (isForeign) continue;
      const fees = feesIn(position, currency);
      symbols.set(position.symbol, {
        realized: position.realizedPnl,
        unrealized: unrealized ?? ZERO,
        fees: ZERO.minus(fees),
      });
    }
    return { symbols, incomplete };
  }

  #positionOf({ connector, fill }: FillReceived): PositionRecord | undefined {
    return this.#state.positions.get(instrumentKey(connector, fill.symbol));
  }

  #keepTrade(at: number, event: FillReceived): void {
    const { busts, corrects } = event.fill;
    const isNew = busts === undefined && corrects === undefined && event.completes !== true;
    if (isNew && event.finding?.kind !== "disputed") this.#fills += 1;
    if (!this.#options.trades(event.fill.at) || event.finding?.kind === "disputed") return;
    const { connector, fill, id } = event;
    const realized = (this.#positionOf(event)?.realizedPnl ?? ZERO).minus(this.#realizedBefore);
    const account = this.#state.accounts.get(connector);
    const currency = account?.positions.get(fill.symbol)?.currency ?? account?.account.currency ?? "";
    const kind = fill.busts === undefined ? (fill.corrects === undefined ? "fill" : "correction") : "bust";
    if (event.completes === true) return;
    this.trades.push({ at, connector, id, kind, fill, currency, realized });
  }

  /** Money that was paid in or out belongs to the date on which the NAV changed. */
  #addFlow(connector: string, amount: Decimal, { at, row }: { readonly at: number; readonly row?: ProfitRow }): void {
    const found = this.#unexplained.get(connector);
    const changed = row ?? found?.row ?? this.#rows.get(connector)?.at(-1);
    if (changed !== undefined) changed.flow = changed.flow.plus(amount);
    const point = this.#beforeMoney.get(connector) ?? found?.point ?? this.#addPoint(at);
    point.flows.set(connector, (point.flows.get(connector) ?? ZERO).plus(amount));
  }

  #endExplained(connector: string): void {
    if (this.#state.accounts.get(connector)?.unexplained.eq(ZERO) === true) this.#unexplained.delete(connector);
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
    this.#beforeMoney.delete(connector);
    this.#endExplained(connector);
  }

  #rowOf(connector: string, { isOfEarlierDate }: CountedMoney): ProfitRow | undefined {
    const rows = this.#rows.get(connector);
    if (!isOfEarlierDate) return rows?.at(-1);
    return this.#unexplained.get(connector)?.row ?? rows?.at(-2) ?? rows?.at(-1);
  }

  /** A connector that leaves desk.toml takes its last NAV with it. */
  #closeLeft({ tables }: Extract<DeskEvent, { type: "config.accepted" }>, at: number): void {
    const enabled = new Set(tables.connector.filter((table) => table["enabled"] !== false).map(({ name }) => name));
    for (const connector of this.#rows.keys()) {
      const account = this.#state.accounts.get(connector);
      if (enabled.has(connector) || this.#left.has(connector) || account === undefined) continue;
      this.#closeParts(connector);
      this.#addPoint(at).flows.set(connector, ZERO.minus(account.nav));
      this.#left.add(connector);
    }
  }

  #addPoint(at: number, without?: string): ValuePoint {
    const accounts: AccountValue[] = [];
    for (const connector of this.#rows.keys()) {
      const account = this.#state.accounts.get(connector);
      if (account === undefined || connector === without || this.#left.has(connector)) continue;
      const rate = this.#rateOf(connector, account);
      accounts.push({ connector, nav: account.nav, currency: account.account.currency, rate });
    }
    const point: ValuePoint = { date: this.#date, at, accounts, flows: new Map(), fills: this.#fills };
    this.#fills = 0;
    this.points.push(point);
    return point;
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

/** What the balances of before gained since by their rates. */
function rateGain(before: readonly VenueBalance[], now: readonly VenueBalance[]): Decimal {
  const rates = new Map(now.map(({ currency, rate }) => [currency, rate]));
  let sum = ZERO;
  for (const { currency, total, rate } of before) {
    const later = rates.get(currency);
    if (rate !== undefined && later !== undefined)
      sum = sum.plus(decimal(total).times(decimal(later).minus(decimal(rate))));
  }
  return sum;
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
