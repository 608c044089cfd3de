/**
 * Joins two words to the key of a map, and keeps the keys: a text that was just joined has to be hashed at a look-up,
 * and a kept one has its hash. Starts again when there are too many.
 */
export class JoinedKeys<K extends string> {
  readonly #join: (first: string, second: string) => K;
  readonly #keys = new Map<string, Map<string, K>>();
  #size = 0;

  constructor(join: (first: string, second: string) => K) {
    this.#join = join;
  }

  of(first: string, second: string): K {
    return this.#keys.get(first)?.get(second) ?? this.#add(first, second);
  }

  #add(first: string, second: string): K {
    if (this.#size === KEYS_MAX) {
      this.#keys.clear();
      this.#size = 0;
    }
    this.#size += 1;
    const keys = this.#keys.get(first) ?? new Map<string, K>();
    this.#keys.set(first, keys);
    const key = this.#join(first, second);
    keys.set(second, key);
    return key;
  }
}

const KEYS_MAX = 10_000;
