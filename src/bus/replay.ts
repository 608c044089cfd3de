/** Folds a journal into the desk's state: checks the format and upgrades the records of older formats. */
import { type DeskState, applyEvent, emptyDeskState } from "../domain/desk-state.ts";
import { QocError } from "../domain/errors/error.ts";
import type { DeskEvent, OrderAccepted, OrderRejected, Recorded } from "../domain/event.ts";
import { JOURNAL_FORMAT } from "./journal-record.ts";

/** Converts the records of a journal, in order, to records of this version. @throws QocError FORMAT_TOO_NEW. */
type Upgrade = (recorded: Recorded) => Recorded;

/** The records before the first `journal.upgraded` have the format of `desk.created`; then each has the format `to`. */
function createUpgrade({ seq, journalFormat, createdFormat }: Readonly<DeskState>): Upgrade {
  let format = seq === 0 ? JOURNAL_FORMAT : journalFormat;
  let created = seq === 0 ? JOURNAL_FORMAT : createdFormat;
  return (recorded) => {
    const { event } = recorded;
    if (event.type === "desk.created") format = created = readableFormat(event.format);
    if (event.type === "journal.upgraded") format = readableFormat(event.to);
    // A record of format 0 has no epoch, and its desk had one epoch only.
    const epoch = created === 0 && recorded.epoch === 0 ? 1 : recorded.epoch;
    const upgradedEvent = format < 2 ? fromFormat1(event) : event;
    return epoch === recorded.epoch && upgradedEvent === event
      ? recorded
      : { ...recorded, epoch, event: upgradedEvent };
  };
}

function readableFormat(format: number): number {
  if (format <= JOURNAL_FORMAT) return format;
  throw new QocError("FORMAT_TOO_NEW", { what: "the journal", found: format, known: JOURNAL_FORMAT });
}

/** Two events of format 1 that have another name today. */
type Format1Event =
  | (Omit<OrderAccepted, "type"> & { readonly type: "order.acked" })
  | (Omit<OrderRejected, "by"> & { readonly by: "human" | "venue" | "guard" });

function fromFormat1(event: DeskEvent | Format1Event): DeskEvent {
  if (event.type === "order.acked") return { ...event, type: "order.accepted" };
  if (event.type !== "order.rejected") return event;
  const { id, by, reason, actor } = event;
  return by === "guard" ? { type: "order.denied", id, reason } : { type: "order.rejected", id, by, reason, actor };
}

/** The records of a whole journal as records of this version. @throws QocError FORMAT_TOO_NEW. */
export function upgraded(events: readonly Recorded[]): readonly Recorded[] {
  return events.map(createUpgrade(emptyDeskState()));
}

export interface Replay {
  /** Changes with each record. */
  readonly state: DeskState;
  /** @throws QocError FORMAT_TOO_NEW at the first record. */
  take(recorded: Recorded): void;
}

/** Folds records one by one, as they are read, into the state before them. */
export function openReplay(state: DeskState = emptyDeskState()): Replay {
  const upgrade = createUpgrade(state);
  return {
    state,
    take: (recorded) => applyEvent(state, upgrade(recorded)),
  };
}

export function replay(events: readonly Recorded[]): DeskState {
  const folding = openReplay();
  for (const recorded of events) folding.take(recorded);
  return folding.state;
}
