/**
 * Freezes prototypes that an adapter shares with the runtime's own objects, such as the real process and the worker's
 * port. A method that an adapter put there would be called with those objects. Subclasses can still override every
 * member.
 */
import { EventEmitter } from "node:events";
import { Duplex, PassThrough, Readable, Stream, Transform, Writable } from "node:stream";
import { MessageChannel } from "node:worker_threads";

const SHARED_CLASSES = [EventEmitter, Stream, Readable, Writable, Duplex, Transform, PassThrough] as const;
/** Node calls listeners by these, with the emitter as `this`. */
const CALLING_METHODS = ["call", "apply", "bind"] as const;

/** Call before any adapter code runs, and before `MessagePort` is removed. */
export function freezeIntrinsics(): void {
  for (const { prototype } of SHARED_CLASSES) freezePrototype(prototype as object);
  // A port dispatches events through its prototypes, with itself as `this`.
  const { port1 } = new MessageChannel();
  for (const prototype of prototypesOf(port1)) freezePrototype(prototype);
  port1.close();
  for (const { prototype } of [Event, MessageEvent, AbortSignal, TextDecoder]) freezePrototype(prototype as object);
  // Its resources have ids as members, which native code takes for numbers.
  Object.defineProperty(EventEmitter, "EventEmitterAsyncResource", { value: undefined, configurable: false });
  for (const name of CALLING_METHODS) {
    const descriptor = overridable(Function.prototype, name, Function.prototype[name]);
    Reflect.defineProperty(Function.prototype, name, { ...descriptor, configurable: false });
  }
  // A new member here would be called for objects of the runtime that lack that member.
  Object.preventExtensions(Object.prototype);
}

/** The prototypes of an object, without `Object.prototype`. */
function prototypesOf(object: object): readonly object[] {
  const prototypes: object[] = [];
  for (
    let prototype = Reflect.getPrototypeOf(object);
    prototype !== null && prototype !== Object.prototype;
    prototype = Reflect.getPrototypeOf(prototype)
  )
    prototypes.push(prototype);
  return prototypes;
}
function freezePrototype(prototype: object): void {
  for (const key of Reflect.ownKeys(prototype)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(prototype, key);
    if (descriptor?.configurable !== true) continue;
    const value: unknown = descriptor.value;
    if (typeof value === "function")
      Reflect.defineProperty(prototype, key, { ...overridable(prototype, key, value), configurable: false });
    else Reflect.defineProperty(prototype, key, { configurable: false });
  }
  Object.preventExtensions(prototype);
}

/** A method that cannot be replaced on the prototype, but can be assigned on objects that inherit from it. */
function overridable(prototype: object, key: PropertyKey, value: unknown): PropertyDescriptor {
  return {
    get: () => value,
    set(this: object, override: unknown) {
      if (this === prototype)
        throw new TypeError(
          `${String(key)} of a built-in class cannot be changed inside a connector: override it in a subclass`,
        );
      Reflect.defineProperty(this, key, { value: override, writable: true, enumerable: true, configurable: true });
    },
  };
}
