/** Opens connections of one connector: HTTP agents of its own, its certificates, and its proxy. */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls, rootCertificates } from "node:tls";
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import { type AddressPolicy, networkError } from "./address-policy.ts";

/** An idle connection is closed after this time, unless the server announces another one. */
const IDLE_MS = 4_000;
const TUNNEL_MS = 30_000;

type Connected = (error: Error | null, socket?: Duplex) => void;
/** The members that Node passes to `createConnection` of an agent. */
interface Destination extends ConnectionOptions {
  readonly host?: string;
  readonly port?: number;
}

/** Agents are not shared between connectors, so neither are TLS sessions or open connections. */
export class Dialer {
  readonly proxy: URL | undefined;
  readonly #ca: readonly string[] | undefined;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  /** For WebSockets with `ws:` or `wss:` through the proxy. */
  readonly #tunnel: HttpAgent;

  constructor({ proxy, ca }: NetworkPolicy, { lookup }: AddressPolicy) {
    this.proxy = proxy === undefined ? undefined : new URL(proxy);
    this.#ca = ca === undefined || ca.length === 0 ? undefined : [...rootCertificates, ...ca];
    const options = { keepAlive: true, timeout: IDLE_MS };
    // A proxy is named in desk.toml: it may have a private address.
    this.#http = new HttpAgent(this.proxy === undefined ? { ...options, lookup } : options);
    this.#https = new HttpsAgent({ ...options, lookup, ...this.tls });
    this.#tunnel = new HttpAgent();
    if (this.proxy === undefined) return;
    Object.assign(this.#https, { createConnection: this.#connectThrough(true) });
    Object.assign(this.#tunnel, { createConnection: this.#connectThrough(false) });
  }

  /** Options for TLS connections; empty if only the runtime's certificates are trusted. */
  get tls(): { ca?: string[] } {
    return this.#ca === undefined ? {} : { ca: [...this.#ca] };
  }

  agentFor(protocol: string): HttpAgent {
    if (protocol === "https:") return this.#https;
    return protocol === "http:" ? this.#http : this.#tunnel;
  }

  /** The agent of a WebSocket; undefined for a direct connection. */
  socketAgent(protocol: string): HttpAgent | undefined {
    if (this.proxy === undefined) return undefined;
    return protocol === "wss:" ? this.#https : this.#tunnel;
  }

  /** The `proxy-authorization` header for the user in the proxy's URL. */
  get proxyHeaders(): Readonly<Record<string, string>> {
    if (this.proxy === undefined || this.proxy.username === "") return {};
    const user = `${decodeURIComponent(this.proxy.username)}:${decodeURIComponent(this.proxy.password)}`;
    return { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
  }

  close(): void {
    for (const agent of [this.#http, this.#https, this.#tunnel]) agent.destroy();
  }

  #connectThrough(isTls: boolean) {
    return (destination: Destination, done: Connected): undefined => {
      const { proxy } = this;
      const authority = authorityOf(destination);
      if (proxy === undefined) return;
      const request = httpRequest({
        host: proxy.hostname.replace(/^\[|\]$/g, ""),
        port: proxy.port === "" ? 80 : Number(proxy.port),
        method: "CONNECT",
        path: authority,
        headers: { host: authority, ...this.proxyHeaders },
        timeout: TUNNEL_MS,
        agent: false,
      });
      request.once("timeout", () => request.destroy(networkError("the proxy did not answer", "ETIMEDOUT")));
      request.once("error", (error) => done(error));
      request.once("connect", ({ statusCode }, socket: Socket) => {
        if (statusCode !== 200) {
          socket.destroy();
          done(networkError(`the proxy refused a connection to ${authority}: status ${statusCode ?? 0}`, "EPROXY"));
        } else if (isTls) done(null, connectTls({ ...destination, ...this.tls, socket }));
        else done(null, socket);
      });
      request.once("response", ({ statusCode }) =>
        request.destroy(
          networkError(`the proxy refused a connection to ${authority}: status ${statusCode ?? 0}`, "EPROXY"),
        ),
      );
      request.end();
    };
  }
}

function authorityOf({ host = "", port = 0 }: Destination): string {
  const name = host.replace(/^\[|\]$/g, "");
  return `${name.includes(":") ? `[${name}]` : name}:${port}`;
}
