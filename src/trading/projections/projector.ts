/** Runs the projections off the order path, in a lane for each connector, so that no connector delays another. */
import type { DeskEvent, Recorded } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import { isEnded } from "../../domain/orders/order-state.ts";
import { resolvesWithin } from "../../lib/resolves-within.ts";
import type { Desk } from "../desk.ts";
import type { BurstEvent } from "../fills/fill-summary.ts";
import { InboxBursts } from "./inbox-bursts.ts";
import { AlertWriter } from "./alerts.ts";
import { decidedPaths, orderPath, projectOrder } from "./order-files.ts";
import { ProjectionLane } from "./projection-lane.ts";
import { counted } from "../../lib/counted.ts";

export interface Projector {
  /** The sequence number of the newest event that was taken. */
  readonly lastSeq: number;
  /** Called with every event once it is on disk. */
  take(recorded: Recorded): void;
  /** Resolves when the files of all events so far are written. */
  settled(): Promise<void>;
  /** Resolves when the order's file is written. Waits for no inbox item and no other order. */
  orderSettled(id: OrderId): Promise<void>;
  /** Writes the order's file again, and removes it from the folders where it does not belong. */
  restore(id: OrderId): void;
  /** Gives the alerts of conditions that have ended the title that says so. */
  settleAlerts(): void;
  /** Writes the files of orders, and inbox items for half a second at most. */
  close(): Promise<void>;
}

type ProjectorDesk = Pick<Desk, "clock" | "history" | "log" | "state" | "workspace">;

const CLOSE_MS = 500;

export function openProjector(desk: ProjectorDesk): Projector {
  const places = new Map<string, string>();
  for (const order of desk.state.orders.values()) if (!isEnded(order)) places.set(order.id, orderPath(order));
  const bursts = new InboxBursts(desk.workspace.inbox, desk.state);
  const lanes = new Map<string, ProjectionLane>();
  const writer = { order: (id: OrderId) => projectPlace(desk, places, id), item: (key: string) => bursts.write(key) };
  const laneOf = (connector: string): ProjectionLane => {
    let lane = lanes.get(connector);
    if (lane === undefined) {
      lane = new ProjectionLane({ clock: desk.clock, log: desk.log, writer });
      lanes.set(connector, lane);
    }
    return lane;
  };
  const laneOfOrder = (id: OrderId): ProjectionLane => laneOf(desk.state.orders.get(id)?.terms.connector ?? "");
  const alerts = new AlertWriter(desk);
  const takeAlert = (recorded: Recorded, id: OrderId | undefined): void => {
    const write = alerts.writeOf(recorded, id);
    if (write === undefined) return;
    const { event } = recorded;
    (id === undefined ? laneOf("connector" in event ? event.connector : "") : laneOfOrder(id)).addAlert(write);
  };
  let lastSeq = 0;
  const all = (run: (lane: ProjectionLane) => Promise<unknown>): Promise<unknown> =>
    Promise.all([...lanes.values()].map(run));
  return {
    get lastSeq() {
      return lastSeq;
    },
    take: (recorded) => {
      const { event } = recorded;
      lastSeq = recorded.seq;
      const item = isBurstEvent(recorded) ? bursts.take(recorded) : undefined;
      const id = orderOf(event);
      if (event.type === "fill.received" || item !== undefined)
        laneOf("connector" in event ? event.connector : "").addFill(id, item);
      else if (id !== undefined && PASSING.has(event.type)) laneOfOrder(id).addPassingOrder(id);
      else if (id !== undefined) laneOfOrder(id).addOrder(id);
      // The cancel of an order also changes the file of the proposal that asked for it.
      if ("proposal" in event && event.proposal !== undefined) laneOfOrder(event.proposal).addOrder(event.proposal);
      takeAlert(recorded, id);
    },
    settled: async () => void (await all((lane) => lane.settled())),
    orderSettled: (id) => laneOfOrder(id).orderSettled(id),
    restore: (id) => {
      places.delete(id);
      laneOfOrder(id).addOrder(id);
    },
    settleAlerts: () => laneOf("").addAlert(() => alerts.settleEarlier()),
    close: async () => {
      await all((lane) => lane.ordersSettled());
      await resolvesWithin(
        desk.clock,
        CLOSE_MS,
        all((lane) => lane.settled()),
      );
      const count = [...lanes.values()].reduce((sum, lane) => sum + lane.close(), 0);
      if (count > 0)
        desk.log.warn(
          `${counted(count, "inbox item is", "inbox items are")} not written; qoc journal rebuild writes those of fills`,
        );
    },
  };
}

/** The steps of an approval. Its result follows at once, unless the venue is slow; disk writes must not delay it. */
const PASSING: ReadonlySet<DeskEvent["type"]> = new Set([
  "order.reviewed",
  "guards.evaluated",
  "order.approved",
  "order.submitting",
]);

function isBurstEvent(recorded: Recorded): recorded is Recorded<BurstEvent> {
  const { type } = recorded.event;
  return type === "fill.received" || type === "fill.conflicted" || type === "instrument.flagged";
}

async function projectPlace(
  desk: Pick<Desk, "history" | "state" | "workspace">,
  places: Map<string, string>,
  id: OrderId,
): Promise<void> {
  const order = desk.state.orders.get(id);
  if (order === undefined) return;
  const place = places.get(id);
  const previous = place === undefined ? decidedPaths(order) : [place];
  if (isEnded(order)) places.delete(id);
  else places.set(id, orderPath(order));
  await projectOrder(desk.workspace.orders, order, { previous, isRetired: isRetired(desk.state, id) });
  desk.history.request(`${order.id}: ${order.state}`);
}

function orderOf(event: DeskEvent): OrderId | undefined {
  return "id" in event && event.id !== null && event.type !== "fill.conflicted" ? event.id : undefined;
}
