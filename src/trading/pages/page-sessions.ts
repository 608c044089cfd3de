/**
 * The sessions of pages. A session has two halves that only its page sends together: a cookie, and a proof that the
 * page has the key of its login. The proof is for one run of the desk.
 *
 * The desk keeps the digest of the cookie in a file outside the workspace, so that a session survives a restart and no
 * copy of the desk. What a session is, its grant and the public half of its key, is in the journal.
 */
import { timingSafeEqual } from "node:crypto";
import type { Authority } from "../../domain/authority/authority.ts";
import { digestOf, sha256Hex } from "../../domain/digest.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { Digest } from "../../domain/ids.ts";
import type { PageClosed } from "../../domain/pages/page-event.ts";
import {
  PAGE_CODE_MS,
  PAGE_IDLE_MS,
  PAGE_SESSION_MS,
  type PageCaller,
  type PageGrant,
  type PageScope,
  grantSubject,
  grantText,
  loginText,
  runText,
} from "../../domain/pages/page-session.ts";
import type { PageRecord } from "../../domain/pages/page-state.ts";
import { newSessionName } from "../../domain/pages/session-names.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";
import { verifySignature } from "../keys/operator-keys.ts";
import { type PageCookies, openPageCookies } from "./page-cookies.ts";
import { isPageKey, pagePem } from "./page-key.ts";
import { type PageRefusals, openPageRefusals } from "./page-refusals.ts";

/** Codes that wait for their page. One more drops the oldest. */
const GRANTS_MAX = 4;
/** One more ends the session that was used longest ago. */
const SESSIONS_MAX = 24;
const SWEEP_MS = 60_000;
/** Of the name of a run. */
const RUN_BYTES = 16;

export interface GrantRequest extends PageGrant {
  readonly authority: Authority | undefined;
}

export interface LoginRequest {
  /** The code of the link. */
  readonly code: string;
  /** Base64 of the public half of the page's key (SPKI, Ed25519). */
  readonly publicKey: string;
  /** Base64, by the page's key over `loginText`. */
  readonly proof: string;
}

/** A new session, with its cookie: the only time that it leaves the desk. */
export interface PageLogin {
  readonly session: string;
  readonly scope: PageScope;
  readonly endsAt: number;
  readonly cookie: string;
}

export type PageIdentity = Omit<PageCaller, "origin">;

/** What a request of a page has of its session. */
export interface PageHalves {
  readonly cookie: string;
  readonly proof: string;
  /** Of the page, as the browser named it: the proof counts for this one. */
  readonly origin: string;
  /** The human did something. */
  readonly isUse: boolean;
}

export interface PageSessionView {
  readonly session: string;
  readonly scope: PageScope;
  readonly openedAt: string;
  readonly usedAt: string;
  readonly endsAt: string;
}

export type PageEnd = PageClosed["reason"] | "expired";

export interface PageSessions {
  /** Takes the grant that `qoc ui` signed. Returns the name of the session that its code opens. @throws as a check. */
  grant(request: GrantRequest): Promise<{ readonly session: string }>;
  /** @throws PAGE_LOGIN_REFUSED, PAGE_LINK_USED, DESK_READ_ONLY. */
  login(request: LoginRequest): Promise<PageLogin>;
  /** Names this run of the desk; another run has another name, which is not known before. */
  readonly run: string;
  /** The session that has both halves; undefined: none has. */
  find(halves: PageHalves): PageIdentity | undefined;
  list(): readonly PageSessionView[];
  /** Ends a session, or the link that would open it. @throws PAGE_SESSION_UNKNOWN. */
  close(session: string, reason: "logout" | "revoked"): Promise<void>;
  /** Ends every session, and every link that would open one. Returns their names. */
  closeAll(): Promise<readonly string[]>;
  /** Calls the listener when a session has ended. Returns a function that removes the listener. */
  onEnd(listener: (session: string, reason: PageEnd) => void): () => void;
  /** Resolves when refused logins are recorded and the digests are on disk. */
  stop(): Promise<void>;
}

type PageDesk = Pick<
  Desk,
  "authority" | "clock" | "commit" | "config" | "ids" | "log" | "publish" | "readOnly" | "state"
> & {
  readonly workspace: Pick<Desk["workspace"], "disk" | "inbox">;
};

interface OpenGrant extends PageGrant {
  readonly session: string;
  readonly authority: Authority;
}

/** `file`: the digests of the cookies, outside the workspace. */
export async function openPageSessions(desk: PageDesk, file: string): Promise<PageSessions> {
  const sessions = new DeskPages(desk, await openPageCookies(desk, file));
  sessions.start();
  return sessions;
}

class DeskPages implements PageSessions {
  readonly run: string;
  readonly #desk: PageDesk;
  readonly #cookies: PageCookies;
  /** The proofs of this run that were verified, by session. */
  readonly #proofs = new Map<string, Pick<PageHalves, "origin" | "proof">>();
  readonly #refusals: PageRefusals;
  /** By the digest of the code, the oldest first. */
  readonly #grants = new Map<string, OpenGrant>();
  readonly #listeners = new Set<(session: string, reason: PageEnd) => void>();
  #stopSweep: () => void = () => undefined;

  constructor(desk: PageDesk, cookies: PageCookies) {
    this.run = desk.ids.random(RUN_BYTES);
    this.#desk = desk;
    this.#cookies = cookies;
    this.#refusals = openPageRefusals(desk);
  }

  start(): void {
    this.#stopSweep = this.#desk.clock.after(SWEEP_MS, () => {
      this.#endOld();
      this.start();
    });
  }

  async stop(): Promise<void> {
    this.#stopSweep();
    this.#refusals.flush();
    await this.#cookies.saved();
  }

  async grant({ authority, ...grant }: GrantRequest): Promise<{ readonly session: string }> {
    const { authority: keys, clock, ids } = this.#desk;
    const now = clock.now();
    const isTooLong = grant.codeEndsAt > now + PAGE_CODE_MS || grant.endsAt > now + PAGE_SESSION_MS;
    if (isTooLong) throw new QocError("SIGNATURE_STALE", { action: "ui", reason: "its times are too far ahead" });
    await keys.check({ ...grantSubject(digestOf(grantText(grant))), key: "desk" }, authority);
    if (authority === undefined) throw new QocError("SIGNATURE_REQUIRED", { action: "ui", key: "desk" });
    const taken = new Set([...this.#sessions.keys(), ...[...this.#grants.values()].map(({ session }) => session)]);
    const session = newSessionName(ids.random, taken);
    this.#grants.set(grant.code, { ...grant, authority, session });
    const [oldest] = this.#grants.keys();
    if (this.#grants.size > GRANTS_MAX && oldest !== undefined) this.#grants.delete(oldest);
    return { session };
  }

  async login({ code, publicKey, proof }: LoginRequest): Promise<PageLogin> {
    const { clock, commit, ids, readOnly } = this.#desk;
    const refusal = readOnly();
    if (refusal !== undefined) throw new QocError("DESK_READ_ONLY", { reason: refusal });
    const digest = digestOf(code);
    const grant = this.#grantOf(digest);
    if (!isPageKey(publicKey) || !verifySignature(pagePem(publicKey), loginText(digest, publicKey), proof))
      throw this.#refuse("invalid key", "its page did not prove a key");
    // Before the first `await`: of two pages with one code, one logs in.
    this.#grants.delete(digest);
    const { session, scope, codeEndsAt, endsAt, authority } = grant;
    const cookie = secret(ids.random);
    const opened = { code: digest, scope, codeEndsAt, endsAt, session, publicKey, proof, authority };
    await commit({ type: "page.opened", ...opened });
    this.#cookies.set(session, { cookie: sha256Hex(cookie), usedAt: clock.now() });
    await this.#cookies.saved();
    this.#endSurplus();
    return { session, scope: this.#scopeOf(scope), endsAt, cookie };
  }

  find({ cookie, isUse, ...proven }: PageHalves): PageIdentity | undefined {
    this.#endOld();
    const session = this.#cookies.withCookie(sha256Hex(cookie));
    const record = session === undefined ? undefined : this.#sessions.get(session);
    if (session === undefined || record === undefined || !this.#isProven(session, record, proven)) return undefined;
    if (isUse) this.#cookies.use(session, this.#desk.clock.now());
    return { session, scope: this.#scopeOf(record.scope) };
  }

  list(): readonly PageSessionView[] {
    this.#endOld();
    return [...this.#sessions].flatMap(([session, { scope, openedAt, endsAt }]) => {
      const kept = this.#cookies.get(session);
      // A session whose cookie is lost is open in the journal alone: no page can use it.
      if (kept === undefined) return [];
      const times = { openedAt: iso(openedAt), usedAt: iso(kept.usedAt), endsAt: iso(endsAt) };
      return [{ session, scope: this.#scopeOf(scope), ...times }];
    });
  }

  async close(session: string, reason: "logout" | "revoked"): Promise<void> {
    const link = [...this.#grants].find(([, grant]) => grant.session === session);
    if (link !== undefined) {
      this.#grants.delete(link[0]);
      return;
    }
    if (!this.#sessions.has(session)) throw new QocError("PAGE_SESSION_UNKNOWN", { name: session });
    await this.#end(session, reason);
  }

  async closeAll(): Promise<readonly string[]> {
    const now = this.#desk.clock.now();
    const links = [...this.#grants.values()].filter(({ codeEndsAt }) => codeEndsAt > now);
    this.#grants.clear();
    // By the journal: the cookie of a page that logs in at this moment is not kept yet.
    const open = [...this.#sessions].filter(([, { endsAt }]) => endsAt > now).map(([session]) => session);
    await Promise.all(open.map((session) => this.#end(session, "revoked")));
    return [...open, ...links.map(({ session }) => session)];
  }

  onEnd(listener: (session: string, reason: PageEnd) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A proof is verified once. */
  #isProven(
    session: string,
    { publicKey }: PageRecord,
    { origin, proof }: Pick<PageHalves, "origin" | "proof">,
  ): boolean {
    const known = this.#proofs.get(session);
    if (known !== undefined && known.origin === origin && isEqual(known.proof, proof)) return true;
    if (!verifySignature(pagePem(publicKey), runText(session, this.run, origin), proof)) return false;
    this.#proofs.set(session, { origin, proof });
    return true;
  }

  get #sessions(): ReadonlyMap<string, PageRecord> {
    return this.#desk.state.pages.sessions;
  }

  #scopeOf(granted: PageScope): PageScope {
    return this.#desk.config.ui.approve === "none" ? "none" : granted;
  }

  #grantOf(code: Digest): OpenGrant {
    const grant = this.#grants.get(code);
    const usedAt = this.#desk.state.pages.usedCodes.get(code);
    if (grant === undefined && usedAt !== undefined) {
      this.#refusals.used(code, usedAt);
      throw new QocError("PAGE_LINK_USED", { at: iso(usedAt) });
    }
    if (grant === undefined) throw this.#refuse("unknown code", "the desk does not know it, or it is too old");
    if (grant.codeEndsAt > this.#desk.clock.now()) return grant;
    this.#grants.delete(code);
    throw this.#refuse("expired code", `it was good for ${PAGE_CODE_MS / 60_000} minutes`);
  }

  #refuse(reason: "unknown code" | "expired code" | "invalid key", words: string): QocError {
    this.#refusals.record(reason);
    return new QocError("PAGE_LOGIN_REFUSED", { reason: words });
  }

  /** The cookie is removed first: nothing passes while the record is written. */
  async #end(session: string, reason: PageClosed["reason"]): Promise<void> {
    this.#forget(session, reason);
    const actor = reason === "logout" || reason === "revoked" ? "human" : "host";
    if (this.#desk.readOnly() === undefined) await this.#desk.commit({ type: "page.closed", session, reason, actor });
    await this.#cookies.saved();
  }

  #forget(session: string, reason: PageEnd): void {
    this.#cookies.delete(session);
    this.#proofs.delete(session);
    for (const listener of this.#listeners) listener(session, reason);
  }

  /** Ends the sessions that are too old, that were idle for too long, or that the journal does not have any more. */
  #endOld(): void {
    const now = this.#desk.clock.now();
    for (const [session, { usedAt }] of this.#cookies.entries()) {
      const record = this.#sessions.get(session);
      if (record === undefined) this.#forget(session, "revoked");
      else if (record.endsAt <= now) this.#forget(session, "expired");
      else if (usedAt + PAGE_IDLE_MS <= now) this.#endInBackground(session, "idle");
    }
  }

  #endSurplus(): void {
    const byUse = this.#cookies.entries().toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [session] of byUse.slice(0, Math.max(0, byUse.length - SESSIONS_MAX)))
      this.#endInBackground(session, "replaced");
  }

  #endInBackground(session: string, reason: PageClosed["reason"]): void {
    this.#end(session, reason).catch((error: unknown) => this.#desk.log.error(`page session: ${messageOf(error)}`));
  }
}

function secret(random: (bytes: number) => string): string {
  return Buffer.from(random(32), "hex").toString("base64url");
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
