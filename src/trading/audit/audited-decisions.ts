/** What a human signed, as the event of each decision states it. Decisions of pages: audit-pages.ts. */
import type { SigningRole } from "../../domain/authority/authority.ts";
import type { CashMoved } from "../../domain/account/cash-event.ts";
import type { ScheduleAccepted, ScheduleResumed } from "../../domain/config/schedule-event.ts";
import { digestOf } from "../../domain/digest.ts";
import type { OrderResolved, TradingChanged } from "../../domain/event.ts";
import { type JournalGap, gapDigest, gapLabel } from "../../domain/authority/journal-head.ts";
import type { InstrumentCleared, SplitStated } from "../../domain/market/instrument-event.ts";
import type { ItemResolved } from "../../domain/market/unread-item.ts";
import { instrumentKey } from "../../domain/orders/order.ts";
import type { Mode } from "../../domain/market/venue.ts";
import { recordedFlowDigest } from "../account/cash-flow.ts";
import { splitDigest } from "../account/stated-split.ts";
import { keyForMode } from "../keys/authority.ts";
import type { AuditedDecision } from "./audit-finding.ts";

/** A change to a state that allows more. `since`: the record of the state before. */
export function resumeDecision(
  { state, reason, authority }: TradingChanged,
  { key, since }: { readonly key: SigningRole; readonly since: number },
): AuditedDecision {
  const subject = { action: "resume", id: "", digest: digestOf(reason), shown: "", mode: "" } as const;
  return { name: `the change of trading to ${state}`, subject, authority, key, since };
}

/** A change to a state that allows no more; a page signs it. */
export function haltDecision({ state, reason, authority }: TradingChanged): AuditedDecision {
  const subject = { action: "halt", id: "", digest: digestOf(reason), shown: "", mode: "" } as const;
  return { name: `the change of trading to ${state}`, subject, authority, key: "desk" };
}

export function gapDecision(
  { type: _type, reason, authority, ...range }: JournalGap,
  key: SigningRole,
): AuditedDecision {
  const shown = gapDigest(range);
  const subject = { action: "resume", id: "", digest: digestOf(reason), shown, mode: "" } as const;
  return { name: `the gap ${gapLabel(range)}`, subject, authority, key };
}

export function scheduleDecision({
  type,
  schedule: id,
  digest,
  authority,
}: ScheduleAccepted | ScheduleResumed): AuditedDecision {
  const subject = { action: "schedule", id, digest, shown: "", mode: "" } as const;
  return { name: `the ${type} of ${id}`, subject, authority, key: "desk" };
}

/** An order that was closed by hand. */
export function resolution({ id, note, authority }: OrderResolved, mode: Mode): AuditedDecision {
  const subject = { action: "resolve", id, digest: digestOf(note), shown: "", mode } as const;
  return { name: `the resolution of ${id}`, subject, authority, key: keyForMode(mode) };
}

/** An instrument whose quantity at the venue was adopted. */
export function clearing({ connector, symbol, note, authority }: InstrumentCleared, mode: Mode): AuditedDecision {
  const id = instrumentKey(connector, symbol);
  const subject = { action: "resolve", id, digest: digestOf(note), shown: "", mode } as const;
  return { name: `the clearing of ${id}`, subject, authority, key: keyForMode(mode) };
}

/** A fill or an activity that the connector cannot read, and that a human saw at the venue. */
export function itemResolution({ key: id, note, authority }: ItemResolved, mode: Mode): AuditedDecision {
  const subject = { action: "resolve", id, digest: digestOf(note), shown: "", mode } as const;
  return { name: `the resolution of ${id}`, subject, authority, key: keyForMode(mode) };
}

export function splitDecision(event: SplitStated, mode: Mode): AuditedDecision {
  const { connector, symbol, authority } = event;
  const id = instrumentKey(connector, symbol);
  const subject = { action: "split", id, digest: splitDigest(event), shown: "", mode } as const;
  return {
    name: `the ${event.newSymbol === undefined ? "split" : "new name"} of ${id}`,
    subject,
    authority,
    key: keyForMode(mode),
  };
}

export function flowDecision(event: CashMoved, mode: Mode): AuditedDecision {
  const { connector, authority } = event;
  const subject = { action: "flow", id: connector, digest: recordedFlowDigest(event), shown: "", mode } as const;
  return { name: `the cash flow of ${connector}`, subject, authority, key: keyForMode(mode) };
}
