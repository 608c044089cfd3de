/** What a thread of others threw: any value, and its members may be any values, too. */

const NO_TEXT = "it threw an object that has no text";

/** The message. Never throws. */
export function thrownMessage(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return NO_TEXT;
  }
}

/** The stack; the message without one. Never throws. */
export function thrownStack(thrown: unknown): string {
  const stack: unknown = thrown instanceof Error ? thrown.stack : undefined;
  return typeof stack === "string" ? stack : thrownMessage(thrown);
}
