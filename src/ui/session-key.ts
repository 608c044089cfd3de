/** The key of this browser's session: made at login, never readable, and used to sign each decision. */
import {
  type Authority,
  STATEMENT_MS,
  type SignedAction,
  type SigningRequest,
  statementText,
} from "../domain/authority/authority.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { loginText, runText } from "../domain/pages/page-session.ts";
import type { Digest } from "../domain/ids.ts";
import type { Browser } from "./browser.ts";

/** What the human decided, as the page knows it. */
export interface PageIntent {
  readonly action: SignedAction;
  readonly id: string;
  readonly digest: string;
  readonly shown: string;
  /** The mode that the page displayed; "" for actions on the whole desk. undefined: the desk states it. */
  readonly mode?: string | undefined;
}

export interface LoginBody {
  readonly code: string;
  readonly publicKey: string;
  readonly proof: string;
}

/** A key that the desk has not taken yet. */
export interface NewKey {
  readonly request: LoginBody;
  /** The desk has opened the session: this browser keeps the key in the place of the one before. */
  keep(session: string): Promise<void>;
}

/** The desk asks for a signature that this session cannot give. */
export class CannotSign extends Error {
  override readonly name = "CannotSign";
  /**
   * `live`: the order needs the live key. `other`: the desk asks for a signature of something else. `no-passkey`: the
   * human or the browser gave no passkey.
   */
  readonly reason: "live" | "other" | "no-key" | "no-passkey";

  constructor(reason: CannotSign["reason"]) {
    super(reason);
    this.reason = reason;
  }
}

export async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `sha256:${hex}`;
}

const SESSION_NAME = "qoc.session";

/**
 * The desk's time, as the page knows it, may be ahead by the time that an answer took, at most 30 s. The desk refuses a
 * signature that counts for longer than a statement may, so the page's counts for less.
 */
const AHEAD_MS = 60_000;

export class SessionKey {
  readonly #browser: Browser;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** The session's name; "" without a session. */
  get session(): string {
    return this.#browser.recall(SESSION_NAME) ?? "";
  }

  /**
   * Makes a new key and the proof that this browser has it. Any web page can open a link with a code that the desk does
   * not know, so the key of the session stays until the desk has opened another one.
   */
  async newKey(code: string): Promise<NewKey> {
    const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
    const publicKey = base64(await crypto.subtle.exportKey("spki", pair.publicKey));
    const proof = await signText(pair.privateKey, loginText((await sha256(code)) as Digest, publicKey));
    return {
      request: { code, publicKey, proof },
      keep: async (session) => {
        await keepKey(pair.privateKey);
        this.#browser.keep(SESSION_NAME, session);
      },
    };
  }

  /** Proves to a run of the desk that this browser has the key; undefined without a key. */
  async prove(run: string): Promise<string | undefined> {
    const privateKey = await keptKey();
    return privateKey === undefined ? undefined : signText(privateKey, runText(this.session, run, location.origin));
  }

  /** Signs what the human decided. @throws CannotSign if the desk asks for a signature of something else. */
  async sign({ key, statement }: SigningRequest, intent: PageIntent): Promise<Authority> {
    if (key !== "desk") throw new CannotSign("live");
    refuseOther(statement, intent);
    const privateKey = await keptKey();
    if (privateKey === undefined) throw new CannotSign("no-key");
    const expiresAt = this.#browser.now() + STATEMENT_MS - AHEAD_MS;
    const signature = await signText(privateKey, statementText({ ...statement, expiresAt }));
    const { epoch, head } = statement;
    return { key: "session", session: this.session, epoch, head, expiresAt, signature };
  }
}

/** @throws CannotSign if the desk asks for a signature of something else than the human decided. */
export function refuseOther(statement: SigningRequest["statement"], intent: PageIntent): void {
  const isMeant =
    statement.action === intent.action &&
    statement.id === intent.id &&
    statement.digest === intent.digest &&
    statement.shown === intent.shown &&
    (intent.mode === undefined || statement.mode === intent.mode);
  if (!isMeant) throw new CannotSign("other");
}

/** The digest of a review as the desk computes it, too. */
export function digestOfShown(review: unknown): Promise<string> {
  return sha256(canonicalJson(review));
}

async function signText(key: CryptoKey, text: string): Promise<string> {
  return base64(await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(text)));
}

export function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

const [DATABASE, STORE, KEY] = ["qoc", "keys", "session"];

function openStore(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the browser refuses storage")));
  });
}

async function keepKey(key: CryptoKey): Promise<void> {
  const database = await openStore();
  await done(database.transaction(STORE, "readwrite").objectStore(STORE).put(key, KEY));
  database.close();
}

async function keptKey(): Promise<CryptoKey | undefined> {
  const database = await openStore();
  const key = await done(database.transaction(STORE, "readonly").objectStore(STORE).get(KEY) as IDBRequest<CryptoKey>);
  database.close();
  return key;
}
