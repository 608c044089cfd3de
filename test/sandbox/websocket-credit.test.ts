/** The credit that a WebSocket of an adapter returns: all of it but a part of the window, and in few messages. */
import { afterEach, expect, it } from "vitest";
import { EgressLink, type EgressPort } from "../../sandbox/egress-link.ts";
import { webSocketClass } from "../../sandbox/websocket.ts";
import { EGRESS_LIMITS, type EgressReply, type EgressRequest } from "../../src/protocol/egress-messages.ts";

const posted: EgressRequest[] = [];
let deliver: (reply: EgressReply) => void = () => undefined;
const port: EgressPort = {
  post: (message) => void posted.push(message),
  onMessage: (listener) => (deliver = listener),
};
const WebSocket = webSocketClass(new EgressLink(port), undefined);
afterEach(() => void posted.splice(0));

it.each([
  ["messages of 4 bytes", 100_000, 4, "data"],
  ["pings without bytes", 50_000, 0, "ping"],
  ["messages larger than the window", 3, EGRESS_LIMITS.windowBytes * 2, "data"],
] as const)("%s", (_what, count, size, type) => {
  const socket = new WebSocket("ws://venue.example/");
  const { id } = posted[0] as { readonly id: number };
  deliver({ type: "open", id, protocol: "", extensions: "" });
  for (let sent = 0; sent < count; sent++) deliver({ type, id, d: new Uint8Array(size) });
  const credits = posted.flatMap((message) => (message.type === "credit" ? [message.n] : []));
  const owed = count * (size + EGRESS_LIMITS.messageOverhead) - credits.reduce((sum, n) => sum + n, 0);
  expect(owed).toBeGreaterThanOrEqual(0);
  expect(owed).toBeLessThan(EGRESS_LIMITS.windowBytes / 2);
  // A feed of 20,000 messages a second would otherwise use up the limit of messages.
  expect(credits.length).toBeLessThanOrEqual(Math.max(3, count / 500));
  socket.terminate();
});
