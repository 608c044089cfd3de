/**
 * What `qoc journal verify` checks: a fold over the records of a journal. Each submit intent has an approval before it,
 * each decision of a human is signed at its place on the chain, and keys, formats and gaps are what they state.
 */
import { SIGNED_FORMAT, boundaryText } from "../../domain/authority/authority.ts";
import { emptyDeskState } from "../../domain/desk-state.ts";
import { digestTerms } from "../../domain/digest.ts";
import {
  type DeskEvent,
  type KeysReplaced,
  type OrderApproved,
  type Recorded,
  TRADING_STATES,
} from "../../domain/event.ts";
import type { ClientOrderId, ConnectorName, OrderId } from "../../domain/ids.ts";
import { kindOf } from "../../domain/orders/order.ts";
import type { PageOpened, PasskeyAdded } from "../../domain/pages/page-event.ts";
import { isKeyOfPage } from "../../domain/pages/passkey.ts";
import type { ScheduleAccepted, ScheduleResumed } from "../../domain/config/schedule-event.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import type { Mode } from "../../domain/market/venue.ts";
import { type AuditedOrder, cancelFindings, isReviewed, openAuditedOrder, submitFindings } from "./audit-intents.ts";
import {
  type AcceptedGap,
  type AuditProblem,
  type AuditResult,
  type FormatCounts,
  emptyCounts,
} from "./audit-result.ts";
import type { AuditedDecision, AuditFinding } from "./audit-finding.ts";
import {
  clearing,
  flowDecision,
  gapDecision,
  haltDecision,
  resolution,
  resumeDecision,
  scheduleDecision,
  itemResolution,
  splitDecision,
} from "./audited-decisions.ts";
import { pageCancel, pageRejection } from "./audit-pages.ts";
import { SignatureAudit } from "./audit-signatures.ts";
import type { AuditStart, EarlierHeads } from "./audit-start.ts";
import { keyForMode } from "../keys/authority.ts";
import { ConfigAudit } from "./check-config-records.ts";
import type { PublicKeys } from "../keys/operator-keys.ts";

export const PROBLEMS_MAX = 100;
const REVIEWS_MAX = 20;

interface JournalAuditOptions {
  /** Also the signatures of approvals. */
  readonly checksApprovals?: boolean | undefined;
  /** undefined: the audit begins with the first record. */
  readonly start?: AuditStart | undefined;
}

export class JournalAudit {
  readonly #signatures: SignatureAudit;
  readonly #checksApprovals: boolean;
  readonly #formats: FormatCounts[] = [];
  readonly #gaps: AcceptedGap[] = [];
  readonly #problems: AuditProblem[] = [];
  readonly #orders = new Map<OrderId, AuditedOrder>();
  readonly #clientOrderIds = new Set<ClientOrderId>();
  readonly #config: ConfigAudit;
  readonly #start: AuditStart | undefined;
  /** The mode of each connector at its last change. */
  readonly #modes: Map<string, Mode>;
  readonly #namedKeys: Set<string>;
  readonly #replacements: { readonly seq: number; readonly at: number }[] = [];
  #problemCount = 0;
  #trading: { allows: number; seq: number };
  /** An order that needs the live key was approved since the desk's last start. */
  #hasLiveOrders: boolean;
  #format: number;

  /** `keys`: undefined if this machine lacks them. */
  constructor(keys: PublicKeys | undefined, { checksApprovals = true, start }: JournalAuditOptions = {}) {
    const { trading, hasLiveOrders, journalFormat, connectors, keys: named } = start ?? emptyDeskState();
    this.#signatures = new SignatureAudit(keys, start);
    this.#checksApprovals = checksApprovals;
    this.#config = new ConfigAudit(start);
    this.#start = start;
    this.#modes = new Map([...connectors].map(([name, { mode }]) => [name, mode]));
    this.#namedKeys = new Set(named.keys());
    this.#trading = { allows: TRADING_STATES.indexOf(trading.state), seq: trading.seq };
    this.#hasLiveOrders = hasLiveOrders;
    this.#format = journalFormat;
  }

  /** Takes the records of a journal in order, as they are written, with the hash of each. */
  take(recorded: Recorded, hash: string): void {
    this.#signatures.take(recorded, hash);
    this.#changeFormat(recorded);
    this.#counts.records += 1;
    const { finding, decision } = this.#config.take(recorded);
    if (finding !== undefined) this.report(recorded.seq, finding);
    if (decision !== undefined) this.#decide(recorded, decision);
    const { event } = recorded;
    switch (event.type) {
      case "key.changed":
        this.#nameKey(recorded as Recorded<typeof event>);
        return;
      case "keys.replaced":
        this.#replaceKeys(recorded as Recorded<typeof event>);
        return;
      case "desk.started":
        this.#hasLiveOrders = false;
        return;
      case "connector.changed":
        this.#modes.set(event.connector, event.mode);
        return;
      case "trading.changed":
        this.#changeTrading(recorded as Recorded<typeof event>);
        return;
      case "schedule.accepted":
      case "schedule.resumed":
        this.#takeSchedule(recorded as Recorded<typeof event>);
        return;
      case "cash.moved":
        this.#decide(recorded, flowDecision(event, this.#modeOf(event.connector)));
        return;
      case "page.opened":
        this.#openPage(recorded as Recorded<typeof event>);
        return;
      case "page.closed":
        this.#signatures.pages.close(event.session);
        return;
      case "passkey.added":
        this.#addPasskey(recorded as Recorded<typeof event>);
        return;
      case "passkey.removed":
        this.#signatures.passkeys.remove(event.name);
        return;
      case "journal.gap":
        this.#acceptGap(recorded as Recorded<typeof event>);
        return;
      default:
        this.#takeOrderEvent(recorded);
    }
  }

  /** What signatures state of records before the start of the audit. */
  get earlier(): EarlierHeads {
    return this.#signatures.earlier;
  }

  hashAt(seq: number): string | undefined {
    return this.#signatures.hashAt(seq);
  }

  /** Adds a problem of the journal as a whole, or of one record. */
  report(seq: number, { code, message }: AuditFinding): void {
    this.#problemCount += 1;
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ code, seq, message });
  }

  get problemCount(): number {
    return this.#problemCount;
  }

  result(): AuditResult {
    for (const { seq, finding } of this.#signatures.strangeKeys) this.report(seq, finding);
    return {
      formats: this.#formats,
      gaps: this.#gaps,
      problems: this.#problems,
      problemCount: this.#problemCount,
      waiting: this.#config.waiting,
      keysReplaced: this.#replacements,
    };
  }

  get #counts(): FormatCounts {
    const current = this.#formats.at(-1);
    if (current !== undefined) return current;
    const counts = emptyCounts(0);
    this.#formats.push(counts);
    return counts;
  }

  get #isSigned(): boolean {
    return this.#format >= SIGNED_FORMAT;
  }

  /** An earlier format has weaker rules, so that the format may only rise. */
  #changeFormat({ seq, event }: Recorded): void {
    if (event.type === "desk.created") {
      if (seq !== 1) {
        this.report(seq, { code: "FORMAT_INVALID", message: "the journal states twice that the desk was created" });
        return;
      }
      this.#signatures.deskId = event.deskId;
      this.#startFormat(event.format);
      return;
    }
    if (seq === 1) this.report(seq, { code: "FORMAT_INVALID", message: "the first record does not name the desk" });
    if (event.type !== "journal.upgraded") return;
    const { from, to, lastSeq, lastHash, signature } = event;
    if (from !== this.#format || to <= from) {
      const message = `a boundary from format ${from} to ${to} in records of format ${this.#format}`;
      this.report(seq, { code: "FORMAT_INVALID", message });
      return;
    }
    this.#startFormat(to);
    const name = `the boundary to format ${to}`;
    const findings = this.#isSigned
      ? this.#signatures.host(name, boundaryText({ from, to, lastSeq, lastHash }), signature)
      : this.#signatures.legacy(name, event);
    for (const finding of findings) this.report(seq, finding);
  }

  #startFormat(format: number): void {
    this.#format = format;
    this.#formats.push(emptyCounts(format));
  }

  #nameKey({ seq, event }: Recorded<Extract<DeskEvent, { type: "key.changed" }>>): void {
    if (this.#namedKeys.has(event.role))
      this.report(seq, { code: "KEY_INVALID", message: `the ${event.role} key is named twice` });
    this.#namedKeys.add(event.role);
    for (const finding of this.#signatures.namedKey(seq, event)) this.report(seq, finding);
  }

  #replaceKeys({ seq, at, event }: Recorded<KeysReplaced>): void {
    const findings = this.#signatures.replacedKeys({ seq, at, event } as Recorded<KeysReplaced>);
    for (const finding of findings) this.report(seq, finding);
    this.#replacements.push({ seq, at });
  }

  #changeTrading(recorded: Recorded<Extract<DeskEvent, { type: "trading.changed" }>>): void {
    const { seq, event } = recorded;
    const allows = TRADING_STATES.indexOf(event.state);
    if (this.#isSigned && allows < this.#trading.allows) {
      const key = this.#hasLiveOrders ? "live" : "desk";
      this.#decide(recorded, resumeDecision(event, { key, since: this.#trading.seq }));
    } else if (event.authority !== undefined) this.#decide(recorded, haltDecision(event));
    this.#trading = { allows, seq };
  }

  #openPage(recorded: Recorded<PageOpened>): void {
    const before = this.#problemCount;
    const { pages } = this.#signatures;
    this.#decide(recorded, pages.grant(recorded.event));
    for (const finding of pages.open(recorded)) this.report(recorded.seq, finding);
    if (this.#problemCount === before) this.#counts.pages += 1;
  }

  #addPasskey(recorded: Recorded<PasskeyAdded>): void {
    const { passkeys } = this.#signatures;
    this.#decide(recorded, passkeys.registration(recorded.event));
    for (const finding of passkeys.add(recorded)) this.report(recorded.seq, finding);
  }

  #acceptGap(recorded: Recorded<Extract<DeskEvent, { type: "journal.gap" }>>): void {
    const { seq, at, event } = recorded;
    const { type: _type, reason: _reason, authority: _authority, ...range } = event;
    this.#decide(recorded, gapDecision(event, this.#namedKeys.has("live") ? "live" : "desk"));
    this.#gaps.push({ seq, at, ...range });
    this.#trading = { allows: TRADING_STATES.indexOf("halted"), seq };
  }

  #takeOrderEvent(recorded: Recorded): void {
    const { seq, event } = recorded;
    switch (event.type) {
      case "order.reviewed": {
        const { reviews } = this.#order(event.id);
        reviews.set(seq, event);
        const [oldest] = reviews.keys();
        if (reviews.size > REVIEWS_MAX && oldest !== undefined) reviews.delete(oldest);
        return;
      }
      case "order.approved":
        this.#approve(recorded as Recorded<OrderApproved>);
        return;
      case "order.submitting":
        this.#intend(seq, submitFindings(this.#order(event.id), event));
        return;
      case "proposal.seen":
        this.#order(event.id).proposedMode = event.terms.mode;
        return;
      case "order.rejected":
        if (event.authority !== undefined) this.#decide(recorded, pageRejection(event, this.#order(event.id)));
        return;
      case "cancel.requested":
        if (event.authority !== undefined) this.#decide(recorded, pageCancel(event, this.#order(event.id)));
        if (event.proposal !== undefined)
          this.#intend(seq, cancelFindings(this.#order(event.proposal), event.id, event.proposal));
        return;
      case "order.accepted":
        if (!this.#order(event.id).isSubmitted)
          this.report(seq, { code: "INTENT_MISSING", message: `${event.id} was accepted without a submit intent` });
        return;
      case "order.resolved":
        if (this.#isSigned) this.#decide(recorded, resolution(event, this.#order(event.id).mode ?? "unstated"));
        return;
      case "instrument.cleared":
        if (this.#isSigned) this.#decide(recorded, clearing(event, this.#modeOf(event.connector)));
        return;
      case "instrument.split":
        this.#decide(recorded, splitDecision(event, this.#modeOf(event.connector)));
        return;
      case "item.resolved":
        this.#decide(recorded, itemResolution(event, this.#modeOf(event.connector)));
        return;
      default:
    }
  }

  /** The schedules of desk.toml are signed with its tables. */
  #takeSchedule(recorded: Recorded<ScheduleAccepted | ScheduleResumed>): void {
    const { event } = recorded;
    if (event.type === "schedule.accepted" && event.path === LAYOUT.config) return;
    this.#decide(recorded, scheduleDecision(event));
  }

  #approve(recorded: Recorded<OrderApproved>): void {
    const { seq, event } = recorded;
    const { id, digest, terms, clientOrderId, authority, shown = "" } = event;
    const { mode } = terms;
    const name = `the approval of ${id}`;
    const order = this.#order(id);
    const invalid = (message: string): void => this.report(seq, { code: "APPROVAL_INVALID", message });
    this.#counts.approvals += 1;
    if (order.approval !== undefined)
      this.report(seq, {
        code: "APPROVED_TWICE",
        message: `${id} was approved before, by record ${order.approval.seq}`,
      });
    if (digestTerms(terms) !== digest) invalid(`${name} states a digest that is not of its terms`);
    if ((clientOrderId === undefined) !== (kindOf(terms) === "cancel"))
      invalid(`${name} states ${clientOrderId === undefined ? "no" : "a"} client order id`);
    if (clientOrderId !== undefined) {
      if (this.#clientOrderIds.has(clientOrderId)) invalid(`${name} repeats the client order id ${clientOrderId}`);
      this.#clientOrderIds.add(clientOrderId);
    }
    const known = this.#modes.get(terms.connector);
    if (known !== mode && (known !== undefined || this.#isSigned))
      invalid(`${name} states mode ${mode}; ${terms.connector} was ${known ?? "not known"}`);
    if (this.#isSigned) {
      if (authority !== undefined && !isReviewed(order, digest, shown, authority.head.seq))
        invalid(`${name} has no review of its terms`);
      const subject = { action: "approve", id, digest, shown, mode } as const;
      if (this.#checksApprovals) this.#decide(recorded, { name, subject, authority, key: keyForMode(mode) });
    } else if (this.#checksApprovals) this.#approveLegacy(recorded, name);
    if (mode !== "paper") this.#hasLiveOrders = true;
    order.approval ??= { seq, digest, clientOrderId, terms };
    order.mode = mode;
    order.reviews.clear();
  }

  #approveLegacy({ seq, event }: Recorded<OrderApproved>, name: string): void {
    if (event.signature === undefined) {
      this.#counts.unsigned += 1;
      if (event.terms.mode === "live")
        this.report(seq, { code: "SIGNATURE_MISSING", message: `${name}, an order of live money, is not signed` });
      return;
    }
    this.#countSigned(seq, this.#signatures.legacy(name, event), event.signature);
  }

  #intend(seq: number, findings: readonly AuditFinding[]): void {
    this.#counts.intents += 1;
    for (const finding of findings) this.report(seq, finding);
  }

  #decide(recorded: Recorded, decision: AuditedDecision): void {
    const findings = this.#signatures.decision(recorded, decision);
    this.#countSigned(recorded.seq, findings, decision.authority?.signature);
    if (findings.length === 0 && isKeyOfPage(decision.authority?.key)) this.#counts.byPage += 1;
    if (decision.authority !== undefined && findings.every(({ code }) => code !== "HEAD_UNKNOWN"))
      this.#counts.heads += 1;
  }

  /** Reports the findings on a signature, and counts it if it was checked and is valid. */
  #countSigned(seq: number, findings: readonly AuditFinding[], signature: string | undefined): void {
    for (const finding of findings) this.report(seq, finding);
    if (findings.length === 0 && signature !== undefined && this.#signatures.hasKeys) this.#counts.signatures += 1;
  }

  #modeOf(connector: ConnectorName): Mode {
    return this.#modes.get(connector) ?? "unstated";
  }

  #order(id: OrderId): AuditedOrder {
    let order = this.#orders.get(id);
    if (order === undefined) {
      order = openAuditedOrder(this.#start?.modeOf(id));
      this.#orders.set(id, order);
    }
    return order;
  }
}
