/** The text of a snapshot: the desk's book as TOML. */
import { TomlError, parse } from "smol-toml";
import * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import { quoteString } from "../lib/invisible-characters.ts";
import { formatKeyPath, tomlErrorMessage } from "./toml.ts";
import { lazy } from "../lib/lazy.ts";

export interface SnapshotPosition {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly averagePrice: string | null;
  readonly markPrice: string | null;
  readonly unrealizedPnl: string | null;
  readonly currency: string | null;
}

export interface SnapshotAccount {
  readonly connector: string;
  readonly currency: string;
  readonly nav: string;
  readonly cash: string;
  readonly buyingPower: string;
  readonly settledCash: string | null;
  readonly marginUsed: string | null;
  readonly venueUnrealizedPnl: string | null;
  /** Cash in further currencies. */
  readonly balances: readonly {
    readonly amount: string;
    readonly currency: string;
    readonly buyingPower: string | null;
  }[];
  /** ISO: when the connector last reported the account. */
  readonly asOf: string;
  /** The account is part of the sums. */
  readonly isInSum: boolean;
  /** In the currency of the sums; null without a rate. */
  readonly navInSum: string | null;
  readonly isStale: boolean;
}

interface SnapshotExposure {
  readonly asset: string;
  readonly class: string;
  readonly mode: string;
  readonly quantity: string;
  readonly value: string | null;
  readonly places: readonly {
    readonly connector: string;
    readonly symbol: string | null;
    readonly quantity: string;
  }[];
}

interface SnapshotRate {
  readonly pair: string;
  readonly rate: string;
  readonly at: string;
  readonly source: string;
}

export interface SnapshotProfit {
  readonly currency: string;
  /** null: not known. */
  readonly realized: string | null;
  readonly unrealized: string | null;
}

export interface SnapshotContents {
  /** ISO, UTC. */
  readonly time: string;
  /** Of NAV and cash. */
  readonly currency: string;
  /** null if the accounts cannot be added up. */
  readonly nav: string | null;
  readonly cash: string | null;
  /** null if it is not known: files of earlier versions lack it. */
  readonly buyingPower: string | null;
  readonly accounts: readonly SnapshotAccount[];
  /** The rates that the sums are made with. */
  readonly rates: readonly SnapshotRate[];
  readonly profit: readonly SnapshotProfit[];
  readonly fees: readonly { readonly amount: string; readonly currency: string }[];
  readonly connectors: readonly string[];
  readonly stale: readonly string[];
  readonly positions: readonly SnapshotPosition[];
  readonly exposures: readonly SnapshotExposure[];
}

function tomlList(items: readonly string[]): string {
  return `[${items.map((item) => quoteString(item)).join(", ")}]`;
}

function accountLines(account: SnapshotAccount, currency: string): readonly string[] {
  return [
    "",
    "[[account]]",
    `connector = ${quoteString(account.connector)}`,
    `currency = ${quoteString(account.currency)}`,
    `nav = "${account.nav}"`,
    ...(account.navInSum === null || account.currency === currency ? [] : [`nav_converted = "${account.navInSum}"`]),
    `cash = "${account.cash}"`,
    `buying_power = "${account.buyingPower}"`,
    ...(account.settledCash === null ? [] : [`settled_cash = "${account.settledCash}"`]),
    ...(account.marginUsed === null ? [] : [`margin_used = "${account.marginUsed}"`]),
    ...(account.venueUnrealizedPnl === null ? [] : [`pnl_open_by_venue = "${account.venueUnrealizedPnl}"`]),
    `as_of = "${account.asOf}"`,
    ...(account.isStale ? ["stale = true"] : []),
    ...account.balances.flatMap((balance) => [
      "",
      "[[account.balance]]",
      `currency = ${quoteString(balance.currency)}`,
      `total = "${balance.amount}"`,
      ...(balance.buyingPower === null ? [] : [`buying_power = "${balance.buyingPower}"`]),
    ]),
  ];
}

function exposureLines(exposure: SnapshotExposure): readonly string[] {
  return [
    "",
    "[[exposure]]",
    `asset = ${quoteString(`${exposure.class}:${exposure.asset}`)}`,
    `mode = "${exposure.mode}"`,
    `quantity = "${exposure.quantity}"`,
    ...(exposure.value === null ? [] : [`value = "${exposure.value}"`]),
    `places = ${tomlList(
      exposure.places.map(({ connector, symbol, quantity }) => `${connector} ${symbol ?? "balance"} ${quantity}`),
    )}`,
  ];
}

export function snapshotText(contents: SnapshotContents): string {
  const { currency, nav, cash } = contents;
  const profit = contents.profit.find((line) => line.currency === currency);
  const unconverted = contents.accounts.filter(({ isInSum }) => !isInSum);
  const meta = [
    "[meta]",
    `timestamp = "${contents.time}"`,
    `currency = ${quoteString(currency)}`,
    ...(nav === null ? [] : [`nav = "${nav}"`]),
    ...(cash === null ? [] : [`cash = "${cash}"`]),
    ...(contents.buyingPower === null ? [] : [`buying_power = "${contents.buyingPower}"`]),
    // The documented keys name the dollar, so they stand for dollars only.
    ...(currency !== "USD" || nav === null ? [] : [`nav_usd = "${nav}"`]),
    ...(currency !== "USD" || cash === null ? [] : [`cash_usd = "${cash}"`]),
    ...profitText(profit ?? { realized: "0", unrealized: "0" }),
    `fees = ${tomlList(contents.fees.map((fee) => `${fee.amount} ${fee.currency}`))}`,
    `connectors = ${tomlList(contents.connectors)}`,
    ...(contents.stale.length === 0 ? [] : [`stale = ${tomlList(contents.stale)}`]),
    ...(unconverted.length === 0
      ? []
      : [`unconverted = ${tomlList(unconverted.map((account) => `${account.connector}: ${account.currency}`))}`]),
  ];
  const rates = contents.rates.flatMap((rate) => [
    "",
    "[[rate]]",
    `pair = ${quoteString(rate.pair)}`,
    `rate = "${rate.rate}"`,
    `at = "${rate.at}"`,
    `source = ${quoteString(rate.source)}`,
  ]);
  const otherProfit = contents.profit
    .filter((line) => line.currency !== currency)
    .flatMap((line) => ["", "[[profit]]", `currency = ${quoteString(line.currency)}`, ...profitText(line)]);
  const positions = contents.positions.flatMap((position) => [
    "",
    "[[position]]",
    `connector = ${quoteString(position.connector)}`,
    `symbol = ${quoteString(position.symbol)}`,
    `quantity = "${position.quantity}"`,
    ...(position.currency === null ? [] : [`currency = ${quoteString(position.currency)}`]),
    ...(position.averagePrice === null ? [] : [`avg_cost = "${position.averagePrice}"`]),
    ...(position.markPrice === null ? [] : [`mark = "${position.markPrice}"`]),
    ...(position.unrealizedPnl === null ? [] : [`pnl_open = "${position.unrealizedPnl}"`]),
  ]);
  const lines = [
    ...meta,
    ...contents.accounts.flatMap((account) => accountLines(account, currency)),
    ...[...rates, ...otherProfit, ...positions],
    ...contents.exposures.flatMap(exposureLines),
  ];
  return `${lines.join("\n")}\n`;
}

const amount = lazy(() => z.string().optional());

const snapshotSchema = lazy(() =>
  z.looseObject({
    meta: z.looseObject({
      timestamp: z.string(),
      currency: z.string().default("USD"),
      nav: amount(),
      cash: amount(),
      buying_power: amount(),
      /** Snapshots of earlier versions have these keys alone. */
      nav_usd: amount(),
      cash_usd: amount(),
      realized_pnl: amount(),
      unrealized_pnl: amount(),
      fees: z.array(z.string()).default([]),
      stale: z.array(z.string()).default([]),
    }),
    account: z
      .array(z.looseObject({ connector: z.string(), currency: z.string(), nav: z.string(), cash: z.string() }))
      .default([]),
    profit: z
      .array(z.looseObject({ currency: z.string(), realized_pnl: amount(), unrealized_pnl: amount() }))
      .default([]),
    position: z
      .array(
        z.looseObject({
          connector: z.string(),
          symbol: z.string(),
          quantity: z.string(),
          currency: amount(),
          avg_cost: amount(),
          mark: amount(),
          pnl_open: amount(),
        }),
      )
      .default([]),
  }),
);

/** What is not known has no key. */
function profitText({ realized, unrealized }: Omit<SnapshotProfit, "currency">): readonly string[] {
  return [
    ...(realized === null ? [] : [`realized_pnl = "${realized}"`]),
    ...(unrealized === null ? [] : [`unrealized_pnl = "${unrealized}"`]),
  ];
}

/** A snapshot that was read from its file. */
export interface SnapshotFile {
  readonly path: string;
  readonly time: string;
  readonly currency: string;
  readonly nav: string | null;
  readonly cash: string | null;
  readonly buyingPower: string | null;
  readonly profit: readonly SnapshotProfit[];
  readonly fees: readonly string[];
  readonly stale: readonly string[];
  readonly accounts: readonly Pick<SnapshotAccount, "connector" | "currency" | "nav" | "cash">[];
  readonly positions: readonly SnapshotPosition[];
}

/** @throws SNAPSHOT_INVALID. */
export function parseSnapshot(path: string, toml: string): SnapshotFile {
  const { meta, account, profit, position } = readContents(path, toml);
  const { currency } = meta;
  const base = { currency, realized: meta.realized_pnl ?? null, unrealized: meta.unrealized_pnl ?? null };
  return {
    path,
    time: meta.timestamp,
    currency,
    nav: meta.nav ?? meta.nav_usd ?? null,
    cash: meta.cash ?? meta.cash_usd ?? null,
    buyingPower: meta.buying_power ?? null,
    profit: [
      base,
      ...profit.map((line) => ({
        currency: line.currency,
        realized: line.realized_pnl ?? null,
        unrealized: line.unrealized_pnl ?? null,
      })),
    ],
    fees: meta.fees,
    stale: meta.stale,
    accounts: account.map(({ connector, currency: code, nav, cash }) => ({ connector, currency: code, nav, cash })),
    positions: position.map(({ connector, symbol, quantity, currency: code, avg_cost, mark, pnl_open }) => ({
      connector,
      symbol,
      quantity,
      currency: code ?? null,
      averagePrice: avg_cost ?? null,
      markPrice: mark ?? null,
      unrealizedPnl: pnl_open ?? null,
    })),
  };
}

/** The message has words of the desk alone: agents can write the file. */
function readContents(path: string, toml: string): z.output<ReturnType<typeof snapshotSchema>> {
  try {
    const parsed = snapshotSchema().safeParse(parse(toml));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const key = formatKeyPath(issue?.path.map((part) => (typeof part === "number" ? part : String(part))) ?? []);
    throw new QocError("SNAPSHOT_INVALID", { path, message: `${key} is missing or has a wrong value` });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = `line ${error.line}: ${tomlErrorMessage(error)}`;
    throw new QocError("SNAPSHOT_INVALID", { path, message }, { cause: error });
  }
}

/** What `latest`, a path, a name or the start of a name means; undefined if no name, or more than one, fits. */
export function snapshotNamed(names: readonly string[], ref: string): string | undefined {
  if (ref === "latest") return names.at(-1);
  const stem = (ref.split("/").at(-1) ?? "").replace(/\.toml$/, "");
  if (stem === "") return undefined;
  const exact = names.find((name) => name === `${stem}.toml`);
  const starting = names.filter((name) => name.startsWith(stem));
  return exact ?? (starting.length === 1 ? starting[0] : undefined);
}
