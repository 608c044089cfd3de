/** The desk's symbols and IBKR's contracts. A symbol has one form, so that a fill has the symbol of its order. */
import { type Asset, type Instrument, NotSent, type Order, type OrderType } from "@qoc-app/sdk";
import { type Contract, type ContractDetails, type PriceIncrement, SecType } from "@stoqey/ib";
import { assetOfCoin } from "../coin-asset.ts";
import { type TwsNumber, divided, isLess, isMultiple, plain } from "./amounts.ts";
import { GatewayError } from "./answers.ts";
import type { GatewaySession } from "./session.ts";

/** A price step that holds from a price on. */
export interface Band {
  readonly from: string;
  readonly step: string;
}

/**
 * What TWS calls a contract on the desk. TWS states the prices of some in a unit below their currency, such as pence:
 * `magnifier` of that unit are one of the currency.
 */
export interface NamedContract {
  readonly symbol: string;
  readonly magnifier: number;
}

export interface Listed extends NamedContract {
  readonly contract: Contract;
  readonly details: ContractDetails;
  /** At least one, the lowest first. */
  readonly bands: readonly Band[];
  /** In whole units of currency and shares; kinds that this connector does not send orders for are not. */
  readonly isTradable: boolean;
}

/** The gateway has no security definition for the contract. */
const UNKNOWN_CONTRACT = 200;
const SMART = "SMART";
const FUTURE = /^([A-Z0-9.]+)=(\d{6}|\d{8})@([A-Z0-9.]+)$/;
const PAIR = /^([A-Z0-9]{2,6})\/([A-Z]{3})$/;
const BY_ID = /^[A-Z0-9.]+#(\d+)$/;
const FOREIGN = /^([A-Z0-9.\-&]+)@([A-Z0-9.]+)\/([A-Z]{3})$/;
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));
const ORDER_TYPES: Readonly<Record<string, OrderType>> = {
  MKT: "market",
  LMT: "limit",
  STP: "stop",
  STPLMT: "stop_limit",
};

const TIMES_IN_FORCE = ["day", "gtc", "ioc", "fok"] as const;

/** What to ask for. A class of shares has a space at IBKR: `BRK B` is `BRK.B`. */
function queryOf(symbol: string): Contract {
  const [, conId] = BY_ID.exec(symbol) ?? [];
  if (conId !== undefined) return { conId: Number(conId) };
  const [, root, month, exchange] = FUTURE.exec(symbol) ?? [];
  if (root !== undefined && month !== undefined && exchange !== undefined)
    return { symbol: root, secType: SecType.FUT, lastTradeDateOrContractMonth: month, exchange };
  const [, base, quote] = PAIR.exec(symbol) ?? [];
  if (base !== undefined && quote !== undefined) {
    const isForex = CURRENCIES.has(base) && CURRENCIES.has(quote);
    const secType = isForex ? SecType.CASH : SecType.CRYPTO;
    return { symbol: base, secType, exchange: isForex ? "IDEALPRO" : "PAXOS", currency: quote };
  }
  const [, name, primaryExch, currency] = FOREIGN.exec(symbol) ?? [];
  if (name !== undefined && primaryExch !== undefined && currency !== undefined)
    return { symbol: name, secType: SecType.STK, exchange: SMART, primaryExch, currency };
  return { symbol: symbol.replaceAll(".", " "), secType: SecType.STK, exchange: SMART, currency: "USD" };
}

/** The symbol of a contract whose members say it all; undefined if its details are needed. */
function plainSymbol({ symbol = "", secType, currency = "" }: Contract): string | undefined {
  if (secType === SecType.STK && currency === "USD") return symbol.replaceAll(" ", ".");
  return secType === SecType.CASH || secType === SecType.CRYPTO ? `${symbol}/${currency}` : undefined;
}

function symbolOf({ contract, contractMonth = "" }: ContractDetails): string {
  const { symbol = "", secType, exchange = "", primaryExch = "", currency = "", conId = 0 } = contract;
  const simple = plainSymbol(contract);
  if (simple !== undefined) return simple;
  if (secType === SecType.STK && primaryExch !== "" && !symbol.includes(" "))
    return `${symbol}@${primaryExch}/${currency}`;
  if (secType === SecType.FUT && contractMonth !== "") return `${symbol}=${contractMonth}@${exchange}`;
  return nameById(symbol, conId);
}

/** For kinds of contracts without a symbol of their own, such as options. */
function nameById(symbol: string, conId: number): string {
  return `${symbol.toUpperCase().replaceAll(/[^A-Z0-9]/g, "")}#${conId}`;
}

export class Contracts {
  readonly #listed = new Map<string, Listed>();
  readonly #names = new Map<number, NamedContract>();

  /** Asks the gateway. Resolves to undefined if it does not list the symbol. @throws Error if it names several. */
  async find(session: GatewaySession, symbol: string): Promise<Listed | undefined> {
    const found = await detailsOf(session, queryOf(symbol));
    // A contract has one symbol. Under another, its fills would not fit its orders.
    const named = found.filter((details) => symbolOf(details) === symbol);
    const [details] = named;
    if (details === undefined) return undefined;
    if (named.length > 1) {
      const names = named.map(({ contract }) => nameById(contract.symbol ?? "", contract.conId ?? 0)).join(", ");
      throw new Error(`${symbol} names ${named.length} contracts at IBKR: ${names}`);
    }
    const listed = await listedOf(session, symbol, details);
    this.#listed.set(symbol, listed);
    if (listed.contract.conId !== undefined) this.#names.set(listed.contract.conId, listed);
    return listed;
  }

  /** As `find`, from memory if the symbol was asked for before. @throws Error if the symbol is not listed. */
  async get(session: GatewaySession, symbol: string): Promise<Listed> {
    const listed = this.#listed.get(symbol) ?? (await this.find(session, symbol));
    if (listed === undefined) throw new Error(`IBKR does not list ${symbol}`);
    return listed;
  }

  /** As `get`, for what needs prices in a currency. @throws Error for a bond, too. */
  async priced(session: GatewaySession, symbol: string): Promise<Listed> {
    const listed = await this.get(session, symbol);
    if (isInPercent(listed.contract))
      throw new Error(`IBKR states the prices of bonds in percent: ${symbol} has a value as a position, and no quote`);
    return listed;
  }

  /** The name of a contract, if no request is needed. */
  known(contract: Contract): NamedContract | undefined {
    const { conId = -1, secType, symbol = "" } = contract;
    if (secType === SecType.BAG) return { symbol: nameById(symbol, Math.max(conId, 0)), magnifier: 1 };
    const simple = plainSymbol(contract);
    return simple === undefined ? this.#names.get(conId) : { symbol: simple, magnifier: 1 };
  }

  /** A contract that IBKR lists no longer, such as an option that has expired, is named by its id. */
  async nameOf(session: GatewaySession, contract: Contract): Promise<NamedContract> {
    const known = this.known(contract);
    if (known !== undefined) return known;
    const { conId = 0, symbol = "" } = contract;
    const [details] = await detailsOf(session, { conId });
    const found = {
      symbol: details === undefined ? nameById(symbol, conId) : symbolOf(details),
      magnifier: magnifierOf(details),
    };
    this.#names.set(conId, found);
    return found;
  }
}

/** None if IBKR does not list the contract. */
async function detailsOf(session: GatewaySession, contract: Contract): Promise<readonly ContractDetails[]> {
  try {
    return await session.details(contract);
  } catch (error) {
    if (error instanceof GatewayError && error.code === UNKNOWN_CONTRACT) return [];
    throw error;
  }
}

/** TWS writes 0, or nothing, for a contract whose prices are in its currency. */
function magnifierOf(details: ContractDetails | undefined): number {
  return Math.max(details?.priceMagnifier ?? 1, 1);
}

/** TWS states the prices of bonds and bills in percent of what they pay back. */
export function isInPercent({ secType }: Pick<Contract, "secType">): boolean {
  return secType === SecType.BOND || secType === SecType.BILL || secType === SecType.FIXED;
}

/** A price in the currency of its contract. */
export function priceOf(price: TwsNumber, { magnifier }: Pick<NamedContract, "magnifier">): string {
  return magnifier === 1 ? plain(price) : divided(price, magnifier);
}

async function listedOf(session: GatewaySession, symbol: string, details: ContractDetails): Promise<Listed> {
  const { contract } = details;
  const { secType } = contract;
  const magnifier = magnifierOf(details);
  const rule = ruleOf(details);
  const bands = rule === undefined ? [] : (await session.marketRule(rule)).map((band) => bandOf(band, magnifier));
  return {
    symbol,
    magnifier,
    details,
    // The id says everything but the route.
    contract: { ...contract, exchange: secType === SecType.STK ? SMART : (contract.exchange ?? SMART) },
    bands: bands.length > 0 ? bands : [{ from: "0", step: divided(details.minTick ?? 0, magnifier) }],
    isTradable: (secType === SecType.STK || secType === SecType.FUT) && magnifier === 1,
  };
}

/** The rule of the exchange that orders go to. Rules are listed as the exchanges are. */
function ruleOf({ contract, marketRuleIds = "", validExchanges = "" }: ContractDetails): number | undefined {
  const exchanges = validExchanges.split(",");
  const wanted = exchanges.indexOf(SMART) >= 0 && contract.secType === SecType.STK ? SMART : (contract.exchange ?? "");
  const id = marketRuleIds.split(",")[Math.max(exchanges.indexOf(wanted), 0)] ?? "";
  return /^\d+$/.test(id) ? Number(id) : undefined;
}

function bandOf({ lowEdge = 0, increment = 0 }: PriceIncrement, magnifier: number): Band {
  return { from: divided(lowEdge, magnifier), step: divided(increment, magnifier) };
}

/** The contract that orders and subscriptions name. */
export function wireContract({ conId, symbol, secType, exchange, currency }: Contract): Contract {
  return { conId, symbol, secType, exchange, currency } as Contract;
}

export function instrumentOf({ symbol, details, bands, isTradable }: Listed): Instrument {
  const { contract, longName, orderTypes = "", minSize, sizeIncrement } = details;
  const steps = bands.map(({ step }) => step);
  const smallest = steps.reduce((least, step) => (isLess(step, least) ? step : least), steps[0] ?? "0");
  const types = orderTypes.split(",").flatMap((type) => ORDER_TYPES[type] ?? []);
  const instrument: Instrument = {
    symbol,
    currency: contract.currency ?? "",
    multiplier: multiplierOf(contract),
    timesInForce: timesOf(orderTypes.split(",")),
    tradable: isTradable,
  };
  const lot = plain(sizeIncrement ?? 1);
  // A step of zero is no rule.
  if (smallest !== "0") instrument.tickSize = smallest;
  if (lot !== "0") instrument.lotSize = lot;
  const asset = assetOf(contract);
  if (asset !== undefined) instrument.asset = asset;
  if (bands.length > 1) instrument.ticks = bands.map(({ from, step }) => ({ from, tickSize: step }));
  if (longName !== undefined && longName !== "") instrument.name = longName;
  if (minSize !== undefined) instrument.minQuantity = plain(minSize);
  if (types.length > 0) instrument.orderTypes = types;
  return instrument;
}

/** TWS lists times in force among the types of orders; where it lists none, all are tried. */
function timesOf(orderTypes: readonly string[]): (typeof TIMES_IN_FORCE)[number][] {
  const listed = TIMES_IN_FORCE.filter((time) => orderTypes.includes(time.toUpperCase()));
  return listed.length > 0 ? listed : [...TIMES_IN_FORCE];
}

const US_EXCHANGES: ReadonlySet<string> = new Set(["NYSE", "NASDAQ", "ARCA", "AMEX", "BATS", "IEX", "PINK"]);

/** A stock in USD can be listed in another country, under a ticker that is another stock's in the US. */
function assetOf({ symbol = "", secType, primaryExch = "" }: Contract): Asset | undefined {
  if (secType === SecType.CASH || secType === SecType.CRYPTO) return assetOfCoin(symbol);
  const isUs = secType === SecType.STK && US_EXCHANGES.has(primaryExch.split(".")[0] ?? "");
  return isUs ? { class: "us_equity", id: symbol.replaceAll(" ", ".") } : undefined;
}

/** TWS writes 0, or nothing, for a contract that has no multiplier. */
export function multiplierOf({ multiplier }: { readonly multiplier?: TwsNumber }): string {
  const stated = plain(multiplier ?? 0);
  return stated === "0" ? "1" : stated;
}

/** What is approved is what is sent. @throws NotSent for an order that IBKR would round or that cannot be sent. */
export function assertSendable({ symbol, details, bands, isTradable }: Listed, order: Order): void {
  if (!isTradable) throw new NotSent(`this connector sends orders in stocks and futures, and ${symbol} is neither`);
  const lot = plain(details.sizeIncrement ?? 1);
  if (!isMultiple(order.quantityText, lot)) throw new NotSent(`${order.quantityText} is not a multiple of ${lot}`);
  for (const price of [order.limitPriceText, order.stopPriceText]) {
    if (price === undefined) continue;
    const { step } = bands.findLast(({ from }) => !isLess(price, from)) ?? { step: "0" };
    if (!isMultiple(price, step)) throw new NotSent(`${price} is not a multiple of ${step}, the step at this price`);
  }
}
