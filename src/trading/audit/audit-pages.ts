/**
 * The page sessions of one journal: each has a grant that the desk key signed, a code that was used once, and a key
 * that its page proved. Decisions of a session are checked with that key while the session lasts.
 */
import { type SignedAction, rejectionText } from "../../domain/authority/authority.ts";
import type { CancelRequested } from "../../domain/orders/cancel-event.ts";
import { digestOf } from "../../domain/digest.ts";
import type { OrderRejected, Recorded } from "../../domain/event.ts";
import type { PageOpened } from "../../domain/pages/page-event.ts";
import {
  PAGE_CODE_MS,
  PAGE_SESSION_MS,
  type PageScope,
  grantSubject,
  grantText,
  loginText,
} from "../../domain/pages/page-session.ts";
import type { AuditFinding, AuditedDecision } from "./audit-finding.ts";
import type { AuditedOrder } from "./audit-intents.ts";
import type { AuditStart } from "./audit-start.ts";
import { isInScope } from "../keys/authority.ts";
import { verifySignature } from "../keys/operator-keys.ts";
import { isPageKey, pagePem } from "../pages/page-key.ts";

interface AuditedPage {
  readonly pem: string;
  readonly scope: PageScope;
  readonly epoch: number;
  readonly endsAt: number;
}

/** A login is recorded after its code was checked. */
const RECORDED_LATER_MS = 60_000;

export class PageAudit {
  readonly #pages = new Map<string, AuditedPage>();
  readonly #codes: Set<string>;

  constructor(start?: AuditStart) {
    for (const [name, { publicKey, scope, endsAt }] of start?.sessions ?? [])
      if (isPageKey(publicKey))
        this.#pages.set(name, { pem: pagePem(publicKey), scope, epoch: start?.epoch ?? 0, endsAt });
    this.#codes = new Set(start?.usedCodes);
  }

  /** The grant of a session, to be checked like each decision of the desk key. */
  grant({ session, authority, ...grant }: PageOpened): AuditedDecision {
    const subject = grantSubject(digestOf(grantText(grant)));
    return { name: `the grant of page session ${session}`, subject, authority, key: "desk" };
  }

  /** The findings on a login besides those on its grant. The session counts from here on. */
  open({ at, epoch, event }: Recorded<PageOpened>): readonly AuditFinding[] {
    const { session, code, codeEndsAt, endsAt, publicKey, proof, scope } = event;
    const name = `page session ${session}`;
    const findings: AuditFinding[] = [];
    const stale = (message: string): void => void findings.push({ code: "SIGNATURE_STALE", message });
    if (this.#codes.has(code)) stale(`the code of ${name} was used before`);
    this.#codes.add(code);
    if (codeEndsAt + RECORDED_LATER_MS <= at) stale(`the code of ${name} had expired`);
    if (codeEndsAt > at + PAGE_CODE_MS + RECORDED_LATER_MS) stale(`the code of ${name} expires too late`);
    if (endsAt > at + PAGE_SESSION_MS + RECORDED_LATER_MS) stale(`${name} ends too late`);
    const hasKey = isPageKey(publicKey);
    if (!hasKey || typeof proof !== "string" || !verifySignature(pagePem(publicKey), loginText(code, publicKey), proof))
      findings.push({ code: "SIGNATURE_INVALID", message: `${name} did not prove its key` });
    if (hasKey) this.#pages.set(session, { pem: pagePem(publicKey), scope, epoch, endsAt });
    return findings;
  }

  close(session: string): void {
    this.#pages.delete(session);
  }

  /** New keys of the desk end all sessions. */
  closeAll(): void {
    this.#pages.clear();
  }

  /** The key of a decision's session; the findings say why the session may not decide it. */
  signer(
    { at, epoch }: Pick<Recorded, "at" | "epoch">,
    session: string,
    { name, action }: { readonly name: string; readonly action: SignedAction },
  ): { readonly pem: string | undefined; readonly findings: readonly AuditFinding[] } {
    const page = this.#pages.get(session);
    const invalid = (message: string): AuditFinding => ({ code: "SIGNATURE_INVALID", message: `${name} ${message}` });
    if (page === undefined || page.epoch !== epoch)
      return { pem: undefined, findings: [invalid(`is of page session ${session}, which was not open`)] };
    const isOver = page.endsAt + RECORDED_LATER_MS <= at;
    return {
      pem: page.pem,
      findings: [
        ...(isOver ? [invalid(`is of page session ${session}, which had ended`)] : []),
        ...(isInScope(action, page.scope) ? [] : [invalid(`is not in the scope of page session ${session}`)]),
      ],
    };
  }
}

/** A rejection by a page, which its key signed. */
export function pageRejection(
  { id, digest, reason, authority }: OrderRejected,
  { proposedMode = "unstated" }: AuditedOrder,
): AuditedDecision {
  const covered = digestOf(rejectionText(digest ?? "", reason));
  const subject = { action: "reject", id, digest: covered, shown: "", mode: proposedMode } as const;
  return { name: `the rejection of ${id}`, subject, authority, key: "desk" };
}

/** A cancel by a page, which its key signed. */
export function pageCancel(
  { id, authority }: CancelRequested,
  { approval, mode = "unstated" }: AuditedOrder,
): AuditedDecision {
  const subject = { action: "cancel", id, digest: approval?.digest ?? "", shown: "", mode } as const;
  return { name: `the cancel of ${id}`, subject, authority, key: "desk" };
}
