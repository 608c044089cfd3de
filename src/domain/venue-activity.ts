/** The activities of a connector that the journal has, so that each counts once. */
import type { ConnectorName } from "./ids.ts";
import type { VenueActivity } from "./venue.ts";
import type { AnnouncedMoney } from "./venue-money.ts";

/** What changed an account without a trade, as its venue said. One record for each id of a connector. */
export interface ActivityReceived {
  readonly type: "venue.activity";
  readonly connector: ConnectorName;
  readonly activity: VenueActivity;
}

/** Older ids are forgotten, and an activity of an unknown id that is older is not recorded. */
export const ACTIVITY_MEMORY_MS = 400 * 24 * 60 * 60 * 1000;

interface KnownActivity {
  /** The venue's time, ms. */
  readonly at: number;
  /** In the account's currency; undefined for an activity that is no money of it. */
  readonly money: AnnouncedMoney | undefined;
}

export interface KnownActivities {
  /** By id; oldest record first. */
  readonly ids: Map<string, KnownActivity>;
  /** The venue's time of the newest, ms. */
  newestAt: number;
}

export type ActivitiesByConnector = Map<string, KnownActivities>;

export function receiveActivity(
  known: ActivitiesByConnector,
  { connector, activity }: ActivityReceived,
  money: AnnouncedMoney | undefined,
): void {
  const found = known.get(connector) ?? { ids: new Map<string, KnownActivity>(), newestAt: activity.at };
  known.set(connector, found);
  found.ids.set(activity.id, { at: activity.at, money });
  found.newestAt = Math.max(found.newestAt, activity.at);
  for (const [id, { at }] of found.ids) {
    if (at >= found.newestAt - ACTIVITY_MEMORY_MS) return;
    found.ids.delete(id);
  }
}
