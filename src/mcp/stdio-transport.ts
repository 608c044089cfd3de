/**
 * Messages over two pipes. A client may close the one it writes on while it still waits for answers, as a script does that pipes
 * its calls in: the end of input is told only when what came before it is answered.
 */
import { type Readable, Transform, type Writable } from "node:stream";
import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Clock } from "../domain/ports.ts";

/** Longer than a connector may take to answer. */
const ANSWER_MS = 30_000;
/** A request that is open for as long as its client listens. */
const LISTENS = "subscriptions/listen";

export interface StdioChannels {
  readonly transport: Transport;
  /** Resolves once input has ended and is answered, or nothing can be written any more. */
  readonly ended: Promise<void>;
}

export function openStdioChannels(
  stdin: Readable,
  stdout: Writable,
  clock: Pick<Clock, "after">,
  answerMs = ANSWER_MS,
): StdioChannels {
  const open = new Set<RequestId>();
  let letEnd: () => void = () => undefined;
  const settle = (id: RequestId): void => {
    open.delete(id);
    if (open.size === 0) letEnd();
  };
  const input = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    // Runs after the last chunk and before the end is told.
    flush: (done) => {
      const giveUp = clock.after(answerMs, () => letEnd());
      letEnd = () => {
        giveUp();
        letEnd = () => undefined;
        done();
      };
      // What was written last is read in this turn of the loop.
      setImmediate(() => open.size === 0 && letEnd());
    },
  });
  const wire = new StdioServerTransport(input, stdout);
  let tellEnd: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (tellEnd = resolve));
  const take = (message: JSONRPCMessage): void => {
    if (isRequest(message) && message.method !== LISTENS) open.add(message.id);
    transport.onmessage?.(message);
    // A call that its client gave up is not answered.
    const cancelled = cancelledIn(message);
    if (cancelled !== undefined) settle(cancelled);
  };
  const close = (): void => {
    stdin.unpipe(input).pause();
    letEnd();
    tellEnd();
    transport.onclose?.();
  };
  const transport: Transport = {
    start: async () => {
      // The SDK has members for these, and no events.
      Object.assign(wire, { onmessage: take, onerror: (error: Error) => transport.onerror?.(error), onclose: close });
      stdin.pipe(input);
      // A pipe that breaks has ended too.
      for (const event of ["close", "error"]) stdin.on(event, () => input.end());
      await wire.start();
    },
    send: async (message) => {
      await wire.send(message);
      if ("id" in message && !("method" in message) && message.id !== undefined) settle(message.id);
    },
    close: () => wire.close(),
  };
  return { transport, ended };
}

type Request = Extract<JSONRPCMessage, { method: string; id: RequestId }>;

function isRequest(message: JSONRPCMessage): message is Request {
  return "method" in message && "id" in message;
}

function cancelledIn(message: JSONRPCMessage): RequestId | undefined {
  return "method" in message && message.method === "notifications/cancelled"
    ? (message.params as { readonly requestId?: RequestId } | undefined)?.requestId
    : undefined;
}
