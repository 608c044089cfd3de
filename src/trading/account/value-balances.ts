/** Adds the balances in other currencies to the NAV that a venue states in its own. */
import { ZERO, decimal, text } from "../../domain/decimal.ts";
import { rateFor, ratePath } from "../../domain/account/exchange-rate.ts";
import type { ReportedAccount, UnvaluedPosition, VenueBalance } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";
import { isSameCode } from "../../domain/account/currency.ts";
import { recordRate, rateTable } from "./exchange-rates.ts";

/** The venue's own rates are the first source of its own account. */
function recordOwnRates(
  desk: Pick<Desk, "clock" | "publish" | "state">,
  connector: string,
  { balances = [], currency, at = desk.clock.now() }: ReportedAccount,
): void {
  for (const { currency: from, rateToAccount, rateAt = at } of balances)
    if (rateToAccount !== undefined && !isSameCode(from, currency))
      recordRate(desk, connector, { pair: `${from}/${currency}`.toUpperCase(), rate: rateToAccount, at: rateAt });
}

/** A balance without a rate has no value: it is listed, and the NAV leaves it out. */
export function withBalances(
  desk: Pick<Desk, "clock" | "config" | "publish" | "state">,
  connector: string,
  account: ReportedAccount,
): ReportedAccount {
  const { balances = [], currency } = account;
  if (balances.length === 0) return account;
  recordOwnRates(desk, connector, account);
  const exchange = rateTable(desk);
  const now = desk.clock.now();
  let nav = decimal(account.nav);
  const unvalued: UnvaluedPosition[] = [];
  const rated = balances.map(({ rateToAccount: _own, rateAt: _at, ...balance }): VenueBalance => {
    const path = ratePath(exchange, { from: balance.currency, to: currency, now, connector, use: "guards" });
    const total = decimal(balance.total);
    if (path === undefined) {
      if (!total.eq(ZERO)) unvalued.push({ symbol: balance.currency, quantity: balance.total });
      return balance;
    }
    const rate = rateFor(total, path);
    nav = nav.plus(total.times(rate));
    return { ...balance, rate: text(rate) };
  });
  return { ...account, nav: text(nav), balances: rated, ...(unvalued.length > 0 && { unvalued }) };
}
