/** What changed the account without a trade, from Alpaca's activity events. Pure. */
import type { Activity, ActivityKind, Fill, UnreadableActivity, UnreadableFill } from "@qoc-app/sdk";
import { type Amount, ONE, ZERO, parseAmount, textOf } from "../amount.ts";
import { naming } from "../words.ts";
import { listedActivities, listedFill } from "../listed-item.ts";
import { type CryptoPairs, coinOf, detailsOf, fillOfActivity, millisOfEvent } from "./map.ts";
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
/** As `ActivityEvent`, without the members that are null. */
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
    const found = statedActivity(withoutNulls(event), detailsOf(event));
    return /^cancell?ed$/i.test(event.status) ? takenBack(found) : found;
  });
}

/** Nothing is left of an activity that Alpaca has cancelled, whether its event has an id of its own or not. */
function takenBack({ id, timestamp, note, symbol, corrects = id }: Activity): Activity {
  const of = { id: `${id} cancelled`, kind: "adjustment", timestamp, amount: "0", currency: "USD", corrects } as const;
  return { ...of, ...present({ note, symbol }) };
}

function withoutNulls(event: ActivityEvent): StatedEvent {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)) as unknown as StatedEvent;
}

function statedActivity(event: StatedEvent, details: Details): Activity {
  const found = kindOf(event, details);
  const action = corporateActionOf(found, event, details);
  // A corporate action without what its kind needs is shown, and never taken for another one.
  const money = amountOf(event, details);
  const kind = isComplete({ kind: found, ...action }, money.amount !== undefined) ? found : "adjustment";
  const isCorporate = kind === "split" || kind === "rename" || kind === "spinoff" || kind === "merger";
  const note = [event.activity_type, event.activity_subtype, event.status].filter((word) => word !== undefined);
  return {
    id: event.ref_id,
    kind: signedKind(kind, money.amount),
    timestamp: millisOfEvent(event),
    note: note.join(" "),
    ...(isCorporate ? present(money) : { amount: money.amount ?? "0", currency: money.currency ?? "USD" }),
    ...present(kind === found ? { ...action } : { symbol: action.symbol ?? details["symbol"] }),
    ...present({ corrects: event.previous_id }),
  };
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

/** The fee of a coin is taken in that coin: its quantity leaves the account, and no dollars do. */
function amountOf({ activity_type, net_amount, currency, qty }: StatedEvent, details: Details): Money {
  const { symbol = "" } = details;
  const base = symbol.includes("/") ? (symbol.split("/")[0] ?? "") : (coinOf(symbol) ?? symbol);
  if (activity_type === "CFEE" && qty !== undefined && base !== "") return { amount: qty, currency: base };
  const money = net_amount ?? details["cash_payout"];
  return { amount: money, currency: money === undefined ? undefined : currency };
}

function corporateActionOf(kind: ActivityKind, { qty }: StatedEvent, details: Details): Partial<Activity> {
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
      const { entitled_qty, new_qty } = details;
      const [after, before] = new_rate === undefined ? [new_qty, entitled_qty] : [new_rate, old_rate];
      return present({ symbol: symbol ?? old_symbol, ratio: ratioOf(after, before) });
    }
    case "rename":
      return present({ symbol: old_symbol ?? symbol, newSymbol: new_symbol, ratio: ratioOf(new_rate, old_rate) });
    case "spinoff":
      return present({
        symbol: details["source_symbol"],
        newSymbol: new_symbol,
        quantity: details["new_qty"],
        costShare: costShareOf(details),
      });
    case "merger": {
      const { acquiree_symbol, acquirer_symbol, acquirer_qty } = details;
      return present({ symbol: acquiree_symbol, newSymbol: acquirer_symbol, quantity: acquirer_qty });
    }
    case "transfer":
      return present({ symbol, quantity: qty });
    default:
      return present({ symbol, quantity: details["removed_qty"] && `-${details["removed_qty"].replace(/^-/, "")}` });
  }
}

function ratioOf(after: string | undefined, before: string | undefined): [string, string] | undefined {
  return after === undefined || before === undefined ? undefined : [after, before];
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

function isComplete({ kind, symbol, ratio, newSymbol }: Partial<Activity>, hasMoney: boolean): boolean {
  if (kind === "deposit" || kind === "withdrawal") return hasMoney;
  if (kind === "merger" && hasMoney) return symbol !== undefined;
  if (kind === "split") return symbol !== undefined && ratio !== undefined;
  if (kind === "rename" || kind === "spinoff" || kind === "merger")
    return symbol !== undefined && newSymbol !== undefined;
  return true;
}
