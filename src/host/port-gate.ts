/**
 * Everything a worker posts passes here: counted, measured, and either one of our events or a plain answer to a Comlink call.
 * Anything else ends the life.
 */
import { z } from "zod";
import { LIMITS, type WorkerEvent, isWithin, workerEvent } from "../../sandbox/protocol.ts";
import type { Clock } from "../domain/ports.ts";

/** What Comlink answers with, narrowed to plain values: no proxy, no handler, no thrown class. */
const answerShape = z.strictObject({ id: z.string().max(200), type: z.literal("RAW"), value: z.unknown().optional() });

export interface PortGate {
  /** The event, the answer for Comlink, or why this peer is not to be trusted. */
  admit(message: unknown): { readonly event: WorkerEvent } | { readonly answer: unknown } | { readonly refused: string };
}

export const openPortGate = (clock: Clock): PortGate => {
  let windowStart = clock.monotonic();
  let inWindow = 0;
  const isFlood = (): boolean => {
    inWindow += 1;
    if (inWindow <= LIMITS.messages) return false;
    const now = clock.monotonic();
    const isSlow = now - windowStart > LIMITS.messageWindowMs;
    windowStart = now;
    inWindow = 0;
    return !isSlow;
  };
  return {
    admit: (message) => {
      if (isFlood()) return { refused: `more than ${LIMITS.messages} messages in ${LIMITS.messageWindowMs} ms` };
      if (typeof message !== "object" || message === null) return { refused: `a message that is no object: ${sample(message)}` };
      if ("e" in message) return admitEvent(message);
      if (!isWithin(message, LIMITS.answerChars)) return { refused: `an answer of more than ${LIMITS.answerChars} characters, or not plain data` };
      const parsed = answerShape.safeParse(message);
      return parsed.success ? { answer: message } : { refused: `a malformed answer: ${sample(message)}` };
    },
  };
};

const admitEvent = (message: object): ReturnType<PortGate["admit"]> => {
  const { e } = message as { e: unknown };
  const limit = e === "fills" ? LIMITS.fillsChars : e === "ask" ? LIMITS.askChars : LIMITS.eventChars;
  if (!isWithin(message, limit)) return { refused: `an event of more than ${limit} characters, or not plain data: ${sample(message)}` };
  const parsed = workerEvent.safeParse(message);
  return parsed.success ? { event: parsed.data } : { refused: `a malformed event: ${sample(message)}` };
};

const SAMPLE_CHARS = 300;

const sample = (message: unknown): string => {
  try {
    return JSON.stringify(message, (_key, value: unknown) => (typeof value === "string" ? value.slice(0, 100) : value)).slice(0, SAMPLE_CHARS);
  } catch {
    return String(message).slice(0, SAMPLE_CHARS);
  }
};
