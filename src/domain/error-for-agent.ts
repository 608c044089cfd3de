/** An error as an agent may hear it: the desk's sentence, and apart from it what a file, a venue or an adapter said. */
import { ERRORS, type ErrorCode, type ErrorDetails, fill } from "./error.ts";
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
export const errorForAgent = (error: { code: ErrorCode; message: string; details?: ErrorDetails }, at: number): ErrorForAgent => {
  const { code, message, details = {} } = error;
  const name = OUTSIDE[code];
  const words = name === undefined ? undefined : details[name];
  if (name === undefined || words === undefined || words === "") return { message };
  const { connector, path } = details;
  const source = connector === undefined ? String(path ?? "") : connectorSource(String(connector));
  // The reason of a state stands behind a colon of its own.
  const told = code === "CONNECTOR_NOT_READY" ? "" : "see untrusted";
  return { message: fill(ERRORS[code].template, { ...details, [name]: told }), untrusted: untrusted(source, at, String(words).replace(/^: /, "")) };
};
