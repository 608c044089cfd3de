/** Servers of the kit listen on a port of the loopback interface. */
import type { AddressInfo, Server, Socket } from "node:net";

/** The open connections of each server, also those that are no longer HTTP. */
const connections = new WeakMap<Server, Set<Socket>>();

/** `port`: default a free one. @throws the error of the socket. */
export function listenOnLoopback(server: Server, port = 0): Promise<void> {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** The port of a server that listens. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Ends every connection: a client may keep its own for ever. Can be called more than once. */
export function closeServer(server: Server): Promise<void> {
  for (const socket of connections.get(server) ?? []) socket.destroy();
  return new Promise((resolve) => void server.close(() => resolve()));
}
