/**
 * `Cleared<Order>`: an order that passed the gate. The brand is a private unique symbol, so no other room can write the
 * type by hand; the run-time check refuses what was cast or copied into it.
 */
import { isMinted } from "./mint.ts";

declare const clearedBrand: unique symbol;

/** Made by `clear` in `gate.ts` and nowhere else. Frozen. A copy of it is not cleared. */
export type Cleared<T> = Readonly<T> & { readonly [clearedBrand]: true };

/** Is this very object one that the gate made? A forged `{...order} as Cleared<Order>` is not. */
export function isCleared<T extends object>(value: T): value is T & Cleared<T> {
  return typeof value === "object" && value !== null && isMinted(value);
}
