/**
 * Removes the runtime's own network code from the realm. Everything that an adapter could reach from a dispatcher, a
 * socket or a port leads to native handles, so none of them may exist in the realm. Import this module before every
 * other one.
 */

/** Versions of the symbol under which the runtime's `fetch` keeps its dispatcher. */
const DISPATCHER_SYMBOLS = [1, 2, 3, 4].map((version) => Symbol.for(`undici.globalDispatcher.${version}`));
/** Globals that make requests, reach other threads, or give access to native handles. */
const NETWORK_GLOBALS = [
  "fetch",
  "WebSocket",
  "WebSocketStream",
  "WebSocketError",
  "EventSource",
  "CloseEvent",
  "navigator",
  "Navigator",
  "localStorage",
  "sessionStorage",
  "Storage",
  "caches",
  "CacheStorage",
  "Cache",
  "LockManager",
  "Lock",
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
  "MessageChannel",
  "MessagePort",
  "PerformanceObserver",
  "PerformanceObserverEntryList",
] as const;

const refusingDispatcher: object = Object.freeze(
  Object.assign(Object.create(null) as object, {
    dispatch: (): never => {
      throw new Error("no dispatcher inside a connector: use fetch");
    },
  }),
);

/**
 * Defines the dispatcher symbols before the runtime does, which happens when one of its lazy globals is first read.
 * The runtime then creates no agent. @throws Error if the runtime already has a dispatcher that cannot be replaced.
 */
export function refuseDispatchers(): void {
  const existing = Object.getOwnPropertySymbols(globalThis).filter((symbol) =>
    String(symbol).includes("undici.globalDispatcher"),
  );
  for (const symbol of new Set([...DISPATCHER_SYMBOLS, ...existing])) {
    const found = Object.getOwnPropertyDescriptor(globalThis, symbol);
    if (found === undefined || found.configurable === true || found.writable === true)
      Object.defineProperty(globalThis, symbol, { value: refusingDispatcher, writable: false, configurable: false });
    if ((globalThis as unknown as Record<symbol, unknown>)[symbol] !== refusingDispatcher)
      throw new Error(`the runtime's ${String(symbol)} could not be replaced`);
  }
}

/**
 * Loads what the runtime loads lazily, so that a dispatcher under an unknown name is found, and removes the globals.
 */
export function removeNetworkGlobals(): void {
  void new Request("http://127.0.0.1/");
  void new Response("");
  void new FormData();
  refuseDispatchers();
  const globals = globalThis as unknown as Record<string, unknown>;
  for (const name of NETWORK_GLOBALS) {
    if (Reflect.deleteProperty(globals, name) || globals[name] === undefined) continue;
    Object.defineProperty(globals, name, { value: undefined, writable: true, configurable: true });
  }
}

refuseDispatchers();
