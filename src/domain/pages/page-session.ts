/**
 * The session of a page in the operator's browser. `qoc ui` signs a grant with the desk key; the page that has the code
 * of the grant makes a key of its own at the login, and signs each decision with it. The page computes the same texts,
 * so this file loads nothing of Node.
 */
import type { ActionSubject } from "../authority/authority.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Digest } from "../ids.ts";

/** What a session may approve, resume and resolve. Every session may reject, cancel and halt. */
export const PAGE_SCOPES = ["paper", "none"] as const;
export type PageScope = (typeof PAGE_SCOPES)[number];

/** What `qoc ui` signs. */
export interface PageGrant {
  /** The digest of the code: the code itself is in the link alone. */
  readonly code: Digest;
  readonly scope: PageScope;
  /** The code opens a session until this time, ms. */
  readonly codeEndsAt: number;
  /** The session ends at this time, whatever happens until then, ms. */
  readonly endsAt: number;
}

/** The page that asks for a command: the session is proved, and its scope is the smaller of grant and desk.toml. */
export interface PageCaller {
  readonly session: string;
  readonly scope: PageScope;
  /** As the browser named it: one of the desk's own origins. */
  readonly origin: string;
}

/** A code is good once, within this time. */
export const PAGE_CODE_MS = 2 * 60 * 1000;
/** The longest life of a session. */
export const PAGE_SESSION_MS = 7 * 24 * 60 * 60 * 1000;
/** A session ends if the human does nothing on its page for this time. The event stream does not count. */
export const PAGE_IDLE_MS = 12 * 60 * 60 * 1000;

export function grantText({ code, scope, codeEndsAt, endsAt }: PageGrant): string {
  return canonicalJson({ code, scope, codeEndsAt, endsAt });
}

/**
 * What the page signs once for each run of the desk, as its half of the session. A program that holds the desk's port
 * while the desk is down gets the signature of the run before, which opens nothing later. Every program of this machine
 * can ask a desk for the name of its run. If it holds the port of before, while the desk runs at another port, the page
 * signs that name for it: the signature states the page's own origin, and opens nothing at another one.
 */
export function runText(session: string, run: string, origin: string): string {
  return `qoc page run 2\n${canonicalJson({ session, run, origin })}`;
}

/** The subject of the statement that grants a session. `digest`: of {@link grantText}. */
export function grantSubject(digest: Digest): ActionSubject {
  return { action: "session", id: "", digest, shown: "", mode: "" };
}

/**
 * What the page signs at its login with the key that it made, to prove that it has the private half. `publicKey`:
 * base64 of the public half (SPKI, Ed25519).
 */
export function loginText(code: Digest, publicKey: string): string {
  return `qoc page login 1\n${canonicalJson({ code, publicKey })}`;
}
