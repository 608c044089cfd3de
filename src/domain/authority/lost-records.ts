/** What a desk knows of the records that its journal lacks, after a human accepted the gap. */
import type { TradingState } from "../event.ts";
import type { Actor } from "./actor.ts";
import { type IdsRetired, type JournalGap, gapLabel } from "./journal-head.ts";

/** The trading state, and the record that set it. */
export interface TradingRecord {
  readonly state: TradingState;
  readonly reason: string;
  /** 0 at first. */
  readonly seq: number;
  /** When it was recorded, ms; undefined: no record has it, for example the halt of a desk that lacks records. */
  readonly at?: number | undefined;
  readonly actor?: Actor | undefined;
}

export interface LostRecords {
  /** Hashes of the signed heads that the journal lacks. */
  readonly heads: Set<string>;
  /** Ids of before the gap, in lower case: they cannot be approved, and no new order gets one. */
  readonly ids: Set<string>;
}

interface StateAfterLoss {
  trading: TradingRecord;
  epochTag: string;
  readonly lost: LostRecords;
}

export function isRetired({ lost }: { readonly lost: LostRecords }, id: string): boolean {
  return lost.ids.has(id.toLowerCase());
}

export function applyLoss(
  state: StateAfterLoss,
  { seq, at, event }: { readonly seq: number; readonly at: number; readonly event: JournalGap | IdsRetired },
): void {
  if (event.type === "ids.retired") {
    for (const id of event.ids) state.lost.ids.add(id.toLowerCase());
    return;
  }
  const reason = `records ${gapLabel(event)} of the journal are lost`;
  state.trading = { state: "halted", reason, seq, at, actor: "host" };
  // The next start makes a new tag: client order ids of the lost records must not be used again.
  state.epochTag = "";
  for (const { hash } of event.heads) state.lost.heads.add(hash);
}
