/**
 * The desk's HTTP server on this machine's own addresses, 127.0.0.1 and ::1: a status at `/`, MCP at `/mcp`, and the
 * page at `/ui`. Host and Origin are checked first; the page has checks of its own.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, type Server, type Socket, createServer as createSocketServer } from "node:net";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Log } from "../domain/ports.ts";
import type { PageHandle } from "./page.ts";
import { endServiceWorker, isForServiceWorker } from "./service-worker.ts";

/** The desk listens at both: a browser connects to `localhost` at ::1 first. */
export const OWN_ADDRESSES = ["127.0.0.1", "::1"] as const;
/** Where agents reach the desk. */
export const MCP_PATH = "/mcp";

export interface HttpServer {
  /** The port that the server listens on. */
  readonly port: number;
  close(): Promise<void>;
}

function isLocal(name: string | undefined, port: number): boolean {
  return name === `127.0.0.1:${port}` || name === `localhost:${port}`;
}

/** Refuses requests of other sites' pages (Origin) and of host names that resolve to this machine (DNS rebinding). */
function isTrusted(request: IncomingMessage, port: number): boolean {
  const { host, origin } = request.headers;
  return isLocal(host, port) && (origin === undefined || isLocal(origin.replace(/^http:\/\//, ""), port));
}

function isOfPage({ url = "" }: IncomingMessage): boolean {
  return url === "/ui" || url.startsWith("/ui/") || url.startsWith("/ui?");
}

/** A browser asks for HTML; programs get the status. */
function wantsPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes("text/html") === true;
}

/** Handles one request to `/mcp`. */
export type McpHandle = (request: IncomingMessage, response: ServerResponse) => void;

const CONNECTIONS_MAX = 256;
/** Connections without a request under way. Another one closes the oldest, so that new callers can connect. */
const SILENT_MAX = 64;
/**
 * A browser sends the cookies of all ports of this host to the desk, so another server of this machine can make them
 * long: browsers keep up to 180 of 4 KiB. Silent connections are few, so this bounds what they keep.
 */
const HEADERS_MAX = 1_024 * 1_024;
/** Closes a connection that has sent no request. */
const IDLE_MS = 5_000;
/**
 * Closes a connection that sends no further request. Clients send one until a second before, and a host that was busy
 * reads it later than that: with Node's five seconds, a request that the client had sent was lost with its connection.
 */
const KEEP_ALIVE_MS = 60_000;

/** Closes the oldest silent connection if there are too many. Never closes a connection with a request under way. */
class SilentConnections {
  /** In the order in which they fell silent. */
  readonly #silent = new Set<Socket>();

  /** A new connection has sent no request yet. */
  open(socket: Socket): void {
    socket.once("close", () => this.#silent.delete(socket));
    this.#add(socket);
  }

  #add(socket: Socket): void {
    if (socket.destroyed) return;
    this.#silent.add(socket);
    const [oldest] = this.#silent;
    if (this.#silent.size > SILENT_MAX) oldest?.destroy();
  }

  /** A request of this connection is under way until its response is closed. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#silent.delete(socket);
    response.once("close", () => this.#add(socket));
  }
}

export interface HttpServerOptions {
  /** 0 means any free port. */
  readonly port: number;
  /** Returns the body of `GET /`. */
  readonly status: () => Readonly<Record<string, unknown>>;
  readonly mcp: McpHandle;
  readonly page: PageHandle;
  readonly log: Pick<Log, "warn">;
}

/** Listens on 127.0.0.1 and ::1. @throws PORT_TAKEN. */
export async function serveHttp({
  port: requestedPort,
  status,
  mcp,
  page,
  log,
}: HttpServerOptions): Promise<HttpServer> {
  let port = requestedPort;
  const silent = new SilentConnections();
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX,
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      silent.handle(request, response);
      // A response may take long, and an event stream may be silent for hours.
      request.socket.setTimeout(0);
      const respond = (statusCode: number, body: unknown): void => {
        response.writeHead(statusCode, {
          "content-type": "application/json",
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
        });
        response.end(`${JSON.stringify(body)}\n`);
      };
      if (isForServiceWorker(request)) endServiceWorker(response);
      else if (isOfPage(request)) page(request, response);
      else if (!isTrusted(request, port)) respond(403, { code: "NOT_PERMITTED", message: "unknown host or origin" });
      else if (request.url === MCP_PATH) mcp(request, response);
      else if (request.method === "GET" && request.url === "/" && wantsPage(request))
        response.writeHead(302, { location: "/ui/", "cache-control": "no-store" }).end();
      else if (request.method === "GET" && request.url === "/") respond(200, status());
      else respond(404, { code: "FILE_NOT_FOUND", message: "not found" });
    },
  );
  // Open connections use file descriptors that the journal and the connectors need.
  server.maxConnections = CONNECTIONS_MAX;
  server.on("connection", (socket) => {
    socket.setTimeout(IDLE_MS);
    silent.open(socket);
  });
  // For example if no file descriptor is left for a new connection.
  const warn = (error: Error): void => log.warn(`port: ${messageOf(error)}`);
  const second = createSocketServer((socket) => server.emit("connection", socket));
  second.maxConnections = CONNECTIONS_MAX;
  port = await listenOnBoth(server, second, requestedPort);
  server.on("error", warn);
  second.on("error", warn);
  return {
    port,
    close: async () => {
      const closed = [closeServer(server), closeServer(second)];
      server.closeAllConnections();
      await Promise.all(closed);
    },
  };
}

/** Ports that are tried if any free port is requested: it may be taken on the second address. */
const FREE_PORTS_TRIED = 20;

/**
 * Another program that listened at one of the addresses, of another user for example, would be the page for a browser
 * that connects there: it would get the code of a link, or both halves of a session. Returns the port.
 */
async function listenOnBoth(first: Server, second: Server, requestedPort: number): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    await listen(first, requestedPort, OWN_ADDRESSES[0]);
    const { port } = first.address() as AddressInfo;
    try {
      await listen(second, port, OWN_ADDRESSES[1]);
      return port;
    } catch (error) {
      // Without IPv6, nothing can listen there.
      if (isAddressAbsent(error)) return port;
      await closeServer(first);
      if (requestedPort !== 0 || attempt === FREE_PORTS_TRIED) throw error;
    }
  }
}

/** Whether listening failed because this machine lacks the address. */
export function isAddressAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(
        error.code === "EADDRINUSE" ? new QocError("PORT_TAKEN", { port, free: port + 1 }, { cause: error }) : error,
      );
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
