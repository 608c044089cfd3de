/** What an audit of a journal reports. */
import type { GapRange } from "../../domain/authority/journal-head.ts";
import type { AuditCode } from "./audit-finding.ts";

export interface AuditProblem {
  readonly code: AuditCode;
  /** The record; 0: the journal as a whole. */
  readonly seq: number;
  readonly message: string;
}

/** What was checked in the records of one format. */
export interface FormatCounts {
  readonly format: number;
  records: number;
  /** Valid signatures of a human's decisions. */
  signatures: number;
  approvals: number;
  intents: number;
  /** Heads that signatures name and that are on the chain. */
  heads: number;
  /** Page sessions whose grant and login are valid. */
  pages: number;
  /** Decisions of pages: those of the signatures that a page's key or a passkey made. */
  byPage: number;
  /** Approvals without a signature, which formats 1 and 2 allow for paper orders. */
  unsigned: number;
}

/** A gap that a human accepted. */
export interface AcceptedGap extends GapRange {
  readonly seq: number;
  readonly at: number;
}

export interface AuditResult {
  readonly formats: readonly FormatCounts[];
  readonly gaps: readonly AcceptedGap[];
  /** The first problems in the order of the journal; at most 100. */
  readonly problems: readonly AuditProblem[];
  readonly problemCount: number;
  /** Records with which the operator's new keys took the place of lost ones. */
  readonly keysReplaced: readonly { readonly seq: number; readonly at: number }[];
  /** Changes of desk.toml that waited for `qoc reload` at the end of the journal. */
  readonly waiting: number;
}

export function emptyCounts(format: number): FormatCounts {
  return { format, records: 0, signatures: 0, approvals: 0, intents: 0, heads: 0, pages: 0, byPage: 0, unsigned: 0 };
}
