/** The activities of a connector that the journal has, so that each counts once. */
import type { DecimalText } from "../decimal.ts";
import type { ConnectorName } from "../ids.ts";
import type { VenueActivity } from "../market/venue.ts";
import type { AnnouncedMoney } from "./venue-money.ts";

/** What changed an account without a trade, as its venue said. One record for each id of a connector. */
export interface ActivityReceived {
  readonly type: "venue.activity";
  readonly connector: ConnectorName;
  readonly activity: VenueActivity;
  /** Of money in another currency: the price of one unit in the account's. Without it the money is not counted. */
  readonly rate?: DecimalText | undefined;
}

/** An activity of an unknown id that is older than this before the newest is not recorded. */
export const ACTIVITY_MEMORY_MS = 400 * 24 * 60 * 60 * 1000;

export interface KnownActivity {
  /** The venue's time, ms, and at most the time of the record. */
  readonly at: number;
  /** In the account's currency; undefined for an activity that is no money of it. */
  readonly money: AnnouncedMoney | undefined;
}

export type ActivityKey = `${string}/${string}`;

/** The name of a connector has no slash. */
export function activityKey(connector: string, id: string): ActivityKey {
  return `${connector}/${id}`;
}

interface RecordedActivity {
  readonly event: ActivityReceived;
  /** When it was recorded, ms. */
  readonly at: number;
}

interface Activities {
  readonly activities: Map<ActivityKey, KnownActivity>;
  readonly activitiesAt: Map<string, number>;
}

export function receiveActivity(
  { activities, activitiesAt }: Activities,
  { event: { connector, activity }, at: recordedAt }: RecordedActivity,
  money: AnnouncedMoney | undefined,
): void {
  // An activity dated ahead must not hide earlier ones from the next request.
  const at = Math.min(activity.at, recordedAt);
  activities.set(activityKey(connector, activity.id), { at, money });
  activitiesAt.set(connector, Math.max(activitiesAt.get(connector) ?? at, at));
}

/** The activities of a connector that are in memory: those of the last week at least. */
export function recentActivities({ activities }: Pick<Activities, "activities">, connector: string): KnownActivity[] {
  return [...activities].flatMap(([key, known]) => (key.startsWith(`${connector}/`) ? [known] : []));
}
