/** The sessions of an instrument, by its venue's own calendar. */
import type { Clock } from "../../domain/ports.ts";
import type { VenueSession } from "../../domain/market/venue.ts";
import type { LruMap } from "../../lib/lru-map.ts";
import type { DeskConfig } from "../../workspace/config.ts";
import type { VenueGateway } from "./venue-gateway.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const BEFORE_MS = DAY_MS;
/** Over weekends and holidays, so that the next session can be named. */
const AFTER_MS = 10 * DAY_MS;
const AGE_MAX_MS = 60 * 60 * 1000;

export interface KnownSessions {
  readonly sessions: readonly VenueSession[];
  /** The time that was asked for, ms. */
  readonly at: number;
  /** Monotonic, ms. */
  readonly mono: number;
}

interface SessionDesk {
  readonly clock: Pick<Clock, "monotonic">;
  readonly config: Pick<DeskConfig, "guards">;
  readonly market: { readonly sessions: LruMap<string, KnownSessions> };
  readonly venues: Pick<VenueGateway, "facts" | "schedule">;
}

/**
 * The sessions around a time at the venue, for the guard `market-hours`; undefined without that guard, or if the
 * connector has no `getSchedule`. @throws the connector's error.
 */
export async function sessionsAround(
  desk: SessionDesk,
  { connector, symbol, at }: { readonly connector: string; readonly symbol: string; readonly at: number },
): Promise<readonly VenueSession[] | undefined> {
  const isAsked = desk.config.guards.some((guard) => guard.kind === "built-in" && guard.options.key === "market-hours");
  if (!isAsked || desk.venues.facts(connector)?.methods.includes("getSchedule") !== true) return undefined;
  const key = `${connector}/${symbol}`;
  const known = desk.market.sessions.get(key);
  const mono = desk.clock.monotonic();
  if (known !== undefined && mono - known.mono < AGE_MAX_MS && Math.abs(at - known.at) < BEFORE_MS)
    return known.sessions;
  const sessions = await desk.venues.schedule(connector, symbol, { from: at - BEFORE_MS, to: at + AFTER_MS });
  if (sessions !== undefined) desk.market.sessions.set(key, { sessions, at, mono });
  return sessions;
}
