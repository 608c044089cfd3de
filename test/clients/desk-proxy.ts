/**
 * A proxy to the desk's port for a client that cannot send a token: it adds the header and changes nothing else. It
 * replaces a Host or Origin that names the proxy by the desk's, and passes any other Host or Origin unchanged.
 */
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";

export interface DeskProxy {
  readonly url: string;
  close(): Promise<void>;
}

export async function deskProxy(target: URL, token: string): Promise<DeskProxy> {
  const server = createServer((request, response) => {
    const { host, origin } = request.headers;
    const headers = {
      ...request.headers,
      ...(host === `127.0.0.1:${port}` ? { host: target.host } : {}),
      ...(origin === `http://127.0.0.1:${port}` ? { origin: target.origin } : {}),
      authorization: `Bearer ${token}`,
    };
    const forward = httpRequest(
      { host: target.hostname, port: target.port, method: request.method, path: request.url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    forward.on("error", () => response.destroy());
    // A client's disconnect reaches the desk.
    response.once("close", () => forward.destroy());
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
