/** The activities of a connector that the journal has, so that each counts once. */
import type { DecimalText } from "./decimal.ts";
import type { ConnectorName } from "./ids.ts";
import type { VenueActivity } from "./venue.ts";
import type { AnnouncedMoney } from "./venue-money.ts";

/** What changed an account without a trade, as its venue said. One record for each id of a connector. */
export interface ActivityReceived {
  readonly type: "venue.activity";
  readonly connector: ConnectorName;
  readonly activity: VenueActivity;
  /** Of money in another currency: the price of one unit in the account's. Without it the money is not counted. */
  readonly rate?: DecimalText | undefined;
}

/** Older ids are forgotten, and an activity of an unknown id that is older is not recorded. */
export const ACTIVITY_MEMORY_MS = 400 * 24 * 60 * 60 * 1000;

interface KnownActivity {
  /** The venue's time, ms, and at most the time of the record. */
  readonly at: number;
  /** In the account's currency; undefined for an activity that is no money of it. */
  readonly money: AnnouncedMoney | undefined;
}

export interface KnownActivities {
  /** By id; oldest record first. */
  readonly ids: Map<string, KnownActivity>;
  /** The venue's time of the newest, ms, and at most the time of its record. */
  newestAt: number;
}

export type ActivitiesByConnector = Map<string, KnownActivities>;

interface RecordedActivity {
  readonly event: ActivityReceived;
  /** When it was recorded, ms. */
  readonly at: number;
}

export function receiveActivity(
  known: ActivitiesByConnector,
  { event: { connector, activity }, at: recordedAt }: RecordedActivity,
  money: AnnouncedMoney | undefined,
): void {
  // An activity dated ahead must not hide earlier ones from the next request.
  const at = Math.min(activity.at, recordedAt);
  const found = known.get(connector) ?? { ids: new Map<string, KnownActivity>(), newestAt: at };
  known.set(connector, found);
  found.ids.set(activity.id, { at, money });
  found.newestAt = Math.max(found.newestAt, at);
  for (const [id, earlier] of found.ids) {
    if (earlier.at >= found.newestAt - ACTIVITY_MEMORY_MS) return;
    found.ids.delete(id);
  }
}
