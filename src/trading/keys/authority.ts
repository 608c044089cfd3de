/** The host's side of authority: names the place in the journal that a client signs, and checks what it signed. */
import type { SigningRequest } from "../../domain/authority/authority.ts";
import {
  type ActionSubject,
  type Authority,
  type JournalHead,
  type SignedAction,
  type SigningRole,
  statementOf,
  statementText,
} from "../../domain/authority/authority.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { PageCaller, PageScope } from "../../domain/pages/page-session.ts";
import { type PasskeyRequest, isKeyOfPage, isStrongEnough, longestStatementMs } from "../../domain/pages/passkey.ts";
import type { Clock } from "../../domain/ports.ts";
import type { Mode } from "../../domain/market/venue.ts";
import { LruMap } from "../../lib/lru-map.ts";
import { BegunVerifications } from "./begun-verifications.ts";
import type { PublicKeys } from "./operator-keys.ts";
import { pagePem } from "../pages/page-key.ts";
import { passkeyCheck, passkeyRequest } from "../pages/passkey-answers.ts";

/** A subject with the key that its action needs. */
export interface SignedDecision extends ActionSubject {
  readonly key: SigningRole;
  /** A signature at a head before this record does not count, because it answers an earlier question. */
  readonly since?: number | undefined;
  /** The page that decides: its own key signs. Absent at a terminal. */
  readonly page?: PageCaller | undefined;
}

export interface DeskAuthority {
  /**
   * Begins to verify the signature of this decision in another thread, while the caller reads what the decision is
   * about. {@link DeskAuthority.check} takes the result if it asks for the same statement by the same key.
   */
  begin(decision: SignedDecision, authority: Authority): void;
  /** The request for a signature at this moment's head of the journal. */
  request(decision: SignedDecision): SigningRequest;
  /**
   * Resolves if the authority is a valid signature of this decision, by a key at least as strong as the one it needs.
   * A signature passes once, also if the action then fails.
   * @throws SIGNATURE_REQUIRED with the request in `data.signing` if there is no signature or its key is too weak;
   * SIGNATURE_STALE; SIGNATURE_INVALID; PASSKEY_REFUSED; KEY_REQUIRED if the desk has no live key; PAGE_NOT_ALLOWED.
   */
  check(decision: SignedDecision, authority: Authority | undefined): Promise<void>;
  /** The same for a decision that a terminal takes without a signature: only a page must sign it. */
  checkPage(decision: SignedDecision, authority: Authority | undefined): Promise<void>;
  /**
   * For a caller that has waited since the check: nothing of a page is recorded that the human has ended meanwhile.
   * @throws PAGE_SESSION_ENDED; PASSKEY_REFUSED if the passkey was removed.
   */
  requireOpen(authority: Authority | undefined): void;
  /** The passkeys with which a page may approve a live order now; undefined: none. */
  passkeysOf(page: PageCaller | undefined): PasskeyRequest | undefined;
  /** Whether the operator has made a live key. */
  hasLiveKey(): Promise<boolean>;
}

/** Paper needs the desk key; live and unstated orders need the live key. */
export function keyForMode(mode: Mode): SigningRole {
  return mode === "paper" ? "desk" : "live";
}

/** The heads that the desk has named to its clients. */
const HEADS_KEPT = 1_000;

interface AuthorityOptions {
  readonly state: Readonly<DeskState>;
  readonly clock: Pick<Clock, "now">;
  readonly head: () => JournalHead;
  readonly keys: PublicKeys;
  /** Reads the keys again: the operator may have made a live key since. */
  readonly readKeys: () => Promise<PublicKeys>;
}

export function openAuthority({ state, clock, head, keys, readKeys }: AuthorityOptions): DeskAuthority {
  const heads = new LruMap<number, string>(HEADS_KEPT);
  /** Signatures that passed: the record that uses one up comes later. */
  const passed = new LruMap<string, true>(HEADS_KEPT);
  const verifications = new BegunVerifications();
  const checkPasskey = passkeyCheck(state.pages);
  const signers = signerKeys({ state, keys, readKeys });
  const textOf = ({ key: _key, since: _since, page: _page, ...subject }: SignedDecision, of: Authority): string =>
    statementText(statementOf(state.deskId, subject, of));
  const request = ({ key, since: _since, page: _page, ...subject }: SignedDecision): SigningRequest => {
    const { seq, hash } = head();
    heads.set(seq, hash);
    return { key, statement: { desk: state.deskId, epoch: state.epoch, head: { seq, hash }, ...subject } };
  };
  const requireOpen: DeskAuthority["requireOpen"] = (authority) => requireOpenPage(state, authority);
  const check = async (decision: SignedDecision, authority: Authority | undefined): Promise<void> => {
    const { key, since = 0, page, ...subject } = decision;
    const { action } = subject;
    refuseOutOfScope(decision);
    // A live key that is missing is named before anything else.
    await signers.ofRole(key);
    if (authority === undefined || !isStrongEnough(authority.key, key, decision))
      throw new QocError("SIGNATURE_REQUIRED", { action, key }, { data: { signing: request(decision) } });
    const named = authority.head.seq < since ? undefined : heads.get(authority.head.seq);
    const reason = staleness({ state, now: clock.now(), named }, authority);
    if (reason !== undefined) throw new QocError("SIGNATURE_STALE", { action, reason });
    const statement = statementOf(state.deskId, subject, authority);
    const isOfCaller = page === undefined ? !isKeyOfPage(authority.key) : authority.session === page.session;
    if (!isOfCaller) throw new QocError("SIGNATURE_INVALID", { action, key: authority.key });
    // An authenticator makes another signature each time: what counts once is what it was asked.
    let once = authority.signature;
    if (authority.key === "passkey") once = checkPasskey(statement, authority, page);
    else if (
      !(await verifications.isValid({
        ...authority,
        pem: await signers.of(authority),
        text: textOf(decision, authority),
      }))
    )
      throw new QocError("SIGNATURE_INVALID", { action, key: authority.key });
    // The session may have ended while another thread verified.
    requireOpen(authority);
    if (passed.get(once) === true) throw new QocError("SIGNATURE_STALE", { action, reason: "it was used before" });
    passed.set(once, true);
  };
  return {
    begin: (decision, authority) => {
      const pem = signers.atHand(authority);
      if (pem !== undefined && authority.key !== "passkey")
        verifications.begin({ ...authority, pem, text: textOf(decision, authority) });
    },
    request,
    check,
    requireOpen,
    checkPage: async (decision, authority) => {
      if (decision.page !== undefined || authority !== undefined) await check(decision, authority);
    },
    passkeysOf: (page) =>
      page === undefined || !isInScope("approve", page.scope)
        ? undefined
        : passkeyRequest(state.pages, page.origin, clock.now()),
    hasLiveKey: signers.hasLive,
  };
}

/** The public keys of those who sign. */
function signerKeys({ state, keys, readKeys }: Pick<AuthorityOptions, "state" | "keys" | "readKeys">) {
  let known = keys;
  const hasLive = async (): Promise<boolean> => {
    if (known.live === undefined) known = await readKeys();
    return known.live !== undefined;
  };
  const ofRole = async (key: SigningRole): Promise<string> => {
    if (key === "desk") return known.desk;
    await hasLive();
    if (known.live === undefined)
      throw new QocError("KEY_REQUIRED", { reason: "this desk has no live key; make one with qoc keys protect" });
    return known.live.publicPem;
  };
  /** undefined without a key, or if it must be read first. */
  const atHand = ({ key, session = "" }: Authority): string | undefined => {
    if (key === "desk") return known.desk;
    if (key === "live") return known.live?.publicPem;
    const record = state.pages.sessions.get(session);
    return record === undefined ? undefined : pagePem(record.publicKey);
  };
  const of = async (authority: Authority): Promise<string> => {
    if (authority.key === "desk" || authority.key === "live") return ofRole(authority.key);
    const pem = atHand(authority);
    if (pem === undefined) throw new QocError("PAGE_SESSION_ENDED");
    return pem;
  };
  return { hasLive, ofRole, atHand, of };
}

/** What every page may do: it lets the desk trade less than before. */
const IN_EVERY_SCOPE: ReadonlySet<SignedAction> = new Set(["reject", "cancel", "halt"]);
/** What a page with the scope `paper` may do besides. */
const IN_PAPER_SCOPE: ReadonlySet<SignedAction> = new Set(["approve", "resume", "resolve"]);

/** Whether a page with this scope may decide it with its own key. */
export function isInScope(action: SignedAction, scope: PageScope): boolean {
  return IN_EVERY_SCOPE.has(action) || (scope === "paper" && IN_PAPER_SCOPE.has(action));
}

function refuseOutOfScope({ action, page }: SignedDecision): void {
  if (page === undefined || isInScope(action, page.scope)) return;
  throw new QocError("PAGE_NOT_ALLOWED", {
    action,
    reason: 'by [ui] approve = "none", or by the scope of its session',
  });
}

function requireOpenPage({ pages }: Pick<DeskState, "pages">, authority: Authority | undefined): void {
  if (authority === undefined || !isKeyOfPage(authority.key)) return;
  if (!pages.sessions.has(authority.session ?? "")) throw new QocError("PAGE_SESSION_ENDED");
  const { name = "" } = authority.passkey ?? {};
  if (authority.key === "passkey" && !pages.passkeys.has(name))
    throw new QocError("PASSKEY_REFUSED", { reason: `${name} is not registered here` });
}

/** Why a signature does not count any more; undefined if it does. */
function staleness(
  at: { readonly state: Readonly<DeskState>; readonly now: number; readonly named: string | undefined },
  { key, epoch, head, expiresAt, signature }: Authority,
): string | undefined {
  const longest = longestStatementMs(key);
  if (epoch !== at.state.epoch) return `it is of epoch ${epoch}; the desk is in epoch ${at.state.epoch}`;
  if (at.named !== head.hash) return "it is not made at a head of the journal that the desk named for it";
  if (expiresAt <= at.now) return "it has expired";
  if (expiresAt > at.now + longest) return `it expires more than ${longest / 60_000} minutes from now`;
  return at.state.usedSignatures.has(signature) ? "it was used before" : undefined;
}
