/**
 * What an audit of the records after a checkpoint knows of the records before it: the desk's state there, and what the
 * signatures of later decisions state of earlier records.
 */
import type { Authority, JournalHead, KeyRole } from "../../domain/authority/authority.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import type { Recorded } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import type { Mode } from "../../domain/market/venue.ts";
import type { PageRecord } from "../../domain/pages/page-state.ts";

export interface AuditStart
  extends
    Readonly<Pick<DeskState, "deskId" | "epoch" | "journalFormat" | "createdFormat" | "trading" | "hasLiveOrders">>,
    Readonly<Pick<DeskState, "config" | "connectors" | "lost">> {
  readonly head: JournalHead;
  readonly keys: Map<KeyRole, string>;
  readonly sessions: ReadonlyMap<string, PageRecord>;
  /** The codes of the newest logins. */
  readonly usedCodes: ReadonlySet<string>;
  /** The mode in which the order was approved, at the record that the fold takes next; undefined without approval. */
  modeOf(id: OrderId): Mode | undefined;
}

/** Copies what the fold changes, except orders: each record must be given to the audit before the fold takes it. */
export function auditStart(head: JournalHead, state: Readonly<DeskState>): AuditStart {
  const { deskId, epoch, journalFormat, createdFormat, trading, hasLiveOrders, config, lost, pages } = state;
  return {
    ...{ head, deskId, epoch, journalFormat, createdFormat, trading, hasLiveOrders, config },
    connectors: new Map(state.connectors),
    lost: { heads: new Set(lost.heads), ids: new Set() },
    keys: new Map(state.keys),
    sessions: new Map(pages.sessions),
    usedCodes: new Set(pages.usedCodes.keys()),
    modeOf: (id) => {
      const order = state.orders.get(id);
      return order === undefined || order.approvals.length === 0 ? undefined : order.terms.mode;
    },
  };
}

/**
 * Signatures that name records before the checkpoint. A signature is used after the record that it names, so that the
 * records from the first of these to the checkpoint show both: whether the names are right, and whether one of the
 * signatures was used there.
 */
export class EarlierHeads {
  readonly #unread = new Map<number, string>();
  readonly #signatures = new Set<string>();
  #isRefuted = false;

  add({ seq, hash }: JournalHead, signature: string): void {
    if ((this.#unread.get(seq) ?? hash) !== hash) this.#isRefuted = true;
    this.#unread.set(seq, hash);
    this.#signatures.add(signature);
  }

  /** The record from which on the journal must be read; undefined: no signature names an earlier record. */
  get first(): number | undefined {
    return this.#unread.size === 0 ? undefined : Math.min(...this.#unread.keys());
  }

  /** Called with each record from the first up to that of the checkpoint. */
  take({ seq, event }: Recorded, hash: string): void {
    if (this.#unread.get(seq) === hash) this.#unread.delete(seq);
    const authority = "authority" in event ? (event.authority as Authority | undefined) : undefined;
    if (authority !== undefined && this.#signatures.has(authority.signature)) this.#isRefuted = true;
  }

  /** Whether all names are right, and no signature was used before. */
  get areConfirmed(): boolean {
    return this.#unread.size === 0 && !this.#isRefuted;
  }
}
