/**
 * `Cleared<Order>`: an order that passed the gate. The brand is a private unique symbol, so no other module can write
 * the type by hand, and a run-time check refuses an object that was only cast to it. Only the gate imports `mint`.
 */
import { deepFreeze } from "../lib/deep-freeze.ts";

declare const clearedBrand: unique symbol;

/** Made by `clear` in `gate.ts` and nowhere else. Deeply frozen. A copy of a cleared order is not cleared. */
export type Cleared<T> = Readonly<T> & { readonly [clearedBrand]: true };

const minted = new WeakSet<object>();

/** Copies the order, so that a later change of the original has no effect, and freezes and registers the copy. */
export function mint<T extends object>(order: T): Cleared<T> {
  const copy = structuredClone(order);
  deepFreeze(copy);
  minted.add(copy);
  return copy as Cleared<T>;
}

/** true only for an object that the gate made: `{ ...order } as Cleared<Order>` is refused. */
export function isCleared<T extends object>(value: T): value is T & Cleared<T> {
  return typeof value === "object" && value !== null && minted.has(value);
}
