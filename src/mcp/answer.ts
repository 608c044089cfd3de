/** What a tool call answers: an object and the same JSON as text, a page of a list, or an error that says what to do. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import { ERRORS, type ErrorCode, type ErrorDetails, QocError } from "../domain/error.ts";
import { errorForAgent, hintForAgent } from "../domain/error-for-agent.ts";
import type { Untrusted } from "../domain/untrusted.ts";
import { truncateLists, truncateStrings } from "./truncate.ts";
import { escapeInvisibleInValue } from "../lib/invisible-characters.ts";

/** Clients put longer texts away in a file that an agent without a shell cannot open. */
export const ANSWER_CHARS_MAX = 40_000;

/** An error as an agent reads it. */
export interface ToolError {
  readonly code: string;
  readonly message: string;
  /** What a venue, an adapter or a file said. */
  readonly untrusted?: Untrusted;
  readonly hint: string;
  /** May the same call be made again as it is? */
  readonly retrySafe: boolean;
}

/** The answer of a command, in part where that can be said in it, or the error that it is too long. */
export function answerOf(result: unknown, lists: Readonly<Record<string, string>>): CallToolResult {
  const whole = escapeInvisibleInValue(result);
  const shortened = truncateLists(whole, lists, ANSWER_CHARS_MAX);
  const value = isPaged(whole) ? whole : truncateStrings(shortened, ANSWER_CHARS_MAX);
  const text = JSON.stringify(value);
  if (text.length <= ANSWER_CHARS_MAX)
    return { structuredContent: value as Record<string, unknown>, content: [{ type: "text", text }] };
  return errorAnswer({
    code: "TOO_LARGE",
    message: `the answer has ${text.length} characters; the limit is ${ANSWER_CHARS_MAX}`,
    hint: "narrow the call: name one item, a lower limit, or a smaller part",
    retrySafe: false,
  });
}

/** A stretch says where the next begins: cut, what is left off would stand in neither. */
function isPaged(value: unknown): boolean {
  return typeof value === "object" && value !== null && "next" in value;
}

/**
 * As text alone: clients hold structured content against the tool's own output schema, even that of an error. Errors repeat what
 * they were asked, and that may be as long as a request.
 */
export function errorAnswer({ code, message, untrusted, hint, retrySafe }: ToolError): CallToolResult {
  const error: ToolError = {
    code,
    message: shortened(message, MESSAGE_CHARS_MAX),
    ...(untrusted === undefined ? {} : { untrusted: outside(untrusted) }),
    hint: shortened(hint, MESSAGE_CHARS_MAX),
    retrySafe,
  };
  return { isError: true, content: [{ type: "text", text: JSON.stringify(escapeInvisibleInValue(error)) }] };
}

function outside({ source, retrievedAt, text }: Untrusted): Untrusted {
  return {
    source: shortened(source, MESSAGE_CHARS_MAX),
    retrievedAt,
    text: shortened(text, OUTSIDE_CHARS_MAX),
  };
}

const MESSAGE_CHARS_MAX = 1_000;
const OUTSIDE_CHARS_MAX = 8_000;

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}

export interface Page {
  readonly items: readonly unknown[];
  readonly total: number;
  readonly nextCursor?: string;
}

/**
 * As many items from the cursor on as fit in one answer, and at least one, cut where it alone is too long.
 * @throws INVALID_INPUT where the cursor is not ours.
 */
export function pageOf(list: readonly unknown[], cursor: unknown, command: string): Page {
  const start = cursor === undefined ? 0 : offsetOf(cursor, list.length, command);
  const room = ANSWER_CHARS_MAX - PAGE_FRAME_CHARS;
  const items: unknown[] = [];
  let end = start;
  for (let used = 0; end < list.length; end++) {
    const item = escapeInvisibleInValue(list[end]);
    used += JSON.stringify(item).length + 1;
    if (used > room && end > start) break;
    items.push(truncateStrings(item, room));
  }
  return { items, total: list.length, ...(end < list.length ? { nextCursor: cursorOf(end) } : {}) };
}

/** Room for the words around the items. */
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

/** The desk's own errors keep their words, wherever they were made; anything else is told in a fixed sentence. */
export function toolErrorOf(thrown: unknown, at: number): ToolError {
  const sent = errorJson(thrown);
  if (sent === undefined || sent.code === "INTERNAL") {
    return {
      code: "INTERNAL",
      message: "the command failed; the desk has logged the reason",
      hint: "tell the human",
      retrySafe: false,
    };
  }
  return { code: sent.code, ...errorForAgent(sent, at), hint: hintForAgent(sent), retrySafe: sent.retryable };
}

interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
  readonly hint: string;
  readonly retryable: boolean;
}

/** A QocError of this process, or one that a running desk sent. */
function errorJson(thrown: unknown): SentError | undefined {
  const json: unknown =
    thrown instanceof Error && "toJSON" in thrown && typeof thrown.toJSON === "function" ? thrown.toJSON() : undefined;
  const sent = json as Partial<SentError> | undefined;
  if (
    sent?.code === undefined ||
    !Object.hasOwn(ERRORS, sent.code) ||
    typeof sent.message !== "string" ||
    typeof sent.hint !== "string"
  )
    return undefined;
  const { code, message, hint, retryable, details = {} } = sent;
  return { code, message, details, hint, retryable: retryable === true };
}
