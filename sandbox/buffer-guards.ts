/**
 * Makes the methods of Buffer safe. Native code behind them trusts what it gets: on Node 22 and 24 the length that a
 * list states as a member of its own, so that `copy` reads and writes memory far outside of the list; and everywhere a
 * start or an end that is an object, whose `valueOf` moves the memory while it is being read. Each method gets a plain
 * list of the same memory, and numbers. New memory is cleared.
 */
import buffer, { Buffer } from "node:buffer";
import {
  type AnyFunction,
  Bytes,
  apply,
  bytesOf,
  classOf,
  defineProperty,
  getterOf,
  getPrototypeOf,
  isSafeInteger,
  kindOf,
  lengthOf,
  partOf,
  setBytes,
} from "./byte-views.ts";

const ENCODINGS = ["ascii", "base64", "base64url", "latin1", "hex", "ucs2", "utf8"] as const;
/** The methods that return their list. */
const SELF = ["fill", "swap16", "swap32", "swap64"] as const;
const OTHERS = ["compare", "copy", "includes", "indexOf", "lastIndexOf", "toString", "write"] as const;
/** Of every list. A member of this name on a list would state another length. */
const LIST_MEMBERS = ["buffer", "byteLength", "byteOffset", "length"] as const;

const List = Array;
const { isArray } = List;
const { isView } = ArrayBuffer;
const { hasOwn } = Object;
const toNumber = Number;
const PlainBuffer = classOf(Buffer);

/** Call before any adapter code runs. */
export function guardBuffers(): void {
  const prototype = Buffer.prototype as unknown as Record<string, AnyFunction>;
  const list = getPrototypeOf(Bytes.prototype) as object;
  for (const name of LIST_MEMBERS) defineProperty(prototype, name, { get: getterOf(list, name), configurable: false });
  for (const encoding of ENCODINGS) {
    replace(prototype, `${encoding}Slice`, (real) => sliceMethod(real));
    replace(prototype, `${encoding}Write`, (real) => writeMethod(real));
  }
  for (const name of OTHERS) replace(prototype, name, (real) => plainMethod(real));
  for (const name of SELF) replace(prototype, name, (real) => selfMethod(real));
  prototype["toLocaleString"] = prototype["toString"] as AnyFunction;
  const statics = Buffer as unknown as Record<string, AnyFunction>;
  const { alloc } = statics;
  replace(statics, "concat", (real) => concatMethod(real, alloc as AnyFunction));
  clearMemory(statics);
}

/** An adapter may replace the method again, as without this: the native function is then out of its reach. */
function replace(holder: Record<string, AnyFunction>, name: string, guarded: (real: AnyFunction) => AnyFunction): void {
  const real = holder[name];
  if (real !== undefined) holder[name] = guarded(real);
}

/** The list itself if it states nothing of its own, or a plain one of the same memory. */
function plainList(list: unknown): unknown {
  const isBuffer = isView(list) && getPrototypeOf(list) === PlainBuffer.prototype;
  const states = isBuffer && (hasOwn(list, "length") || hasOwn(list, "byteLength") || hasOwn(list, "byteOffset"));
  return isBuffer && !states && !hasOwn(list, "buffer") ? list : bytesOf(list, PlainBuffer);
}

/** A place in a list. Native code would ask an object for it, and ends the process for some other values. */
function numberOf(value: unknown): unknown {
  const isPlain = typeof value === "number" || typeof value === "string" || value === undefined;
  return isPlain ? value : toNumber(value);
}

/**
 * Call before the list itself is looked at: an object that is asked for its number may change both lists. The first
 * argument is bytes, a value or an encoding. `hasValue`: native code asks an object there for its number.
 */
function plainArguments(args: unknown[], hasValue: boolean): void {
  for (let at = 1; at < args.length; at++) args[at] = numberOf(args[at]);
  const first = args[0];
  if (isView(first)) args[0] = plainList(first);
  else if (hasValue) args[0] = numberOf(first);
}

function sliceMethod(real: AnyFunction): AnyFunction {
  return function (this: unknown, start: unknown, end: unknown): unknown {
    return apply(real, this, [numberOf(start), numberOf(end)]);
  };
}

function writeMethod(real: AnyFunction): AnyFunction {
  return function (this: unknown, text: unknown, offset: unknown, length: unknown): unknown {
    const places = [text, numberOf(offset), numberOf(length)];
    return apply(real, plainList(this), places);
  };
}

function plainMethod(real: AnyFunction): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    plainArguments(args, false);
    return apply(real, plainList(this), args);
  };
}

function selfMethod(real: AnyFunction): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    plainArguments(args, true);
    apply(real, plainList(this), args);
    return this;
  };
}

function concatMethod(real: AnyFunction, alloc: AnyFunction): AnyFunction {
  return function (list: unknown, length?: unknown): unknown {
    const isValid = length === undefined || (isSafeInteger(length) && (length as number) >= 0);
    if (!isArray(list) || !isValid) return apply(real, Buffer, [list, length]);
    const count = list.length;
    const parts = new List<Uint8Array>(count);
    let sum = 0;
    for (let at = 0; at < count; at++) {
      const part: unknown = list[at];
      // The runtime's own error.
      if (apply(kindOf, part, []) !== "Uint8Array") return apply(real, Buffer, [[part]]);
      parts[at] = part as Uint8Array;
      sum += lengthOf(part as Uint8Array);
    }
    const size = count === 0 ? 0 : ((length as number | undefined) ?? sum);
    return joinInto(apply(alloc, Buffer, [size]) as Uint8Array, parts, size);
  };
}

function joinInto(joined: Uint8Array, parts: readonly Uint8Array[], size: number): Uint8Array {
  let at = 0;
  for (let index = 0; index < parts.length && at < size; index++) {
    const part = parts[index] as Uint8Array;
    const length = lengthOf(part);
    apply(setBytes, joined, [at + length > size ? partOf(part, 0, size - at) : part, at]);
    at += length;
  }
  return joined;
}

/**
 * Memory that is not cleared contains what was there before, also secrets that another thread left. The list of a
 * short text would be a part of such memory.
 */
function clearMemory(statics: Record<string, AnyFunction>): void {
  const { alloc } = statics;
  const cleared = function (size: unknown): unknown {
    return apply(alloc as AnyFunction, Buffer, [size]);
  };
  defineProperty(Buffer, "poolSize", { get: () => 0, set: () => undefined, configurable: false });
  for (const name of ["allocUnsafe", "allocUnsafeSlow"]) statics[name] = cleared;
  defineProperty(buffer, "SlowBuffer", { value: cleared });
}
