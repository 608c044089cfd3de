/**
 * Entry point of the egress thread: it opens every connection of every connector. The host sends one port per
 * connector.
 */
import { type MessagePort, parentPort } from "node:worker_threads";
import { EGRESS_LIMITS, type ServeMessage, type ViolationMessage } from "../protocol/egress-messages.ts";
import { serveConnector } from "./connector-network.ts";

const clock = { monotonic: () => performance.now() };

parentPort?.on("message", ({ connection, policy, port }: ServeMessage & { readonly port: MessagePort }) => {
  const onViolation = (reason: string): void => {
    const violation: ViolationMessage = { type: "violation", connection, reason };
    parentPort?.postMessage(violation, []);
  };
  serveConnector({ port, policy, clock, responseMs: EGRESS_LIMITS.responseMs, onViolation });
});
