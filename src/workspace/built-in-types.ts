/** The built-in connectors: their options, checked with desk.toml, their secrets and the hosts that each reaches. */
import type { Mode } from "../domain/venue.ts";
import { PAPER_OPTIONS, paperOptionProblem } from "./paper-options.ts";

export type OptionTable = Readonly<Record<string, unknown>>;

export interface BuiltInType {
  readonly label: string;
  /** What it trades, for the list of `qoc connect`. */
  readonly trades: string;
  readonly options: readonly string[];
  /** What the value of this option must be; undefined if it may be the value. A missing option has no value. */
  problem(option: string, value: unknown): string | undefined;
  /** The names of the secrets that it needs. */
  readonly secrets: readonly string[];
  mode(options: OptionTable): Mode | undefined;
  /** The hosts that it may reach if desk.toml names none; undefined: it uses no network. */
  hosts(options: OptionTable): readonly string[] | undefined;
}

function oneOf(values: readonly string[]): (value: unknown) => string | undefined {
  const allowed = values.map((value) => JSON.stringify(value)).join(" or ");
  return (value) => (typeof value === "string" && values.includes(value) ? undefined : allowed);
}

/** Keys may go to no other host, so a fake venue is on this machine. */
function fakeVenue(value: unknown): string | undefined {
  const isLocal = typeof value === "string" && /^http:\/\/(?:127\.0\.0\.1|localhost):\d{1,5}$/.test(value);
  return isLocal ? undefined : "the address of a fake venue on this machine, such as http://127.0.0.1:18350";
}

const ALPACA_RULES: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  environment: oneOf(["paper", "live"]),
  feed: (value) => (value === undefined ? undefined : oneOf(["iex", "sip", "delayed_sip"])(value)),
  venue: (value) => (value === undefined ? undefined : fakeVenue(value)),
};

const BUILT_IN: Readonly<Record<string, BuiltInType>> = {
  paper: {
    label: "the paper venue",
    trades: "a simulated market on recorded prices; no money moves",
    options: PAPER_OPTIONS,
    problem: (option, value) => (value === undefined ? undefined : paperOptionProblem(option, value)),
    secrets: [],
    mode: () => undefined,
    hosts: () => undefined,
  },
  alpaca: {
    label: "alpaca",
    trades: "US stocks, ETFs, and coins against USD",
    options: Object.keys(ALPACA_RULES),
    problem: (option, value) => ALPACA_RULES[option]?.(value),
    secrets: ["api_key", "api_secret"],
    mode: ({ environment }) => (environment === "live" ? "live" : "paper"),
    hosts: ({ environment, venue }) =>
      typeof venue === "string"
        ? [new URL(venue).hostname]
        : [environment === "live" ? "api.alpaca.markets" : "paper-api.alpaca.markets", "data.alpaca.markets"],
  },
};

/** The built-in connector of a table; undefined if the table names a file, or a type that is not built in. */
export function builtInType(table: {
  readonly type: string;
  readonly adapter?: string | undefined;
}): BuiltInType | undefined {
  return table.adapter === undefined ? BUILT_IN[table.type] : undefined;
}

/** The types of connectors that are built in. */
export const BUILT_IN_TYPES: readonly string[] = Object.keys(BUILT_IN);

/** A word of the documentation for what a connector trades, or for a type that is not built in yet. */
export interface ConnectorKind {
  /** The built-in type that `qoc connect` proposes. */
  readonly proposes?: string;
  /** What there is instead; empty if there is nothing. */
  readonly instead?: string;
}

const NO_EXCHANGES = "; alpaca trades coins against USD";
const NOT_IN_TOTALS = "; alpaca shows the cash of its own account";

export const CONNECTOR_KINDS: Readonly<Record<string, ConnectorKind>> = {
  equities: { proposes: "alpaca" },
  crypto: { instead: NO_EXCHANGES },
  cash: { instead: NOT_IN_TOTALS },
  options: {},
  futures: {},
  ccxt: { instead: NO_EXCHANGES },
  ibkr: { instead: "; alpaca trades US stocks and ETFs" },
  replay: { instead: "; paper simulates a market on recorded prices" },
};
