/** An error as an agent gets it: the desk's sentence, and apart from it the text of a file, a venue or an adapter. */
import { ERRORS, type ErrorCode, type ErrorDefinition, type ErrorDetails, fillTemplate } from "./error.ts";
import { type Untrusted, connectorSource, untrusted } from "../untrusted.ts";

export interface ErrorForAgent {
  readonly message: string;
  readonly untrusted?: Untrusted;
}

/** `error` is a QocError, or its JSON as a running desk sent it. */
export function errorForAgent(
  error: { code: ErrorCode; message: string; details?: ErrorDetails },
  at: number,
): ErrorForAgent {
  const { code, message, details = {} } = error;
  const definition: ErrorDefinition = ERRORS[code];
  const detail = definition.untrustedDetail;
  const text = detail === undefined ? undefined : details[detail];
  if (detail === undefined || text === undefined || text === "")
    return { message: code === "INVALID_INPUT" ? withoutFlags(message) : message };
  const { connector, path } = details;
  const source = connector === undefined ? String(path ?? "") : connectorSource(String(connector));
  // The template of this error puts its own colon before the reason.
  const replacement = code === "CONNECTOR_NOT_READY" ? "" : "see untrusted";
  return {
    message: fillTemplate(ERRORS[code].template, { ...details, [detail]: replacement }),
    untrusted: untrusted(source, at, String(text).replace(/^: /, "")),
  };
}

/** An agent passes parameters instead of flags: `--research-ref` becomes `researchRef`. */
function withoutFlags(message: string): string {
  return message.replace(/(?<![\w-])--([a-z][\w-]*)/g, (_flag, name: string) =>
    name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase()),
  );
}

/** The hint for an agent. A command that only a person can type is marked as the human's. */
export function hintForAgent({ code, hint }: { readonly code: ErrorCode; readonly hint: string }): string {
  const definition: ErrorDefinition = ERRORS[code];
  return (
    definition.hintForAgents ?? (/\bqoc [a-z]/.test(hint) && !/\bhuman\b/.test(hint) ? `for the human: ${hint}` : hint)
  );
}
