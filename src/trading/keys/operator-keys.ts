/**
 * The keys of a desk, outside the workspace, where no connector, guard or agent can read: `desk` and `live` of the
 * operator, `host` of the desk's own process. The desk's key certifies the other two.
 *
 * Files, for a desk with id ID: `ID` and `ID.pub` (desk), `ID.live` (under a passphrase), `ID.host`, and
 * `ID.certificates.json` with the public halves of `live` and `host`.
 */
import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { type KeyRole, certificateText } from "../../domain/authority/authority.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Disk, Ids } from "../../domain/ports.ts";
import { membersOf, tryParseJson } from "../../lib/json.ts";
import { LruMap } from "../../lib/lru-map.ts";
import { isEarlierForm, lockKey, unlockKey } from "./locked-key.ts";

/** Signs a text. Returns the signature in base64. */
export type Signer = (text: string) => string;

/** A public key and the desk key's signature that it has its role. */
export interface CertifiedKey {
  readonly publicPem: string;
  readonly certificate: string;
}

/** The disk, and the randomness of salts. */
export interface KeyServices {
  readonly disk: Disk;
  readonly ids: Ids;
}

/** The public halves. `live` is absent until a passphrase is set. */
export interface PublicKeys {
  readonly desk: string;
  readonly host: CertifiedKey;
  readonly live: CertifiedKey | undefined;
}

/** What the desk key certifies. */
type Certificates = Pick<PublicKeys, "host"> & { readonly live?: CertifiedKey | undefined };

interface KeyPair {
  readonly pem: string;
  readonly publicPem: string;
}

function newKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    pem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    publicPem: String(publicKey.export({ type: "spki", format: "pem" })),
  };
}

/** Makes the keys `desk` and `host` of a new desk; files have mode 0600. `path` is that of the desk's key. */
export function createKeys(disk: Disk, path: string, deskId: string): Promise<void> {
  return writeKeyFiles(disk, path, newKeyFiles(deskId, undefined));
}

/** A desk key and a host key, and the public halves that the desk key certifies. */
export interface NewKeys {
  readonly desk: KeyPair;
  readonly host: KeyPair;
  readonly certificates: Certificates;
}

/** `livePem`: the public half of a live key that stays. */
export function newKeyFiles(deskId: string, livePem: string | undefined): NewKeys {
  const [desk, host] = [newKeyPair(), newKeyPair()];
  const sign = signerOf(desk.pem);
  const certified = (role: KeyRole, publicPem: string): CertifiedKey => ({
    publicPem,
    certificate: sign(certificateText(deskId, role, publicPem)),
  });
  const live = livePem === undefined ? undefined : certified("live", livePem);
  return { desk, host, certificates: { host: certified("host", host.publicPem), live } };
}

/** The desk key is written last. */
export async function writeKeyFiles(disk: Disk, path: string, { desk, host, certificates }: NewKeys): Promise<void> {
  await disk.writeAtomic(`${path}.host`, host.pem, 0o600);
  await writeCertificates(disk, path, certificates);
  await disk.writeAtomic(`${path}.pub`, desk.publicPem, 0o644);
  await disk.create(path, desk.pem, 0o600);
}

/** Makes the host's key, certified by the desk's key. */
async function createHostKey(disk: Disk, path: string, deskId: string): Promise<void> {
  const host = newKeyPair();
  await disk.writeAtomic(`${path}.host`, host.pem, 0o600);
  await writeCertificates(disk, path, { host: await certify(disk, path, { deskId, role: "host", key: host }) });
}

interface Certifying {
  readonly deskId: string;
  readonly role: KeyRole;
  readonly key: Pick<KeyPair, "publicPem">;
}

async function certify(disk: Disk, path: string, { deskId, role, key }: Certifying): Promise<CertifiedKey> {
  const { publicPem } = key;
  return { publicPem, certificate: (await deskSigner(disk, path))(certificateText(deskId, role, publicPem)) };
}

function writeCertificates(disk: Disk, path: string, certificates: Certificates): Promise<void> {
  return disk.writeAtomic(`${path}.certificates.json`, `${JSON.stringify(certificates, undefined, 2)}\n`, 0o600);
}

/**
 * Brings the keys of an earlier version to today's form, and does nothing to keys of this version. A key under a
 * passphrase becomes the live key, and a new desk key is made; an open key stays the desk's key.
 */
export async function upgradeKeys(disk: Disk, path: string, deskId: string): Promise<void> {
  if ((await disk.facts(`${path}.certificates.json`)) !== undefined) return;
  const text = await readKey(disk, path);
  if (!isEarlierForm(text)) return createHostKey(disk, path, deskId);
  const publicPem = await readKey(disk, `${path}.pub`);
  // The live key's file is written first: after a crash here the old file is still complete.
  await disk.writeAtomic(`${path}.live`, text, 0o600);
  const desk = newKeyPair();
  await disk.writeAtomic(path, desk.pem, 0o600);
  await disk.writeAtomic(`${path}.pub`, desk.publicPem, 0o644);
  const host = newKeyPair();
  await disk.writeAtomic(`${path}.host`, host.pem, 0o600);
  await writeCertificates(disk, path, {
    host: await certify(disk, path, { deskId, role: "host", key: host }),
    live: await certify(disk, path, { deskId, role: "live", key: { publicPem } }),
  });
}

/** Not by a schema, since every command starts here. Returns undefined for a text of any other form. */
function parseCertificates(text: string): Certificates | undefined {
  const { host, live, ...others } = membersOf(tryParseJson(text));
  const isOfForm = isCertifiedKey(host) && (live === undefined || isCertifiedKey(live));
  return isOfForm && Object.keys(others).length === 0 ? { host, live } : undefined;
}

function isCertifiedKey(value: unknown): value is CertifiedKey {
  const { publicPem, certificate, ...others } = membersOf(value);
  return typeof publicPem === "string" && typeof certificate === "string" && Object.keys(others).length === 0;
}

/** @throws KEY_MISSING if this machine lacks the desk's keys; KEY_INVALID if a certificate is not the desk key's. */
export async function readPublicKeys(disk: Disk, path: string, deskId: string): Promise<PublicKeys> {
  const [desk, text] = await Promise.all([readKey(disk, `${path}.pub`), readKey(disk, `${path}.certificates.json`)]);
  const certificates = parseCertificates(text);
  if (certificates === undefined)
    throw new QocError("KEY_INVALID", { path: `${path}.certificates.json`, reason: "not readable" });
  const { host, live } = certificates;
  for (const [role, key] of Object.entries({ host, live })) {
    if (key !== undefined && !isCertified(desk, deskId, role as KeyRole, key))
      throw new QocError("KEY_INVALID", { path: `${path}.certificates.json`, reason: `${role} is not certified` });
  }
  return { desk, host, live };
}

/** Whether the desk's key states that the key has this role. */
export function isCertified(deskPem: string, deskId: string, role: KeyRole, key: CertifiedKey): boolean {
  return verifySignature(deskPem, certificateText(deskId, role, key.publicPem), key.certificate);
}

/** @throws KEY_MISSING. */
export async function deskSigner(disk: Disk, path: string): Promise<Signer> {
  const pem = await readKey(disk, path);
  if (isEarlierForm(pem))
    throw new QocError("KEY_INVALID", { path, reason: "it has the form of an earlier version; qoc up converts it" });
  return signerOf(pem);
}

/** The desk process's own key. @throws KEY_MISSING. */
export async function hostSigner(disk: Disk, path: string): Promise<Signer> {
  return signerOf(await readKey(disk, `${path}.host`));
}

/**
 * Unlocks the live key. A file of the earlier form is rewritten with scrypt.
 * @throws KEY_REQUIRED if there is no live key, or the passphrase is missing or wrong.
 */
export async function liveSigner(
  { disk, ids }: KeyServices,
  path: string,
  passphrase: string | undefined,
): Promise<Signer> {
  const file = `${path}.live`;
  if ((await disk.facts(file)) === undefined)
    throw new QocError("KEY_REQUIRED", { reason: "this desk has no live key; make one with qoc keys protect" });
  if (passphrase === undefined) throw new QocError("KEY_REQUIRED", { reason: "no passphrase was given" });
  const text = await disk.readText(file);
  const pem = await unlockKey(text, passphrase);
  if (isEarlierForm(text)) await disk.writeAtomic(file, await lockKey(ids, pem, passphrase), 0o600);
  return signerOf(pem);
}

/** Makes the live key under a passphrase. @throws KEY_REQUIRED if there is one already. */
export async function createLiveKey(
  { disk, ids }: KeyServices,
  path: string,
  { deskId, passphrase }: { readonly deskId: string; readonly passphrase: string },
): Promise<void> {
  const { host, live } = await readPublicKeys(disk, path, deskId);
  if (live !== undefined) throw new QocError("KEY_REQUIRED", { reason: "this desk has a live key already" });
  const key = newKeyPair();
  await disk.writeAtomic(`${path}.live`, await lockKey(ids, key.pem, passphrase), 0o600);
  const certified = await certify(disk, path, { deskId, role: "live", key });
  await writeCertificates(disk, path, { host, live: certified });
}

export function signerOf(privateKey: string | KeyObject): Signer {
  const key = typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey;
  return (text) => sign(null, Buffer.from(text), key).toString("base64");
}

export function verifySignature(publicPem: string, text: string, signature: string): boolean {
  return verify(null, Buffer.from(text), publicKeyOf(publicPem), Buffer.from(signature, "base64"));
}

/** The same in a thread of Node's pool, beside other work: it takes as long as all guards together. */
export function verifyBeside(publicPem: string, text: string, signature: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(null, Buffer.from(text), publicKeyOf(publicPem), Buffer.from(signature, "base64"), (error, isValid) =>
      error === null ? resolve(isValid) : reject(error),
    );
  });
}

/** A desk has three keys at a time. Parsing one takes as long as checking a signature with it. */
const parsedKeys = new LruMap<string, KeyObject>(16);

function publicKeyOf(pem: string): KeyObject {
  const known = parsedKeys.get(pem);
  if (known !== undefined) return known;
  const key = createPublicKey(pem);
  parsedKeys.set(pem, key);
  return key;
}

async function readKey(disk: Disk, path: string): Promise<string> {
  if ((await disk.facts(path)) === undefined) throw new QocError("KEY_MISSING", { path });
  return disk.readText(path);
}
