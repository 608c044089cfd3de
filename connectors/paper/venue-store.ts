/**
 * The venue's durable state. The key `state` holds everything that an order or a fill changes and is written with one
 * put, so a crash leaves either the whole change or nothing of it. Older rows are moved into pages.
 */
import type { Store } from "@qoc-app/sdk";
import type { TicksOfDays } from "./calendar.ts";
import { shortHash } from "./seeded-random.ts";
import { EMPTY_LOG, type PagedLogOptions, type PagedLog, append, load } from "./paged-log.ts";
import type { EndedOrder, Execution, VenueState, WorkingOrder } from "./state.ts";

/** Options that are fixed when the venue is created; later changes have no effect. */
export interface StartingState extends TicksOfDays {
  readonly start: string;
  readonly cash: string;
  readonly seed: number;
}

/** Rows are arrays without names, which takes half the bytes of objects. */
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
type EndedRow = [no: number, client: string, status: EndedOrder["status"], filled: string, value: string];

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

/** How many fills, ended orders and client order ids are stored. */
export const FILLS_MAX = FILLS.pageRows * FILLS.pages;
export const ENDED_ORDERS_MAX = ENDED.pageRows * ENDED.pages;
export const ORDERS_MAX = IDS.pageRows * IDS.pages;

/** The rows that one change adds. */
export interface NewRows {
  readonly executions?: readonly Execution[];
  readonly ended?: readonly EndedOrder[];
  readonly clientOrderId?: string | undefined;
}

export class VenueStore {
  readonly #store: Store;
  #stored: Stored;
  #fills: Execution[];
  readonly #ended: Map<number, EndedOrder>;
  readonly #endedByClient = new Map<string, EndedOrder>();
  readonly #idHashes: Set<string>;

  private constructor(store: Store, stored: Stored, fills: FillRow[], ended: EndedRow[], idHashes: string[]) {
    this.#store = store;
    this.#stored = stored;
    this.#fills = fills.map(readFill);
    this.#ended = new Map();
    this.#idHashes = new Set(idHashes);
    for (const row of ended) this.#addEnded(readEnded(row));
  }

  /**
   * Reads the stored state; stores `origin` and `initial` if the store is empty.
   * @throws Error if the stored state has another version.
   */
  static async open(store: Store, origin: StartingState, initial: VenueState): Promise<VenueStore> {
    const stored = (await store.get(KEY)) as Stored | null | undefined;
    if (stored === null || stored === undefined) {
      const fresh: Stored = { version: 1, origin, venue: initial, fills: EMPTY_LOG, ended: EMPTY_LOG, ids: EMPTY_LOG };
      await store.put(KEY, fresh);
      return new VenueStore(store, fresh, [], [], []);
    }
    if (stored.version !== 1)
      throw new Error(`the stored state has version ${JSON.stringify(stored.version)}; this venue reads version 1`);
    const [fills, ended, ids] = await Promise.all([
      load(store, FILLS, stored.fills),
      load(store, ENDED, stored.ended),
      load(store, IDS, stored.ids),
    ]);
    return new VenueStore(store, stored, fills, ended, ids);
  }

  get origin(): StartingState {
    return this.#stored.origin;
  }

  /** The state as last stored. */
  get venue(): VenueState {
    return this.#stored.venue;
  }

  /** Oldest first; at least the newest {@link FILLS_MAX}. */
  get fills(): readonly Execution[] {
    return this.#fills;
  }

  endedByNumber(no: number): EndedOrder | undefined {
    return this.#ended.get(no);
  }

  endedByClientOrderId(clientOrderId: string): EndedOrder | undefined {
    return this.#endedByClient.get(clientOrderId);
  }

  /** Returns whether an order with this client order id was ever accepted or rejected. */
  isKnownClientOrderId(clientOrderId: string): boolean {
    return this.#idHashes.has(shortHash(clientOrderId));
  }

  get clientOrderIdCount(): number {
    return this.#idHashes.size;
  }

  /**
   * Resolves when the state and the new rows are on disk. If it rejects, nothing changed here, and it can be called
   * again.
   */
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
    if (this.#fills.length > FILLS_MAX + FILLS.pageRows) this.#fills = this.#fills.slice(-FILLS_MAX);
    for (const order of ended) this.#addEnded(order);
    if (clientOrderId !== undefined) this.#idHashes.add(shortHash(clientOrderId));
  }

  #addEnded(order: EndedOrder): void {
    this.#ended.set(order.no, order);
    this.#endedByClient.set(order.clientOrderId, order);
    const [oldest] = this.#ended.values();
    if (this.#ended.size <= ENDED_ORDERS_MAX || oldest === undefined) return;
    this.#ended.delete(oldest.no);
    this.#endedByClient.delete(oldest.clientOrderId);
  }
}

/** Finds a working order by its number, or by its client order id if there is no number. */
export function findWorkingOrder(
  venue: VenueState,
  query: { no?: number | undefined; clientOrderId?: string | undefined },
): WorkingOrder | undefined {
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

function endedRow({ no, clientOrderId, status, filled, value }: EndedOrder): EndedRow {
  return [no, clientOrderId, status, filled, value];
}

function readEnded([no, clientOrderId, status, filled, value]: EndedRow): EndedOrder {
  return { no, clientOrderId, status, filled, value };
}
