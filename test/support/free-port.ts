import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that systems give to port 0 and to connections: no server of another test gets one by chance. */
const FIRST = 20_000;
const END = 32_000;

/** Returns a TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
