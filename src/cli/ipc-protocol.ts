/** The protocol of the desk's sockets: one JSON value a line, in both directions, after the handshake. */
import type { Socket } from "node:net";
import { QocError } from "../domain/errors/error.ts";
import { LineSplitter } from "../lib/line-splitter.ts";

/** The longest line of a request, in bytes. */
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** The id of a reply to a request whose id could not be read. */
export const EMPTY_ID = "";

/** The socket states the channel: a request on the operator's socket is the human's, one on the agents' an agent's. */
export interface IpcRequest {
  readonly command: string;
  readonly input: unknown;
  /** The caller's current folder. Relative paths start there. */
  readonly cwd: string;
  /** Only of `qoc mcp`: the details of the call that its program reports. */
  readonly caller?: McpCaller | undefined;
}

export interface McpCaller {
  /** The id of the `qoc mcp` process. Each process has its own log of what its agent has read. */
  readonly connection?: string | undefined;
  readonly tool: string;
  readonly client: string;
  readonly era: "legacy" | "modern";
  readonly toolUseId: string | null;
  /** `qoc mcp` has refused the call: the desk records it and runs nothing. */
  readonly isRefused?: boolean | undefined;
}

/** An error in JSON, as users see it under `--json`. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

export type Reply =
  | { readonly id: string; readonly kind: "note"; readonly line: string }
  | { readonly id: string; readonly kind: "value"; readonly value: unknown }
  | { readonly id: string; readonly kind: "result"; readonly value?: unknown }
  | {
      readonly id: string;
      readonly kind: "error";
      readonly error: WireError;
      readonly exit: number;
      readonly data?: unknown;
    };

/**
 * Calls `onLine` for every line of `socket` that has a line feed. For a line longer than `maxBytes` it calls
 * `onTooLong` once with the bytes seen so far, and ignores the rest. Returns the splitter, to change the limit.
 */
export function readLines(
  socket: Socket,
  maxBytes: number,
  onLine: (line: string) => void,
  onTooLong: (size: number) => void,
): LineSplitter {
  const splitter = new LineSplitter({ maxBytes, onLine, onTooLong });
  socket.on("data", (chunk: Buffer) => splitter.push(chunk));
  return splitter;
}

/** Writes one value as a line. Resolves when the socket can take more, or is closed. */
export function writeLine(socket: Socket, value: unknown): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return Promise.resolve();
  if (socket.write(`${JSON.stringify(value)}\n`)) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off("drain", settle);
      socket.off("close", settle);
      resolve();
    };
    socket.on("drain", settle);
    socket.on("close", settle);
  });
}

export function tooLarge(what: string, size: number, limit: number): QocError {
  return new QocError("TOO_LARGE", { what, size, limit });
}
