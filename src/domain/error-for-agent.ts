/** An error as an agent may hear it: the desk's sentence, and apart from it what a file, a venue or an adapter said. */
import { ERRORS, type ErrorCode, type ErrorDetails, fillTemplate } from "./error.ts";
import { type Untrusted, connectorSource, untrusted } from "./untrusted.ts";

/** Which details repeat words from outside. */
const OUTSIDE: Partial<Record<ErrorCode, "message" | "reason">> = {
  ADAPTER_BUNDLE: "message",
  ADAPTER_SHAPE: "message",
  ADAPTER_THREW: "message",
  CALL_DIED: "reason",
  CALL_FAILED: "message",
  CONNECTOR_NOT_READY: "reason",
  NEEDS_CONNECTOR: "reason",
  NOTE_INVALID: "message",
  OUTCOME_UNKNOWN: "reason",
  PROPOSAL_INVALID: "message",
  PROTOCOL: "message",
  VENUE_REJECTED: "reason",
};

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
  const name = OUTSIDE[code];
  const words = name === undefined ? undefined : details[name];
  if (name === undefined || words === undefined || words === "")
    return { message: code === "INVALID_INPUT" ? withoutFlags(message) : message };
  const { connector, path } = details;
  const source = connector === undefined ? String(path ?? "") : connectorSource(String(connector));
  // The reason of a state stands behind a colon of its own.
  const told = code === "CONNECTOR_NOT_READY" ? "" : "see untrusted";
  return {
    message: fillTemplate(ERRORS[code].template, { ...details, [name]: told }),
    untrusted: untrusted(source, at, String(words).replace(/^: /, "")),
  };
}

/** An agent gives parameters, a person flags: `--researchRef` and `--research-ref` are its `researchRef`. */
function withoutFlags(message: string): string {
  return message.replace(/(?<![\w-])--([a-z][\w-]*)/g, (_flag, name: string) =>
    name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase()),
  );
}

/** What an agent can do next, where the table says what a person types. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  AGENT_LIMIT: "wait an hour, or leave the rest to the human",
  ALREADY_DECIDED: "qoc_orders_show",
  CONNECTOR_DATA_ONLY: "propose at another connector: qoc_status names them",
  CONNECTOR_NEEDED: "name a connector that qoc_status shows",
  CONNECTOR_UNKNOWN: "qoc_status names the connectors",
  FILE_NOT_FOUND: "qoc_files_list",
  INVALID_INPUT: "correct the call: the tool's schema says what it takes",
  ISSUE_NOT_FOUND: "qoc_issues_list",
  ISSUE_RUNNING: "wait for the run to end: qoc_status tells of it",
  NEEDS_CONNECTOR: "name a connector that qoc_status shows",
  NOT_PERMITTED: "take another of the listed tools",
  NO_RUN: "leave a note for the human: qoc_inbox_write",
  ORDER_NOT_FOUND: "qoc_orders_list",
  PROPOSAL_INVALID:
    "correct it: a proposal that was refused is filed nowhere, so propose again; a file is written anew with qoc_files_write",
  QUEUE_FULL: "finish, and leave the rest to the human: qoc_inbox_write",
  RUN_OVER: "stop",
};

/** The hint of an error as an agent can follow it; what only a person can type is said to be a person's. */
export function hintForAgent({ code, hint }: { readonly code: ErrorCode; readonly hint: string }): string {
  return HINTS[code] ?? (/\bqoc [a-z]/.test(hint) && !/\bhuman\b/.test(hint) ? `for the human: ${hint}` : hint);
}
