/** JSON of what an adapter passes to the host. */
import { isLostValue, sentForLost } from "../src/protocol/lost-values.ts";

/**
 * What JSON would lose, in a form that the host refuses, or reports as an unknown member, with the name of the member:
 * NaN and Infinity as text, and an object for a function or a symbol.
 */
function withLostValues(_name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return isLostValue(value) ? sentForLost(value) : value;
}

/** undefined for no value. @throws TypeError that names what JSON cannot hold. */
export function plainJson(value: unknown): string | undefined {
  if (isLostValue(value)) throw unsendable(value, []) ?? new TypeError("pass plain data");
  const json = stringified(value);
  // A replacer is slow, and few answers need it.
  const isWhole = json?.includes("null") !== true && !losesMember(value);
  return isWhole ? json : JSON.stringify(value, withLostValues);
}

/**
 * What is stored is read as it was written. The value has JSON, so that no object in it contains itself.
 * @throws TypeError that names what JSON would lose.
 */
export function assertStorable(value: unknown): void {
  if (losesMember(value)) throw unsendable(value, []) ?? new TypeError("pass plain data");
}

/** Whether JSON leaves a member out that has a value. An object with JSON of its own decides what that is. */
function losesMember(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return isLostValue(value);
  if (typeof (value as { readonly toJSON?: unknown }).toJSON === "function") return false;
  if (Array.isArray(value)) return value.some(losesMember);
  for (const member in value) if (Object.hasOwn(value, member) && losesMember(value[member as never])) return true;
  return false;
}

function stringified(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch (error) {
    throw unsendable(value, []) ?? error;
  }
}

interface Holder {
  readonly value: object;
  readonly name: string;
}

/** Finds the first member that JSON cannot hold: a big integer, a function, or an object that contains itself. */
function unsendable(value: unknown, around: readonly Holder[], name = ""): TypeError | undefined {
  const path = [...around.map((holder) => holder.name), name].filter((part) => part !== "").join(".");
  const what = path === "" ? "the value" : path;
  if (isLostValue(value)) return new TypeError(`${what} is a ${typeof value}: pass plain data`);
  if (typeof value === "bigint") return new TypeError(`${what} is a big integer: pass it as text`);
  if (typeof value !== "object" || value === null) return undefined;
  if (around.some((holder) => holder.value === value))
    return new TypeError(`${what} is an object that contains itself: pass plain data`);
  for (const [member, content] of Object.entries(value)) {
    const found = unsendable(content, [...around, { value, name }], member);
    if (found !== undefined) return found;
  }
  return undefined;
}
