/**
 * Authority is proof: a human's client signs a statement about one action, and the journal keeps the signature with the
 * event. The desk and `qoc journal verify` build the same statement again from the event and check it. The page signs
 * with the same texts, so this file loads nothing of Node.
 */
import { canonicalJson } from "../canonical-json.ts";
import type { Mode } from "../market/venue.ts";

/**
 * `desk` signs what concerns paper, `live` what concerns real money; a passphrase always locks `live`. `host` signs the
 * heads of the journal and proves the desk to its clients; it has no authority over orders.
 */
export const KEY_ROLES = ["desk", "live", "host"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];
/** The keys that a human's client signs with. */
export type SigningRole = Exclude<KeyRole, "host">;

export const SIGNED_ACTIONS = [
  "approve",
  "resume",
  "resolve",
  "reload",
  "schedule",
  "flow",
  "split",
  // A terminal proves the desk key when it connects, and signs none of these: only a page does.
  "reject",
  "cancel",
  "halt",
  /** Grants a page session. */
  "session",
  /** Registers a passkey. */
  "passkey",
] as const;
export type SignedAction = (typeof SIGNED_ACTIONS)[number];

/** A record of the journal by its number and hash: it names all records before it, too. */
export interface JournalHead {
  readonly seq: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** What one signature covers. */
export interface ActionStatement {
  /** The desk's id. */
  readonly desk: string;
  readonly epoch: number;
  /** The head of the journal when the human decided: a signature is void on a journal that lacks it. */
  readonly head: JournalHead;
  readonly action: SignedAction;
  /**
   * The id of an order or a schedule, an instrument as CONNECTOR/SYMBOL, or a connector; "" for actions on the whole
   * desk.
   */
  readonly id: string;
  /**
   * approve and cancel: the digest of the terms. reload: of the configuration. resume, resolve and halt: of the reason.
   * schedule: of the text of its file, or of its table in desk.toml. flow: of kind, amount and note. split: of ratio
   * and note. reject: of {@link rejectionText}. session: of the grant. passkey: of its facts.
   */
  readonly digest: string;
  /** The digest of what the client displayed; "" if nothing was displayed. */
  readonly shown: string;
  /** The mode of the order or of the connector; "" for actions on the whole desk. */
  readonly mode: Mode | "";
  /** The desk refuses the statement from this time on, ms. */
  readonly expiresAt: number;
}

/** What the journal keeps of a signed statement: the members that the event itself does not contain. */
export interface Authority {
  /**
   * `session`: the key that a page made at its login, for which the desk key signed a grant. `passkey`: the live key
   * signed its registration.
   */
  readonly key: SigningRole | "session" | "passkey";
  /** The name of the page session; present if `key` is `session` or `passkey`. */
  readonly session?: string | undefined;
  /** Present if `key` is `passkey`: its name, and what its authenticator signed besides the challenge (base64). */
  readonly passkey?: PasskeyUse | undefined;
  readonly epoch: number;
  readonly head: JournalHead;
  readonly expiresAt: number;
  /** Base64; Ed25519, or as the passkey signs. */
  readonly signature: string;
}

export interface PasskeyUse {
  readonly name: string;
  readonly authenticatorData: string;
  readonly clientData: string;
}

/** What a client must sign, with which key. The client adds `expiresAt`. */
export interface SigningRequest {
  readonly key: SigningRole;
  readonly statement: Omit<ActionStatement, "expiresAt">;
}

/** A signed statement expires after this time. */
export const STATEMENT_MS = 15 * 60 * 1000;

/** The members of a statement that an event does not contain. */
type Place = "desk" | "epoch" | "head" | "expiresAt";

/** The subject of a statement: what is decided, without the place in the journal. */
export type ActionSubject = Omit<ActionStatement, Place>;

/** The statement behind an authority, from the event's own members. */
export function statementOf(desk: string, subject: ActionSubject, authority: Authority): ActionStatement {
  const { epoch, head, expiresAt } = authority;
  return { desk, epoch, head, expiresAt, ...subject };
}

/** The text that is signed. It starts with its purpose, so that no other signature of the same key can replace it. */
export function statementText(statement: ActionStatement): string {
  return `qoc action 1\n${canonicalJson(statement)}`;
}

/** What the rejection of a proposal covers: the terms that were read, and the comment on them. */
export function rejectionText(digest: string, comment: string): string {
  return canonicalJson({ digest, comment });
}

/** The text of a certificate: the desk's key states that a public key has a role. */
export function certificateText(desk: string, role: KeyRole, publicPem: string): string {
  return `qoc key 1\n${canonicalJson({ desk, role, publicPem })}`;
}

/** New keys of a desk whose old ones are lost. */
export interface KeyReplacement {
  /** The desk key that the journal named last. */
  readonly previousDesk: string;
  readonly deskPem: string;
  readonly hostPem: string;
  /** The new desk key's certificate of the new host key. */
  readonly hostCertificate: string;
  /** The newest record when the keys were made: the human goes on from there. */
  readonly head: JournalHead;
}

export function replacementText(desk: string, replacement: KeyReplacement): string {
  const { previousDesk, deskPem, hostPem, hostCertificate, head } = replacement;
  return `qoc keys replaced 1\n${canonicalJson({ desk, previousDesk, deskPem, hostPem, hostCertificate, head: { ...head } })}`;
}

/**
 * The first format of the journal in which each decision of a human is signed by the client, the host signs heads, and
 * desk.toml is pinned.
 */
export const SIGNED_FORMAT = 3;

/** What the host signs where the journal's format changes. */
export interface FormatBoundary {
  readonly from: number;
  readonly to: number;
  readonly lastSeq: number;
  readonly lastHash: string;
}

export function boundaryText(boundary: FormatBoundary): string {
  return `qoc format 1\n${canonicalJson(boundary)}`;
}
