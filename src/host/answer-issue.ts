/** The words for an answer of an adapter that the desk refuses. */
import type * as z from "zod";
import { ownText } from "../lib/own-text.ts";

/** A member's name may have megabytes, and the words are logged and kept. */
const NAME_CHARS_MAX = 100;

/**
 * The first reason, with the member that it concerns, and the value of that member if it is a number, a boolean or
 * null: `venueOrderId must be a text, not 12345`. An answer that is not there at all: `it is missing`.
 */
export function answerIssue({ issues: [issue] }: Pick<z.ZodError, "issues">, answer: unknown): string {
  return issue === undefined ? "it is not allowed" : issueText(issue, answer);
}

export function issueText({ path, message }: Pick<z.core.$ZodIssue, "message" | "path">, answer: unknown): string {
  const value = path.reduce<unknown>(
    (outer, name) =>
      typeof outer === "object" && outer !== null ? (outer as Record<PropertyKey, unknown>)[name] : outer,
    answer,
  );
  const isShort = typeof value === "number" || typeof value === "boolean" || value === null;
  const found = isShort && message.startsWith("must be") && !message.includes(", not ") ? `, not ${String(value)}` : "";
  const member = path.map((name) => ownText(String(name), NAME_CHARS_MAX)).join(".");
  return `${path.length === 0 ? "it" : member} ${message}${found}`;
}
