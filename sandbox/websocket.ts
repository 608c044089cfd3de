/** `WebSocket` and `fetch` as an adapter meets them: the same on every Node, and narrowed to the hosts that were granted. */
import { WebSocket as WsSocket } from "ws";

/** Node 20 has none of its own. A socket without a listener that fails must not end the worker: it is an event. */
export class SandboxWebSocket extends WsSocket {
  constructor(...args: ConstructorParameters<typeof WsSocket>) {
    super(...args);
    this.on("error", () => undefined);
  }
}

const hostOf = (target: string | URL | Request): string => new URL(typeof target === "object" && "url" in target ? target.url : String(target)).hostname;

const assertHost = (hosts: readonly string[], target: string | URL | Request): void => {
  const host = hostOf(target);
  if (!hosts.includes(host)) throw new Error(`${host} is not among hosts = [${hosts.map((name) => JSON.stringify(name)).join(", ")}] of this connector`);
};

export const openWeb = (hosts: readonly string[] | undefined): { WebSocket: unknown; fetch: typeof fetch } => {
  const Native = (globalThis as { WebSocket?: unknown }).WebSocket ?? SandboxWebSocket;
  if (hosts === undefined) return { WebSocket: Native, fetch: globalThis.fetch };
  const plainFetch = globalThis.fetch as (input: unknown, init: unknown) => Promise<Response>;
  return {
    WebSocket: narrowed(Native as new (...args: unknown[]) => object, hosts),
    // A redirect could lead elsewhere: it is an error, and the adapter may follow it by hand.
    fetch: async (input, init) => {
      assertHost(hosts, input as string | URL | Request);
      return plainFetch(input, { ...init, redirect: init?.redirect === "manual" ? "manual" : "error" });
    },
  };
};

/** The `ws` package's client, for adapters that import it by name. */
export const wsModule = (hosts: readonly string[] | undefined): unknown => {
  const Client = hosts === undefined ? SandboxWebSocket : narrowed(SandboxWebSocket as unknown as new (...args: unknown[]) => object, hosts);
  return Object.assign(Client as object, { WebSocket: Client, default: Client });
};

const narrowed = (Base: new (...args: unknown[]) => object, hosts: readonly string[]): unknown =>
  new Proxy(Base, {
    construct: (target, args, newTarget) => {
      assertHost(hosts, String(args[0]));
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
