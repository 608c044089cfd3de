/** Results of tool calls: an object with the same JSON as text, a page of a list, or an error with a hint. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import { ERRORS, type ErrorCode, type ErrorDetails, QocError } from "../domain/errors/error.ts";
import { errorForAgent, hintForAgent } from "../domain/errors/error-for-agent.ts";
import type { Untrusted } from "../domain/untrusted.ts";
import { truncateLists, truncateStrings } from "./truncate.ts";
import { escapeInvisibleInValue } from "../lib/invisible-characters.ts";

/** Clients store a longer text in a file, which an agent without a shell cannot open. */
export const RESULT_CHARS_MAX = 40_000;

/** An error as the agent gets it. */
export interface ToolError {
  readonly code: string;
  readonly message: string;
  /** Text of a venue, an adapter or a file. */
  readonly untrusted?: Untrusted | undefined;
  readonly hint: string;
  /** Whether the same call may be repeated unchanged. */
  readonly retrySafe: boolean;
}

/** The result of a command, truncated if it is too long. If it cannot be truncated: a TOO_LARGE error. */
export function toolResult(value: unknown, lists: Readonly<Record<string, string>>): CallToolResult {
  const whole = escapeInvisibleInValue(value);
  const withShortLists = truncateLists(whole, lists, RESULT_CHARS_MAX);
  const truncated = isPaged(whole) ? whole : truncateStrings(withShortLists, RESULT_CHARS_MAX);
  const json = JSON.stringify(truncated);
  if (json.length <= RESULT_CHARS_MAX)
    return { structuredContent: truncated as Record<string, unknown>, content: [{ type: "text", text: json }] };
  return errorResult({
    code: "TOO_LARGE",
    message: `the answer has ${json.length} characters; the limit is ${RESULT_CHARS_MAX}`,
    hint: "narrow the call: name one item, a lower limit, or a smaller part",
    retrySafe: false,
  });
}

/** A part of a file names where the next part begins. Truncated text would be missing from both parts. */
function isPaged(value: unknown): boolean {
  return typeof value === "object" && value !== null && "next" in value;
}

/**
 * An error as text only: clients validate structured content against the tool's output schema, also for errors.
 * Messages are shortened because they may repeat parts of the request.
 */
export function errorResult({ code, message, untrusted, hint, retrySafe }: ToolError): CallToolResult {
  const error: ToolError = {
    code,
    message: shortened(message, MESSAGE_CHARS_MAX),
    untrusted: untrusted === undefined ? undefined : shortenedUntrusted(untrusted),
    hint: shortened(hint, MESSAGE_CHARS_MAX),
    retrySafe,
  };
  return { isError: true, content: [{ type: "text", text: JSON.stringify(escapeInvisibleInValue(error)) }] };
}

function shortenedUntrusted({ source, retrievedAt, text }: Untrusted): Untrusted {
  return {
    source: shortened(source, MESSAGE_CHARS_MAX),
    retrievedAt,
    text: shortened(text, UNTRUSTED_CHARS_MAX),
  };
}

const MESSAGE_CHARS_MAX = 1_000;
const UNTRUSTED_CHARS_MAX = 8_000;

function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
}

export interface Page {
  readonly items: readonly unknown[];
  readonly total: number;
  readonly nextCursor?: string | undefined;
}

/**
 * As many items from the cursor on as fit in one result, but at least one, truncated if it alone is too long.
 * @throws INVALID_INPUT for a cursor that no earlier page contained.
 */
export function pageOf(list: readonly unknown[], cursor: unknown, command: string): Page {
  const start = cursor === undefined ? 0 : offsetOf(cursor, list.length, command);
  const limit = RESULT_CHARS_MAX - PAGE_FRAME_CHARS;
  const items: unknown[] = [];
  let end = start;
  for (let used = 0; end < list.length; end++) {
    const item = escapeInvisibleInValue(list[end]);
    used += JSON.stringify(item).length + 1;
    if (used > limit && end > start) break;
    items.push(truncateStrings(item, limit));
  }
  return { items, total: list.length, nextCursor: end < list.length ? cursorOf(end) : undefined };
}

/** For the JSON around the items. */
const PAGE_FRAME_CHARS = 200;
const CURSOR = /^from:(\d{1,9})$/;

function cursorOf(offset: number): string {
  return Buffer.from(`from:${offset}`).toString("base64url");
}

function offsetOf(cursor: unknown, length: number, command: string): number {
  const [, digits] = CURSOR.exec(typeof cursor === "string" ? Buffer.from(cursor, "base64url").toString() : "") ?? [];
  const offset = Number(digits ?? Number.NaN);
  if (Number.isNaN(offset) || offset > length) {
    throw new QocError("INVALID_INPUT", { command, message: "cursor: take nextCursor of the page before, unchanged" });
  }
  return offset;
}

/** The desk's own errors keep their code and message. Any other error is replaced by a fixed message. */
export function toolErrorOf(thrown: unknown, at: number): ToolError {
  const error = errorJson(thrown);
  if (error === undefined || error.code === "INTERNAL") {
    return {
      code: "INTERNAL",
      message: "the command failed; the desk has logged the reason",
      hint: "tell the human",
      retrySafe: false,
    };
  }
  return { code: error.code, ...errorForAgent(error, at), hint: hintForAgent(error), retrySafe: error.retryable };
}

interface DeskErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
  readonly hint: string;
  readonly retryable: boolean;
}

/** The JSON of a QocError of this process or of the running desk; undefined for any other error. */
function errorJson(thrown: unknown): DeskErrorJson | undefined {
  const json: unknown =
    thrown instanceof Error && "toJSON" in thrown && typeof thrown.toJSON === "function" ? thrown.toJSON() : undefined;
  const error = json as Partial<DeskErrorJson> | undefined;
  if (
    error?.code === undefined ||
    !Object.hasOwn(ERRORS, error.code) ||
    typeof error.message !== "string" ||
    typeof error.hint !== "string"
  )
    return undefined;
  const { code, message, hint, retryable, details = {} } = error;
  return { code, message, details, hint, retryable: retryable === true };
}
