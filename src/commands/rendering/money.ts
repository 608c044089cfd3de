/** Amounts of money as text. */
import { decimal, isCanonical } from "../../domain/decimal.ts";
import { formatMoney } from "../../gate/format.ts";
import type { Shade } from "./paint.ts";
import type { OutputStyle } from "./table-text.ts";

/** "29,584.89 USD"; a text that is no amount is shown as it is. */
export function amountText(amount: string, currency: string): string {
  return isCanonical(amount) ? formatMoney(decimal(amount), currency) : `${amount} ${currency}`.trimEnd();
}

/** An amount with its currency: rounded and grouped on a terminal, exact for a program. */
export function money(
  amount: string | null,
  currency: string | null,
  { isTty }: Pick<OutputStyle, "isTty"> = { isTty: false },
): string {
  if (amount === null) return "not known";
  return isTty ? amountText(amount, currency ?? "") : [amount, ...(currency === null ? [] : [currency])].join(" ");
}

/** A gain or a loss by its sign, not by a colour alone. */
export function signed(amount: string): string {
  return amount.startsWith("-") || isZero(amount) ? amount : `+${amount}`;
}

export function signedMoney(amount: string | null, currency: string | null, style: Pick<OutputStyle, "isTty">): string {
  return amount === null ? "not known" : signed(money(amount, currency, style));
}

/** An amount without its currency, for a table that states it elsewhere. */
export function unlabelled(amount: string): string {
  return amount.split(" ")[0] ?? "";
}

/** The colour of a gain or a loss; undefined: neither. */
export function gainShade(amount: string | null): Shade | undefined {
  if (amount === null || isZero(amount)) return undefined;
  return amount.startsWith("-") ? "red" : "green";
}

export function sideShade(side: string): Shade {
  return side === "buy" ? "cyan" : "magenta";
}

function isZero(amount: string): boolean {
  return /^-?0(\.0*)?(?: |$)/.test(amount);
}
