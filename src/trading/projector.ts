/** Runs the projections in journal order, off the order path. A failure is logged; `qoc journal rebuild` repairs it. */
import { messageOf } from "../domain/error.ts";
import type { DeskEvent, FillReceived, Recorded } from "../domain/event.ts";
import type { OrderId } from "../domain/ids.ts";
import type { Desk } from "./desk.ts";
import { iso } from "../lib/time.ts";
import { orderPath, projectFill, projectOrder, writeAlert } from "./order-files.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import { blockquote } from "../lib/markdown.ts";
import { quoteForShell } from "../lib/shell.ts";

export interface Projector {
  /** Called with every event once it is on disk. */
  take(recorded: Recorded): void;
  /** Resolves when the files of all events so far are written. */
  settled(): Promise<void>;
}

export function openProjector(desk: Pick<Desk, "history" | "log" | "state" | "workspace">): Projector {
  const places = new Map<string, string>();
  for (const order of desk.state.orders.values()) places.set(order.id, orderPath(order));
  const queue = new SerialQueue();
  const work = async (recorded: Recorded): Promise<void> => {
    try {
      await project(desk, places, recorded);
    } catch (error) {
      desk.log.error(`projection of ${recorded.event.type} ${recorded.seq}: ${messageOf(error)}`);
    }
  };
  return {
    take: (recorded) => void queue.run(() => work(recorded)),
    settled: () => queue.idle(),
  };
}

async function project(
  desk: Pick<Desk, "history" | "log" | "state" | "workspace">,
  places: Map<string, string>,
  recorded: Recorded,
): Promise<void> {
  const { event } = recorded;
  const id = orderOf(event);
  if (event.type === "fill.received")
    await projectFill(desk.workspace.inbox, desk.state, recorded as Recorded<FillReceived>);
  if (id !== undefined) await projectPlace(desk, places, id);
  await raiseAlert(desk, recorded);
}

async function projectPlace(
  desk: Pick<Desk, "history" | "state" | "workspace">,
  places: Map<string, string>,
  id: OrderId,
): Promise<void> {
  const order = desk.state.orders.get(id);
  if (order === undefined) return;
  const previous = places.get(id);
  places.set(id, orderPath(order));
  await projectOrder(desk.workspace.orders, order, previous);
  desk.history.request(`${order.id}: ${order.state}`);
}

function orderOf(event: DeskEvent): OrderId | undefined {
  return "id" in event && event.id !== null && event.type !== "fill.conflicted" ? event.id : undefined;
}

async function raiseAlert(desk: Pick<Desk, "log" | "workspace">, { seq, at, event }: Recorded): Promise<void> {
  const raise = (topic: string, title: string, text: string): Promise<void> =>
    writeAlert(desk, { at, seq, topic, title, text });
  switch (event.type) {
    case "guards.evaluated": {
      if (event.decision === "allow" || event.stage === "propose") return;
      const reasons = event.reasons
        .map(({ guard, message }) => `- ${escapeInvisible(`${guard}: ${message}`)}`)
        .join("\n");
      return raise(
        `blocked-${event.id}`,
        `Order ${event.id} was blocked`,
        `At ${event.stage}, ${iso(at)}:\n\n${reasons}`,
      );
    }
    case "order.unknown":
      return raise(
        `unknown-${event.id}`,
        `The outcome of order ${event.id} is unknown`,
        `${blockquote(event.reason)}\n\nIt will not be sent again, and its instrument is blocked until the venue reports the order or a human runs \`qoc resolve ${event.id}\`.`,
      );
    case "instrument.flagged":
      return raise(
        "position",
        `${event.connector}/${event.symbol}: positions disagree`,
        [
          `Our fills sum to ${event.expected}, the venue reports ${event.actual}.`,
          `Compare with the venue's own page, then \`qoc resolve ${quoteForShell(`${event.connector}/${event.symbol}`)}\`.`,
        ].join(" "),
      );
    case "connector.changed":
      if (event.state !== "quarantined" && event.state !== "zombie") return;
      return raise(
        `connector-${event.connector}`,
        `Connector ${event.connector} is ${event.state}`,
        `${blockquote(event.reason ?? "")}\n\n\`qoc logs --connector ${event.connector}\` shows the reason; \`qoc connectors restart ${event.connector}\` starts it again.`,
      );
    case "fill.conflicted":
      return raise(
        "fill",
        `Fill ${event.fill.fillId} came twice with different content`,
        "The first one stays. Compare it with the venue's own page.",
      );
    default:
      return undefined;
  }
}
