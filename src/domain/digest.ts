/** Content digests. The only file of the domain that hashes. */
import { hash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import type { Digest } from "./ids.ts";
import type { OrderTerms } from "./orders/order.ts";

export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

export function digestOf(data: string | Uint8Array): Digest {
  return `sha256:${sha256Hex(data)}` as Digest;
}

/**
 * The digest that the human approves. It covers the canonical terms, so that 50, 50.0 and "50" have the same digest.
 */
export function digestTerms(terms: OrderTerms): Digest {
  return digestOf(canonicalJson({ v: 1, ...terms }));
}
