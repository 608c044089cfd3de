/** One inbox item for the fills of an order, and one for each burst of events that need attention. */
import type { DeskState } from "../../domain/desk-state.ts";
import type { Recorded } from "../../domain/event.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { Inbox } from "../../workspace/inbox.ts";
import {
  type BurstEvent,
  type BurstSummary,
  addToSummary,
  burstItem,
  burstKindOf,
  mergeSummaries,
  openSummary,
} from "../fills/fill-summary.ts";

interface OpenItem {
  /** What the file says; undefined before the first write. */
  written: { readonly summary: BurstSummary; readonly text: string } | undefined;
  /** What has happened since. */
  fresh: BurstSummary | undefined;
  lastAt: number;
}

const OPEN_ITEMS_MAX = 1_000;
/** A burst of events that belong to no order ends after this time without one. */
const BURST_ENDS_MS = 10 * 60 * 1000;

export class InboxBursts {
  readonly #inbox: Inbox;
  readonly #state: Readonly<DeskState>;
  readonly #open = new LruMap<string, OpenItem>(OPEN_ITEMS_MAX);
  /** The key of the current burst, by its kind and its order or connector. */
  readonly #current = new LruMap<string, string>(OPEN_ITEMS_MAX);

  constructor(inbox: Inbox, state: Readonly<DeskState>) {
    this.#inbox = inbox;
    this.#state = state;
  }

  /** Adds an event to its item. Returns the key to write the item by, or undefined if the event has no item. */
  take(recorded: Recorded<BurstEvent>): string | undefined {
    const { event, at, seq } = recorded;
    const kind = burstKindOf(event);
    if (kind === undefined) return undefined;
    const order = event.type === "instrument.flagged" ? null : event.id;
    const group = order === null || kind === "conflict" ? `${kind} ${event.connector}` : `${kind} order ${order}`;
    let key = this.#current.get(group) ?? group;
    let item = this.#open.get(key);
    if (item === undefined || (order === null && at - item.lastAt > BURST_ENDS_MS)) {
      key = `${group} ${seq}`;
      item = { written: undefined, fresh: undefined, lastAt: at };
      this.#current.set(group, key);
      this.#open.set(key, item);
    }
    item.fresh ??= openSummary(kind, recorded);
    addToSummary(item.fresh, recorded);
    item.lastAt = at;
    return key;
  }

  /**
   * Writes the item as it is now. If a person has edited, archived or removed the file, what happened since its last
   * write gets a file of its own.
   */
  async write(key: string): Promise<void> {
    const item = this.#open.get(key);
    const fresh = item?.fresh;
    if (item === undefined || fresh === undefined) return;
    item.fresh = undefined;
    try {
      const { written } = item;
      const summary = written === undefined ? fresh : mergeSummaries(written.summary, fresh);
      const text = await this.#inbox.writeHostItem(burstItem(summary, this.#state), written?.text);
      if (text !== undefined) item.written = { summary, text };
      else if (written !== undefined) await this.#startAnew(item, fresh);
    } catch (error) {
      item.fresh = item.fresh === undefined ? fresh : mergeSummaries(fresh, item.fresh);
      throw error;
    }
  }

  async #startAnew(item: OpenItem, summary: BurstSummary): Promise<void> {
    item.written = undefined;
    const text = await this.#inbox.writeHostItem(burstItem(summary, this.#state));
    if (text !== undefined) item.written = { summary, text };
  }
}
