/** A server on this machine that answers every request in the same way, and keeps the headers of the requests. */
import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export async function sameAnswer(
  answer: (response: ServerResponse) => void,
): Promise<{ readonly server: Server; readonly headers: readonly IncomingHttpHeaders[]; readonly port: number }> {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, headers, port: (server.address() as AddressInfo).port };
}
