/**
 * The ways out of a connector: `fetch` and `WebSocket`, narrowed to the hosts that desk.toml names. Both are checked twice:
 * where they are called, so that the author reads why; and where the request leaves, since an address may lie, redirect, or
 * be asked for by the runtime's own dispatcher.
 */
import { SandboxWebSocket } from "./websocket.ts";

type Hosts = readonly string[] | undefined;
type Fetch = (input: unknown, init?: unknown) => Promise<Response>;

interface Dispatcher {
  dispatch(options: { readonly origin?: unknown; readonly upgrade?: unknown }, handler: unknown): boolean;
}

/** The address once, as text: an object could answer differently each time it is asked. */
function addressOf(target: unknown): URL {
  return new URL(
    typeof target === "object" && target !== null && "url" in target ? String(target.url) : String(target),
  );
}

function assertHost(hosts: Hosts, { hostname }: URL): void {
  if (hosts !== undefined && !hosts.includes(hostname))
    throw new Error(
      `${hostname} is not among hosts = [${hosts.map((name) => JSON.stringify(name)).join(", ")}] of this connector`,
    );
}

/**
 * What the runtime's `fetch` sends through lies on a global symbol, and its class could open any socket. In its place stands
 * one method that looks at the host; an upgrade, which hands out the socket itself, is refused. Frozen before the adapter runs.
 */
function narrowDispatchers(hosts: Hosts): void {
  // The runtime makes them when it first needs one.
  void new Request("http://127.0.0.1/");
  const globals = globalThis as unknown as Record<symbol, Dispatcher>;
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (!String(symbol).includes("undici.globalDispatcher")) continue;
    const real = globals[symbol] as Dispatcher;
    const dispatch: Dispatcher["dispatch"] = (options, handler) => {
      const { origin, upgrade, ...rest } = options;
      if (upgrade !== undefined && upgrade !== null && upgrade !== false)
        throw new Error("an upgrade is a WebSocket's: use WebSocket");
      const address = addressOf(origin);
      assertHost(hosts, address);
      return real.dispatch({ ...rest, origin: address.origin }, handler);
    };
    globals[symbol] = Object.freeze(Object.assign(Object.create(null) as Dispatcher, { dispatch }));
    Object.defineProperty(globalThis, symbol, { writable: false });
  }
}

/** Called once, before the adapter is loaded. */
export function openWeb(hosts: Hosts): { WebSocket: unknown; fetch: Fetch } {
  narrowDispatchers(hosts);
  const plainFetch = globalThis.fetch as Fetch;
  return {
    WebSocket: clientFor(hosts),
    fetch: async (input, init) => {
      assertHost(hosts, addressOf(input));
      return plainFetch(input, init);
    },
  };
}

/** The `ws` package's client, for adapters that import it by name; a server has no place here. */
export function wsModule(hosts: Hosts): unknown {
  const Client = clientFor(hosts);
  return { WebSocket: Client, default: Client, __esModule: true };
}

function clientFor(hosts: Hosts): unknown {
  return hosts === undefined
    ? SandboxWebSocket
    : new Proxy(SandboxWebSocket, {
        construct: (target, [url, ...rest], newTarget) => {
          const address = addressOf(url);
          assertHost(hosts, address);
          return Reflect.construct(target, [address.href, ...(rest as unknown[])], newTarget) as object;
        },
      });
}
