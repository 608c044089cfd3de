/** Missing data as a value: the desk's reason and, separately, the connector's text. */
import { type ErrorCode, QocError } from "../domain/errors/error.ts";
import { type Untrusted, connectorSource } from "../domain/untrusted.ts";
import type { CommandContext } from "./command.ts";
import { untrustedText } from "./untrusted-text.ts";

export interface DataUnavailable {
  readonly status: "data_pending";
  readonly reason: string;
  /** The connector's or the file's own message. */
  readonly untrusted: Untrusted | null;
}

export function unavailable(reason: string, message: Untrusted | null = null): DataUnavailable {
  return { status: "data_pending", reason, untrusted: message };
}

/** Errors of a connector that has no data now. Any other error is a fault of the desk or of the caller. */
const NO_DATA_REASONS: Partial<Record<ErrorCode, string>> = {
  CALL_FAILED: "could not answer",
  CALL_TIMEOUT: "did not answer in time",
  CALL_DIED: "died before it answered",
  CONNECTOR_NOT_READY: "is not ready",
  NOT_SUPPORTED: "does not support this call",
  PROTOCOL: "sent a malformed answer",
};

/** Returns the connector's data, or the reason why it has none. @throws any error that is not about missing data. */
export async function orUnavailable<T>(
  context: CommandContext,
  connector: string,
  request: () => Promise<T>,
): Promise<T | DataUnavailable> {
  try {
    return await request();
  } catch (error) {
    const reason = error instanceof QocError ? NO_DATA_REASONS[error.code] : undefined;
    if (reason === undefined || !(error instanceof QocError)) throw error;
    return unavailable(
      `connector ${connector} ${reason}`,
      untrustedText(context, connectorSource(connector), withoutConnector(error)),
    );
  }
}

/** What the reason does not say yet: it names the connector and what it did. */
function withoutConnector({ code, message, details }: QocError): string {
  return code === "PROTOCOL" ? `${String(details["what"])}: ${String(details["message"])}` : message;
}

export function isUnavailable(value: unknown): value is DataUnavailable {
  return typeof value === "object" && value !== null && "status" in value && value.status === "data_pending";
}
