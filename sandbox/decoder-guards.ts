/**
 * Makes StringDecoder and TextDecoder safe. Each keeps what its native code works with as a member, and the native code
 * trusts it: another object there ends the process, or makes it read memory as what it is not. The methods work with
 * members of decoders that no adapter code sees.
 */
import { StringDecoder } from "node:string_decoder";
import {
  type AnyFunction,
  Bytes,
  apply,
  bytesOf,
  construct,
  defineProperty,
  getterOf,
  lengthOf,
  setBytes,
} from "./byte-views.ts";

const ENCODINGS = ["utf8", "utf16le", "hex", "ascii", "base64", "base64url", "latin1"] as const;

const { isView } = ArrayBuffer;

type Members = Record<PropertyKey, unknown>;

/** Call before any adapter code runs, and before prototypes are frozen. */
export function guardDecoders(): void {
  guardStringDecoder();
  guardTextDecoder();
}

function privateMembers<T extends object>(make: (owner: object) => T): (owner: object) => T {
  const known = new WeakMap<object, T>();
  const [get, set] = [known.get as AnyFunction, known.set as AnyFunction];
  return (owner) => {
    const found = apply(get, known, [owner]) as T | undefined;
    if (found !== undefined) return found;
    const made = make(owner);
    apply(set, known, [owner, made]);
    return made;
  };
}

function guardStringDecoder(): void {
  const prototype = StringDecoder.prototype as unknown as Record<PropertyKey, unknown>;
  const sample = new StringDecoder("utf8");
  const key = Object.getOwnPropertySymbols(sample).find((symbol) => String(symbol) === "Symbol(kNativeDecoder)");
  if (key === undefined) throw new Error("the runtime's StringDecoder has no known state");
  const fresh = Object.create(null) as Record<string, Uint8Array>;
  for (const encoding of ENCODINGS)
    fresh[encoding] = (new StringDecoder(encoding) as unknown as Members)[key] as Uint8Array;
  const stateOf = privateMembers((owner) => {
    const first = fresh[String((owner as Members)["encoding"])];
    if (first === undefined) throw new TypeError("this StringDecoder has no encoding that is known here");
    const state = new Bytes(lengthOf(first));
    apply(setBytes, state, [first]);
    return { __proto__: null, [key]: state } as unknown as object;
  });
  const [write, end] = [prototype["write"] as AnyFunction, prototype["end"] as AnyFunction];
  const restart = (owner: object): void => {
    const state = (stateOf(owner) as Members)[key] as Uint8Array;
    apply(setBytes, state, [fresh[String((owner as Members)["encoding"])]]);
  };
  prototype["write"] = function (this: object, bytes: unknown): unknown {
    return apply(write, stateOf(this), [bytes]);
  };
  prototype["end"] = function (this: { write(bytes: unknown): string }, bytes?: unknown): string {
    const text = bytes === undefined ? "" : this.write(bytes);
    return text + (apply(end, stateOf(this), []) as string);
  };
  prototype["text"] = function (this: { write(bytes: unknown): string }, bytes: Uint8Array, offset: number): string {
    restart(this);
    return this.write(bytes.slice(offset));
  };
  for (const name of ["lastChar", "lastNeed", "lastTotal"]) {
    const real = getterOf(prototype, name);
    const get = function (this: object): unknown {
      const value = apply(real, stateOf(this), []);
      return typeof value === "number" ? value : construct(Bytes, [value]);
    };
    defineProperty(prototype, name, { get, configurable: true, enumerable: true });
  }
  // The constructor assigns its state: it is dropped, and reads as an empty one.
  defineProperty(prototype, key, { get: () => new Bytes(lengthOf(fresh.utf8 as Uint8Array)), set: () => undefined });
}

function guardTextDecoder(): void {
  const Real = TextDecoder;
  const { prototype } = Real;
  const real = prototype.decode as AnyFunction;
  const [encodingOf, isFatal, ignoresMark] = ["encoding", "fatal", "ignoreBOM"].map((name) =>
    getterOf(prototype, name),
  ) as [AnyFunction, AnyFunction, AnyFunction];
  const decoderOf = privateMembers((owner) => {
    const options = { __proto__: null, fatal: apply(isFatal, owner, []), ignoreBOM: apply(ignoresMark, owner, []) };
    return construct(Real, [String(apply(encodingOf, owner, [])), options]) as object;
  });
  prototype.decode = function (this: object, input: unknown, options?: { readonly stream?: unknown }): string {
    const bytes = isView(input) ? bytesOf(input) : input;
    return apply(real, decoderOf(this), options === undefined ? [bytes] : [bytes, plainOptions(options)]) as string;
  } as typeof prototype.decode;
}

/** What is no object is for the runtime to refuse. */
function plainOptions(options: { readonly stream?: unknown } | null): unknown {
  return typeof options !== "object" || options === null
    ? options
    : { __proto__: null, stream: options.stream === true };
}
