/**
 * What changed an account at Coinbase without a trade: the transactions of its wallets. Source: docs.cdp.coinbase.com,
 * Coinbase App, Transactions.
 */
import type { Activity, ActivityKind, UnreadableActivity } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, parseAmount } from "../../amount.ts";
import { listedActivities, sinceInOrder } from "../../listed-item.ts";
import { millisOfTime } from "../../venue-time.ts";
import { type Body, amountIn, bodyOf, listOf, millisIn, optionalTextIn, textIn } from "../fields.ts";

const PAGE = 100;
/** An endless list is an error, not a loop. */
const PAGES_MAX = 100;

/** Money that comes from outside, or leaves: the sign says which. */
const FLOWS: ReadonlySet<string> = new Set([
  ...["send", "receive", "request", "fiat_deposit", "fiat_withdrawal"],
  ...["exchange_deposit", "exchange_withdrawal", "pro_deposit", "pro_withdrawal"],
  ...["intx_deposit", "intx_withdrawal", "vault_withdrawal", "cardspend", "unsupported_asset_recovery"],
]);
const INCOME: ReadonlySet<string> = new Set([
  ...["interest", "staking_reward", "inflation_reward", "earn_payout"],
  ...["incentives_rewards_payout", "incentives_shared_clawback"],
]);
/** Between wallets of the owner, those of futures included, which the desk does not see. */
const MOVES: ReadonlySet<string> = new Set([
  ...["transfer", "staking_transfer", "unstaking_transfer", "sweep", "derivatives_settlement"],
]);
/** Paid by a bank or a card, which is money from outside, or from another wallet, whose transaction is listed then. */
const PURCHASES: ReadonlySet<string> = new Set(["buy", "sell"]);
/** How far apart the two transactions of one purchase are made. */
const SIDES_MS = 60_000;
/** Their fills say it. */
const TRADES: ReadonlySet<string> = new Set(["advanced_trade_fill"]);

type Listed = Activity | UnreadableActivity;
type Ask = (wallet: string, params: Readonly<Record<string, unknown>>) => Promise<Body>;

/** The activities of these wallets since a time (ms), the oldest first. */
export async function readActivities(ask: Ask, wallets: readonly Body[], since: number): Promise<Listed[]> {
  const transactions: Body[] = [];
  // A wallet that did not change since then has no transaction since then.
  for (const wallet of wallets.filter((each) => changedAt(each) >= since))
    transactions.push(...(await transactionsOf(ask, textIn(wallet, "uuid"), since)));
  const purchases = transactions.filter(({ type }) => PURCHASES.has(String(type)));
  const found = transactions.flatMap((each) =>
    listedActivities(each["id"], () =>
      activitiesOf(
        each,
        purchases.some((other) => isOtherSide(each, other)),
      ),
    ),
  );
  return sinceInOrder<Listed>(found, since);
}

/** Whether the two are one purchase or sale, between two wallets: what one of them gave is what the other one got. */
function isOtherSide(one: Body, other: Body): boolean {
  const [value, otherValue] = [one, other].map(({ native_amount: native }) => valueOf(native));
  const isOpposite = value !== undefined && otherValue !== undefined && value.amount.plus(otherValue.amount).eq(ZERO);
  const apart = Math.abs(timeIn(one, "created_at") - timeIn(other, "created_at"));
  return one["type"] === other["type"] && isOpposite && value.currency === otherValue.currency && apart <= SIDES_MS;
}

/** undefined for what is no money, or none of it. */
function valueOf(money: unknown): { readonly amount: Amount; readonly currency: unknown } | undefined {
  const { amount: text, currency } = (money ?? {}) as { readonly amount?: unknown; readonly currency?: unknown };
  const value = parseAmount(text);
  return value === undefined || value.eq(ZERO) ? undefined : { amount: value, currency };
}

function changedAt(wallet: Body): number {
  return timeIn(wallet, "updated_at");
}

/** Infinite for a time that cannot be read. */
function timeIn(body: Body, name: string): number {
  return millisOfTime(optionalTextIn(body, name) ?? "") ?? Number.POSITIVE_INFINITY;
}

/** Coinbase's pages begin with the newest transaction. */
async function transactionsOf(ask: Ask, wallet: string, since: number): Promise<readonly Body[]> {
  const found: Body[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await ask(wallet, { limit: PAGE, ...(after !== undefined && { starting_after: after }) });
    const part = listOf(answer["data"]);
    found.push(...part);
    const last = part.at(-1);
    const next = optionalTextIn(bodyOf(answer["pagination"] ?? {}), "next_starting_after");
    if (last === undefined || next === undefined || next === after || timeIn(last, "created_at") < since) return found;
    after = next;
  }
  throw new Error("Coinbase's list of transactions does not end");
}

/** None for a transaction that is not complete, and for a trade. `isPaidHere`: from another wallet. */
export function activitiesOf(transaction: Body, isPaidHere = false): readonly Activity[] {
  const type = textIn(transaction, "type");
  if (transaction["status"] !== "completed" || TRADES.has(type)) return [];
  const money = bodyOf(transaction["amount"]);
  const moved = amountIn(money, "amount");
  if (amount(moved).eq(ZERO)) return [];
  return [
    {
      id: textIn(transaction, "id"),
      kind: PURCHASES.has(type) && isPaidHere ? "adjustment" : kindOf(type, amount(moved).lt(ZERO)),
      timestamp: millisIn(transaction, "created_at"),
      amount: moved,
      currency: textIn(money, "currency"),
      note: type,
    },
  ];
}

function kindOf(type: string, isOut: boolean): ActivityKind {
  if (FLOWS.has(type) || PURCHASES.has(type)) return isOut ? "withdrawal" : "deposit";
  if (MOVES.has(type)) return "transfer";
  return INCOME.has(type) ? "interest" : "adjustment";
}
