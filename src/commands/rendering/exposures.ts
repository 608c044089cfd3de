/** What accounts hold besides their own currency, and what is held of each asset over all venues, as text. */
import type { AccountLine, ExposurePlace, ExposureView } from "../../domain/account/account-view.ts";
import { money, unlabelled } from "./money.ts";
import { type OutputStyle, table } from "./table-text.ts";

interface BalanceRow {
  readonly connector: string;
  readonly amount: string;
  readonly currency: string;
  readonly buyingPower: string | null;
}

function balanceRows(accounts: readonly AccountLine[]): readonly BalanceRow[] {
  return accounts.flatMap(({ connector, balances }) => balances.map((balance) => ({ connector, ...balance })));
}

/** One line for each currency that an account holds besides its own. */
export function balanceTable(accounts: readonly AccountLine[], style: OutputStyle): readonly string[] {
  const rows = balanceRows(accounts);
  if (rows.length === 0) return [];
  return table<BalanceRow>(
    style,
    [
      { title: "balance", cell: ({ currency }) => currency },
      { title: "amount", cell: ({ amount, currency }) => unlabelled(money(amount, currency, style)), isNumber: true },
      {
        title: "buying power",
        cell: ({ buyingPower, currency }) =>
          buyingPower === null ? "-" : unlabelled(money(buyingPower, currency, style)),
        isNumber: true,
      },
      { title: "at", cell: ({ connector }) => connector, shrinks: true },
    ],
    rows,
  );
}

/** The assets that are held in several places: a single place is a line of the positions or balances already. */
export function exposureTable(
  exposures: readonly ExposureView[],
  currency: string,
  style: OutputStyle,
): readonly string[] {
  const rows = exposures.filter(({ places }) => places.length > 1);
  if (rows.length === 0) return [];
  return table<ExposureView>(
    style,
    [
      { title: "exposure", cell: ({ asset }) => asset },
      { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
      { title: "value", cell: (exposure) => valueText(exposure, currency, style), isNumber: true },
      { title: "mode", cell: ({ mode }) => mode },
      { title: "at", cell: ({ places }) => places.map(placeText).join(", "), shrinks: true },
    ],
    rows,
  );
}

function valueText({ value, isComplete }: ExposureView, currency: string, style: OutputStyle): string {
  if (value === null) return "no value";
  return isComplete ? money(value, currency, style) : `at least ${money(value, currency, style)}`;
}

function placeText({ connector, symbol, quantity }: ExposurePlace): string {
  return `${connector} ${quantity}${symbol === null ? " (balance)" : ""}`;
}

/** Off a terminal: one fact a line, its kind first. */
export function holdingFacts(accounts: readonly AccountLine[], exposures: readonly ExposureView[]) {
  return [
    ...balanceRows(accounts).map(({ connector, currency, amount, buyingPower }) => [
      ...["balance", connector, currency, amount, buyingPower ?? ""],
    ]),
    ...exposures.map(({ class: kind, asset, mode, quantity, value, places }) => [
      ...["exposure", `${kind}:${asset}`, mode, quantity, value ?? "", places.map(placeText).join(", ")],
    ]),
  ];
}
