/**
 * MCP messages over standard input and output. A client, such as a script, may close its output pipe while it still
 * waits for responses. So the end of input is passed on only after the earlier requests were answered.
 */
import { type Readable, Transform, type Writable } from "node:stream";
import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Clock } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { LineSplitter } from "../lib/line-splitter.ts";

/** How long the end of input waits; longer than the timeout of a connector. */
const RESPONSE_MS = 30_000;
/** The SDK closes the connection at a longer line. */
const LINE_BYTES_MAX = 10 * 1024 * 1024;
/** The SDK skips a line that is not JSON, and its client would wait for an answer. */
const PARSE_ERROR = { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error: the line is not JSON" } };
/** A request that is open for as long as its client listens. */
const LISTEN_METHOD = "subscriptions/listen";

export interface StdioChannels {
  readonly transport: Transport;
  /** Resolves once input has ended and was answered, or once the output is closed. */
  readonly ended: Promise<void>;
}

/** Takes the input, and answers each line that is not JSON. */
function parseErrors(stdout: Writable): LineSplitter {
  return new LineSplitter({
    maxBytes: LINE_BYTES_MAX,
    onLine: (line) => {
      if (line.trim() !== "" && tryParseJson(line) === undefined) stdout.write(`${JSON.stringify(PARSE_ERROR)}\n`);
    },
    onTooLong: () => undefined,
  });
}

export function openStdioChannels(
  stdin: Readable,
  stdout: Writable,
  clock: Pick<Clock, "after">,
  responseMs = RESPONSE_MS,
): StdioChannels {
  const open = new Set<RequestId>();
  let endInput: () => void = () => undefined;
  const settle = (id: RequestId): void => {
    open.delete(id);
    if (open.size === 0) endInput();
  };
  const lines = parseErrors(stdout);
  const input = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk);
      done(null, chunk);
    },
    // Runs after the last chunk; the input ends when `done` is called.
    flush: (done) => {
      lines.end();
      // The SDK reads a line at its end.
      input.push("\n");
      const cancelTimeout = clock.after(responseMs, () => endInput());
      endInput = () => {
        cancelTimeout();
        endInput = () => undefined;
        done();
      };
      // The last message is parsed later in this turn of the event loop.
      setImmediate(() => open.size === 0 && endInput());
    },
  });
  const wire = new StdioServerTransport(input, stdout);
  let resolveEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (resolveEnded = resolve));
  const receive = (message: JSONRPCMessage): void => {
    if (isRequest(message) && message.method !== LISTEN_METHOD) open.add(message.id);
    transport.onmessage?.(message);
    // A call that the client has cancelled is not answered.
    const cancelled = cancelledRequest(message);
    if (cancelled !== undefined) settle(cancelled);
  };
  const close = (): void => {
    stdin.unpipe(input).pause();
    endInput();
    resolveEnded();
    transport.onclose?.();
  };
  const transport: Transport = {
    start: async () => {
      // The SDK has callback properties for these, not events.
      Object.assign(wire, {
        onmessage: receive,
        onerror: (error: Error) => transport.onerror?.(error),
        onclose: close,
      });
      stdin.pipe(input);
      // A broken pipe counts as the end of input.
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

type JsonRpcRequest = Extract<JSONRPCMessage, { method: string; id: RequestId }>;

function isRequest(message: JSONRPCMessage): message is JsonRpcRequest {
  return "method" in message && "id" in message;
}

function cancelledRequest(message: JSONRPCMessage): RequestId | undefined {
  return "method" in message && message.method === "notifications/cancelled"
    ? (message.params as { readonly requestId?: RequestId } | undefined)?.requestId
    : undefined;
}
