/**
 * The desk's HTTP server on 127.0.0.1: a status at `/`, MCP at `/mcp`, and the page at `/ui`. Host and Origin are
 * checked first; the page has checks of its own.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Log } from "../domain/ports.ts";
import type { PageHandle } from "./page.ts";

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
/** Closes a connection that has sent no request. */
const IDLE_MS = 5_000;

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

/** Listens on 127.0.0.1. @throws PORT_TAKEN. */
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
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 2_000 },
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
      if (isOfPage(request)) page(request, response);
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
  await listen(server, requestedPort);
  // For example if no file descriptor is left for a new connection.
  server.on("error", (error) => log.warn(`port: ${messageOf(error)}`));
  ({ port } = server.address() as AddressInfo);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(
        error.code === "EADDRINUSE" ? new QocError("PORT_TAKEN", { port, free: port + 1 }, { cause: error }) : error,
      );
    server.once("error", fail);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", fail);
      resolve();
    });
  });
}
