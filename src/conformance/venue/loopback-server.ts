/** Servers of the kit listen on a port of the loopback interface. */
import type { AddressInfo, Server } from "node:net";

/** `port`: default a free one. @throws the error of the socket. */
export function listenOnLoopback(server: Server, port = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** The port of a server that listens. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Resolves when the last connection has ended. Can be called more than once. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
