/** Copies of what an adapter passes to the host, with their size. */
import { payloadSize } from "../src/protocol/payload-size.ts";
import { plainJson } from "./plain-json.ts";

const DEPTH_MAX = 30;

function isDeeperThan(value: unknown, levels: number): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1)))
  );
}

/**
 * Returns a JSON copy of the value and its size. The host would end the worker for a message over its limits; this
 * throws earlier, with a stack that shows the author's line.
 */
export function copyWithin(
  value: unknown,
  charsMax: number,
  label: string,
): { readonly value: unknown; readonly chars: number } {
  const copy = flatCopy(value) ?? jsonCopy(value);
  if (copy === undefined) return { value: undefined, chars: 0 };
  if (isDeeperThan(copy, DEPTH_MAX))
    throw new Error(`${label} is nested too deeply: at most ${DEPTH_MAX} levels are allowed; flatten it`);
  // The host's own measure, which also counts each element of a list.
  const chars = payloadSize(copy, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
  if (chars > charsMax)
    throw new Error(`${label} is too large: ${chars} characters, at most ${charsMax} are allowed; make it smaller`);
  return { value: copy, chars };
}

function jsonCopy(value: unknown): unknown {
  const json = plainJson(value);
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}

/**
 * The JSON copy of an object of texts, numbers and truth values, as most quotes and fills are, made without its JSON;
 * undefined for any other value.
 */
export function flatCopy(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return undefined;
  const names = Object.keys(value);
  // An assignment to this name would set the prototype, and an inherited or own `toJSON` decides what the JSON is.
  if (names.includes("__proto__") || "toJSON" in value) return undefined;
  const copy: Record<string, unknown> = {};
  for (const name of names) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member === "number") {
      if (!Number.isFinite(member)) return undefined;
      // JSON has no negative zero.
      copy[name] = member + 0;
    } else if (typeof member === "string" || typeof member === "boolean") copy[name] = member;
    else if (member !== undefined) return undefined;
  }
  return copy;
}
