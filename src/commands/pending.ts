/** Data that is not there: said with the reason, never made up. The desk's sentence stands apart from the connector's words. */
import { type ErrorCode, QocError } from "../domain/error.ts";
import { type Untrusted, connectorSource } from "../domain/untrusted.ts";
import type { CommandContext } from "./command.ts";
import { outsideText } from "./outside.ts";

export interface DataUnavailable {
  readonly status: "data_pending";
  readonly reason: string;
  /** What a connector or a file said to it. */
  readonly untrusted: Untrusted | null;
}

export function unavailable(reason: string, words: Untrusted | null = null): DataUnavailable {
  return { status: "data_pending", reason, untrusted: words };
}

/** Ways in which a connector has no answer now. Anything else is a fault of the desk or of the caller. */
const UNANSWERED: Partial<Record<ErrorCode, string>> = {
  CALL_FAILED: "could not answer",
  CALL_TIMEOUT: "did not answer in time",
  CALL_DIED: "died before it answered",
  CONNECTOR_NOT_READY: "is not ready",
  NOT_SUPPORTED: "cannot tell",
  PROTOCOL: "answered with something else",
};

/** The answer, or why there is none. @throws what is not the connector's. */
export async function orUnavailable<T>(
  call: CommandContext,
  connector: string,
  ask: () => Promise<T>,
): Promise<T | DataUnavailable> {
  try {
    return await ask();
  } catch (error) {
    const words = error instanceof QocError ? UNANSWERED[error.code] : undefined;
    if (words === undefined || !(error instanceof QocError)) throw error;
    return unavailable(`connector ${connector} ${words}`, outsideText(call, connectorSource(connector), error.message));
  }
}

export function isUnavailable(answer: unknown): answer is DataUnavailable {
  return typeof answer === "object" && answer !== null && "status" in answer && answer.status === "data_pending";
}
