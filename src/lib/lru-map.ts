/** A map with a bound on its entries: adding one too many removes the entry that was used longest ago. */
export class LruMap<K, V> {
  readonly #maxEntries: number;
  /** In the order of use, the latest at the end. */
  readonly #entries = new Map<K, V>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts as a use of the entry. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined && !this.#entries.has(key)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value as V);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** The values, the one used last first. It is no use of them. */
  values(): readonly V[] {
    return [...this.#entries.values()].toReversed();
  }

  /** The keys, the one used last first. */
  keys(): readonly K[] {
    return [...this.#entries.keys()].toReversed();
  }
}
