/** Runs the projections off the order path, in a lane for each connector, so that no connector delays another. */
import type { DeskState } from "../../domain/desk-state.ts";
import type { DeskEvent, Recorded } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import { isEnded, targetRecord } from "../../domain/orders/order-state.ts";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { blockquote } from "../../lib/markdown.ts";
import { resolvesWithin } from "../../lib/resolves-within.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";
import type { BurstEvent } from "../fills/fill-summary.ts";
import { InboxBursts } from "./inbox-bursts.ts";
import { type Alert, type WrittenAlert, decidedPaths, orderPath, projectOrder, writeAlert } from "./order-files.ts";
import { ProjectionLane } from "./projection-lane.ts";

export interface Projector {
  /** The sequence number of the newest event that was taken. */
  readonly lastSeq: number;
  /** Called with every event once it is on disk. */
  take(recorded: Recorded): void;
  /** Resolves when the files of all events so far are written. */
  settled(): Promise<void>;
  /** Resolves when the order's file is written. Waits for no inbox item and no other order. */
  orderSettled(id: OrderId): Promise<void>;
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
  // A connector that an author repairs is quarantined again and again: one item, as with the fills of an order.
  const connectorAlerts = new Map<string, WrittenAlert>();
  const connectorAlert = async (alert: Alert): Promise<void> => {
    const written = await writeAlert(desk, alert, connectorAlerts.get(alert.topic));
    if (written !== undefined) connectorAlerts.set(alert.topic, written);
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
      const alert = alertOf(recorded, desk.state) ?? replacementAlert(recorded, desk.state);
      if (alert === undefined) return;
      const lane = id === undefined ? laneOf("connector" in event ? event.connector : "") : laneOfOrder(id);
      lane.addAlert(() => (event.type === "connector.changed" ? connectorAlert(alert) : writeAlert(desk, alert)));
    },
    settled: async () => void (await all((lane) => lane.settled())),
    orderSettled: (id) => laneOfOrder(id).orderSettled(id),
    close: async () => {
      await all((lane) => lane.ordersSettled());
      await resolvesWithin(
        desk.clock,
        CLOSE_MS,
        all((lane) => lane.settled()),
      );
      const count = [...lanes.values()].reduce((sum, lane) => sum + lane.close(), 0);
      if (count > 0) desk.log.warn(`${count} inbox items are not written; qoc journal rebuild writes those of fills`);
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

/** The alert that an event raises, besides the items of bursts; undefined for most events. */
function alertOf({ seq, at, event }: Recorded, { orders }: Pick<DeskState, "orders">): Alert | undefined {
  const alert = (topic: string, title: string, text: string): Alert => ({ at, seq, topic, title, text });
  switch (event.type) {
    case "guards.evaluated": {
      if (event.decision === "allow" || event.stage === "propose") return undefined;
      const reasons = event.reasons
        .map(({ guard, message }) => `- ${escapeInvisible(`${guard}: ${message}`)}`)
        .join("\n");
      return alert(
        `blocked-${event.id}`,
        `Order ${event.id} was blocked`,
        `At ${event.stage}, ${iso(at)}:\n\n${reasons}`,
      );
    }
    case "order.unknown": {
      const cancels = orders.get(event.id)?.terms.cancels;
      if (cancels !== undefined)
        return alert(
          `unknown-${event.id}`,
          `The outcome of the cancel of ${cancels.id} is unknown`,
          `${blockquote(event.reason)}\n\n${event.id} asked for it and does not ask again. \`qoc cancel ${cancels.id}\` does.`,
        );
      return alert(
        `unknown-${event.id}`,
        `The outcome of order ${event.id} is unknown`,
        `${blockquote(event.reason)}\n\nIt will not be sent again, and its instrument is blocked until the venue reports the order or a human runs \`qoc resolve ${event.id} -m "what you saw"\`.`,
      );
    }
    case "order.missing":
      return alert(
        `missing-${event.id}`,
        `The venue does not know order ${event.id}`,
        `It acknowledged the order and has answered three times that it does not know it. The order still reserves its money. Look at the venue's own page, then run \`qoc resolve ${event.id} -m "what you saw"\`.`,
      );
    case "connector.changed":
      if (event.state !== "quarantined" && event.state !== "zombie") return undefined;
      return alert(
        `connector-${event.connector}`,
        `Connector ${event.connector} is ${event.state}`,
        `${blockquote(event.reason ?? "")}\n\n\`qoc logs --connector ${event.connector}\` shows the reason; \`qoc connectors restart ${event.connector}\` starts it again.`,
      );
    default:
      return undefined;
  }
}

/** A replacement that was approved and is not sent: its order may be cancelled, so that the position may be open. */
function replacementAlert({ seq, at, event }: Recorded, { orders }: Pick<DeskState, "orders">): Alert | undefined {
  if (event.type !== "order.not_sent" && event.type !== "order.denied") return undefined;
  const order = orders.get(event.id);
  const target = order?.terms.replaces === undefined ? undefined : targetRecord({ orders }, order.terms);
  if (order === undefined || target === undefined) return undefined;
  const fate =
    order.request.sent === true
      ? `Its cancel was requested, and it is ${target.state} with ${target.filled.toFixed()} of ${target.terms.quantity} filled.`
      : `No cancel was requested, and it is ${target.state}.`;
  const title = `${order.id} was not sent, and ${target.id} is ${target.state}`;
  const advice = `Look at \`qoc orders show ${target.id}\`, and propose a new order if one is still wanted.`;
  const text = `${blockquote(event.reason)}\n\n${order.id} was to replace ${target.id}. ${fate} ${advice}`;
  return { at, seq, topic: `not-sent-${order.id}`, title, text };
}
