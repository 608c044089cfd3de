/**
 * Entry point of the egress thread: it opens every connection of every connector. The host sends one port per
 * connector.
 */
import { connect } from "node:net";
import { type MessagePort, parentPort } from "node:worker_threads";
import { LoopStalls } from "../lib/loop-stalls.ts";
import { RateBucket } from "../lib/rate-bucket.ts";
import { EGRESS_LIMITS, type ServeMessage, type ViolationMessage } from "../protocol/egress-messages.ts";
import { serveConnector } from "./connector-network.ts";
import { processPort, threadPort } from "./connector-port.ts";

const clock = {
  monotonic: () => performance.now(),
  after: (ms: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
/** What arrives after a stall of this thread was sent over all of the stall, and is no flood. */
const stalls = new LoopStalls(clock);

function rate(limit: number): RateBucket {
  return new RateBucket({ clock, limit, windowMs: 1_000, stalledMs: () => stalls.longestMs() });
}

parentPort?.on("message", (message: ServeMessage & { readonly port: MessagePort }) => {
  const { connection, policy, port: control, process } = message;
  const port =
    process === undefined
      ? threadPort(control)
      : processPort({
          socket: connect(process.path),
          sessionKey: process.sessionKey,
          control,
          bytesRate: rate(EGRESS_LIMITS.processBytesPerSecond),
        });
  control.once("close", stalls.watch());
  serveConnector({
    port,
    policy,
    messagesRate: rate(EGRESS_LIMITS.messagesPerSecond),
    responseMs: EGRESS_LIMITS.responseMs,
    heldBytes: EGRESS_LIMITS.heldBytes,
    onViolation: (reason) => {
      const violation: ViolationMessage = { type: "violation", connection, reason };
      parentPort?.postMessage(violation, []);
    },
  });
});
