/** The egress thread's end of a process, and its limits while the thread or the machine is slow. */
import crypto from "node:crypto";
import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { MessageChannel } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { serveConnector } from "../../src/egress/connector-network.ts";
import { type ConnectorPort, type PortListeners, processPort } from "../../src/egress/connector-port.ts";
import { LoopStalls } from "../../src/lib/loop-stalls.ts";
import { RateBucket } from "../../src/lib/rate-bucket.ts";
import { EGRESS_LIMITS, type EgressReply } from "../../src/protocol/egress-messages.ts";
import { FrameReader, frameAuthenticator, frameEncoder } from "../../src/protocol/frames.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";

const KEY = Buffer.alloc(32, 1);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends of a socket: the thread's, and the process's. */
async function socketPair(): Promise<readonly [Socket, Socket]> {
  const path = `${tmpdir()}/qoc-pair-${process.pid}`;
  const server = createServer().listen(path);
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const ours = connect(path);
  const [theirs] = await accepted;
  server.close();
  closers.push(
    () => ours.destroy(),
    () => theirs.destroy(),
  );
  return [ours, theirs];
}

function rateOf(limit: number, clock: FakeClock): RateBucket {
  const stalls = new LoopStalls(clock);
  closers.push(stalls.watch());
  return new RateBucket({ clock, limit, windowMs: 1_000, stalledMs: () => stalls.longestMs() });
}

interface ServedProcess {
  readonly port: ConnectorPort;
  /** The process's end. */
  readonly peer: Socket;
  readonly control: MessageChannel;
}

async function servedProcess(bytesRate: RateBucket): Promise<ServedProcess> {
  const [socket, peer] = await socketPair();
  const control = new MessageChannel();
  closers.push(() => control.port2.close());
  return { port: processPort({ socket, sessionKey: KEY, control: control.port1, bytesRate }), peer, control };
}

function listenersOf(port: ConnectorPort) {
  let invalid: (reason: string) => void = () => undefined;
  const refused = new Promise<string>((resolve) => (invalid = resolve));
  let closed: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (closed = resolve));
  const messages: unknown[] = [];
  const listeners: PortListeners = { message: (message) => messages.push(message), invalid, closed };
  port.listen(listeners);
  return { messages, refused, ended };
}

describe("the socket of a process", () => {
  it("carries frames of both directions, and the desk's end of the connection ends it", async () => {
    const { port, peer, control } = await servedProcess(rateOf(1_000, fakeClock()));
    const { messages, ended } = listenersOf(port);
    const encode = frameEncoder(frameAuthenticator(crypto, KEY, "worker-to-egress"));
    for (const part of encode({ type: "abort", id: 1 })) peer.write(part);
    await expect.poll(() => messages).toEqual([{ type: "abort", id: 1 }]);
    const replies: unknown[] = [];
    const reader = new FrameReader({
      authenticator: frameAuthenticator(crypto, KEY, "egress-to-worker"),
      headerBytesMax: EGRESS_LIMITS.frameHeaderBytes,
      onMessage: (reply) => replies.push(reply),
    });
    peer.on("data", (chunk: Buffer) => reader.push(chunk));
    const sent: EgressReply[] = [
      { type: "data", id: 1, d: new Uint8Array(3) },
      { type: "end", id: 1 },
    ];
    for (const reply of sent) port.post(reply);
    await expect.poll(() => replies).toEqual(sent);
    control.port2.close();
    await ended;
  });

  it.each([
    ["a frame under another key", frameEncoder(frameAuthenticator(crypto, Buffer.alloc(32), "worker-to-egress"))],
    ["a frame of the host's pipe", frameEncoder(frameAuthenticator(crypto, KEY, "worker-to-host"))],
  ])("refuses %s", async (_what, encode) => {
    const { port, peer } = await servedProcess(rateOf(1_000, fakeClock()));
    const { messages, refused } = listenersOf(port);
    for (const part of encode({ type: "abort", id: 1 })) peer.write(part);
    expect(await refused).toContain("not authentic");
    expect(messages).toEqual([]);
  });

  it("is ended before data that the process does not read fill the desk's memory", async () => {
    const { port } = await servedProcess(rateOf(1_000, fakeClock()));
    const { refused } = listenersOf(port);
    for (let sent = 0; sent < 100; sent++) port.post({ type: "data", id: 1, d: new Uint8Array(1024 * 1024) });
    expect(await refused).toBe("it did not read 67108864 bytes of network data");
  });
});

/** A connector that sends without a socket or a thread. */
function served(clock: FakeClock) {
  let listeners: PortListeners | undefined;
  const violations: string[] = [];
  serveConnector({
    port: { listen: (given) => void (listeners = given), post: () => undefined, close: () => undefined },
    policy: { tcp: [] },
    messagesRate: rateOf(EGRESS_LIMITS.messagesPerSecond, clock),
    responseMs: 1_000,
    heldBytes: 1_000,
    onViolation: (reason) => violations.push(reason),
  });
  const send = (count: number): void => {
    for (let sent = 0; sent < count; sent++) listeners?.message({ type: "abort", id: 1 });
  };
  return { send, violations };
}

describe("the limit of messages a second", () => {
  it("admits after a stall of the thread what was sent over all of it", () => {
    const clock = fakeClock();
    const { send, violations } = served(clock);
    clock.advance(1_000);
    send(15_000);
    // Time passes, and no timer of the thread runs.
    clock.stall(3_000);
    send(3 * 15_000);
    expect(violations).toEqual([]);
  });

  it("ends a connector that sends more than is allowed over the stall", () => {
    const clock = fakeClock();
    const { send, violations } = served(clock);
    clock.stall(3_000);
    send(6 * EGRESS_LIMITS.messagesPerSecond);
    expect(violations).toEqual([`it sent more than ${EGRESS_LIMITS.messagesPerSecond} messages a second`]);
  });

  it("allows nothing more after mere silence", () => {
    const clock = fakeClock();
    const { send, violations } = served(clock);
    for (let passed = 0; passed < 10_000; passed += 50) clock.advance(50);
    send(EGRESS_LIMITS.messagesPerSecond);
    expect(violations).toEqual([]);
    send(1);
    expect(violations).toHaveLength(1);
  });
});
