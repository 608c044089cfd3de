/**
 * Takes away the ways to Node's own copies of objects. For an object of some of the runtime's classes such a copy calls
 * methods by symbols of Node, and makes an object of whatever internal class their result names: an adapter that gets
 * such a symbol has a file handle of any descriptor of the process. The same methods make ports of messages.
 */
import { KeyObject, X509Certificate } from "node:crypto";
import { deserialize, serialize } from "node:v8";

/** Their prototypes, and those above, have methods for copies. */
const COPIED_CLASSES: readonly string[] = [
  "AbortSignal",
  "Blob",
  "CryptoKey",
  "DOMException",
  "File",
  "ReadableStream",
  "TransformStream",
  "WritableStream",
];
const COPYING = "Symbol(messaging_";
/** They copy what they are given as `detail`. */
const PERFORMANCE_GLOBALS = [
  "Performance",
  "PerformanceEntry",
  "PerformanceMark",
  "PerformanceMeasure",
  "PerformanceResourceTiming",
] as const;

/** Call before any adapter code runs, and before the prototypes are frozen. */
export function removeObjectCopies(): void {
  const globals = globalThis as unknown as Record<string, unknown>;
  const classes = [...COPIED_CLASSES.map((name) => globals[name]), KeyObject, X509Certificate];
  for (const { prototype } of classes as readonly { readonly prototype: object }[]) removeCopyingMethods(prototype);
  Object.defineProperty(globals, "structuredClone", { value: plainClone, writable: true, configurable: true });
  Object.defineProperty(globals, "performance", { value: performanceStub(), writable: false, configurable: false });
  for (const name of PERFORMANCE_GLOBALS) Reflect.deleteProperty(globals, name);
}

/** @throws Error if the runtime has made one of them constant. */
function removeCopyingMethods(prototype: object | null): void {
  if (prototype === null || prototype === Object.prototype) return;
  for (const symbol of Object.getOwnPropertySymbols(prototype))
    if (String(symbol).startsWith(COPYING) && !Reflect.deleteProperty(prototype, symbol))
      throw new Error(`the runtime's ${String(symbol)} could not be removed`);
  removeCopyingMethods(Object.getPrototypeOf(prototype) as object | null);
}

/** The serializer of node:v8 knows plain data and the language's own classes. */
function plainClone(value: unknown, options?: { readonly transfer?: unknown }): unknown {
  if (options?.transfer !== undefined)
    throw new TypeError("structuredClone transfers nothing here: leave out `transfer`, and the value is copied");
  return deserialize(serialize(value)) as unknown;
}

function performanceStub(): object {
  const { timeOrigin } = performance;
  const now = performance.now.bind(performance);
  const [ignore, none] = [(): void => undefined, (): readonly unknown[] => []];
  return Object.freeze({
    now,
    timeOrigin,
    toJSON: () => ({ timeOrigin }),
    mark: ignore,
    measure: ignore,
    clearMarks: ignore,
    clearMeasures: ignore,
    getEntries: none,
    getEntriesByName: none,
    getEntriesByType: none,
  });
}
