/**
 * Classes whose prototypes an adapter shares with the runtime's own objects, the real process and real sockets among them: what
 * was put there would be called with those. They stay as they are; classes made from them change what they like.
 */
import { EventEmitter } from "node:events";
import { Duplex, PassThrough, Readable, Stream, Transform, Writable } from "node:stream";

const SHARED = [EventEmitter, Stream, Readable, Writable, Duplex, Transform, PassThrough] as const;

/** For everything that is evaluated from now on. */
export function freezeIntrinsics(): void {
  for (const { prototype } of SHARED) lock(prototype as object);
  // A member that the runtime looks for in vain would be asked of here, with the object that lacks it.
  Object.preventExtensions(Object.prototype);
}

function lock(shared: object): void {
  for (const key of Reflect.ownKeys(shared)) {
    const found = Reflect.getOwnPropertyDescriptor(shared, key);
    if (found?.configurable !== true) continue;
    const value: unknown = found.value;
    if (typeof value === "function")
      Reflect.defineProperty(shared, key, { ...inherited(shared, key, value), configurable: false });
    else Reflect.defineProperty(shared, key, { configurable: false });
  }
  Object.preventExtensions(shared);
}

/** A method that cannot be written, where one of the same name can still be assigned to whatever inherits it. */
function inherited(shared: object, key: PropertyKey, value: unknown): PropertyDescriptor {
  return {
    get: () => value,
    set(this: object, own: unknown) {
      if (this === shared)
        throw new TypeError(`${String(key)} of the runtime's own class cannot be changed inside a connector`);
      Reflect.defineProperty(this, key, { value: own, writable: true, enumerable: true, configurable: true });
    },
  };
}
