/** What an audit checks, and what it finds. */
import type { ActionSubject, Authority, SigningRole } from "../../domain/authority/authority.ts";

/** The codes of the problems that an audit reports. */
export type AuditCode =
  | "JOURNAL_CORRUPT"
  | "JOURNAL_BEHIND"
  | "JOURNAL_CHANGED"
  | "JOURNAL_FOREIGN"
  | "ANCHOR_MISSING"
  | "ANCHOR_INVALID"
  | "CHECKPOINT_INVALID"
  | "KEY_MISSING"
  | "KEY_INVALID"
  | "SIGNATURE_MISSING"
  | "SIGNATURE_INVALID"
  | "SIGNATURE_STALE"
  | "HEAD_UNKNOWN"
  | "FORMAT_INVALID"
  | "CONFIG_INVALID"
  | "APPROVAL_MISSING"
  | "APPROVAL_INVALID"
  | "APPROVED_TWICE"
  | "INTENT_REPEATED"
  | "INTENT_MISSING";

/** A failed check. */
export interface AuditFinding {
  readonly code: AuditCode;
  readonly message: string;
}

/** A decision of a human, as its event states it. */
export interface AuditedDecision {
  /** For a person: `the approval of 20260705-001`. */
  readonly name: string;
  readonly subject: ActionSubject;
  readonly authority: Authority | undefined;
  /** The weakest key that may sign it. */
  readonly key: SigningRole;
  /** A signature at a head before this record does not count. */
  readonly since?: number | undefined;
}
