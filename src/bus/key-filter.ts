/**
 * A Bloom filter of the keys of a run: it says "not there" without reading a page, and it never says so of a key that
 * is there. Of the keys that are not there it lets about 1 in 100 pass, and the pages then decide. A key has 10 bits of
 * the filter, so that a million keys have 1.25 MB.
 *
 * The keys are parts of SHA-256 digests: their bytes are the random numbers that the filter needs.
 */

const BITS_PER_KEY = 10;
/** With 10 bits for each key 7 places let the fewest other keys pass. */
const PLACES = 7;

export function filterBytes(keys: number): number {
  return Math.ceil((keys * BITS_PER_KEY) / 8);
}

/** `key`: six bytes at least. */
export function addToFilter(filter: Uint8Array, key: Buffer): void {
  const bits = filter.length * 8;
  const step = stepOf(key);
  for (let place = 0, at = key.readUInt32BE(0); place < PLACES; place++, at += step) {
    const bit = at % bits;
    filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

/** false: the key is certainly not there. */
export function mayHaveKey(filter: Uint8Array, key: Buffer): boolean {
  const bits = filter.length * 8;
  const step = stepOf(key);
  for (let place = 0, at = key.readUInt32BE(0); place < PLACES; place++, at += step) {
    const bit = at % bits;
    if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Odd, because the number of bits is even: an even step would reach half of them. */
function stepOf(key: Buffer): number {
  return (key.readUInt32BE(2) | 1) >>> 0;
}
