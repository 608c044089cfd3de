/** Checks the signatures of one journal, record by record: key, statement, place on the chain, single use. */
import {
  type KeyRole,
  type SigningRole,
  replacementText,
  statementOf,
  statementText,
} from "../../domain/authority/authority.ts";
import { canonicalJson } from "../../domain/canonical-json.ts";
import type { JournalUpgraded, KeyChanged, KeysReplaced, OrderApproved, Recorded } from "../../domain/event.ts";
import { isStrongEnough, longestStatementMs } from "../../domain/pages/passkey.ts";
import type { AuditCode, AuditFinding, AuditedDecision } from "./audit-finding.ts";
import { PageAudit } from "./audit-pages.ts";
import { type AuditStart, EarlierHeads } from "./audit-start.ts";
import { PasskeyAudit } from "./audit-passkeys.ts";
import { type PublicKeys, isCertified, verifySignature } from "../keys/operator-keys.ts";

/** The host checks a statement before guards and venue calls, which take time until the record is written. */
const RECORDED_LATER_MS = 60_000;
const HASH_BYTES = 32;

/** The hashes of the records from the first, 32 bytes each: a signature may name any of them. */
class RecordHashes {
  #bytes = Buffer.alloc(HASH_BYTES * 1024);
  readonly first: number;

  constructor(first: number) {
    this.first = first;
  }

  set(seq: number, hash: string): void {
    const at = (seq - this.first) * HASH_BYTES;
    if (at + HASH_BYTES > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    this.#bytes.write(hash, at, "hex");
  }

  at(seq: number): string {
    const at = (seq - this.first) * HASH_BYTES;
    return this.#bytes.toString("hex", at, at + HASH_BYTES);
  }
}

/** The public keys that are in force at a record, as PEM. */
interface NamedKeys {
  desk: string | undefined;
  host: string | undefined;
  live: string | undefined;
}

export class SignatureAudit {
  /** Those of this machine. */
  readonly #keys: PublicKeys | undefined;
  readonly #named: NamedKeys;
  /** The keys of the journal that this machine lacks, unless a later record replaces them. */
  #strange: { readonly seq: number; readonly finding: AuditFinding }[] = [];
  readonly #hashes: RecordHashes;
  readonly #used = new Set<string>();
  /** Of signatures that name records before the start of the audit: not checked here. */
  readonly earlier = new EarlierHeads();
  readonly pages: PageAudit;
  readonly passkeys = new PasskeyAudit();
  #seq: number;
  deskId: string;

  /** Without keys no signature is valid, and none is reported as invalid. */
  constructor(keys: PublicKeys | undefined, start?: AuditStart) {
    this.#keys = keys;
    const named = (role: KeyRole): string | undefined => start?.keys.get(role);
    this.#named = { desk: named("desk"), host: named("host"), live: named("live") };
    this.#hashes = new RecordHashes(start?.head.seq ?? 0);
    if (start !== undefined) this.#hashes.set(start.head.seq, start.head.hash);
    this.#seq = start?.head.seq ?? 0;
    this.pages = new PageAudit(start);
    this.deskId = start?.deskId ?? "";
  }

  /** Whether this machine has the keys that signatures are checked with. */
  get hasKeys(): boolean {
    return this.#keys !== undefined;
  }

  /** Called with each record before its signatures are checked. */
  take({ seq }: Recorded, hash: string): void {
    this.#hashes.set(seq, hash);
    this.#seq = seq;
  }

  /** The hash of a record; the hash before the first record at 0; undefined after the last record. */
  hashAt(seq: number): string | undefined {
    return seq > this.#seq ? undefined : this.#hashes.at(seq);
  }

  /** The findings on a signed decision; an empty list: its signature is valid. */
  decision({ at, epoch, seq }: Recorded, decision: AuditedDecision): readonly AuditFinding[] {
    const { name, subject, authority, key, since = 0 } = decision;
    if (authority === undefined) return [{ code: "SIGNATURE_MISSING", message: `${name} is not signed` }];
    const findings: AuditFinding[] = [];
    const stale = (message: string): void => void findings.push({ code: "SIGNATURE_STALE", message });
    const { head, expiresAt, signature } = authority;
    if (!isStrongEnough(authority.key, key, subject))
      findings.push({
        code: "SIGNATURE_INVALID",
        message: `${name} needs the ${key} key, and the ${authority.key} key signed it`,
      });
    const statement = statementOf(this.deskId, subject, authority);
    const text = statementText(statement);
    let once = signature;
    if (authority.key === "passkey") {
      const checked = this.passkeys.assertion({ at, epoch }, { name, statement, authority }, this.pages);
      findings.push(...checked.findings);
      once = checked.once;
    } else if (authority.key === "session") findings.push(...this.#verifyPage({ at, epoch }, decision, text));
    else findings.push(...this.#verify(name, { role: authority.key, text, signature }));
    if (head.seq < this.#hashes.first) this.earlier.add(head, once);
    const isOnChain = head.seq < this.#hashes.first || this.#hashes.at(head.seq) === head.hash;
    if (head.seq >= seq || !isOnChain)
      findings.push({ code: "HEAD_UNKNOWN", message: `${name} names record ${head.seq}, which is not before it` });
    else if (head.seq < since) stale(`${name} was signed before record ${since}, which it answers`);
    if (authority.epoch !== epoch)
      stale(`${name} was signed in epoch ${authority.epoch} and is recorded in epoch ${epoch}`);
    if (expiresAt + RECORDED_LATER_MS <= at) stale(`the signature of ${name} had expired`);
    if (expiresAt > at + longestStatementMs(authority.key) + RECORDED_LATER_MS)
      stale(`the signature of ${name} expires too late`);
    if (this.#used.has(once)) stale(`the signature of ${name} was used before`);
    this.#used.add(once);
    return findings;
  }

  /** Formats 1 and 2: the operator's key signed the event, and no approval of paper while it was locked. */
  legacy(name: string, event: OrderApproved | JournalUpgraded): readonly AuditFinding[] {
    const { type: _type, signature, ...signed } = event;
    if (signature === undefined) return [];
    if (this.#keys === undefined) return [];
    const { desk, live } = this.#keys;
    const text = canonicalJson(signed);
    const isValid = [desk, live?.publicPem].some((pem) => pem !== undefined && isSignedBy(pem, text, signature));
    return isValid ? [] : [invalid(name, "operator's")];
  }

  /** The host's signature of the boundary to format 3 and later. */
  host(name: string, text: string, signature: string | undefined): readonly AuditFinding[] {
    if (signature === undefined) return [{ code: "SIGNATURE_MISSING", message: `${name} is not signed` }];
    if (this.#keys === undefined || isSignedBy(this.#named.host ?? this.#keys.host.publicPem, text, signature))
      return [];
    return [invalid(name, "host's")];
  }

  /** A key that the journal names for the first time. */
  namedKey(seq: number, { role, publicPem, certificate }: KeyChanged): readonly AuditFinding[] {
    this.#named[role] ??= publicPem;
    this.#endPages();
    if (this.#keys === undefined) return [];
    const { desk, host, live } = this.#keys;
    const own = role === "desk" ? desk : (role === "host" ? host : live)?.publicPem;
    const strange = (code: AuditCode, message: string): void =>
      void this.#strange.push({ seq, finding: { code, message } });
    if (own === undefined) strange("KEY_MISSING", `this machine lacks the ${role} key that the journal names`);
    else if (own !== publicPem)
      strange("KEY_INVALID", `the ${role} key of this machine is not the key that the journal names`);
    if (
      role === "desk" ||
      isCertified(this.#named.desk ?? desk, this.deskId, role, { publicPem, certificate: certificate ?? "" })
    )
      return [];
    return [{ code: "KEY_INVALID", message: `the ${role} key in the journal is not certified by the desk key` }];
  }

  /** New keys after a loss: the new desk key signs the place on the chain from which it is in force. */
  replacedKeys({ seq, event }: Recorded<KeysReplaced>): readonly AuditFinding[] {
    const { previousDesk, deskPem, hostPem, hostCertificate, head, signature } = event;
    const name = "the replacement of the keys";
    const problem = (code: AuditCode, message: string): readonly AuditFinding[] => [
      { code, message: `${name} ${message}` },
    ];
    if (previousDesk !== this.#named.desk) return problem("KEY_INVALID", "names another desk key than the journal");
    if (!isSignedBy(deskPem, replacementText(this.deskId, event), signature)) return [invalid(name, "new desk key's")];
    if (!isCertified(deskPem, this.deskId, "host", { publicPem: hostPem, certificate: hostCertificate }))
      return problem("KEY_INVALID", "has a host key that the new desk key did not certify");
    if (head.seq >= seq || this.#hashes.at(head.seq) !== head.hash)
      return problem("HEAD_UNKNOWN", `names record ${head.seq}, which is not before it`);
    [this.#named.desk, this.#named.host] = [deskPem, hostPem];
    this.#endPages();
    // The live key that the journal names stays in force, here or not.
    this.#strange = [];
    if (this.#keys === undefined) return [];
    const { desk, host, live } = this.#keys;
    const strange = (message: string): void =>
      void this.#strange.push({ seq, finding: { code: "KEY_INVALID", message } });
    if (desk !== deskPem) strange("the desk key of this machine is not the key that the journal names");
    if (host.publicPem !== hostPem) strange("the host key of this machine is not the key that the journal names");
    if (live !== undefined && this.#named.live !== undefined && live.publicPem !== this.#named.live)
      strange("the live key of this machine is not the key that the journal names");
    return [];
  }

  /** Keys that no later record replaced. */
  get strangeKeys(): readonly { readonly seq: number; readonly finding: AuditFinding }[] {
    return this.#strange;
  }

  /** New keys of the desk end all sessions, and no passkey counts any more. */
  #endPages(): void {
    this.pages.closeAll();
    this.passkeys.removeAll();
  }

  /** A page's key is in the journal, under a grant that the desk key signed. */
  #verifyPage(
    at: Pick<Recorded, "at" | "epoch">,
    { name, subject: { action }, authority }: AuditedDecision,
    text: string,
  ): readonly AuditFinding[] {
    const { session = "", signature = "" } = authority ?? {};
    const { pem = "", findings } = this.pages.signer(at, session, { name, action });
    if (findings.length > 0 || isSignedBy(pem, text, signature)) return findings;
    return [invalid(name, "page's")];
  }

  #verify(
    name: string,
    { role, text, signature }: { readonly role: SigningRole; readonly text: string; readonly signature: string },
  ): readonly AuditFinding[] {
    if (this.#keys === undefined) return [];
    const { desk, live } = this.#keys;
    const pem = role === "desk" ? (this.#named.desk ?? desk) : (this.#named.live ?? live?.publicPem);
    if (pem === undefined) return [{ code: "KEY_MISSING", message: `${name}: this machine has no live key` }];
    return isSignedBy(pem, text, signature) ? [] : [invalid(name, `${role} key's`)];
  }
}

function invalid(name: string, owner: string): AuditFinding {
  return { code: "SIGNATURE_INVALID", message: `the signature of ${name} is not the ${owner}` };
}

/** The journal may hold any value in place of a signature; an empty key signs nothing. */
function isSignedBy(pem: string, text: string, signature: unknown): boolean {
  return pem !== "" && typeof signature === "string" && verifySignature(pem, text, signature);
}
