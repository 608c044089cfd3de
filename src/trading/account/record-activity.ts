/** Journals each activity of a venue once, whether the connector sent it or the desk fetched it. */
import { setImmediate } from "node:timers/promises";
import { ACTIVITY_MEMORY_MS, activityKey } from "../../domain/account/venue-activity.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { openItems, sinceUnread } from "../../domain/market/unread-item.ts";
import type { UnreadItem, VenueActivity } from "../../domain/market/venue.ts";
import { isSameCode } from "../../domain/account/currency.ts";
import { type DecimalText, ZERO, decimal, text } from "../../domain/decimal.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import { iso } from "../../lib/time.ts";
import { rateFor, ratePath } from "../../domain/account/exchange-rate.ts";
import { isForeignMoney } from "../../domain/account/venue-money.ts";
import { readPages } from "../../host/venue-pages.ts";
import { recordUnread } from "../fills/record-unread.ts";
import { withinBudget } from "../fills/within-budget.ts";
import type { Desk } from "../desk.ts";
import { observeRatesOf, rateTable } from "./exchange-rates.ts";
import { counted } from "../../lib/counted.ts";

const PER_SLICE = 64;
/** The venue books some activities late: the desk asks for those of this time before the newest as well. */
const OVERLAP_MS = 7 * 24 * 60 * 60 * 1000;

type RecordingDesk = Pick<Desk, "clock" | "commit" | "config" | "fillBudgets" | "log" | "publish" | "state" | "venues">;

/** What cannot be read of the activities, and the time (ms) from which the desk asked for them. */
interface UnreadPart {
  readonly unread?: readonly UnreadItem[] | undefined;
  readonly since?: number;
}

/** Resolves, when every new activity is on disk, with their number. @throws FILL_FLOOD over the connector's budget. */
export async function recordActivities(
  desk: RecordingDesk,
  connector: ConnectorName,
  activities: readonly VenueActivity[],
  { unread = [], since }: UnreadPart = {},
): Promise<number> {
  // The first mark of the account contains what happened before it.
  const opened = desk.state.accounts.get(connector)?.openedAt;
  if (opened === undefined) return 0;
  await observeMissingRates(desk, connector, activities);
  let last: Promise<unknown> | undefined;
  let fresh = 0;
  const leftOut: string[] = [];
  for (const [index, activity] of activities.entries()) {
    if (index > 0 && index % PER_SLICE === 0) await setImmediate();
    if (activity.at < opened || desk.state.activities.has(activityKey(connector, activity.id))) continue;
    const reason = whyLeftOut(activity.at, desk.state.activitiesAt.get(connector), desk.clock.now());
    if (reason !== undefined) {
      leftOut.push(`${activity.id} ${reason}`);
      continue;
    }
    const exceeded = desk.fillBudgets.spend(connector, "activity");
    if (exceeded !== undefined) throw new QocError("FILL_FLOOD", { connector, ...exceeded });
    fresh += 1;
    last = desk.commit({ type: "venue.activity", connector, activity, rate: rateOf(desk, connector, activity) });
  }
  if (leftOut.length > 0)
    desk.log.warn(
      `${counted(leftOut.length, `activity of ${connector} is`, `activities of ${connector} are`)} left out: ${leftOut[0]}`,
      { connector },
    );
  await last;
  await recordUnread(desk, connector, unread, since);
  return fresh;
}

/** A venue's clock may be ahead, and a date without a time is a day in some time zone. */
const AHEAD_MS = 24 * 60 * 60 * 1000;

/** An activity that is dated ahead is taken when the venue lists it at its time. */
function whyLeftOut(at: number, newestAt: number | undefined, now: number): string | undefined {
  if (at > now + AHEAD_MS) return `is dated more than a day ahead (${iso(at)})`;
  if (newestAt !== undefined && at < newestAt - ACTIVITY_MEMORY_MS)
    return `is older than 400 days before the newest (${iso(at)})`;
  return undefined;
}

/** Money without a rate is not counted, so the venue is asked for the rates that are missing. */
async function observeMissingRates(
  desk: RecordingDesk,
  connector: ConnectorName,
  activities: readonly VenueActivity[],
): Promise<void> {
  const own = desk.state.accounts.get(connector)?.account.currency;
  if (own === undefined) return;
  const missing = new Set<string>();
  for (const activity of activities) {
    if (desk.state.activities.has(activityKey(connector, activity.id)) || !isForeignMoney(activity, own)) continue;
    if (knownRate(desk, connector, activity) === undefined) missing.add(activity.currency ?? "");
  }
  if (missing.size > 0) await observeRatesOf(desk, connector, missing);
}

/** The rate by which money of another currency counts; undefined if it needs no rate, or no rate is known. */
function rateOf(
  desk: Pick<Desk, "clock" | "config" | "log" | "state">,
  connector: ConnectorName,
  activity: VenueActivity,
): DecimalText | undefined {
  const account = desk.state.accounts.get(connector)?.account;
  if (account === undefined || !isForeignMoney(activity, account.currency)) return undefined;
  const known = knownRate(desk, connector, activity);
  if (known !== undefined) return known;
  const { amount = "0", currency = "" } = activity;
  desk.log.warn(
    `activity ${activity.id} of ${connector}: ${amount} ${currency} is not counted, because there is no rate to ` +
      `${account.currency}`,
    { connector },
  );
  return undefined;
}

function knownRate(
  desk: Pick<Desk, "clock" | "config" | "state">,
  connector: ConnectorName,
  { amount, currency: from = "" }: VenueActivity,
): DecimalText | undefined {
  const account = desk.state.accounts.get(connector)?.account;
  if (account === undefined) return undefined;
  // As the NAV counts the balance of this currency.
  const known = account.balances?.find(({ currency }) => isSameCode(currency, from))?.rate;
  if (known !== undefined) return known;
  const query = { from, to: account.currency, now: desk.clock.now(), connector, use: "guards" } as const;
  const path = ratePath(rateTable(desk), query);
  return path === undefined ? undefined : text(rateFor(amount === undefined ? ZERO : decimal(amount), path));
}

const ASK_MS = 60 * 60 * 1000;
/** While a change of the NAV is not explained, or an activity cannot be read. */
const ASK_UNEXPLAINED_MS = 5 * 60 * 1000;

/**
 * Fetches the activities of a connector if that is due. Returns whether it asked. An error is logged: the account is
 * right without them, only its changes are not explained.
 */
export async function followActivities(desk: Desk, connector: ConnectorName): Promise<boolean> {
  const { activitiesAt } = desk.market;
  const account = desk.state.accounts.get(connector);
  if (account === undefined || desk.venues.facts(connector)?.methods.includes("getActivities") !== true) return false;
  const now = desk.clock.monotonic();
  const isAwaited = openItems(desk.state.unread, connector).some(({ item }) => item.kind === "activity");
  const pause = account.unexplained.eq(ZERO) && !isAwaited ? ASK_MS : ASK_UNEXPLAINED_MS;
  if (now - (activitiesAt.get(connector) ?? Number.NEGATIVE_INFINITY) < pause) return false;
  activitiesAt.set(connector, now);
  try {
    await withinBudget(desk, connector, () => recoverActivities(desk, connector, account.openedAt));
  } catch (error) {
    desk.log.warn(`activities of ${connector}: ${messageOf(error)}`, { connector });
  }
  return true;
}

async function recoverActivities(desk: Desk, connector: ConnectorName, opened: number): Promise<void> {
  const newest = desk.state.activitiesAt.get(connector) ?? opened;
  const overlap = Math.max(opened, newest - OVERLAP_MS);
  const since = sinceUnread(desk.state.unread, { connector, kind: "activity", since: overlap });
  const read = (cursor: string | undefined) => desk.venues.activities(connector, since, cursor);
  for await (const page of readPages({ connector, method: "getActivities", read }))
    await recordActivities(desk, connector, page.items, { unread: page.unread, since });
}
