/**
 * Makes everything constant that code of one realm shares: the built-in classes, their prototypes, the global names and
 * further roots. Code that runs later can keep state in its own objects only, and changes nothing that other code uses.
 */

/** Call last, after every change of the globals. */
export function freezeRealm(...roots: readonly unknown[]): void {
  // An accessor may define its value at the first access, which a frozen global object refuses.
  for (const name of Object.getOwnPropertyNames(globalThis)) Reflect.get(globalThis, name);
  const known = new Set<object>();
  const waiting: unknown[] = [globalThis, ...literals(), ...roots];
  for (let value = waiting.pop(); value !== undefined || waiting.length > 0; value = waiting.pop()) {
    if (!isObject(value) || known.has(value)) continue;
    known.add(value);
    waiting.push(Reflect.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const { value: member, get, set } = Reflect.getOwnPropertyDescriptor(value, key) ?? {};
      waiting.push(member, get, set);
    }
  }
  for (const object of known) freezeObject(object);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** One object of each kind whose prototype has no global name. */
function literals(): readonly unknown[] {
  return [
    function* () {},
    async () => {},
    async function* () {},
    [][Symbol.iterator](),
    ""[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    "".matchAll(/x/g),
  ];
}

function freezeObject(object: object): void {
  if (ArrayBuffer.isView(object)) return;
  const isInherited = isPrototype(object);
  for (const key of Reflect.ownKeys(object)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
    if (descriptor?.configurable !== true) continue;
    if (!("value" in descriptor)) Reflect.defineProperty(object, key, { configurable: false });
    else if (!isInherited) Reflect.defineProperty(object, key, { configurable: false, writable: false });
    else Reflect.defineProperty(object, key, { ...overridable(object, key, descriptor.value), configurable: false });
  }
  Object.preventExtensions(object);
}

function isPrototype(object: object): boolean {
  const maker: unknown = Reflect.getOwnPropertyDescriptor(object, "constructor")?.value;
  return typeof maker === "function" && (maker as { readonly prototype?: unknown }).prototype === object;
}

/** Constant on the prototype, but assignable on objects that inherit from it, such as the `name` of an error. */
function overridable(prototype: object, key: PropertyKey, value: unknown): PropertyDescriptor {
  return {
    get: () => value,
    set(this: object, override: unknown) {
      if (this === prototype) throw new TypeError(`${String(key)} of a built-in class cannot be changed in a guard`);
      Reflect.defineProperty(this, key, { value: override, writable: true, enumerable: true, configurable: true });
    },
  };
}
