/**
 * What changed an account at Binance without a trade: deposits, withdrawals and distributions, from the wallet's API.
 * Source: developers.binance.com, wallet. Each list is read in windows, because Binance refuses longer ones.
 */
import type { Activity, UnreadableActivity } from "@qoc-app/sdk";
import { ZERO, amount, textOf } from "../../amount.ts";
import { listedActivities, sinceInOrder } from "../../listed-item.ts";
import { oneLine } from "../../words.ts";
import { type Body, amountIn, bodyOf, listOf, millisIn, textIn } from "../fields.ts";

/** Binance takes less than ninety days. */
const WINDOW_MS = 89 * 24 * 60 * 60_000;
const PAGE = 500;
/** An endless list is an error, not a loop. */
const PAGES_MAX = 100;
/** Credited, or credited and not yet to be withdrawn. */
const DEPOSITED: readonly unknown[] = ["1", "6"];
const WITHDRAWN = "6";
/** Before the ids of each list. */
const [DEPOSIT, WITHDRAWAL, DISTRIBUTION] = ["deposit ", "withdrawal ", "distribution "];

type Listed = Activity | UnreadableActivity;
type Ask = (path: string, params: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** The activities of a time, the oldest first. */
export async function readActivities(ask: Ask, since: number, until: number): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let start = Math.floor(since); start <= until; start += WINDOW_MS) {
    const window = { startTime: start, endTime: Math.min(until, start + WINDOW_MS - 1) };
    const deposits = await allOf((page) => ask("capital/deposit/hisrec", { ...window, ...page }));
    const withdrawals = await allOf((page) => ask("capital/withdraw/history", { ...window, ...page }));
    found.push(...deposits.flatMap((each) => listedActivities(each["id"], () => depositOf(each), DEPOSIT)));
    found.push(...withdrawals.flatMap((each) => listedActivities(each["id"], () => withdrawalOf(each), WITHDRAWAL)));
    found.push(...(await distributions(ask, window)));
  }
  return sinceInOrder(found, since);
}

async function allOf(ask: (page: { offset: number; limit: number }) => Promise<unknown>): Promise<readonly Body[]> {
  const items: Body[] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const part = listOf(await ask({ offset: page * PAGE, limit: PAGE }));
    items.push(...part);
    if (part.length < PAGE) return items;
  }
  throw new Error("Binance's list of deposits or withdrawals does not end");
}

/** The list has no pages: a full one is read again in two halves. */
async function distributions(
  ask: Ask,
  window: { readonly startTime: number; readonly endTime: number },
): Promise<readonly Listed[]> {
  const rows = listOf(bodyOf(await ask("asset/assetDividend", { ...window, limit: PAGE }))["rows"]);
  const { startTime, endTime } = window;
  if (rows.length < PAGE || endTime <= startTime)
    return rows.flatMap((row) => listedActivities(row["id"], () => [distributionOf(row)], DISTRIBUTION));
  const middle = Math.floor((startTime + endTime) / 2);
  const halves = [await distributions(ask, { startTime, endTime: middle })];
  halves.push(await distributions(ask, { startTime: middle + 1, endTime }));
  return halves.flat();
}

/** The wallet of funding holds money that no order can spend: the desk sees the account of orders alone. */
const FUNDING_WALLET = "1";

/** None for a deposit that is not credited yet, or to that wallet. */
export function depositOf(deposit: Body): readonly Activity[] {
  if (!DEPOSITED.includes(deposit["status"]) || deposit["walletType"] === FUNDING_WALLET) return [];
  return [
    {
      id: `${DEPOSIT}${textIn(deposit, "id")}`,
      kind: "deposit",
      timestamp: millisIn(deposit, "insertTime"),
      amount: amountIn(deposit, "amount"),
      currency: textIn(deposit, "coin"),
    },
  ];
}

/** The fee is paid besides the amount. None for a withdrawal that is not complete, or from that wallet. */
export function withdrawalOf(withdrawal: Body): readonly Activity[] {
  if (withdrawal["status"] !== WITHDRAWN || withdrawal["walletType"] === FUNDING_WALLET) return [];
  const id = `${WITHDRAWAL}${textIn(withdrawal, "id")}`;
  const common = { timestamp: utcMillisIn(withdrawal, "applyTime"), currency: textIn(withdrawal, "coin") };
  const fee = amount(amountIn(withdrawal, "transactionFee"));
  const paid: Activity = { id, kind: "withdrawal", amount: below(amountIn(withdrawal, "amount")), ...common };
  return fee.eq(ZERO) ? [paid] : [paid, { id: `${id} fee`, kind: "fee", amount: below(textOf(fee)), ...common }];
}

/** Interest, airdrops and rewards. */
export function distributionOf(row: Body): Activity {
  const note = row["enInfo"];
  return {
    id: `${DISTRIBUTION}${textIn(row, "id")}`,
    kind: "interest",
    timestamp: millisIn(row, "divTime"),
    amount: amountIn(row, "amount"),
    currency: textIn(row, "asset"),
    ...(typeof note === "string" && note !== "" && { note: oneLine(note) }),
  };
}

function below(text: string): string {
  return textOf(ZERO.minus(amount(text)));
}

/** `2019-10-12 11:12:02` is a time of UTC. */
function utcMillisIn(body: Body, name: string): number {
  const text = textIn(body, name);
  return millisIn(
    { time: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? `${text.replace(" ", "T")}Z` : text },
    "time",
  );
}
