/**
 * Everything a worker posts passes here: counted, measured, and either one of our events or a plain answer to a Comlink call.
 * Anything else ends the life.
 */
import { z } from "zod";
import { sizeWithin } from "../protocol/payload-size.ts";
import { LIMITS, type WorkerEvent } from "../protocol/messages.ts";
import { workerEvent } from "../protocol/schemas.ts";
import type { Clock } from "../domain/ports.ts";
import { RateWindow } from "../lib/rate-window.ts";

/** What Comlink answers with, narrowed to plain values: no proxy, no handler, no thrown class. */
const answerShape = z.strictObject({ id: z.string().max(200), type: z.literal("RAW"), value: z.unknown().optional() });

export interface MessageValidator {
  /** A call went out: one answer may come in, however fast they are. */
  called(): void;
  /** The event, the answer for Comlink, or why this peer is not to be trusted. */
  check(
    message: unknown,
  ): { readonly event: WorkerEvent } | { readonly answer: unknown } | { readonly refused: string };
}

export function createMessageValidator(clock: Clock, redact: (text: string) => string): MessageValidator {
  const sample = (message: unknown): string => sampleOf(message, redact);
  const messages = new RateWindow({ clock, limit: LIMITS.messages, windowMs: LIMITS.messageWindowMs });
  const chars = new RateWindow({ clock, limit: LIMITS.windowChars, windowMs: LIMITS.charsWindowMs });
  let owed = 0;
  return {
    called: () => void (owed += 1),
    check: (message) => {
      const isAnswer = typeof message === "object" && message !== null && !("e" in message);
      if (isAnswer && owed === 0) return { refused: `an answer that nobody asked for: ${sample(message)}` };
      if (isAnswer) owed -= 1;
      else if (!messages.spend(1))
        return { refused: `more than ${LIMITS.messages} messages in ${LIMITS.messageWindowMs} ms` };
      if (typeof message !== "object" || message === null)
        return { refused: `a message that is no object: ${sample(message)}` };
      const limit = limitOf(message);
      const size = sizeWithin(message, limit);
      if (size === undefined)
        return { refused: `a message of more than ${limit} characters, or not plain data: ${sample(message)}` };
      if (!chars.spend(size))
        return { refused: `more than ${LIMITS.windowChars} characters in ${LIMITS.charsWindowMs} ms` };
      if (!isAnswer) {
        const parsed = workerEvent.safeParse(message);
        return parsed.success ? { event: parsed.data } : { refused: `a malformed event: ${sample(message)}` };
      }
      return answerShape.safeParse(message).success
        ? { answer: message }
        : { refused: `a malformed answer: ${sample(message)}` };
    },
  };
}

function limitOf(message: object): number {
  if (!("e" in message)) return LIMITS.answerChars;
  return message.e === "fills" ? LIMITS.fillsChars : message.e === "ask" ? LIMITS.askChars : LIMITS.eventChars;
}

const SAMPLE_CHARS = 300;

/** Never throws: whatever the peer sent, its life ends in words. Secrets go before anything is cut, since half of one is one too. */
function sampleOf(message: unknown, redact: (text: string) => string): string {
  try {
    const text = JSON.stringify(message, (_key, value: unknown) => {
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "string" ? redact(value).slice(0, 100) : value;
    });
    return redact(String(text)).slice(0, SAMPLE_CHARS);
  } catch {
    return `a ${typeof message} that cannot be shown`;
  }
}
