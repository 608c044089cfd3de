/**
 * Checks at a start the signed decisions of the journal that are still in force: the accepted desk.toml, the trading
 * state, resolutions, cash flows, schedules and gaps. The hashes of the journal are no secret, so that a process of the
 * same user can append a record; the anchor may lag behind the journal, and does not notice that.
 */
import type { DeskEvent, Recorded } from "../../domain/event.ts";
import type { AuditStart, EarlierHeads } from "./audit-start.ts";
import { JournalAudit } from "./journal-audit.ts";
import type { PublicKeys } from "../keys/operator-keys.ts";

/** An approval is not among them: without its intent nothing is sent, and an order is never sent again. */
const IN_FORCE: ReadonlySet<DeskEvent["type"]> = new Set([
  "config.accepted",
  "trading.changed",
  "order.resolved",
  "instrument.cleared",
  "instrument.split",
  "item.resolved",
  "cash.moved",
  "schedule.accepted",
  "schedule.resumed",
  "journal.gap",
  "keys.replaced",
  "page.opened",
  "passkey.added",
]);

/** Their checks need what a checkpoint does not keep: the counters of passkeys, and all heads of before. */
const NEED_ALL: ReadonlySet<DeskEvent["type"]> = new Set(["journal.gap", "keys.replaced", "passkey.added"]);

/** Whether a start checks the signature of the event. */
export function isDecision({ type }: DeskEvent): boolean {
  return IN_FORCE.has(type);
}

export class DecisionCheck {
  readonly #audit: JournalAudit;
  #problem: string | undefined;
  #needsAll = false;

  /** `start`: what is known of the records before it; undefined: the first record is given first. */
  constructor(keys: PublicKeys, start?: AuditStart) {
    this.#audit = new JournalAudit(keys, { checksApprovals: false, start });
  }

  /** What the signatures state of records before the start. */
  get earlier(): EarlierHeads {
    return this.#audit.earlier;
  }

  /** Whether all decisions are valid, if what they state of earlier records is. If not, the whole journal decides. */
  get isSettled(): boolean {
    return !this.#needsAll && this.#problem === undefined;
  }

  /** Why the first decision without a valid signature does not count; undefined if all do. */
  get problem(): string | undefined {
    return this.#problem;
  }

  take(recorded: Recorded, hash: string): void {
    if (NEED_ALL.has(recorded.event.type)) this.#needsAll = true;
    const before = this.#audit.problemCount;
    this.#audit.take(recorded, hash);
    if (this.#problem !== undefined || this.#audit.problemCount === before) return;
    const { seq, event } = recorded;
    if (isDecision(event)) this.#problem = `record ${seq} (${event.type}) has no valid signature`;
  }
}
