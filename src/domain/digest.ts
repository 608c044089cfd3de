/** Content digests. The only file of the domain that hashes. */
import { createHash } from "node:crypto";
import type { Digest } from "./ids.ts";
import type { OrderTerms } from "./order.ts";

/** JSON with sorted keys and no spaces; undefined members are absent. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let members = "";
  // `toSorted` compares by UTF-16 code units, as `<` does.
  for (const key of Object.keys(value).toSorted()) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
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
