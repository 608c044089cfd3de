/**
 * The stamp of the gate. Only files of this room may import this one (the tidy test holds them to it); everyone else
 * imports `cleared.ts`, which can look at a stamp but not make one.
 */
import type { Cleared } from "./cleared.ts";

const minted = new WeakSet<object>();

function freezeDeep(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
}

/** Copies, so that whoever holds the original cannot change what was cleared; freezes; remembers the copy. */
export function mint<T extends object>(order: T): Cleared<T> {
  const copy = structuredClone(order);
  freezeDeep(copy);
  minted.add(copy);
  return copy as Cleared<T>;
}

export function isMinted(value: object): boolean {
  return minted.has(value);
}
