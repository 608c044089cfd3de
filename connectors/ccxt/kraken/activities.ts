/** What changed an account at Kraken without a trade, from its ledger. Source: docs.kraken.com, Get Ledgers Info. */
import type { Activity, ActivityKind, UnreadableActivity } from "@qoc-app/sdk";
import { ZERO, amount, textOf } from "../../amount.ts";
import { listedActivities, sinceInOrder } from "../../listed-item.ts";
import { type Body, amountIn, bodyOf, optionalTextIn, textIn } from "../fields.ts";

const PAGE = 50;
/** An endless list is an error, not a loop. */
const PAGES_MAX = 200;

/**
 * Every other type is an adjustment: both sides of an instant conversion, the profit or loss of a margin position
 * (`margin`), and both sides of its settlement (`settled`), for example.
 */
const KINDS: Readonly<Record<string, ActivityKind>> = {
  deposit: "deposit",
  withdrawal: "withdrawal",
  transfer: "transfer",
  custodytransfer: "transfer",
  staking: "interest",
  reward: "interest",
  dividend: "dividend",
  rollover: "fee",
};
/** Its fill says it. A trade on margin has the type `margin`, and is no fill. */
const TRADE = "trade";

type Ask = (params: Readonly<Record<string, unknown>>) => Promise<Body>;

/**
 * The activities since a time (ms), the oldest first. Kraken's pages begin with the newest entry: an entry made while
 * they are read moves others to the next page, where they are seen again. `coinOf`: the desk's name of an asset.
 */
export async function readActivities(
  ask: Ask,
  since: number,
  coinOf: (asset: string) => string,
): Promise<(Activity | UnreadableActivity)[]> {
  const start = Math.floor(since / 1_000) - 1;
  const entries = new Map<string, Body>();
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const result = await ask({ start, ofs: page * PAGE });
    const part = Object.entries(bodyOf(result["ledger"]));
    for (const [id, entry] of part) entries.set(id, bodyOf(entry));
    if (part.length === 0 || (page + 1) * PAGE >= Number(amountIn(result, "count"))) {
      const found = [...entries]
        .toReversed()
        .flatMap(([id, entry]) => listedActivities(id, () => activitiesOf(id, entry, coinOf)));
      return sinceInOrder(found, since);
    }
  }
  throw new Error("Kraken's ledger does not end");
}

/** An entry of the ledger, and its fee, which is taken besides the amount; none for an entry of a trade. */
export function activitiesOf(id: string, entry: Body, coinOf: (asset: string) => string): readonly Activity[] {
  const type = textIn(entry, "type");
  if (type === TRADE) return [];
  const subtype = optionalTextIn(entry, "subtype");
  const [moved, fee] = [amount(amountIn(entry, "amount")), amount(amountIn(entry, "fee"))];
  const common = {
    timestamp: Math.round(Number(amountIn(entry, "time")) * 1_000),
    currency: coinOf(textIn(entry, "asset")),
    note: [type, subtype].filter((word) => word !== undefined).join(" "),
  };
  const found: Activity[] = [];
  if (!moved.eq(ZERO))
    found.push({ id, kind: kindOf(type, subtype, moved.lt(ZERO)), amount: textOf(moved), ...common });
  if (!fee.eq(ZERO)) found.push({ id: `${id} fee`, kind: "fee", amount: textOf(ZERO.minus(fee)), ...common });
  return found;
}

/** A deposit that is taken back is a withdrawal, and the other way round. */
function kindOf(type: string, subtype: string | undefined, isOut: boolean): ActivityKind {
  // Coins that begin or end to earn stay in the account, under another name.
  if (type === "earn") return subtype === "reward" || subtype === undefined ? "interest" : "transfer";
  const kind = KINDS[type] ?? "adjustment";
  if (kind !== "deposit" && kind !== "withdrawal") return kind;
  return isOut ? "withdrawal" : "deposit";
}
