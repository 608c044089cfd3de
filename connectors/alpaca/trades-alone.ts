/**
 * The time in which an account had trades alone. The desk asks for activities since the newest one, which can be years
 * old, and Alpaca lists them among the trades: what was read of this time is not read again.
 */
import type { Store } from "@qoc-app/sdk";
import type { ActivityEvent } from "./wire.ts";

/** Alpaca books some activities late. */
const LATE_MS = 7 * 24 * 60 * 60_000;
/** The end of a range is exact to the second. */
const SECOND_MS = 1_000;
/** A reading of years would take longer than the desk waits: it is made in parts, and what was read of it counts. */
export const PART_MS = 30 * 24 * 60 * 60_000;
const KEY = "trades-alone";

export interface TimeRange {
  readonly since: number;
  readonly until: number;
}

interface Stored extends TimeRange {
  readonly account: string;
}

export class TradesAlone {
  readonly #store: Store;
  readonly #account: string;
  #known: TimeRange | undefined;

  private constructor(store: Store, account: string, known: TimeRange | undefined) {
    this.#store = store;
    this.#account = account;
    this.#known = known;
  }

  static async open(store: Store, account: string): Promise<TradesAlone> {
    const stored = (await store.get(KEY)) as Stored | null | undefined;
    return new TradesAlone(store, account, stored?.account === account ? stored : undefined);
  }

  /** The first part of what has to be read of a time, without what had trades alone. */
  partOf({ since, until }: TimeRange): TimeRange {
    const [from, to] = this.#inside(since);
    const range =
      to <= from ? { since, until } : since < from ? { since, until: from + SECOND_MS } : { since: to, until };
    return { since: range.since, until: Math.min(range.until, range.since + PART_MS) };
  }

  /** Where the part after this one begins; undefined if it was the last one. */
  static after(part: TimeRange, { until }: Pick<TimeRange, "until">): number | undefined {
    return part.until < until ? part.until - SECOND_MS : undefined;
  }

  /** The events of a part that was read. */
  async keep({ since, until }: TimeRange, events: readonly ActivityEvent[]): Promise<void> {
    const others = events.filter(({ activity_type }) => activity_type !== "FILL").map(({ at }) => Date.parse(at));
    const known = this.#known;
    const goesOn = known !== undefined && since >= known.since && since <= known.until;
    const isBefore = known !== undefined && since < known.since && until <= known.until;
    const last = Math.max(goesOn || isBefore ? known.since : since, ...others);
    // Without its time an event could be of any.
    if (Number.isNaN(last)) return;
    this.#known = { since: last, until: goesOn || isBefore ? Math.max(until, known.until) : until };
    await this.#store.put(KEY, { account: this.#account, ...this.#known } satisfies Stored);
  }

  /** The part of the known time after `since`; empty if its end is not after its start. */
  #inside(since: number): readonly [from: number, to: number] {
    const { since: from, until: to } = this.#known ?? { since, until: since };
    return [Math.max(from, since), to - LATE_MS - SECOND_MS];
  }
}
