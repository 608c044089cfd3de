/** Accounts and positions as commands return them: amounts are decimal strings. */

/** What desk.toml says about a connector of the journal. */
export type ConnectorStanding = "enabled" | "disabled" | "removed";

export interface PositionView {
  readonly connector: string;
  /** A position at a connector that is not enabled counts nowhere. */
  readonly standing: ConnectorStanding;
  readonly symbol: string;
  readonly quantity: string;
  /** The units that one of it stands for: 50 for an ES future. */
  readonly multiplier: string;
  /** Of prices, value and P&L; null if not known. */
  readonly currency: string | null;
  readonly averagePrice: string | null;
  readonly markPrice: string | null;
  readonly value: string | null;
  readonly unrealizedPnl: string | null;
  /** Of the lots whose cost is known; null if a lot of unknown cost was closed. */
  readonly realizedPnl: string | null;
  readonly fees: readonly Amount[];
}

/** One asset over all accounts of a mode: its instruments and its balances. */
export interface ExposureView {
  /** For example `BTC`. */
  readonly asset: string;
  /** For example `crypto`. */
  readonly class: string;
  readonly mode: string;
  /** In units of the asset. */
  readonly quantity: string;
  /** Of the places that have one, in the currency of the sums; null if none has. */
  readonly value: string | null;
  /** The value is of all places. */
  readonly isComplete: boolean;
  readonly places: readonly ExposurePlace[];
}

export interface ExposurePlace {
  readonly connector: string;
  /** null: a balance of the account. */
  readonly symbol: string | null;
  readonly quantity: string;
  /** In the currency of the sums; null without a mark or an exchange rate. */
  readonly value: string | null;
}

/** Cash that an account has besides its own currency. */
interface BalanceView extends Amount {
  /** What an order can spend of it; null if the venue does not say. */
  readonly buyingPower: string | null;
}

export interface Amount {
  readonly amount: string;
  readonly currency: string;
}

/** A rate that the sums are made with. */
export interface RateView {
  readonly pair: string;
  readonly rate: string;
  readonly at: string;
  readonly source: string;
  /** Too old for guards. */
  readonly isStale: boolean;
  /** Of a file: guards do not count by it. */
  readonly isForDisplay: boolean;
}

export interface AccountLine {
  readonly connector: string;
  readonly mode: string;
  readonly currency: string;
  readonly nav: string;
  readonly cash: string;
  readonly buyingPower: string;
  /** In the currency of the account; each is null if the venue does not state it. */
  readonly settledCash: string | null;
  readonly marginUsed: string | null;
  /** By the venue, of all positions. */
  readonly venueUnrealizedPnl: string | null;
  /** Cash in other currencies, which `cash` does not contain; the NAV contains it, unless `unvalued` names it. */
  readonly balances: readonly BalanceView[];
  /** null while a change of the NAV is unexplained. */
  readonly dayPnl: string | null;
  /** The day of `dayPnl`: the date at the venue, for example 2020-04-20 in a replayed market. */
  readonly day: string;
  /** The change of the NAV that no trade explains, until a human says what it was. */
  readonly unexplained: string | null;
  /** When the connector last reported the account. */
  readonly asOf: string;
  /** That was more than five minutes ago. */
  readonly isStale: boolean;
  /** The connector is enabled and routes orders: guards count the account. */
  readonly isCountedByGuards: boolean;
  /** Positions and balances without a price or an exchange rate, which the NAV leaves out. */
  readonly unvalued: readonly string[];
  /** The fills and activities that the connector cannot read: what they say is missing. Absent for 0. */
  readonly unread?: number | undefined;
  /** The connector that reaches the same account, whose line counts; null: this line counts. */
  readonly sharedWith: string | null;
  /** The account is part of the sums: it is in their currency or there is a rate, and no other line is this account. */
  readonly isInSum: boolean;
  /** The NAV in the currency of the sums; null without a rate. */
  readonly navInSum: string | null;
}

/** Profit and loss of all positions in one currency, closed ones included. */
export interface ProfitLine {
  readonly currency: string;
  /** null if it is not known of any position. */
  readonly realized: string | null;
  /** Of the open positions that have a mark; null if there are open positions and it is not known of any. */
  readonly unrealized: string | null;
  /** Positions whose cost or mark is not known, so that the sums leave a part of them out. */
  readonly incomplete: readonly string[];
}

export interface AccountView {
  /** The sums over the accounts that can be converted to `currency`; null if none can. */
  readonly nav: string | null;
  readonly cash: string | null;
  /** For display: each order has the buying power of its own account. */
  readonly buyingPower: string | null;
  readonly dayPnl: string | null;
  /** The day of `dayPnl`; null if the accounts have several. */
  readonly day: string | null;
  /** The rates that the sums are made with. */
  readonly rates: readonly RateView[];
  /** `[account] currency`; the accounts' own if none of them is in it and they have one currency. */
  readonly currency: string;
  /** Time of the oldest account report among the connectors; null without any report. */
  readonly asOf: string | null;
  readonly accounts: readonly AccountLine[];
  readonly profit: readonly ProfitLine[];
  /** Of all positions, closed ones included; one line a currency. */
  readonly fees: readonly Amount[];
  readonly positions: readonly PositionView[];
  /** By asset, of enabled connectors. Instruments whose venue states no asset are not among them. */
  readonly exposures: readonly ExposureView[];
}
