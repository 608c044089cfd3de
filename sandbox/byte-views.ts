/**
 * Lists and views of bytes, read without trust: an adapter can replace most built-in functions of its realm, and put
 * members of its own on a list, such as another length. What is here uses the functions that were there before.
 */
export const { apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isView } = ArrayBuffer;
export const { isSafeInteger } = Number;
export const Bytes = Uint8Array;

export type AnyFunction = (...args: unknown[]) => unknown;

const typedArray = getPrototypeOf(Uint8Array.prototype) as Uint8Array;
export const setBytes = typedArray.set as AnyFunction;
export const kindOf = getterOf(typedArray, Symbol.toStringTag);
const ofList = membersOf(typedArray);
const ofDataView = membersOf(DataView.prototype);

export function getterOf(prototype: object, name: PropertyKey): AnyFunction {
  return getOwnPropertyDescriptor(prototype, name)?.get as unknown as AnyFunction;
}

function membersOf(prototype: object) {
  return {
    memory: getterOf(prototype, "buffer"),
    offset: getterOf(prototype, "byteOffset"),
    length: getterOf(prototype, "byteLength"),
  };
}

/** A class whose instances have the prototype of `holder`, although `holder` may get another one. */
export function classOf({ prototype }: { readonly prototype: object }): new () => object {
  const Class = function () {} as unknown as new () => object;
  Class.prototype = prototype;
  return Class;
}

/** All bytes of a view, in the same memory. @throws TypeError for any other value. */
export function bytesOf(view: unknown, Class: new () => object = Bytes as new () => object): Uint8Array {
  const members = apply(kindOf, view, []) === undefined ? ofDataView : ofList;
  const length = apply(members.length, view, []) as number;
  // The memory of an empty view may be gone.
  if (length === 0) return construct(Bytes, [0], Class) as Uint8Array;
  return construct(
    Bytes,
    [apply(members.memory, view, []), apply(members.offset, view, []), length],
    Class,
  ) as Uint8Array;
}

/** These bytes of a view, in the same memory. Undefined if they are not there, or if it is no view. */
export function partOf(view: unknown, at: unknown, length: unknown): Uint8Array | undefined {
  if (!isView(view) || !isSafeInteger(at) || !isSafeInteger(length)) return undefined;
  const members = apply(kindOf, view, []) === undefined ? ofDataView : ofList;
  const [from, count] = [at as number, length as number];
  if (from < 0 || count < 0 || from + count > (apply(members.length, view, []) as number)) return undefined;
  const memory = apply(members.memory, view, []) as ArrayBuffer;
  return new Bytes(memory, (apply(members.offset, view, []) as number) + from, count);
}

export function lengthOf(bytes: Uint8Array): number {
  return apply(ofList.length, bytes, []) as number;
}
