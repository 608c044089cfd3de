/** What changed the account without a trade, from Alpaca's activity events. Pure. */
import type { Activity, ActivityKind, Fill, UnreadableActivity, UnreadableFill } from "@qoc-app/sdk";
import { type Amount, ONE, ZERO, parseAmount, textOf } from "../amount.ts";
import { naming } from "../words.ts";
import { listedActivities, listedFill } from "../listed-item.ts";
import { detailsOf, millisOfEvent } from "./fields.ts";
import { type CryptoPairs, coinOf, fillOfActivity } from "./map.ts";
import type { ActivityEvent } from "./wire.ts";

/** The types of Alpaca's document without trades and options. Any other type is an adjustment. */
const KINDS: Readonly<Record<string, ActivityKind>> = {
  CSD: "deposit",
  CSW: "withdrawal",
  TRANS: "deposit",
  ACATC: "transfer",
  ACATS: "transfer",
  FOPT: "transfer",
  JNL: "transfer",
  JNLC: "transfer",
  JNLS: "transfer",
  CGD: "dividend",
  DIV: "dividend",
  DIVCGL: "dividend",
  DIVCGS: "dividend",
  DIVROC: "dividend",
  DIVTXEX: "dividend",
  DIVFEE: "fee",
  CFEE: "fee",
  FEE: "fee",
  PTC: "fee",
  DIVFT: "tax",
  DIVNRA: "tax",
  DIVTW: "tax",
  INTNRA: "tax",
  INTTW: "tax",
  WH: "tax",
  INT: "interest",
  SPLIT: "split",
  NC: "rename",
  SPIN: "spinoff",
  MA: "merger",
};

type Details = Readonly<Record<string, string | undefined>>;
/** As `ActivityEvent`, without the members that are null or empty. */
type StatedEvent = { readonly [K in keyof ActivityEvent]: Exclude<ActivityEvent[K], null> };

/** Undefined for an activity that is no trade. */
export function listedFillOf(event: ActivityEvent, pairs: CryptoPairs): Fill | UnreadableFill | undefined {
  const { order_id: venueOrderId, symbol } = detailsOf(event);
  return listedFill({ fillId: event.ref_id, venueOrderId, symbol }, () => fillOfActivity(event, pairs));
}

/** None for a trade. */
export function listedActivitiesOf(event: ActivityEvent): readonly (Activity | UnreadableActivity)[] {
  return listedActivities(event.ref_id, () => [activityOf(event)].filter((activity) => activity !== undefined));
}

/** Returns undefined for a trade, which is a fill. */
export function activityOf(event: ActivityEvent): Activity | undefined {
  if (event.activity_type === "FILL") return undefined;
  return naming(`activity ${event.ref_id}`, () => {
    const found = statedActivity(statedIn(event), detailsOf(event));
    return /^cancell?ed$/i.test(event.status) ? takenBack(found) : found;
  });
}

/** Nothing is left of an activity that Alpaca has cancelled, whether its event has an id of its own or not. */
function takenBack({ id, timestamp, note, symbol, corrects = id }: Activity): Activity {
  const of = { id: `${id} cancelled`, kind: "adjustment", timestamp, amount: "0", currency: "USD", corrects } as const;
  return { ...of, ...present({ note, symbol }) };
}

function statedIn(event: ActivityEvent): StatedEvent {
  const members = Object.entries(event).filter(([, value]) => value !== null && value !== "");
  return Object.fromEntries(members) as unknown as StatedEvent;
}

function statedActivity(event: StatedEvent, details: Details): Activity {
  const found = kindOf(event, details);
  const action = corporateActionOf(found, event, details);
  // A corporate action without what its kind needs is shown, and never taken for another one.
  const money = amountOf(event, details);
  const kind = isComplete({ kind: found, ...action }, { event, details, money }) ? found : "adjustment";
  const isCorporate = kind === "split" || kind === "rename" || kind === "spinoff" || kind === "merger";
  const kept = kind === found ? action : adjustmentOf(event, details);
  return {
    id: event.ref_id,
    kind: signedKind(kind, money.amount),
    timestamp: millisOfEvent(event),
    note: noteOf(event, details, kind === "adjustment" && kept.quantity === undefined),
    ...(isCorporate ? present(money) : { amount: money.amount ?? "0", currency: money.currency ?? "USD" }),
    ...kept,
    ...present({ corrects: event.previous_id }),
  };
}

/** `hasQuantity`: Alpaca may state a quantity, and does not say whether it was received or given away. */
function noteOf({ activity_type, activity_subtype, status, qty }: StatedEvent, details: Details, hasQuantity: boolean) {
  const quantity = hasQuantity ? (qty ?? details["qty"]) : undefined;
  const words = [activity_type, activity_subtype, status, quantity && `qty ${quantity}`];
  return words.filter((word) => word !== undefined).join(" ");
}

/** Kinds that the type alone does not say. */
function kindOf({ activity_type, activity_subtype }: StatedEvent, details: Details): ActivityKind {
  // A dividend in shares of the same instrument multiplies what is held, as a split does.
  if (activity_type === "DIV" && activity_subtype === "SDIV") return "split";
  if (activity_type === "SPLIT") {
    // Units of two instruments for one: the positions then differ, and a human adopts them.
    if (details["alternate_symbol"] !== undefined) return "adjustment";
    const { symbol, old_symbol = symbol, new_symbol = old_symbol } = details;
    if (new_symbol !== old_symbol) return "rename";
  }
  // A contract of an option becomes another one, or others: a split of its shares, for example.
  const { old_contract_symbol: before, new_contract_symbol: after, new_qty } = details;
  if (before !== undefined && after !== undefined && (before !== after || new_qty !== undefined))
    return before === after ? "split" : "rename";
  return KINDS[activity_type] ?? "adjustment";
}

/** A deposit that is taken back is a withdrawal, and the other way round. */
function signedKind(kind: ActivityKind, amount = "0"): ActivityKind {
  if (kind === "deposit" && amount.startsWith("-")) return "withdrawal";
  return kind === "withdrawal" && !amount.startsWith("-") ? "deposit" : kind;
}

type Money = Readonly<Record<"amount" | "currency", string | undefined>>;

/** The fee of a purchase is taken in the coin: its quantity leaves the account. That of a sale in dollars is money. */
function amountOf({ activity_type, net_amount, currency, qty }: StatedEvent, details: Details): Money {
  const { symbol = "" } = details;
  const base = symbol.includes("/") ? (symbol.split("/")[0] ?? "") : (coinOf(symbol) ?? symbol);
  const isInCoin = activity_type === "CFEE" && qty !== undefined && parseAmount(qty)?.eq(ZERO) !== true;
  if (isInCoin && base !== "") return { amount: qty, currency: base };
  const money = net_amount ?? details["cash_payout"];
  return { amount: money, currency: money === undefined ? undefined : currency };
}

function corporateActionOf(kind: ActivityKind, event: StatedEvent, details: Details): Partial<Activity> {
  const { symbol, old_symbol, new_symbol, old_rate, new_rate, old_contract_symbol, new_contract_symbol } = details;
  if (old_contract_symbol !== undefined && (kind === "split" || kind === "rename")) {
    const ratio = ratioOf(details["new_qty"], details["old_qty"]);
    return present({
      symbol: old_contract_symbol,
      newSymbol: kind === "rename" ? new_contract_symbol : undefined,
      ratio,
    });
  }
  switch (kind) {
    case "split": {
      const { entitled_qty, old_qty, new_qty } = details;
      return present({
        symbol: symbol ?? old_symbol,
        ratio: ratioOf(new_rate, old_rate) ?? ratioOf(new_qty, entitled_qty ?? old_qty),
      });
    }
    case "rename":
      return present({ symbol: old_symbol ?? symbol, newSymbol: new_symbol, ratio: ratioOf(new_rate, old_rate) });
    case "spinoff": {
      const { source_symbol, new_qty, source_rate } = details;
      return present({
        ...{ symbol: source_symbol, newSymbol: new_symbol, quantity: new_qty, costShare: costShareOf(details) },
        ratio: new_qty === undefined ? ratioOf(new_rate, source_rate) : undefined,
      });
    }
    case "merger":
      return mergerOf(event, details);
    case "transfer":
      return present({ symbol, quantity: event.qty });
    case "adjustment":
      return adjustmentOf(event, details);
    default:
      return present({ symbol });
  }
}

/** For cash alone, also if Alpaca names the acquirer; else shares come, as their quantity or their rate says. */
function mergerOf({ activity_subtype }: StatedEvent, details: Details): Partial<Activity> {
  const { acquiree_symbol: symbol, acquirer_symbol, acquirer_qty, acquirer_rate, acquiree_rate } = details;
  if (activity_subtype === "CMA") return present({ symbol });
  const ratio = acquirer_qty === undefined ? ratioOf(acquirer_rate, acquiree_rate) : undefined;
  return present({ symbol, newSymbol: acquirer_symbol, quantity: acquirer_qty, ratio });
}

/** What is stated of the instruments of an activity that the desk does not carry out. */
function adjustmentOf({ activity_type, qty }: StatedEvent, details: Details): Partial<Activity> {
  const { symbol, source_symbol, old_symbol, acquiree_symbol, old_contract_symbol, removed_qty, new_qty } = details;
  const { new_symbol, acquirer_symbol, acquirer_qty, new_contract_symbol } = details;
  // The end of an option has its sign: above zero for a short position.
  const ended = activity_type.startsWith("OP") && symbol !== undefined ? qty : undefined;
  const removed = removed_qty === undefined ? undefined : `-${removed_qty.replace(/^-/, "")}`;
  return present({
    symbol: symbol ?? source_symbol ?? old_symbol ?? acquiree_symbol ?? old_contract_symbol,
    newSymbol: new_symbol ?? acquirer_symbol ?? new_contract_symbol,
    quantity: removed ?? new_qty ?? acquirer_qty ?? ended,
  });
}

/** Both below zero are of a short position. undefined if one is missing, or for a ratio that cannot be. */
function ratioOf(after: string | undefined, before: string | undefined): [string, string] | undefined {
  const pair = [after, before].map((text) => parseAmount(text));
  const [units, earlier] = pair;
  if (units === undefined || earlier === undefined || !units.times(earlier).gt(ZERO)) return undefined;
  return [textOf(units.abs()), textOf(earlier.abs())];
}

const SHARE_DECIMALS = 18;

/** What the new shares are worth, of what the old ones were worth before: Alpaca states both prices. */
function costShareOf({ new_price, new_qty, source_price, source_qty }: Details): string | undefined {
  const [received, held] = [valueOf(new_price, new_qty), valueOf(source_price, source_qty)];
  if (received === undefined || held === undefined || held.lte(ZERO)) return undefined;
  const share = received.div(held).round(SHARE_DECIMALS);
  return share.gt(ZERO) && share.lt(ONE) ? textOf(share) : undefined;
}

function valueOf(price: string | undefined, quantity: string | undefined): Amount | undefined {
  const [each, count] = [parseAmount(price), parseAmount(quantity)];
  return each === undefined || count === undefined ? undefined : each.times(count).abs();
}

function present(members: Readonly<Record<string, unknown>>): Partial<Activity> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ""));
}

interface Stated {
  readonly event: StatedEvent;
  readonly details: Details;
  readonly money: Money;
}

/** Whether the desk can carry it out: it takes a rename without a ratio for one unit for one. */
function isComplete(
  { kind, symbol, ratio, newSymbol, quantity }: Partial<Activity>,
  { event, details, money }: Stated,
): boolean {
  const hasMoney = money.amount !== undefined;
  const hasUnits = ratio !== undefined || quantity !== undefined;
  if (kind === "deposit" || kind === "withdrawal") return hasMoney;
  if (kind === "split") return symbol !== undefined && ratio !== undefined;
  if (kind === "spinoff") return symbol !== undefined && newSymbol !== undefined;
  if (kind === "merger") return symbol !== undefined && (newSymbol === undefined ? hasMoney : hasUnits);
  if (kind !== "rename") return true;
  const { new_qty, old_qty, new_rate, old_rate } = details;
  const isOneForOne = event.activity_type !== "SPLIT" && [new_qty, old_qty, new_rate, old_rate].every(isMissing);
  return symbol !== undefined && newSymbol !== undefined && (ratio !== undefined || isOneForOne);
}

function isMissing(text: string | undefined): boolean {
  return text === undefined;
}
