/** The one TCP port, on 127.0.0.1: it says who is here, and `/mcp` is the agents' door. Host and Origin are checked first. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { QocError, messageOf } from "../domain/error.ts";
import type { Log } from "../domain/ports.ts";

export interface HttpServer {
  /** Where it listens. */
  readonly port: number;
  close(): Promise<void>;
}

function isLocal(name: string | undefined, port: number): boolean {
  return name === `127.0.0.1:${port}` || name === `localhost:${port}`;
}

/** A page of another site, or a name that was pointed at this machine, gets no answer. */
function isTrusted(request: IncomingMessage, port: number): boolean {
  const { host, origin } = request.headers;
  return isLocal(host, port) && (origin === undefined || isLocal(origin.replace(/^http:\/\//, ""), port));
}

/** Answers one request to `/mcp`. */
export type McpHandle = (request: IncomingMessage, response: ServerResponse) => void;

const CONNECTIONS_MAX = 128;
/** For a connection that has asked nothing yet. */
const SILENT_MS = 5_000;

/** Port 0 takes a free one. @throws PORT_TAKEN. */
export async function serveHttp(
  wanted: number,
  facts: () => Readonly<Record<string, unknown>>,
  mcp: McpHandle,
  log: Pick<Log, "warn">,
): Promise<HttpServer> {
  let port = wanted;
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    (request, response) => {
      // An answer may take its time, and a stream of notices says nothing for hours.
      request.socket.setTimeout(0);
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, {
          "content-type": "application/json",
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
        });
        response.end(`${JSON.stringify(body)}\n`);
      };
      if (!isTrusted(request, port)) answer(403, { code: "NOT_PERMITTED", message: "unknown host or origin" });
      else if (request.url === "/mcp") mcp(request, response);
      else if (request.method === "GET" && request.url === "/") answer(200, facts());
      else answer(404, { code: "FILE_NOT_FOUND", message: "nothing is here" });
    },
  );
  // Whoever holds connections open takes descriptors that the journal and the connectors need.
  server.maxConnections = CONNECTIONS_MAX;
  server.on("connection", (socket) => socket.setTimeout(SILENT_MS));
  await listen(server, wanted);
  // Where descriptors run out, each caller that cannot be let in is one; the desk goes on.
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
      reject(error.code === "EADDRINUSE" ? new QocError("PORT_TAKEN", { port }, { cause: error }) : error);
    server.once("error", fail);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", fail);
      resolve();
    });
  });
}
