/** The built-in connectors: their options, checked with desk.toml, their secrets and the hosts that each reaches. */
import { isCurrencyCode } from "../domain/account/currency.ts";
import type { Mode } from "../domain/market/venue.ts";
import { CASH_RULES, balancesToml } from "./cash-options.ts";
import { hostIn, hostProblem } from "./host-name.ts";
import { PAPER_RULES, REPLAY_RULES, SOURCE_RULES } from "./paper-options.ts";

export type OptionTable = Readonly<Record<string, unknown>>;

/** What a person gives to `qoc connect` as one word each, because no value fits every desk. */
export const WORD_FLAGS = ["symbols", "balances", "exchange", "currency", "hosts"] as const;
export type WordFlag = (typeof WORD_FLAGS)[number];
export type ConnectWords = Readonly<Partial<Record<WordFlag, string | undefined>>>;

/** One of them, by the flag of this name. */
export interface WordOption {
  readonly option: WordFlag;
  readonly example: string;
  readonly question: string;
  /** The table is complete without it, and no question is asked. */
  readonly isOptional?: true;
  /** The lines of `[connector.options]`; undefined if the word has another form. */
  toml(word: string): readonly string[] | undefined;
  /** The lines are of the table itself. */
  readonly isOfTable?: true;
  /** What a word of another form probably means; undefined: it cannot be said. */
  meant?(word: string): string | undefined;
}

export interface BuiltInType {
  readonly label: string;
  /** It takes no orders, whatever desk.toml says. */
  readonly isDataOnly?: true;
  /** A paper venue can trade on its quotes. */
  readonly hasLiveQuotes?: true;
  /** What it trades, for the list of `qoc connect`. */
  readonly trades: string;
  readonly options: readonly string[];
  /** What the value of this option must be; undefined if it may be the value. A missing option has no value. */
  problem(option: string, value: unknown, options: OptionTable): string | undefined;
  /** The words that `qoc connect` takes for its table. A word may decide which others there are. */
  words?(given: ConnectWords): readonly WordOption[];
  /** The names of the secrets that it needs. */
  secrets(options: OptionTable): readonly string[];
  mode(options: OptionTable): Mode | undefined;
  /** The npm packages that it needs, with their versions. The user installs them. */
  readonly packages?: readonly string[];
  /** It runs npm packages that the user installs, so its code is not all of Qoc. */
  readonly hasOthersCode?: true;
  /** The addresses that it may connect to by TCP, besides those of `grant`. */
  grants?(options: OptionTable): readonly string[];
  /** The hosts that it may reach if desk.toml names none; undefined: it names none of its own. */
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

type OptionRules = Readonly<Record<string, ((value: unknown, options: OptionTable) => string | undefined) | undefined>>;

/** The options of these rules. Only a required option must have a value. */
function withRules(rules: OptionRules, required: readonly string[] = []): Pick<BuiltInType, "options" | "problem"> {
  return {
    options: Object.keys(rules),
    problem: (option, value, options) =>
      value === undefined && !required.includes(option) ? undefined : rules[option]?.(value, options),
  };
}

const ENVIRONMENT = oneOf(["paper", "live"]);

/** The host of the fake venue that the options name. */
function fakeHosts({ venue }: OptionTable): readonly string[] | undefined {
  return typeof venue === "string" ? [new URL(venue).hostname] : undefined;
}

function environmentOf(options: OptionTable): "paper" | "live" {
  return options["environment"] === "live" ? "live" : "paper";
}

const ALPACA_RULES: OptionRules = {
  environment: ENVIRONMENT,
  feed: oneOf(["iex", "sip", "delayed_sip"]),
  venue: fakeVenue,
};

const ALPACA_DATA = ["data.alpaca.markets", "stream.data.alpaca.markets"];
const ALPACA_HOSTS = {
  paper: ["paper-api.alpaca.markets", ...ALPACA_DATA],
  live: ["api.alpaca.markets", ...ALPACA_DATA],
};

/** The hosts of the exchanges whose orders were reviewed, by environment. */
const EXCHANGE_HOSTS: Readonly<Record<string, Readonly<Partial<Record<Mode, readonly string[]>>>>> = {
  binance: {
    live: ["api.binance.com", "ws-api.binance.com", "stream.binance.com"],
    paper: ["testnet.binance.vision", "ws-api.testnet.binance.vision", "stream.testnet.binance.vision"],
  },
  coinbase: {
    live: ["api.coinbase.com", "advanced-trade-ws-user.coinbase.com", "advanced-trade-ws.coinbase.com"],
  },
  kraken: { live: ["api.kraken.com", "ws-auth.kraken.com", "ws.kraken.com"] },
};

/** The hosts of other paper environments, by the option `network`. */
const NETWORK_HOSTS: Readonly<Record<string, readonly string[]>> = {
  demo: ["demo-api.binance.com", "demo-ws-api.binance.com", "demo-stream.binance.com"],
};

function exchangeHosts(options: OptionTable): readonly string[] | undefined {
  const { exchange, network } = options;
  if (exchange === "binance" && typeof network === "string") return NETWORK_HOSTS[network];
  return EXCHANGE_HOSTS[String(exchange)]?.[environmentOf(options)];
}

const KEY_AND_SECRET = ["api_key", "api_secret"];
/** The exchanges of ccxt whose keys have a password besides their secret. */
const PASSWORD_EXCHANGES = [
  ...["apex", "bitget", "blofin", "coinbaseexchange", "coinbaseinternational", "deepcoin", "kucoin", "kucoinfutures"],
  ...["myokx", "okx", "okxus", "weex"],
];

/** Whether a reviewed exchange has live accounts alone. */
export function isLiveOnly(exchange: string): boolean {
  const hosts = EXCHANGE_HOSTS[exchange];
  return hosts !== undefined && hosts.paper === undefined;
}

/** Whether orders of this exchange were reviewed. */
export function isReviewedExchange(word: string): boolean {
  return Object.hasOwn(EXCHANGE_HOSTS, word);
}

const EXCHANGE_ID = /^[a-z0-9]{2,40}$/;
const CCXT_RULES: OptionRules = {
  exchange: (value) =>
    typeof value === "string" && EXCHANGE_ID.test(value) ? undefined : 'an exchange of ccxt, such as "binance"',
  environment: ENVIRONMENT,
  network: (value, { exchange, environment }) =>
    value === "demo" && exchange === "binance" && environment === "paper"
      ? undefined
      : '"demo", with exchange = "binance" and environment = "paper"',
  currency: (value) => (isCurrencyCode(value) ? undefined : 'the currency of the account, such as "USDT"'),
  venue: fakeVenue,
};

const EXCHANGE: WordOption = {
  option: "exchange",
  example: "binance",
  question: "Which exchange?",
  toml: (word) => (EXCHANGE_ID.test(word) ? [`exchange = "${word}"`] : undefined),
};
const CURRENCY: WordOption = {
  option: "currency",
  example: "USDT",
  question: "Currency of the account, which values its coins",
  toml: (word) => (isCurrencyCode(word) ? [`currency = "${word}"`] : undefined),
  meant: (word) => [word.trim().toUpperCase()].find(isCurrencyCode),
};

/** An exchange that is only read has no currency and no hosts of its own. */
function exchangeWords({ exchange }: ConnectWords): readonly WordOption[] {
  if (exchange === undefined || EXCHANGE.toml(exchange) === undefined) return [EXCHANGE];
  if (isReviewedExchange(exchange)) return [EXCHANGE, { ...CURRENCY, isOptional: true }];
  return [EXCHANGE, CURRENCY, hostsOf(exchange)];
}

function hostsOf(exchange: string): WordOption {
  return {
    option: "hosts",
    example: `api.${exchange}.com`,
    question: "Hosts of its API, separated by commas",
    isOfTable: true,
    toml: (word) => {
      const hosts = word.split(",");
      if (hosts.some((host) => hostProblem(host) !== undefined)) return undefined;
      return [`hosts = [${hosts.map((host) => JSON.stringify(host)).join(", ")}]`];
    },
    meant: (word) => {
      const hosts = word.split(",").map((host) => hostIn(host.trim()));
      return hosts.includes(undefined) ? undefined : hosts.join(",");
    },
  };
}

const BALANCES: WordOption = {
  option: "balances",
  example: "USD=25000",
  question: "Balances by currency, separated by commas",
  toml: balancesToml,
};
const SYMBOLS: WordOption = {
  option: "symbols",
  example: "AAPL,MSFT",
  question: "Symbols to replay, separated by commas",
  toml: symbolsToml,
};

function symbolsToml(word: string): readonly string[] | undefined {
  // A symbol has a letter or a digit: `[]` and `""` are lists in other notations, without a symbol.
  if (!/^[^\s,]{1,40}(,[^\s,]{1,40})*$/.test(word) || /["'[\]]/.test(word)) return undefined;
  if (word.split(",").some((symbol) => !/[\p{L}\p{N}]/u.test(symbol))) return undefined;
  return [
    `symbols = [${word
      .split(",")
      .map((symbol) => JSON.stringify(symbol))
      .join(", ")}]`,
  ];
}

/** IB Gateway's own ports. TWS has 7497 and 7496. */
const GATEWAYS = { paper: "127.0.0.1:4002", live: "127.0.0.1:4001" } as const;
const IBKR_RULES: OptionRules = {
  environment: ENVIRONMENT,
  address: (value) =>
    typeof value === "string" && /^(?:[^\s:[\]]+|\[[0-9a-f:.]+\]):\d{1,5}$/.test(value)
      ? undefined
      : "the host and port of TWS or IB Gateway, such as 127.0.0.1:4002",
  client_id: (value) => (Number.isInteger(value) && Number(value) > 0 ? undefined : "a whole number above 0"),
  account: (value) =>
    typeof value === "string" && /^[A-Z]{1,3}\d+$/.test(value)
      ? undefined
      : "an account of the login, such as DU1234567",
  market_data: oneOf(["live", "delayed"]),
};

const BUILT_IN: Readonly<Record<string, BuiltInType>> = {
  paper: {
    label: "the paper venue",
    trades: "a simulated market on recorded prices; no money moves",
    ...withRules(PAPER_RULES),
    secrets: () => [],
    mode: () => undefined,
    hosts: () => undefined,
  },
  alpaca: {
    label: "alpaca",
    hasLiveQuotes: true,
    trades: "US stocks, ETFs, and coins against USD",
    ...withRules(ALPACA_RULES, ["environment"]),
    secrets: () => KEY_AND_SECRET,
    mode: environmentOf,
    hosts: (options) => fakeHosts(options) ?? ALPACA_HOSTS[environmentOf(options)],
  },
  ccxt: {
    label: "ccxt",
    hasLiveQuotes: true,
    trades: "coins at one exchange: binance, coinbase, kraken; others are only read",
    ...withRules(CCXT_RULES, ["exchange", "environment"]),
    words: exchangeWords,
    secrets: ({ exchange }) =>
      PASSWORD_EXCHANGES.includes(String(exchange)) ? [...KEY_AND_SECRET, "password"] : KEY_AND_SECRET,
    hasOthersCode: true,
    mode: environmentOf,
    // An exchange that is only read has hosts that ccxt alone knows: its table names them.
    hosts: (options) => fakeHosts(options) ?? exchangeHosts(options),
  },
  cash: {
    label: "the cash account",
    isDataOnly: true,
    trades: "nothing: cash of a bank or broker that you state in desk.toml",
    // The rule of `currency` allows a missing value beside one balance.
    ...withRules(CASH_RULES, ["balances", "currency"]),
    words: () => [BALANCES],
    secrets: () => [],
    // No order can move its money.
    mode: () => "paper",
    hosts: () => undefined,
  },
  replay: {
    label: "the replay",
    trades: "your own bars of research/prices/bars as a market; no money moves",
    ...withRules(REPLAY_RULES, ["symbols"]),
    words: () => [SYMBOLS],
    secrets: () => [],
    mode: () => "paper",
    hosts: () => undefined,
  },
  ibkr: {
    label: "ibkr",
    trades: "stocks, ETFs and futures at Interactive Brokers, through TWS or IB Gateway",
    ...withRules(IBKR_RULES, ["environment"]),
    secrets: () => [],
    packages: ["@stoqey/ib@1.6"],
    hasOthersCode: true,
    mode: environmentOf,
    hosts: () => [],
    grants: (options) => [`tcp:${String(options["address"] ?? GATEWAYS[environmentOf(options)])}`],
  },
};

/** `type = "paper"` with `quotes`. */
const PAPER_ON_QUOTES: BuiltInType = {
  label: "a paper venue with quotes",
  trades: "on the live quotes of another connector; no money moves",
  ...withRules(SOURCE_RULES),
  secrets: () => [],
  mode: () => undefined,
  hosts: () => undefined,
};

/** The built-in connector of a table; undefined if the table names a file, or a type that is not built in. */
export function builtInType(table: {
  readonly type: string;
  readonly adapter?: string | undefined;
  readonly quotes?: string | undefined;
}): BuiltInType | undefined {
  if (table.adapter !== undefined) return undefined;
  return table.type === "paper" && table.quotes !== undefined ? PAPER_ON_QUOTES : BUILT_IN[table.type];
}

/** Whether a connector runs code that is not of Qoc: an adapter of the user, or packages that the user installs. */
export function hasOthersCode(table: Parameters<typeof builtInType>[0]): boolean {
  return table.adapter !== undefined || builtInType(table)?.hasOthersCode === true;
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

export const CONNECTOR_KINDS: Readonly<Record<string, ConnectorKind>> = {
  equities: { proposes: "alpaca" },
  crypto: { proposes: "ccxt" },
  options: { instead: "; alpaca and ibkr show positions in options, and no connector trades them" },
  futures: { proposes: "ibkr" },
};
