/**
 * Checks every message of a worker: counts it, measures it, and accepts only events of the protocol and plain responses
 * to Comlink calls. Any other message ends the session.
 */
import { payloadSize } from "../protocol/payload-size.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { WorkerEvent } from "../protocol/messages.ts";
import { workerEventSchema } from "../protocol/schemas.ts";
import type { Clock } from "../domain/ports.ts";
import { RateBucket } from "../lib/rate-bucket.ts";
import { RateWindow } from "../lib/rate-window.ts";

const RESPONSE_ID_CHARS_MAX = 200;
const RESPONSE_MEMBERS: ReadonlySet<string> = new Set(["id", "type", "value"]);

export type CheckedMessage =
  | { readonly kind: "event"; readonly event: WorkerEvent }
  /** A response for Comlink. */
  | { readonly kind: "response"; readonly response: unknown }
  | { readonly kind: "refused"; readonly reason: string };

export interface MessageValidator {
  /** Call for each method call that is sent: one response is accepted for it, outside of the message limit. */
  expectResponse(): void;
  /**
   * Call when a message arrives: it may wait before it is checked, and what waits must not be large. Returns why it is
   * refused. Never throws.
   */
  measure(message: unknown): string | undefined;
  /** Call for a message that was measured. */
  check(message: unknown): CheckedMessage;
}

export interface MessageValidatorOptions {
  readonly clock: Pick<Clock, "monotonic">;
  readonly redact: (text: string) => string;
  /** How long the host could not receive messages a short while ago, ms. */
  readonly stalledMs: () => number;
}

export function createMessageValidator({ clock, redact, stalledMs }: MessageValidatorOptions): MessageValidator {
  const bucket = (limit: number, windowMs: number): RateBucket => new RateBucket({ clock, limit, windowMs, stalledMs });
  const messages = bucket(LIMITS.messagesPerWindow, LIMITS.messageWindowMs);
  const chars = bucket(LIMITS.charsPerWindow, LIMITS.charsWindowMs);
  const quotes = bucket(LIMITS.quotesPerWindow, LIMITS.quotesWindowMs);
  const links = new RateWindow({ clock, limit: LIMITS.linkChangesPerWindow, windowMs: LIMITS.linkWindowMs });
  let expectedResponses = 0;
  const refuse = (reason: string): CheckedMessage => ({ kind: "refused", reason });
  return {
    expectResponse: () => void (expectedResponses += 1),
    measure: (message) => {
      const isExpected = isResponse(message) && expectedResponses > 0;
      if (isResponse(message) && !isExpected) return `an unexpected response: ${sampleOf(message, redact)}`;
      if (isExpected) expectedResponses -= 1;
      else if (!messages.spend(1))
        return `more than ${LIMITS.messagesPerWindow} messages in ${LIMITS.messageWindowMs} ms`;
      if (typeof message !== "object" || message === null)
        return `a message that is not an object: ${sampleOf(message, redact)}`;
      const limit = limitOf(message);
      const size = payloadSize(message, limit, isExpected ? LIMITS.responseMembers : undefined);
      if (size === undefined)
        return `a message of more than ${limit} characters, or not plain data: ${sampleOf(message, redact)}`;
      if (!chars.spend(size)) return `more than ${LIMITS.charsPerWindow} characters in ${LIMITS.charsWindowMs} ms`;
      return undefined;
    },
    check: (message) => {
      if (isResponse(message)) {
        return isPlainResponse(message)
          ? { kind: "response", response: message }
          : refuse(`a malformed response: ${sampleOf(message, redact)}`);
      }
      const parsed = workerEventSchema.safeParse(message);
      if (!parsed.success) return refuse(`a malformed event: ${sampleOf(message, redact)}`);
      const event = parsed.data;
      if (event.e === "quotes" && !quotes.spend(event.quotes.length))
        return refuse(`more than ${LIMITS.quotesPerWindow} quotes in ${LIMITS.quotesWindowMs} ms`);
      if (event.e === "link" && !links.spend())
        return refuse(
          `more than ${LIMITS.linkChangesPerWindow} changes of its link in ${LIMITS.linkWindowMs / 1000} s`,
        );
      return { kind: "event", event };
    },
  };
}

function isResponse(message: unknown): message is object {
  return typeof message === "object" && message !== null && !("e" in message);
}

/** A Comlink response with a plain value. Proxies, handlers and thrown errors are refused. */
function isPlainResponse(message: object): boolean {
  const { id, type } = message as { readonly id?: unknown; readonly type?: unknown };
  const isNamed = typeof id === "string" && id.length <= RESPONSE_ID_CHARS_MAX;
  return isNamed && type === "RAW" && Object.keys(message).every((name) => RESPONSE_MEMBERS.has(name));
}

const BATCHES: ReadonlySet<unknown> = new Set(["fills", "reports", "activities", "quotes"]);

function limitOf(message: object): number {
  if (!("e" in message)) return LIMITS.responseChars;
  if (BATCHES.has(message.e)) return LIMITS.batchChars;
  return message.e === "request" ? LIMITS.requestChars : LIMITS.eventChars;
}

const SAMPLE_CHARS_MAX = 300;
const SAMPLE_VALUE_CHARS_MAX = 100;
/** Of a text before secrets are removed from it. */
const SAMPLE_TEXT_CHARS_MAX = 10_000;
const SAMPLE_MEMBERS_MAX = 10;
const SAMPLE_VALUES_MAX = 100;
const SAMPLE_DEPTH_MAX = 5;

/**
 * Returns the beginning of a message that may be of any size, or contain itself, as text. Never throws. Secrets are
 * removed before the text is cut.
 */
function sampleOf(message: unknown, redact: (text: string) => string): string {
  let values = 0;
  const cut = (text: string): string => redact(text.slice(0, SAMPLE_TEXT_CHARS_MAX)).slice(0, SAMPLE_VALUE_CHARS_MAX);
  const beginningOf = (value: unknown, depth: number): unknown => {
    values += 1;
    if (typeof value === "string") return cut(value);
    if (typeof value === "bigint") return "a big integer";
    if (typeof value !== "object" || value === null) return value;
    if (values > SAMPLE_VALUES_MAX || depth > SAMPLE_DEPTH_MAX) return "…";
    if (Array.isArray(value))
      return value.slice(0, SAMPLE_MEMBERS_MAX).map((member: unknown) => beginningOf(member, depth + 1));
    const members = Object.entries(value).slice(0, SAMPLE_MEMBERS_MAX);
    return Object.fromEntries(members.map(([name, member]) => [cut(name), beginningOf(member, depth + 1)]));
  };
  try {
    return redact(String(JSON.stringify(beginningOf(message, 0)))).slice(0, SAMPLE_CHARS_MAX);
  } catch {
    return `a ${typeof message} that cannot be shown`;
  }
}
