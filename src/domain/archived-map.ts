import { TextMap } from "../lib/text-map.ts";

interface ValueRules<V> {
  /** The group in which an entry is counted. */
  groupOf?(value: V): string;
  /** A copy that stays as it is while the value is changed in place. Without it values are never changed in place. */
  copyOf?(value: V): V;
}

/**
 * A map whose older entries are in an archive on disk. `get` and `has` cover both parts; iteration and `size` cover the
 * entries in memory. Without an archive it is a plain map.
 */
export class ArchivedMap<K extends string, V> extends TextMap<K, V> {
  readonly table: ArchiveTable;
  readonly #rules: ValueRules<V>;
  #find: ((key: K) => V | undefined) | undefined;
  /** The keys in memory of which the archive has an earlier version. */
  #replaced = new Set<K>();
  /** The keys that the archive alone has, by group. */
  #counts = new Map<string, number>();
  #touched: Set<K> | undefined;
  #held: HeldMap<K, V> | undefined;
  /** The last key that was looked up and that the archive does not have: most are set next. */
  #absent: K | undefined;

  constructor(table: ArchiveTable, rules: ValueRules<V> = {}) {
    super();
    this.table = table;
    this.#rules = rules;
  }

  /** Looks up what is not in memory in this archive from now on. */
  attach(archive: Archive): void {
    this.#absent = undefined;
    this.#find = (key) => {
      if (key === this.#absent) return undefined;
      const found = archive.find(this.table, key) as V | undefined;
      if (found === undefined) this.#absent = key;
      return found;
    };
  }

  /** A value of the archive is a copy: only {@link take} returns one to change. */
  override get(key: K): V | undefined {
    return super.get(key) ?? this.#find?.(key);
  }

  override has(key: K): boolean {
    return super.has(key) || this.#find?.(key) !== undefined;
  }

  isInMemory(key: K): boolean {
    return super.has(key);
  }

  override set(key: K, value: V): this {
    this.#touched?.add(key);
    // A start without a checkpoint sets millions.
    if (this.#find === undefined && this.#held === undefined) return super.set(key, value);
    const known = super.get(key);
    if (known === undefined && this.#find !== undefined) this.#replace(key, this.#find(key));
    if (known === value) return this;
    if (known !== undefined) this.#keepHeld(key, known);
    return super.set(key, value);
  }

  /** The value for a change in place. It is in memory from now on. */
  take(key: K): V | undefined {
    this.#touched?.add(key);
    const known = super.get(key);
    if (known !== undefined) {
      this.#keepHeld(key, known);
      return known;
    }
    const archived = this.#find?.(key);
    if (archived === undefined) return undefined;
    this.#replace(key, archived);
    super.set(key, archived);
    return archived;
  }

  /** The entries of both parts. */
  get total(): number {
    let sum = this.size;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  /** The entries of which the archive has a version. */
  get archived(): number {
    return this.total - this.size + this.#replaced.size;
  }

  /** The entries of a group that the archive alone has. */
  archivedIn(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  /** Whether the archive has an earlier version of an entry in memory. */
  isReplaced(key: K): boolean {
    return this.#replaced.has(key);
  }

  /** The keys that were set or taken since the last call; the first call starts the recording. */
  takeTouched(): ReadonlySet<K> {
    const touched = this.#touched ?? new Set<K>();
    this.#touched = new Set();
    return touched;
  }

  /**
   * Until `release`, {@link heldEntries} has the entries of now: what is set or taken meanwhile is kept as it was. No
   * entry may leave memory meanwhile.
   */
  hold(): void {
    this.#held = { size: this.size, replaced: [...this.#replaced], counts: new Map(this.#counts), before: new Map() };
  }

  /** Without the entries that have moved to the archive by then. Returns what {@link restore} takes besides. */
  *heldEntries(evicted: Pick<ReadonlyMap<string, unknown>, "has">): Generator<HeldEntry<K, V>, HeldFacts> {
    const held = this.#held;
    if (held === undefined) throw new TypeError("nothing holds the map");
    let left = held.size;
    // Later entries are behind those of then.
    for (const [key, value] of this.entries()) {
      if (left-- === 0) break;
      const before = held.before.get(key) ?? value;
      if (evicted.has(key)) add(held.counts, this.#groupOf(before), 1);
      else yield { key, value, before };
    }
    return { replaced: held.replaced.filter((key) => !evicted.has(key)), counts: held.counts };
  }

  /** Whether its values are changed in place. */
  get isCopied(): boolean {
    return this.#rules.copyOf !== undefined;
  }

  release(): void {
    this.#held = undefined;
  }

  /**
   * The archive has the version that was in memory at the last {@link takeTouched}. The entry leaves memory, unless it
   * was touched since. `group`: of that version. Entries leave in their order.
   */
  evict(key: K, group: string): void {
    // A fill that was written again may leave the position that counts it where it was.
    if (!super.has(key)) return;
    if (this.#touched?.has(key) === true) {
      this.#replaced.add(key);
      return;
    }
    super.delete(key);
    this.#replaced.delete(key);
    add(this.#counts, group, 1);
  }

  groupOf(key: K): string {
    const value = super.get(key);
    return value === undefined ? "" : this.#groupOf(value);
  }

  /** Before it has an archive. */
  restore({ replaced, counts }: HeldFacts): void {
    this.#replaced = new Set(replaced as readonly K[]);
    this.#counts = new Map(counts);
  }

  #groupOf(value: V): string {
    return this.#rules.groupOf?.(value) ?? "";
  }

  #keepHeld(key: K, value: V): void {
    if (this.#held === undefined || this.#held.before.has(key)) return;
    this.#held.before.set(key, this.#rules.copyOf?.(value) ?? value);
  }

  #replace(key: K, archived: V | undefined): void {
    if (archived === undefined) return;
    this.#replaced.add(key);
    add(this.#counts, this.#groupOf(archived), -1);
  }
}

function add(counts: Map<string, number>, group: string, by: number): void {
  counts.set(group, (counts.get(group) ?? 0) + by);
}

/** What an archive keeps, each by its key. */
export const ARCHIVE_TABLES = [
  "orders",
  "stems",
  "clientOrderIds",
  "venueOrderIds",
  "fills",
  "counted",
  "activities",
  "authors",
] as const;
export type ArchiveTable = (typeof ARCHIVE_TABLES)[number];

export interface Archive {
  /** The newest archived version; undefined for an unknown key. @throws QocError ARCHIVE_DAMAGED. */
  find(table: ArchiveTable, key: string): unknown;
}

/** Of a map at one moment. */
interface HeldFacts {
  readonly replaced: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

interface HeldMap<K, V> {
  readonly size: number;
  readonly replaced: readonly K[];
  readonly counts: Map<string, number>;
  /** The values that were set or taken since, as they were. */
  readonly before: Map<K, V>;
}

interface HeldEntry<K, V> {
  readonly key: K;
  /** The object by which other parts of the state know it. */
  readonly value: V;
  /** What it was: the value, or a copy. */
  readonly before: V;
}
