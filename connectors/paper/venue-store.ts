/**
 * The venue's durable memory. One key, `state`, holds all that changes with an order or a fill and is written in one put, so
 * that a crash finds either all of a change or none of it. Old rows leave it page by page.
 */
import type { Store } from "@qoc-app/sdk";
import { shortHash } from "./seeded-random.ts";
import { EMPTY_LOG, type PagedLogOptions, type PagedLog, append, load } from "./paged-log.ts";
import type { Ended, Execution, VenueState, Working } from "./state.ts";

/** Fixed when the venue first opens; later changes of these options do not move it. */
export interface StartingState {
  readonly start: string;
  readonly cash: string;
  readonly seed: number;
  /** Ticks of a day once the recording has ended: with another number the stored tick would mean another time. */
  readonly lateTicks: number;
}

/** Rows as arrays without names: half the bytes. */
type FillRow = [
  no: number,
  nth: number,
  client: string,
  symbol: string,
  side: "b" | "s",
  quantity: string,
  price: string,
  fee: string,
  at: number,
];
type EndedRow = [no: number, client: string, status: Ended["status"], filled: string, value: string];

interface Stored {
  readonly version: 1;
  readonly origin: StartingState;
  readonly venue: VenueState;
  readonly fills: PagedLog<FillRow>;
  readonly ended: PagedLog<EndedRow>;
  readonly ids: PagedLog<string>;
}

const KEY = "state";
const FILLS: PagedLogOptions = { name: "fills", pageRows: 32, pages: 63 };
const ENDED: PagedLogOptions = { name: "ended", pageRows: 32, pages: 32 };
const IDS: PagedLogOptions = { name: "ids", pageRows: 512, pages: 60 };

/** The newest fills and ended orders that are remembered in full, and all client order ids there may ever be. */
export const FILLS_KEPT = FILLS.pageRows * FILLS.pages;
export const ENDED_KEPT = ENDED.pageRows * ENDED.pages;
export const ORDERS_MAX = IDS.pageRows * IDS.pages;

/** What one change adds. */
export interface NewRows {
  readonly executions?: readonly Execution[];
  readonly ended?: readonly Ended[];
  readonly clientOrderId?: string;
}

export class VenueStore {
  readonly #store: Store;
  #stored: Stored;
  #fills: Execution[];
  readonly #ended: Map<number, Ended>;
  readonly #endedByClient = new Map<string, Ended>();
  readonly #tags: Set<string>;

  private constructor(store: Store, stored: Stored, fills: FillRow[], ended: EndedRow[], tags: string[]) {
    this.#store = store;
    this.#stored = stored;
    this.#fills = fills.map(readFill);
    this.#ended = new Map();
    this.#tags = new Set(tags);
    for (const row of ended) this.#remember(readEnded(row));
  }

  /** Reads what is stored; a first opening stores `origin` and `opening`. @throws Error for a state of another version. */
  static async open(store: Store, origin: StartingState, opening: VenueState): Promise<VenueStore> {
    const found = (await store.get(KEY)) as Stored | null | undefined;
    if (found === null || found === undefined) {
      const fresh: Stored = { version: 1, origin, venue: opening, fills: EMPTY_LOG, ended: EMPTY_LOG, ids: EMPTY_LOG };
      await store.put(KEY, fresh);
      return new VenueStore(store, fresh, [], [], []);
    }
    if (found.version !== 1)
      throw new Error(`the stored state has version ${JSON.stringify(found.version)}; this venue reads version 1`);
    const [fills, ended, ids] = await Promise.all([
      load(store, FILLS, found.fills),
      load(store, ENDED, found.ended),
      load(store, IDS, found.ids),
    ]);
    return new VenueStore(store, found, fills, ended, ids);
  }

  get origin(): StartingState {
    return this.#stored.origin;
  }

  /** As last stored. */
  get venue(): VenueState {
    return this.#stored.venue;
  }

  /** Oldest first, the newest {@link FILLS_KEPT} at least. */
  get fills(): readonly Execution[] {
    return this.#fills;
  }

  endedByNo(no: number): Ended | undefined {
    return this.#ended.get(no);
  }

  endedByClient(clientOrderId: string): Ended | undefined {
    return this.#endedByClient.get(clientOrderId);
  }

  /** Was an order ever taken or refused under this client order id? */
  hasSeen(clientOrderId: string): boolean {
    return this.#tags.has(shortHash(clientOrderId));
  }

  get ordersSeen(): number {
    return this.#tags.size;
  }

  /** Stores the next state and what it adds; on disk when it resolves. After a rejection nothing has changed here: call it again. */
  async commit(venue: VenueState, { executions = [], ended = [], clientOrderId }: NewRows = {}): Promise<void> {
    const { origin } = this.#stored;
    const next: Stored = {
      version: 1,
      origin,
      venue,
      fills: await append(this.#store, FILLS, this.#stored.fills, executions.map(fillRow)),
      ended: await append(this.#store, ENDED, this.#stored.ended, ended.map(endedRow)),
      ids: await append(
        this.#store,
        IDS,
        this.#stored.ids,
        clientOrderId === undefined ? [] : [shortHash(clientOrderId)],
      ),
    };
    await this.#store.put(KEY, next);
    this.#stored = next;
    this.#fills.push(...executions);
    if (this.#fills.length > FILLS_KEPT + FILLS.pageRows) this.#fills = this.#fills.slice(-FILLS_KEPT);
    for (const order of ended) this.#remember(order);
    if (clientOrderId !== undefined) this.#tags.add(shortHash(clientOrderId));
  }

  #remember(order: Ended): void {
    this.#ended.set(order.no, order);
    this.#endedByClient.set(order.clientOrderId, order);
    const [oldest] = this.#ended.values();
    if (this.#ended.size <= ENDED_KEPT || oldest === undefined) return;
    this.#ended.delete(oldest.no);
    this.#endedByClient.delete(oldest.clientOrderId);
  }
}

/** How an order that has not ended is found. */
export function workingBy(
  venue: VenueState,
  query: { no?: number | undefined; clientOrderId?: string | undefined },
): Working | undefined {
  return venue.working.find((order) =>
    query.no === undefined ? order.clientOrderId === query.clientOrderId : order.no === query.no,
  );
}

function fillRow(fill: Execution): FillRow {
  return [
    fill.no,
    fill.nth,
    fill.clientOrderId,
    fill.symbol,
    fill.side === "buy" ? "b" : "s",
    fill.quantity,
    fill.price,
    fill.fee,
    fill.at,
  ];
}

function readFill([no, nth, clientOrderId, symbol, side, quantity, price, fee, at]: FillRow): Execution {
  return {
    no,
    nth,
    clientOrderId,
    symbol,
    side: side === "b" ? "buy" : "sell",
    quantity,
    price,
    fee,
    at,
  };
}

function endedRow({ no, clientOrderId, status, filled, value }: Ended): EndedRow {
  return [no, clientOrderId, status, filled, value];
}

function readEnded([no, clientOrderId, status, filled, value]: EndedRow): Ended {
  return { no, clientOrderId, status, filled, value };
}
