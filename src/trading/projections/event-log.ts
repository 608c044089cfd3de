/** Writes the line of each event to a sink. A flood of fills is cut to some lines a second; the cut is counted. */
import type { DeskState } from "../../domain/desk-state.ts";
import type { Recorded } from "../../domain/event.ts";
import type { Clock } from "../../domain/ports.ts";
import { RateWindow } from "../../lib/rate-window.ts";
import { type EventLine, eventLine } from "./event-line.ts";
import { counted } from "../../lib/counted.ts";

const LINES_PER_SECOND = 50;

export interface EventLogOptions {
  readonly clock: Pick<Clock, "monotonic">;
  readonly state: Pick<DeskState, "orders">;
  readonly write: (line: EventLine, recorded: Recorded) => void;
}

/** Returns the listener for durable records. */
export function createEventLog({ clock, state, write }: EventLogOptions): (recorded: Recorded) => void {
  const window = new RateWindow({ clock, limit: LINES_PER_SECOND, windowMs: 1_000 });
  let skipped = 0;
  return (recorded) => {
    if (recorded.event.type === "fill.received" && !window.spend()) {
      skipped += 1;
      return;
    }
    const line = eventLine(recorded, state);
    if (line === undefined) return;
    const note = skipped === 0 ? "" : ` (${counted(skipped, "earlier fill has", "earlier fills have")} no line)`;
    skipped = 0;
    write(note === "" ? line : { ...line, message: `${line.message}${note}` }, recorded);
  };
}
