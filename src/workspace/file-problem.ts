/** Says why a file of a list cannot be read, so that the file hides no other. */
import { QocError } from "../domain/errors/error.ts";
import { knownError } from "../domain/errors/known-error.ts";
import { FrontmatterError } from "./frontmatter.ts";

/** @throws the error itself if it says nothing of the file. */
export function fileProblem(error: unknown): string {
  if (error instanceof QocError || error instanceof FrontmatterError) return error.message;
  const { code } = (error ?? {}) as { readonly code?: unknown };
  // Only the system's errors have such a code.
  if (typeof code !== "string") throw error;
  const reason = knownError(error).details["reason"];
  return `the file cannot be read: ${typeof reason === "string" ? reason : code}`;
}
