/**
 * Connects the egress thread with a process: the desk listens once in a folder of its own, the thread connects, and
 * the process gets the desk's end as a descriptor. A pair of sockets, which Node makes for pipes to a process, cannot
 * be handed to a thread.
 */
import { type Socket, createServer } from "node:net";

export interface ProcessSocketOffer {
  /** Resolves with the first connection, from which nothing is read. @throws Error if none is made. */
  readonly accepted: Promise<Socket>;
  close(): void;
}

/** Resolves when the path can be connected to. Its file is removed after the first connection. */
export function offerProcessSocket(path: string): Promise<ProcessSocketOffer> {
  const server = createServer({ pauseOnConnect: true });
  const accepted = new Promise<Socket>((resolve, reject) => {
    server.once("connection", (socket) => {
      server.close();
      server.on("connection", (other: Socket) => other.destroy());
      resolve(socket);
    });
    server.once("close", () => reject(new Error("the egress thread did not connect")));
  });
  accepted.catch(() => undefined);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve({ accepted, close: () => void server.close() }));
  });
}
