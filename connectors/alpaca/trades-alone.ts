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

  /** What has to be read of a time, without what had trades alone. */
  without({ since, until }: TimeRange): readonly TimeRange[] {
    const [from, to] = this.#inside(since);
    if (to <= from) return [{ since, until }];
    const rest = { since: to, until };
    return since < from ? [{ since, until: from + SECOND_MS }, rest] : [rest];
  }

  /** The events of all that had to be read. */
  async keep({ since, until }: TimeRange, events: readonly ActivityEvent[]): Promise<void> {
    const [from, to] = this.#inside(since);
    const others = events.filter(({ activity_type }) => activity_type !== "FILL").map(({ at }) => Date.parse(at));
    const last = Math.max(to <= from ? since : from, ...others);
    // Without its time an event could be of any.
    if (Number.isNaN(last)) return;
    this.#known = { since: last, until };
    await this.#store.put(KEY, { account: this.#account, ...this.#known } satisfies Stored);
  }

  /** The part of the known time after `since`; empty if its end is not after its start. */
  #inside(since: number): readonly [from: number, to: number] {
    const { since: from, until: to } = this.#known ?? { since, until: since };
    return [Math.max(from, since), to - LATE_MS - SECOND_MS];
  }
}
