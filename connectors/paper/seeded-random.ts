/**
 * Seeded, stateless randomness: the same text and seed give the same number on every machine and after every restart.
 */

/** Hashes a text and a seed to 32 bits. */
export function hash32(text: string, seed: number): number {
  let hash = (seed ^ 0x9e3779b9) >>> 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Returns one bit of the hash. */
export function coinFlip(text: string, seed: number): boolean {
  return (hash32(text, seed) & 0x10000) !== 0;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Hashes a text to eight characters (48 bits), to store many ids in little space. */
export function shortHash(text: string): string {
  const halves = [hash32(text, 0x51ed270b), hash32(text, 0x2545f491)];
  return halves.flatMap((half) => [0, 6, 12, 18].map((shift) => DIGITS[(half >>> shift) & 63])).join("");
}
