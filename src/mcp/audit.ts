/**
 * Every call, whether allowed, refused, invalid or failed, is one structured line in the desk's log. The line contains
 * the size of the input and, if the input is small, its digest, but not the input itself.
 */
import { canonicalJson } from "../domain/canonical-json.ts";
import { digestOf } from "../domain/digest.ts";
import type { Actor } from "../domain/event.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { toolErrorOf } from "./tool-result.ts";
import type { AgentSession } from "./tokens.ts";
import { counted } from "../lib/counted.ts";

export type Decision = "allowed" | "refused" | "invalid" | "failed";

/** Data about a call that is not part of its input. */
export interface CallMetadata {
  readonly tool: string;
  /** Name and version of the client program. */
  readonly client: string;
  /** The protocol era, as the SDK names it: `legacy` up to version 2025-11-25, `modern` from 2026-07-28 on. */
  readonly era: "legacy" | "modern";
  /** The client's id of this call, if it sends one. */
  readonly toolUseId: string | null;
}

export interface AuditRecord extends CallMetadata {
  readonly run: string;
  readonly actor: Actor;
  readonly decision: Decision;
  readonly reason: string | null;
  /** null if the input is too large or was not read. */
  readonly inputDigest: string | null;
  /** null if the input was not read. */
  readonly inputBytes: number | null;
  readonly ms: number;
}

export interface AuditPorts {
  readonly clock: Clock;
  audit(record: AuditRecord): void;
}

export interface Audit {
  /** Measured at the first call. */
  inputBytes(): number;
  audit(decision: Decision, reason: string | null): void;
  /** Records a refusal without reading the input, for a caller that was refused too often. */
  refuseUnread(reason: string): void;
}

const CHARS_MAX = 100;
const REASON_CHARS_MAX = 500;
/** Canonical JSON of a larger input would block the desk for too long. */
const DIGEST_BYTES_MAX = 64 * 1024;
const NESTED_BYTES = 1024 * 1024;
function shorten(name: string): string {
  return name.slice(0, CHARS_MAX);
}

/** Starts the record of one call; it is written at the end of the call. */
export function startAudit(
  ports: AuditPorts,
  { run, actor }: Pick<AgentSession, "run" | "actor">,
  metadata: CallMetadata,
  input: unknown,
): Audit {
  const started = ports.clock.monotonic();
  const { era, toolUseId } = metadata;
  let measured: number | undefined;
  const inputBytes = (): number => (measured ??= bytesOf(input));
  const write = (
    decision: Decision,
    reason: string | null,
    size: Pick<AuditRecord, "inputDigest" | "inputBytes">,
  ): void =>
    ports.audit({
      run,
      actor,
      era,
      client: shorten(metadata.client),
      tool: shorten(metadata.tool),
      toolUseId: toolUseId === null ? null : shorten(toolUseId),
      decision,
      reason: reason?.slice(0, REASON_CHARS_MAX) ?? null,
      ...size,
      ms: Math.round(ports.clock.monotonic() - started),
    });
  return {
    inputBytes,
    audit: (decision, reason) => {
      const isSmall = inputBytes() < DIGEST_BYTES_MAX;
      write(decision, reason, {
        inputDigest: isSmall ? digestOf(canonicalText(input)) : null,
        inputBytes: inputBytes(),
      });
    },
    refuseUnread: (reason) => write("refused", reason, { inputDigest: null, inputBytes: null }),
  };
}

/** An input that is nested too deeply for JSON counts as the longest request: it takes more memory than its text. */
function bytesOf(input: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(input ?? null));
  } catch {
    return NESTED_BYTES;
  }
}

/** Returns a fixed text if the input is nested too deeply for the recursion; no command accepts such an input. */
function canonicalText(input: unknown): string {
  try {
    return canonicalJson(input);
  } catch {
    return "(nested too deep)";
  }
}

/** Errors that count as a refusal: the command, the path or the limits do not permit the call. */
const REFUSALS: ReadonlySet<string> = new Set(["NOT_PERMITTED", "PATH_REFUSED", "AGENT_LIMIT", "RUN_OVER"]);

/** The audit decision of a call that threw. */
export function decisionOf(thrown: unknown): Decision {
  const { code } = toolErrorOf(thrown, 0);
  if (code === "INVALID_INPUT") return "invalid";
  return REFUSALS.has(code) ? "refused" : "failed";
}

const WINDOW_MS = 60_000;
/** Refused calls of one caller that get their own line in one minute. Its other calls are bounded by its limits. */
const REFUSED_LINES_MAX = 60;

/**
 * Writes records to the log. After many refusals of one caller it only counts them, so that they do not displace other
 * lines.
 */
export function auditLogger(log: Log, clock: Clock): (record: AuditRecord) => void {
  const refused = new Map<string, number>();
  return (record) => {
    const { decision, tool, run, actor } = record;
    if (decision !== "refused") return log.info(`mcp: ${decision} ${tool}`, { ...record });
    const count = (refused.get(run) ?? 0) + 1;
    refused.set(run, count);
    if (count === 1) {
      clock.after(WINDOW_MS, () => {
        const extra = (refused.get(run) ?? 0) - REFUSED_LINES_MAX;
        refused.delete(run);
        if (extra > 0)
          log.warn(`mcp: refused ${counted(extra, "more call")} of ${actor} within a minute`, {
            run,
            actor,
            decision,
            count: extra,
          });
      });
    }
    if (count <= REFUSED_LINES_MAX) log.warn(`mcp: refused ${tool}`, { ...record });
  };
}
