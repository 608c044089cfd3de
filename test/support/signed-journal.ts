/**
 * Builds the records of a journal of format 3 as the desk and its clients write them: real keys, real statements, real
 * lines. A test forges a record with `event` or `rewrite`; the chain of hashes is always that of the real writer.
 */
import { flowDigest } from "../../src/trading/account/cash-flow.ts";
import { splitDigest } from "../../src/trading/account/stated-split.ts";
import { generateKeyPairSync, sign } from "node:crypto";
import { GENESIS, readLine } from "../../src/bus/journal-record.ts";
import { journalLine } from "./journal-line.ts";
import {
  type ActionSubject,
  type Authority,
  type JournalHead,
  type KeyRole,
  STATEMENT_MS,
  type SigningRole,
  boundaryText,
  certificateText,
  statementOf,
  statementText,
} from "../../src/domain/authority/authority.ts";
import { digestOf, digestTerms } from "../../src/domain/digest.ts";
import type { DeskEvent, Recorded, TradingState } from "../../src/domain/event.ts";
import type { ConnectorName, Digest, OrderId, SymbolName, VenueOrderId } from "../../src/domain/ids.ts";
import { type GapRange, gapDigest } from "../../src/domain/authority/journal-head.ts";
import type { Mode } from "../../src/domain/market/venue.ts";
import type { AuditResult } from "../../src/trading/audit/audit-result.ts";
import { JournalAudit } from "../../src/trading/audit/journal-audit.ts";
import { keyForMode } from "../../src/trading/keys/authority.ts";
import type { PublicKeys } from "../../src/trading/keys/operator-keys.ts";
import { SCENARIO_START, type TermsDraft, amount, scenarioClientId, terms } from "./journal-scenario.ts";

export const DESK_ID = "0123456789abcdef0123456789abcdef";

interface KeyPair {
  readonly publicPem: string;
  sign(text: string): string;
}

function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    publicPem: String(publicKey.export({ type: "spki", format: "pem" })),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString("base64"),
  };
}

/** The keys of one desk for a whole test file: making keys takes time. */
export const PAIRS: Readonly<Record<KeyRole, KeyPair>> = { desk: keyPair(), live: keyPair(), host: keyPair() };

function certified(role: "live" | "host") {
  const { publicPem } = PAIRS[role];
  return { publicPem, certificate: PAIRS.desk.sign(certificateText(DESK_ID, role, publicPem)) };
}

export const KEYS: PublicKeys = { desk: PAIRS.desk.publicPem, host: certified("host"), live: certified("live") };

export interface Line {
  readonly recorded: Recorded;
  readonly hash: string;
}

/** Changes of an approval or of another signed decision. */
interface Signing {
  readonly key?: SigningRole;
  readonly head?: JournalHead;
  readonly epoch?: number;
  readonly expiresAt?: number;
}

export class SignedJournal {
  lines: Line[] = [];
  readonly #drafts = new Map<string, TermsDraft>();
  now = SCENARIO_START;
  epoch = 1;

  get head(): JournalHead {
    const last = this.lines.at(-1);
    return { seq: last?.recorded.seq ?? 0, hash: last?.hash ?? GENESIS };
  }

  #headBefore(): JournalHead {
    const line = this.lines.at(-2);
    return { seq: line?.recorded.seq ?? 0, hash: line?.hash ?? GENESIS };
  }

  event(event: DeskEvent): this {
    const recorded = { seq: this.lines.length + 1, at: this.now, epoch: this.epoch, event };
    const { text } = journalLine(recorded, this.head.hash);
    const read = readLine(Buffer.from(text.slice(0, -1)));
    if (typeof read === "string") throw new Error(read);
    this.lines.push({ recorded: read.recorded, hash: read.hash });
    this.now += 1000;
    return this;
  }

  /** Replaces the records by changed ones; every later line gets the hashes that a forger computes. */
  rewrite(change: (records: readonly Recorded[]) => readonly Recorded[]): this {
    const records = change(this.lines.map(({ recorded }) => recorded));
    this.lines = [];
    for (const { at, epoch, event } of records) {
      this.now = at;
      this.epoch = epoch;
      this.event(event);
    }
    return this;
  }

  /** The first start of a desk that has a live key. */
  desk(format = 3): this {
    this.event({ type: "desk.created", format, deskId: DESK_ID });
    if (format < 3) return this.started();
    return this.keys().started();
  }

  started(machine = "machine-1"): this {
    return this.event({ type: "desk.started", version: "0.1.0", machine, nonce: "00" });
  }

  keys(): this {
    return this.event({ type: "key.changed", role: "desk", publicPem: KEYS.desk })
      .event({ type: "key.changed", role: "live", ...certified("live") })
      .event({ type: "key.changed", role: "host", ...certified("host") });
  }

  upgraded(from: number, to: number): this {
    const { seq: lastSeq, hash: lastHash } = this.head;
    const boundary = { from, to, lastSeq, lastHash };
    const signature = to < 3 ? undefined : PAIRS.host.sign(boundaryText(boundary));
    return this.event({ type: "journal.upgraded", ...boundary, signature });
  }

  connector(connector = "paper", mode: Mode = "paper"): this {
    return this.event({
      type: "connector.changed",
      connector: connector as ConnectorName,
      state: "ready",
      mode,
      reason: undefined,
    });
  }

  authority(subject: ActionSubject, { key = "desk", head, epoch, expiresAt }: Signing = {}): Authority {
    const place = {
      key,
      epoch: epoch ?? this.epoch,
      head: head ?? this.head,
      expiresAt: expiresAt ?? this.now + STATEMENT_MS - 1000,
    };
    const unsigned = { ...place, signature: "" };
    return { ...place, signature: PAIRS[key].sign(statementText(statementOf(DESK_ID, subject, unsigned))) };
  }

  proposed(id: string, draft: TermsDraft = {}): this {
    this.#drafts.set(id, draft);
    const proposal = terms(draft);
    return this.event({
      type: "proposal.seen",
      id: id as OrderId,
      path: `orders/pending/${id}.toml`,
      source: "",
      terms: proposal,
      digest: digestTerms(proposal),
      rationale: "because",
      proposedBy: "agent",
      actor: "agent:interactive",
    });
  }

  /** A review; with `shown`, the client displayed it. */
  reviewed(id: string, shown?: Digest): this {
    const digest = digestTerms(this.#termsOf(id));
    return this.event({ type: "order.reviewed", id: id as OrderId, digest, shown, actor: "human", channel: "cli" });
  }

  /** The approval of an order, signed at the head of now; `changed` replaces its terms after the signature. */
  approved(id: string, signing: Signing = {}, changed?: Partial<Extract<DeskEvent, { type: "order.approved" }>>): this {
    const approvedTerms = this.#termsOf(id);
    const digest = digestTerms(approvedTerms);
    const { mode } = approvedTerms;
    const last = this.lines.at(-1)?.recorded.event;
    const shown = last?.type === "order.reviewed" ? last.shown : undefined;
    const subject = { action: "approve", id, digest, shown: shown ?? "", mode } as const;
    // Without a displayed review the client signs before the desk makes the review.
    const head = last?.type === "order.reviewed" && shown === undefined ? this.#headBefore() : this.head;
    return this.event({
      type: "order.approved",
      id: id as OrderId,
      digest,
      terms: approvedTerms,
      clientOrderId: approvedTerms.cancels === undefined ? scenarioClientId(id) : undefined,
      actor: "human",
      channel: "cli",
      expiresAt: this.now + STATEMENT_MS,
      shown,
      authority: this.authority(subject, { key: keyForMode(mode), head, ...signing }),
      ...changed,
    });
  }

  submitting(id: string, clientOrderId = scenarioClientId(id), quantity?: string): this {
    const digest = digestTerms(this.#termsOf(id));
    const sent = quantity === undefined ? undefined : amount(quantity);
    return this.event({ type: "order.submitting", id: id as OrderId, clientOrderId, digest, quantity: sent });
  }

  /** The cancel of an order for a proposal. */
  cancelling(id: string, proposal: string): this {
    return this.event({
      type: "cancel.requested",
      id: id as OrderId,
      actor: "human",
      proposal: proposal as OrderId,
    });
  }

  accepted(id: string): this {
    return this.event({ type: "order.accepted", id: id as OrderId, venueOrderId: `v-${id}` as VenueOrderId });
  }

  /** A whole order, up to its acknowledgement. */
  order(id: string, draft: TermsDraft = {}): this {
    return this.proposed(id, draft).reviewed(id).approved(id).submitting(id).accepted(id);
  }

  trading(state: TradingState, reason = "by hand", authority?: Authority): this {
    return this.event({ type: "trading.changed", state, reason, actor: "human", authority });
  }

  resumeAuthority(signing: Signing = {}, reason = "by hand"): Authority {
    return this.authority({ action: "resume", id: "", digest: digestOf(reason), shown: "", mode: "" }, signing);
  }

  resolved(id: string, signing: Signing & { readonly unsigned?: boolean } = {}): this {
    const note = "looked at the venue";
    const { mode } = this.#termsOf(id);
    const subject = { action: "resolve", id, digest: digestOf(note), shown: "", mode } as const;
    const authority = signing.unsigned ? undefined : this.authority(subject, { key: keyForMode(mode), ...signing });
    return this.event({ type: "order.resolved", id: id as OrderId, note, actor: "human", authority });
  }

  cleared(
    connector: string,
    symbol: string,
    mode: Mode,
    signing: Signing & { readonly unsigned?: boolean } = {},
  ): this {
    const note = "looked at the venue";
    const subject = {
      action: "resolve",
      id: `${connector}/${symbol}`,
      digest: digestOf(note),
      shown: "",
      mode,
    } as const;
    const authority = signing.unsigned ? undefined : this.authority(subject, { key: keyForMode(mode), ...signing });
    return this.event({
      type: "instrument.cleared",
      connector: connector as ConnectorName,
      symbol: symbol as SymbolName,
      quantity: amount("0"),
      note,
      actor: "human",
      authority,
    });
  }

  flow(connector: string, mode: Mode, signing: Signing & { readonly unsigned?: boolean } = {}): this {
    const [kind, note] = ["withdrawal", "rent"] as const;
    const digest = flowDigest({ kind, amount: amount("5"), note });
    const subject = { action: "flow", id: connector, digest, shown: "", mode } as const;
    const authority = signing.unsigned ? undefined : this.authority(subject, { key: keyForMode(mode), ...signing });
    const moved = { type: "cash.moved", connector: connector as ConnectorName, kind, amount: amount("-5") } as const;
    return this.event({ ...moved, note, actor: "human", authority });
  }

  itemResolved(signing: Signing & { readonly unsigned?: boolean; readonly stated?: string } = {}): this {
    const [key, note] = ["paper/f1", "seen at the venue"] as const;
    const digest = digestOf(signing.stated ?? note);
    const subject = { action: "resolve", id: key, digest, shown: "", mode: "paper" } as const;
    const authority = signing.unsigned ? undefined : this.authority(subject, signing);
    const connector = "paper" as ConnectorName;
    return this.event({ type: "item.resolved", connector, key, note, actor: "human", authority });
  }

  split(
    after: string,
    signing: Signing & {
      readonly unsigned?: boolean;
      readonly stated?: string;
      readonly mode?: Mode;
      readonly newSymbol?: string;
    } = {},
  ): this {
    const [note, mode] = ["split", signing.mode ?? "paper"] as const;
    const connector = mode === "paper" ? "paper" : "broker";
    const digest = splitDigest({ ratio: [amount(signing.stated ?? after), amount("1")], note });
    const subject = { action: "split", id: `${connector}/X`, digest, shown: "", mode } as const;
    const authority = signing.unsigned ? undefined : this.authority(subject, { key: keyForMode(mode), ...signing });
    const { newSymbol } = signing;
    const stated = { symbol: "X", ratio: [amount(after), amount("1")], newSymbol, note } as const;
    return this.event({
      type: "instrument.split",
      connector: connector as ConnectorName,
      ...stated,
      actor: "human",
      authority,
    });
  }

  gap(range: GapRange, signing: Signing = { key: "live" }): this {
    const reason = "restored";
    const subject = { action: "resume", id: "", digest: digestOf(reason), shown: gapDigest(range), mode: "" } as const;
    return this.event({ type: "journal.gap", ...range, reason, authority: this.authority(subject, signing) });
  }

  audit(keys: PublicKeys | "missing" = KEYS): AuditResult {
    const audit = new JournalAudit(keys === "missing" ? undefined : keys);
    for (const { recorded, hash } of this.lines) audit.take(recorded, hash);
    return audit.result();
  }

  /** The codes of the problems, without repetition. */
  codes(): readonly string[] {
    return [...new Set(this.audit().problems.map(({ code }) => code))];
  }

  #termsOf(id: string) {
    return terms(this.#drafts.get(id) ?? {});
  }
}

export function signedJournal(): SignedJournal {
  return new SignedJournal();
}
