/** A way to a fake venue that can be cut: every connection ends, and each new one is reset at once. */
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

export interface OutageProxy {
  /** The address of the venue through this proxy. */
  readonly url: string;
  /** Connections that were reset since the venue went away. */
  readonly refused: number;
  goAway(): void;
  comeBack(): void;
  close(): Promise<void>;
}

export async function outageProxy(venue: string): Promise<OutageProxy> {
  const { hostname, port } = new URL(venue);
  const open = new Set<Socket>();
  let [isAway, refused] = [false, 0];
  const server = createServer((client) => {
    client.on("error", () => undefined);
    if (isAway) {
      refused += 1;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refused() {
      return refused;
    },
    goAway: () => {
      [isAway, refused] = [true, 0];
      cut();
    },
    comeBack: () => (isAway = false),
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
