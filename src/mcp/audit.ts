/**
 * What is written down of every call, allowed, refused, invalid or failed: one structured line in the desk's log. The input
 * itself is not kept, its size is, and its digest where that costs little.
 */
import { canonicalJson, digestOf } from "../domain/digest.ts";
import type { Actor } from "../domain/event.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { toolErrorOf } from "./answer.ts";
import type { AgentSession } from "./tokens.ts";

export type Decision = "allowed" | "refused" | "invalid" | "failed";

/** What a client tells of its call besides the call itself. */
export interface CallMetadata {
  readonly tool: string;
  /** Name and version of the program that calls. */
  readonly client: string;
  readonly era: "legacy" | "modern";
  /** The client's own name for this call, where it tells it. */
  readonly toolUseId: string | null;
}

export interface AuditRecord extends CallMetadata {
  readonly run: string;
  readonly actor: Actor;
  readonly decision: Decision;
  readonly reason: string | null;
  /** Null: too large to be worth the time, or not looked at. */
  readonly inputDigest: string | null;
  /** Null: not looked at. */
  readonly inputBytes: number | null;
  readonly ms: number;
}

export interface AuditPorts {
  readonly clock: Clock;
  audit(record: AuditRecord): void;
}

export interface Audit {
  /** Measured once it is asked for. */
  inputBytes(): number;
  audit(decision: Decision, reason: string | null): void;
  /** For a caller that has had its share of refusals: its input is not looked at. */
  refuseUnread(reason: string): void;
}

const CHARS_MAX = 100;
const REASON_CHARS_MAX = 500;
/** Canonical JSON of a large input takes a while, in which the desk does nothing else. */
const DIGEST_BYTES_MAX = 64 * 1024;
function cut(text: string): string {
  return text.slice(0, CHARS_MAX);
}

/** Starts the record of one call; it is written once its end is known. */
export function auditOf(
  ports: AuditPorts,
  { run, actor }: Pick<AgentSession, "run" | "actor">,
  facts: CallMetadata,
  input: unknown,
): Audit {
  const started = ports.clock.monotonic();
  const { era, toolUseId } = facts;
  let measured: number | undefined;
  const inputBytes = (): number => (measured ??= Buffer.byteLength(textOf(input, JSON.stringify)));
  const write = (
    decision: Decision,
    reason: string | null,
    size: Pick<AuditRecord, "inputDigest" | "inputBytes">,
  ): void =>
    ports.audit({
      run,
      actor,
      era,
      client: cut(facts.client),
      tool: cut(facts.tool),
      toolUseId: toolUseId === null ? null : cut(toolUseId),
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
        inputDigest: isSmall ? digestOf(textOf(input, canonicalJson)) : null,
        inputBytes: inputBytes(),
      });
    },
    refuseUnread: (reason) => write("refused", reason, { inputDigest: null, inputBytes: null }),
  };
}

/** Nested so deep that it cannot be written down, it can be no command's input either; the record is made all the same. */
function textOf(input: unknown, asText: (input: unknown) => string): string {
  try {
    return asText(input);
  } catch {
    return "(nested too deep)";
  }
}

/** A word that is not the caller's, and a path that is nobody's. */
const REFUSALS: ReadonlySet<string> = new Set(["NOT_PERMITTED", "PATH_REFUSED", "AGENT_LIMIT", "RUN_OVER"]);

/** How a call that threw ended. */
export function decisionOf(thrown: unknown): Decision {
  const { code } = toolErrorOf(thrown, 0);
  if (code === "INVALID_INPUT") return "invalid";
  return REFUSALS.has(code) ? "refused" : "failed";
}

const WINDOW_MS = 60_000;
/** Refused calls of one caller that get a line each in one minute; a caller's other calls are bounded by its limits. */
const REFUSED_LINES_MAX = 60;

/** Writes records to the log. Who is refused without end is counted after a while, so that its lines push nobody else's out. */
export function auditTo(log: Log, clock: Clock): (record: AuditRecord) => void {
  const refused = new Map<string, number>();
  return (record) => {
    const { decision, tool, run, actor } = record;
    if (decision !== "refused") return log.info(`mcp: ${decision} ${tool}`, { ...record });
    const count = (refused.get(run) ?? 0) + 1;
    refused.set(run, count);
    if (count === 1) {
      clock.after(WINDOW_MS, () => {
        const more = (refused.get(run) ?? 0) - REFUSED_LINES_MAX;
        refused.delete(run);
        if (more > 0)
          log.warn(`mcp: refused ${more} more calls of ${actor} within a minute`, {
            run,
            actor,
            decision,
            count: more,
          });
      });
    }
    if (count <= REFUSED_LINES_MAX) log.warn(`mcp: refused ${tool}`, { ...record });
  };
}
