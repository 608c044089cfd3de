/**
 * What changed an account at Coinbase without a trade: the transactions of its wallets. Source: docs.cdp.coinbase.com,
 * Coinbase App, Transactions.
 */
import type { Activity, ActivityKind, UnreadableActivity } from "@qoc-app/sdk";
import { ZERO, amount } from "../../amount.ts";
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
  ...["intx_deposit", "intx_withdrawal", "vault_withdrawal", "cardspend"],
]);
const INCOME: ReadonlySet<string> = new Set([
  ...["interest", "staking_reward", "inflation_reward", "earn_payout"],
  ...["incentives_rewards_payout", "incentives_shared_clawback"],
]);
/** Between wallets of the owner. */
const MOVES: ReadonlySet<string> = new Set(["transfer", "staking_transfer", "unstaking_transfer", "sweep"]);
/** Their fills say it. */
const TRADES: ReadonlySet<string> = new Set(["advanced_trade_fill"]);

type Listed = Activity | UnreadableActivity;
type Ask = (wallet: string, params: Readonly<Record<string, unknown>>) => Promise<Body>;

/** The activities of these wallets since a time (ms), the oldest first. */
export async function readActivities(ask: Ask, wallets: readonly Body[], since: number): Promise<Listed[]> {
  const found: Listed[] = [];
  // A wallet that did not change since then has no transaction since then.
  for (const wallet of wallets.filter((each) => changedAt(each) >= since))
    found.push(...(await activitiesOfWallet(ask, textIn(wallet, "uuid"), since)));
  return sinceInOrder(found, since);
}

function changedAt(wallet: Body): number {
  return timeIn(wallet, "updated_at");
}

/** Infinite for a time that cannot be read. */
function timeIn(body: Body, name: string): number {
  return millisOfTime(optionalTextIn(body, name) ?? "") ?? Number.POSITIVE_INFINITY;
}

/** Coinbase's pages begin with the newest transaction. */
async function activitiesOfWallet(ask: Ask, wallet: string, since: number): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await ask(wallet, { limit: PAGE, ...(after !== undefined && { starting_after: after }) });
    const part = listOf(answer["data"]);
    found.push(...part.flatMap((each) => listedActivities(each["id"], () => activitiesOf(each))));
    const last = part.at(-1);
    const next = optionalTextIn(bodyOf(answer["pagination"] ?? {}), "next_starting_after");
    if (last === undefined || next === undefined || next === after || timeIn(last, "created_at") < since) return found;
    after = next;
  }
  throw new Error("Coinbase's list of transactions does not end");
}

/** None for a transaction that is not complete, and for a trade. */
export function activitiesOf(transaction: Body): readonly Activity[] {
  const type = textIn(transaction, "type");
  if (transaction["status"] !== "completed" || TRADES.has(type)) return [];
  const money = bodyOf(transaction["amount"]);
  const moved = amountIn(money, "amount");
  if (amount(moved).eq(ZERO)) return [];
  return [
    {
      id: textIn(transaction, "id"),
      kind: kindOf(type, amount(moved).lt(ZERO)),
      timestamp: millisIn(transaction, "created_at"),
      amount: moved,
      currency: textIn(money, "currency"),
      note: type,
    },
  ];
}

function kindOf(type: string, isOut: boolean): ActivityKind {
  if (FLOWS.has(type)) return isOut ? "withdrawal" : "deposit";
  if (MOVES.has(type)) return "transfer";
  return INCOME.has(type) ? "interest" : "adjustment";
}
