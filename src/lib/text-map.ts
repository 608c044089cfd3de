/**
 * A map by text that takes little time to grow. A map of the language moves all its entries when it grows to twice its
 * size, in one turn of the event loop: 7 ms for 65,536. Here entries stay where they are, and a growth writes one
 * number for each. They also take less memory. The order is that in which the keys came, and an iteration goes on over
 * any change.
 */

const CHUNK_BITS = 9;
const CHUNK = 2 ** CHUNK_BITS;
/** Of an entry: its key, its value and its hash. */
const CELLS = 3;
const SLOTS_MIN = 16;
/** A key that finds no free slot within so many is in a map of the language, whose hashes cannot be foreseen. */
const STEPS = 32;

interface Chunk {
  /** A removed entry has neither key nor value. */
  readonly cells: unknown[];
  /** The entries that are not removed. */
  live: number;
}

export class TextMap<K extends string, V> extends Map<K, V> {
  /** The numbers of entries, plus 1, by hash; 0 is free. At most half of them are in use, also by removed entries. */
  #slots = new Int32Array(SLOTS_MIN);
  #used = 0;
  /** The entries by number. A chunk without an entry that is left is given back. */
  #chunks: (Chunk | undefined)[] = [];
  #next = 0;
  #size = 0;
  readonly #crowded = new Map<K, number>();

  override get size(): number {
    return this.#size;
  }

  override get(key: K): V | undefined {
    const number = this.#find(key, hashOf(key));
    return number === -1 ? undefined : (this.#chunkOf(number).cells[placeOf(number) + 1] as V);
  }

  override has(key: K): boolean {
    return this.#find(key, hashOf(key)) !== -1;
  }

  override set(key: K, value: V): this {
    const hash = hashOf(key);
    const known = this.#find(key, hash);
    if (known !== -1) {
      this.#chunkOf(known).cells[placeOf(known) + 1] = value;
      return this;
    }
    const number = this.#next++;
    if (number % CHUNK === 0) this.#chunks.push({ cells: [], live: 0 });
    const chunk = this.#chunkOf(number);
    chunk.cells.push(key, value, hash);
    chunk.live += 1;
    this.#size += 1;
    if (2 * this.#used >= this.#slots.length) this.#rebuild();
    else this.#place(number, key, hash);
    return this;
  }

  override delete(key: K): boolean {
    const number = this.#find(key, hashOf(key));
    if (number === -1) return false;
    const chunk = this.#chunkOf(number);
    chunk.cells.fill(undefined, placeOf(number), placeOf(number) + CELLS);
    chunk.live -= 1;
    this.#size -= 1;
    this.#crowded.delete(key);
    // The last chunk takes more entries.
    if (chunk.live === 0 && chunk.cells.length === CHUNK * CELLS) this.#chunks[number >>> CHUNK_BITS] = undefined;
    return true;
  }

  override clear(): void {
    for (const key of this.keys()) this.delete(key);
  }

  override forEach(callback: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  override entries(): MapIterator<[K, V]> {
    return this.#each((cells, place) => [cells[place] as K, cells[place + 1] as V]);
  }

  override keys(): MapIterator<K> {
    return this.#each((cells, place) => cells[place] as K);
  }

  override values(): MapIterator<V> {
    return this.#each((cells, place) => cells[place + 1] as V);
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  *#each<T>(read: (cells: readonly unknown[], place: number) => T): Generator<T, undefined> {
    for (let number = 0; number < this.#next; number++) {
      const cells = this.#chunks[number >>> CHUNK_BITS]?.cells;
      if (cells === undefined) number |= CHUNK - 1;
      else if (cells[placeOf(number)] !== undefined) yield read(cells, placeOf(number));
    }
  }

  #chunkOf(number: number): Chunk {
    return this.#chunks[number >>> CHUNK_BITS] as Chunk;
  }

  /** The number of the entry, or -1. */
  #find(key: K, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let step = 0; step < STEPS; step++) {
      const slot = this.#slots[(hash + step) & mask] as number;
      if (slot === 0) return -1;
      const cells = this.#chunks[(slot - 1) >>> CHUNK_BITS]?.cells;
      const place = placeOf(slot - 1);
      if (cells !== undefined && cells[place + 2] === hash && cells[place] === key) return slot - 1;
    }
    return this.#crowded.get(key) ?? -1;
  }

  #place(number: number, key: K, hash: number): void {
    const mask = this.#slots.length - 1;
    for (let step = 0; step < STEPS; step++) {
      const slot = (hash + step) & mask;
      if (this.#slots[slot] !== 0) continue;
      this.#slots[slot] = number + 1;
      this.#used += 1;
      return;
    }
    this.#crowded.set(key, number);
  }

  /** Gives the slots of removed entries back, and makes as many as the others need for a while. */
  #rebuild(): void {
    this.#slots = new Int32Array(Math.max(SLOTS_MIN, 2 ** Math.ceil(Math.log2(4 * this.#size))));
    this.#used = 0;
    this.#crowded.clear();
    for (let number = 0; number < this.#next; number++) {
      const cells = this.#chunks[number >>> CHUNK_BITS]?.cells;
      const place = placeOf(number);
      if (cells === undefined) number |= CHUNK - 1;
      else if (cells[place] !== undefined) this.#place(number, cells[place] as K, cells[place + 2] as number);
    }
  }
}

/** Of the entry in its chunk. */
function placeOf(number: number): number {
  return (number % CHUNK) * CELLS;
}

let last = { text: "", hash: 0 };
/** A whole number of 32 bits. Keeps the last result, because most keys are looked up in several maps. */
function hashOf(text: string): number {
  return text === last.text ? last.hash : (last = { text, hash: newHashOf(text) }).hash;
}

function newHashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d);
  return hash ^ (hash >>> 13);
}
