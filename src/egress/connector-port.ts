/**
 * The egress thread's end of a connector: a message port to its thread, or a socket to its process, with authenticated
 * frames.
 */
import crypto from "node:crypto";
import type { Socket } from "node:net";
import type { MessagePort } from "node:worker_threads";
import type { RateBucket } from "../lib/rate-bucket.ts";
import { EGRESS_LIMITS, type EgressReply } from "../protocol/egress-messages.ts";
import { type FrameChannel, FrameReader, frameAuthenticator, frameEncoder } from "../protocol/frames.ts";

export interface PortListeners {
  /** Gets each message. It may be any value. */
  readonly message: (message: unknown) => void;
  /** What the connector sent cannot be read. */
  readonly invalid: (reason: string) => void;
  /** The connector has ended. */
  readonly closed: () => void;
}

export interface ConnectorPort {
  /** Call it once. */
  listen(listeners: PortListeners): void;
  /** The bytes of the reply are handed over. */
  post(reply: EgressReply): void;
  close(): void;
}

export function threadPort(port: MessagePort): ConnectorPort {
  return {
    listen: ({ message, invalid, closed }) => {
      port.on("message", message);
      port.on("messageerror", () => invalid("it sent a message that cannot be read"));
      // The port closes when the connector's worker ends.
      port.on("close", closed);
    },
    post: (reply) => {
      const bytes = "d" in reply ? reply.d : undefined;
      port.postMessage(reply, bytes === undefined ? [] : [bytes.buffer as ArrayBuffer]);
    },
    close: () => port.close(),
  };
}

/** Bytes that a process has not read: the windows of all ids, and a few of the largest messages. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;

export interface ProcessPortOptions {
  /** Its other end is a descriptor of the process. */
  readonly socket: Socket;
  readonly sessionKey: Uint8Array;
  /** Closes when the desk ends the connection. */
  readonly control: MessagePort;
  /** For the bytes that the process sends. */
  readonly bytesRate: RateBucket;
}

export function processPort({ socket, sessionKey, control, bytesRate }: ProcessPortOptions): ConnectorPort {
  const authenticator = (channel: FrameChannel) => frameAuthenticator(crypto, sessionKey, channel);
  const encode = frameEncoder(authenticator("egress-to-worker"));
  const write = writerOfEvents(socket);
  let listeners: PortListeners | undefined;
  return {
    listen: (given) => {
      listeners = given;
      const frames = new FrameReader({
        authenticator: authenticator("worker-to-egress"),
        headerBytesMax: EGRESS_LIMITS.frameHeaderBytes,
        onMessage: given.message,
      });
      socket.on("data", (chunk: Buffer) => {
        try {
          if (!bytesRate.spend(chunk.byteLength)) throw new Error("it sent more bytes a second than are allowed");
          frames.push(chunk);
        } catch (error) {
          frames.close();
          given.invalid(error instanceof Error ? error.message : String(error));
        }
      });
      // A process that has ended may not have read all.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        control.close();
        given.closed();
      });
      control.on("close", () => socket.destroy());
    },
    post: (reply) => {
      if (socket.writableLength > UNREAD_BYTES_MAX) {
        listeners?.invalid(`it did not read ${UNREAD_BYTES_MAX} bytes of network data`);
        return;
      }
      write(encode(reply));
    },
    close: () => {
      socket.destroy();
      control.close();
    },
  };
}

/**
 * Writes the first message of an event of a venue's socket at once, and those that follow it in that event together: a
 * feed brings many small ones.
 */
function writerOfEvents(socket: Socket): (parts: readonly Uint8Array[]) => void {
  let isCorked = false;
  return (parts) => {
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
    if (isCorked) return;
    isCorked = true;
    socket.cork();
    process.nextTick(() => {
      isCorked = false;
      socket.uncork();
    });
  };
}
