interface Grouping<V> {
  /** The group in which an entry is counted. */
  of(value: V): string;
}

/**
 * A map whose older entries are in an archive on disk. `get` and `has` cover both parts; iteration and `size` cover the
 * entries in memory. Without an archive it is a plain map.
 */
export class ArchivedMap<K extends string, V> extends Map<K, V> {
  readonly table: ArchiveTable;
  readonly #groupOf: Grouping<V>["of"];
  #find: ((key: K) => V | undefined) | undefined;
  /** The keys in memory of which the archive has an earlier version. */
  #replaced = new Set<K>();
  /** The keys that the archive alone has, by group. */
  #counts = new Map<string, number>();
  #touched: Set<K> | undefined;
  /** The last key that was looked up and that the archive does not have: most are set next. */
  #absent: K | undefined;

  constructor(table: ArchiveTable, groupOf: Grouping<V>["of"] = () => "") {
    super();
    this.table = table;
    this.#groupOf = groupOf;
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
    if (this.#find === undefined) return super.set(key, value);
    const known = super.get(key);
    if (known === undefined) this.#replace(key, this.#find(key));
    return known === value ? this : super.set(key, value);
  }

  /** The value for a change in place. It is in memory from now on. */
  take(key: K): V | undefined {
    this.#touched?.add(key);
    const known = super.get(key);
    if (known !== undefined) return known;
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

  /** The state of the map after these entries have moved to the archive. */
  partsWithout(evicted: ReadonlySet<string>): ArchivedMapParts<K, V> {
    const counts = new Map(this.#counts);
    const entries: (readonly [K, V])[] = [];
    for (const [key, value] of this.entries()) {
      if (evicted.has(key)) add(counts, this.#groupOf(value), 1);
      else entries.push([key, value]);
    }
    return { entries, replaced: [...this.#replaced].filter((key) => !evicted.has(key)), counts };
  }

  /**
   * The archive has these entries. They leave memory, but those that were touched since the archive was written.
   * `groups`: of the archived versions.
   */
  evict(groups: ReadonlyMap<string, string>, touched: ReadonlySet<string>): void {
    this.#absent = undefined;
    for (const [text, group] of groups) {
      const key = text as K;
      // A fill that was written again may leave the position that counts it where it was.
      if (!super.has(key)) continue;
      if (touched.has(key)) this.#replaced.add(key);
      else {
        super.delete(key);
        this.#replaced.delete(key);
        add(this.#counts, group, 1);
      }
    }
  }

  groupOf(key: K): string {
    const value = super.get(key);
    return value === undefined ? "" : this.#groupOf(value);
  }

  restore({ entries, replaced, counts }: ArchivedMapParts<K, V>): void {
    for (const [key, value] of entries) super.set(key, value);
    this.#replaced = new Set(replaced);
    this.#counts = new Map(counts);
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

export interface ArchivedMapParts<K, V> {
  readonly entries: readonly (readonly [K, V])[];
  readonly replaced: readonly K[];
  readonly counts: ReadonlyMap<string, number>;
}
