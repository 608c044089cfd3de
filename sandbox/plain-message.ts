/**
 * Copies of messages that an adapter may have had a hand in: it can replace most built-in functions of its realm, so
 * that a text or a list is an object of its own, and what copies an object for another thread calls methods of it. The
 * copy has plain values only, and is made with the functions that were there before the adapter.
 */
const { isArray } = Array;
const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { keys } = Object;
/** `Object.prototype` gets no further names: an assignment to any other name of a plain object calls no setter. */
const inherited: object = Object.fromEntries(Object.getOwnPropertyNames(Object.prototype).map((name) => [name, true]));
Object.setPrototypeOf(inherited, null);
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const kindOf = getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)?.get as () => string | undefined;
const memoryOf = getOwnPropertyDescriptor(typedArray, "buffer")?.get as () => ArrayBuffer;

/** More than any list that the host takes has: a value counts as one, a list or an object as four more. */
const VALUES_MAX = 1_500_000;
const OBJECT_VALUES = 4;
/** In place of the values after these: it is not plain data, so the host cuts the adapter off. */
const TOO_MANY = 0n;
let left = 0;

/** The memory of real bytes; undefined for any other value. */
export function memoryOfBytes(value: unknown): ArrayBuffer | undefined {
  return apply(kindOf, value, []) === "Uint8Array" ? (apply(memoryOf, value, []) as ArrayBuffer) : undefined;
}

/** Of at most 1,500,000 values. @throws TypeError for a function, a symbol or a big integer. */
export function plainMessage<T>(message: T): T {
  left = VALUES_MAX;
  return plainCopy(message) as T;
}

function plainCopy(value: unknown): unknown {
  left -= 1;
  if (left < 0) return TOO_MANY;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (value === undefined || value === null) return value;
  if (typeof value !== "object") throw new TypeError(`a message cannot hold a ${typeof value}`);
  if (memoryOfBytes(value) !== undefined) return value;
  left -= OBJECT_VALUES;
  if (isArray(value)) return plainList(value);
  const copy: Record<string, unknown> = {};
  const names = keys(value);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (name in inherited) put(copy, name, member);
    else copy[name] = plainCopy(member);
  }
  return copy;
}

function plainList(list: readonly unknown[]): unknown {
  // Holes have no members, but a copy counts to the length.
  if (list.length > left) return TOO_MANY;
  const copy: unknown[] = [];
  for (let at = 0; at < list.length; at++) put(copy, at, list[at]);
  return copy;
}

/** An assignment would call a setter of the prototype. */
function put(copy: object, name: PropertyKey, member: unknown): void {
  defineProperty(copy, name, { value: plainCopy(member), enumerable: true, configurable: true, writable: true });
}
