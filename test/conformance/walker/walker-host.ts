/**
 * Runs the walker in one connector and prints its report as JSON. A process of its own, because it is also run by other
 * versions of Node. Arguments: the isolation level, and the name of an opening of the worker or "closed".
 */
import { createServer as createHttp } from "node:http";
import { type AddressInfo, type Server, createServer as createTcp } from "node:net";
import { WebSocketServer } from "ws";
import { systemClock } from "../../../src/app/system.ts";
import type { Clock } from "../../../src/domain/ports.ts";
import { WORKER_TEXT, adapterHarness, adapterSource } from "../../support/adapter-harness.ts";
import { findSandbox } from "../../support/process-sandbox.ts";
import type { IsolationLevel } from "../attacks/attacks.ts";
import { OPENINGS, type Opening } from "./openings.ts";
import { WALKER_HEAD, WALKER_METHODS } from "./walker-source.ts";

const [level, opening] = process.argv.slice(2) as [IsolationLevel, Opening | "closed"];

function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as AddressInfo).port)));
}
const LONG_BODY = Buffer.alloc(1024 * 1024);
const web = createHttp((request, response) => response.end(request.url === "/long" ? LONG_BODY : "hello"));
const sockets = new WebSocketServer({ server: web });
sockets.on("connection", (socket) => socket.send("hello"));
const other = createHttp();
const otherSockets = new WebSocketServer({ server: other });
otherSockets.on("connection", (socket) => socket.send("reached"));
const echo = createTcp((socket) => socket.on("error", () => undefined).pipe(socket));

/** The walk takes longer than a call may take. */
const clock: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms * 30, run) };
const options = {
  web: `127.0.0.1:${await listen(web)}`,
  other: `127.0.0.2:${await listen(other, "127.0.0.2")}`,
  tcp: `127.0.0.1:${await listen(echo)}`,
};
const harness = await adapterHarness(adapterSource(WALKER_METHODS, WALKER_HEAD), {
  isolation: level === "worker" ? "worker" : "process",
  ...(level === "bubblewrap" ? { sandbox: await findSandbox() } : {}),
  hosts: ["127.0.0.1"],
  tcp: [options.tcp],
  options,
  clock,
  memoryMb: 512,
  workerText: opening === "closed" ? WORKER_TEXT : OPENINGS[opening](WORKER_TEXT),
});
await harness.connector.start();
const response = await harness.connector.invoke("cancelOrder", ["1"]).catch((error: Error) => error);
const { lastError = "" } = harness.connector.status;
process.stdout.write(
  response instanceof Error || !response.ok
    ? JSON.stringify({
        failure: `${response instanceof Error ? response.message : (response.stack ?? "")} ${lastError}`,
      })
    : JSON.stringify(response.value),
  () => process.exit(0),
);
