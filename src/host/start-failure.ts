/** Why a start failed, and so what is done next. */
import { type ErrorCode, QocError } from "../domain/error.ts";

/** The adapter loaded, and its venue did not let it in: an outage, which is waited out. */
export class VenueOutage extends Error {}

/** Trying again cannot help before a human has changed something. */
const LASTING = new Set<ErrorCode>([
  "ADAPTER_MISSING",
  "ADAPTER_BUNDLE",
  "ADAPTER_SHAPE",
  "ADAPTER_CHANGED",
  "SDK_MISMATCH",
  "SECRET_MISSING",
]);

export function needsOperator(error: unknown): boolean {
  return error instanceof QocError && LASTING.has(error.code);
}

/** Its thread answers and its venue does not: that is an outage too, and nobody's crash. */
export function toOutage(error: unknown, isAwake: boolean): unknown {
  return error instanceof QocError && error.code === "CALL_TIMEOUT" && isAwake ? new VenueOutage(error.message) : error;
}
