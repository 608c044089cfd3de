/** When a connector is asked for the state of its orders: soon after something changed, and more rarely afterwards. */
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { Clock } from "../../domain/ports.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import type { VenueGateway } from "../market/venue-gateway.ts";

const POLL_MS = 2_000;
/** Orders of a venue without pushed reports wait at most this long. */
const POLLED_MS_MAX = 30_000;
/** Longer than the usual interval of marks, which list the open orders as well. */
const PUSHED_MS = 90_000;
/** A mark does not list the open orders if they were listed this recently. */
const LISTED_MS = 45_000;
/** Unchanged for ten times as long as the interval. */
const AGE_FACTOR = 10;

interface FollowedDesk {
  readonly clock: Pick<Clock, "now">;
  readonly state: Pick<DeskState, "inFlight">;
  readonly venues: Pick<VenueGateway, "facts">;
}

export class FollowPace {
  readonly #clock: Pick<Clock, "monotonic">;
  /** When the orders were asked for last, monotonic ms. */
  readonly #followedAt = new Map<string, number>();
  readonly #soon = new Set<string>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** The next round asks for the orders. */
  soon(connector: string): void {
    this.#soon.add(connector);
  }

  followed(connector: string): void {
    this.#soon.delete(connector);
    this.#followedAt.set(connector, this.#clock.monotonic());
  }

  /** Whether the working orders are to be asked for now. */
  isDue(desk: FollowedDesk, connector: string): boolean {
    const working = workingOrders(desk, connector);
    if (this.#soon.has(connector) || working.length === 0) return true;
    const { pollSeconds, reports } = desk.venues.facts(connector)?.capabilities ?? {};
    const least = pollSeconds === undefined ? POLL_MS : pollSeconds * 1_000;
    const unsettled = reports === "pushed" ? working.filter((order) => needsAnswer(order)) : working;
    if (reports === "pushed" && unsettled.length === 0) return this.#elapsed(connector) >= Math.max(least, PUSHED_MS);
    const newest = Math.max(...unsettled.map(({ history }) => history.at(-1)?.at ?? 0));
    const age = Math.max(0, desk.clock.now() - newest);
    return this.#elapsed(connector) >= Math.max(least, Math.min(POLLED_MS_MAX, age / AGE_FACTOR));
  }

  /** Whether a mark lists the open orders as well. */
  isListDue(desk: FollowedDesk, connector: string): boolean {
    const isPushed = desk.venues.facts(connector)?.capabilities.reports === "pushed";
    return !isPushed || this.#elapsed(connector) >= LISTED_MS;
  }

  #elapsed(connector: string): number {
    return this.#clock.monotonic() - (this.#followedAt.get(connector) ?? Number.NEGATIVE_INFINITY);
  }
}

/** Orders that the venue may have. */
export function workingOrders({ state }: Pick<FollowedDesk, "state">, connector: string): readonly OrderRecord[] {
  return [...state.inFlight.values()].filter(
    (order) => order.terms.connector === connector && order.state !== "approved" && order.state !== "submitting",
  );
}

/** The venue owes an answer that no report may bring. */
function needsAnswer({ state, flags, cancelRequested }: OrderRecord): boolean {
  return state === "unknown" || flags.has("missing") || cancelRequested !== undefined;
}
