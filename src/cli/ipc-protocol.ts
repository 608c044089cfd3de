/** What goes over the desk's own socket: one JSON value a line, both ways. */
import type { Socket } from "node:net";
import type { Channel } from "../domain/event.ts";
import { QocError } from "../domain/error.ts";
import { LineSplitter } from "../lib/line-splitter.ts";

/** One line of a request or a reply holds at most this many bytes. */
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** Of an answer to a request whose own id could not be read. */
export const EMPTY_ID = "";

export interface Request {
  readonly command: string;
  readonly input: unknown;
  readonly channel: Channel;
  /** The caller's folder: relative paths start there. */
  readonly cwd: string;
  /** For channel `mcp`: who calls, and what its program tells of the call. */
  readonly caller?: McpCaller;
}

export interface McpCaller {
  /** Absent: the agent without one. */
  readonly token?: string;
  /** Which `qoc mcp` it is, for as long as it lives: each remembers what it has read apart from the others. */
  readonly connection?: string;
  readonly tool: string;
  readonly client: string;
  readonly era: "legacy" | "modern";
  readonly toolUseId: string | null;
  /** It was refused at the caller's end already: the desk writes it down and runs nothing. */
  readonly isRefused?: boolean;
}

/** An error as it travels: the object users see under `--json`, its exit code, and what is known of the order it tells of. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
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
 * Calls `onLine` for every line of `socket` that has a line feed. For a line longer than `maxBytes` it calls `onTooLong` once
 * with the bytes seen so far, and ignores the rest.
 */
export function readLines(
  socket: Socket,
  maxBytes: number,
  onLine: (line: string) => void,
  onTooLong: (size: number) => void,
): void {
  const splitter = new LineSplitter({ maxBytes, onLine, onTooLong });
  socket.on("data", (chunk: Buffer) => splitter.push(chunk));
}

/** Writes one value as a line; resolves when the reader can take more, or has gone. */
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
