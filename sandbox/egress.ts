/**
 * Network access of a connector: `fetch` and `WebSocket`, restricted to the `hosts` of desk.toml. The host is checked
 * twice: at the call, so that the author gets an error with a stack; and where the request leaves, because an address
 * object can change, a response can redirect, and the runtime's own dispatcher can be called directly.
 */
import { SandboxWebSocket } from "./websocket.ts";

type Hosts = readonly string[] | undefined;
type Fetch = (input: unknown, init?: unknown) => Promise<Response>;

interface Dispatcher {
  dispatch(options: { readonly origin?: unknown; readonly upgrade?: unknown }, handler: unknown): boolean;
}

/** Converts the address to text once: an object could return another address the next time. */
function addressOf(target: unknown): URL {
  return new URL(
    typeof target === "object" && target !== null && "url" in target ? String(target.url) : String(target),
  );
}

function assertHost(hosts: Hosts, { hostname }: URL): void {
  if (hosts !== undefined && !hosts.includes(hostname))
    throw new Error(
      `${hostname} is not among hosts = [${hosts.map((name) => JSON.stringify(name)).join(", ")}] of this connector: add it in desk.toml to allow it`,
    );
}

/**
 * The runtime's `fetch` sends through a dispatcher on a global symbol, whose class could open any socket. This replaces
 * it by one method that checks the host and refuses upgrades, which would hand out the socket. Frozen before the
 * adapter runs.
 */
function restrictDispatchers(hosts: Hosts): void {
  // The runtime creates the dispatcher on first use.
  void new Request("http://127.0.0.1/");
  const globals = globalThis as unknown as Record<symbol, Dispatcher>;
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (!String(symbol).includes("undici.globalDispatcher")) continue;
    const real = globals[symbol] as Dispatcher;
    const dispatch: Dispatcher["dispatch"] = (options, handler) => {
      const { origin, upgrade, ...allowedOptions } = options;
      if (upgrade !== undefined && upgrade !== null && upgrade !== false)
        throw new Error("fetch cannot upgrade a connection: use WebSocket");
      const address = addressOf(origin);
      assertHost(hosts, address);
      return real.dispatch({ ...allowedOptions, origin: address.origin }, handler);
    };
    globals[symbol] = Object.freeze(Object.assign(Object.create(null) as Dispatcher, { dispatch }));
    Object.defineProperty(globalThis, symbol, { writable: false });
  }
}

/**
 * Restricts the runtime's dispatcher and returns the globals for the adapter. Call once, before the adapter is loaded.
 */
export function installEgress(hosts: Hosts): { WebSocket: unknown; fetch: Fetch } {
  restrictDispatchers(hosts);
  const runtimeFetch = globalThis.fetch as Fetch;
  return {
    WebSocket: webSocketClass(hosts),
    fetch: async (input, init) => {
      assertHost(hosts, addressOf(input));
      return runtimeFetch(input, init);
    },
  };
}

/** The client class of the `ws` package, for adapters that import `ws`. The server is not available. */
export function wsModule(hosts: Hosts): unknown {
  const Client = webSocketClass(hosts);
  return { WebSocket: Client, default: Client, __esModule: true };
}

function webSocketClass(hosts: Hosts): unknown {
  return hosts === undefined
    ? SandboxWebSocket
    : new Proxy(SandboxWebSocket, {
        construct: (target, [url, ...args], newTarget) => {
          const address = addressOf(url);
          assertHost(hosts, address);
          return Reflect.construct(target, [address.href, ...(args as unknown[])], newTarget) as object;
        },
      });
}
