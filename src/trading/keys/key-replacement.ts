/**
 * New keys for a desk whose keys are lost. The old key cannot sign for the new one, so that the new desk key signs the
 * head of the journal from which it is in force; the next start journals that.
 */
import * as z from "zod";
import { type JournalHead, type KeyReplacement, replacementText } from "../../domain/authority/authority.ts";
import type { KeysReplaced } from "../../domain/event.ts";
import type { Disk } from "../../domain/ports.ts";
import { tryParseJson } from "../../lib/json.ts";
import {
  type PublicKeys,
  isCertified,
  newKeyFiles,
  signerOf,
  verifySignature,
  writeKeyFiles,
} from "./operator-keys.ts";
import { lazy } from "../../lib/lazy.ts";

const replacementSchema = lazy(() =>
  z.strictObject({
    previousDesk: z.string(),
    deskPem: z.string(),
    hostPem: z.string(),
    hostCertificate: z.string(),
    head: z.strictObject({ seq: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
    signature: z.base64(),
  }),
);

/** The desk as its journal describes it. */
export interface KeylessDesk {
  readonly deskId: string;
  readonly head: JournalHead;
  /** The keys that the journal names; absent before the first start. */
  readonly named: { readonly desk?: string | undefined; readonly live?: string | undefined };
}

function fileOf(path: string): string {
  return `${path}.replacement.json`;
}

/**
 * Makes a desk key and a host key. The file of a live key stays as it is, if the journal names a live key.
 * The desk key is written last: while it is absent, the call can be repeated.
 */
export async function replaceKeys(
  disk: Disk,
  path: string,
  { deskId, head, named }: KeylessDesk,
): Promise<{ readonly hasLive: boolean }> {
  const hasLive = named.live !== undefined && (await disk.facts(`${path}.live`)) !== undefined;
  const keys = newKeyFiles(deskId, hasLive ? named.live : undefined);
  if (named.desk !== undefined) {
    const replacement: KeyReplacement = {
      previousDesk: named.desk,
      deskPem: keys.desk.publicPem,
      hostPem: keys.host.publicPem,
      hostCertificate: keys.certificates.host.certificate,
      head,
    };
    const signature = signerOf(keys.desk.pem)(replacementText(deskId, replacement));
    await disk.writeAtomic(fileOf(path), `${JSON.stringify({ ...replacement, signature }, undefined, 2)}\n`, 0o600);
  }
  await writeKeyFiles(disk, path, keys);
  return { hasLive };
}

/** What a start journals before its other records; undefined if nothing was replaced. */
export async function readReplacement(disk: Disk, path: string, deskId: string): Promise<KeysReplaced | undefined> {
  if ((await disk.facts(fileOf(path))) === undefined) return undefined;
  const parsed = replacementSchema().safeParse(tryParseJson(await disk.readText(fileOf(path))));
  if (!parsed.success) return undefined;
  const { deskPem, hostPem, hostCertificate, signature } = parsed.data;
  const isValid =
    verifySignature(deskPem, replacementText(deskId, parsed.data), signature) &&
    isCertified(deskPem, deskId, "host", { publicPem: hostPem, certificate: hostCertificate });
  return isValid ? { type: "keys.replaced", ...parsed.data } : undefined;
}

/** Whether the replacement leads from the keys of the journal, at its head, to the keys of this machine. */
export function replaces(
  replacement: KeysReplaced,
  named: { readonly desk: string | undefined; readonly head: JournalHead },
  { desk, host }: PublicKeys,
): boolean {
  return (
    replacement.previousDesk === named.desk &&
    replacement.head.seq === named.head.seq &&
    replacement.head.hash === named.head.hash &&
    replacement.deskPem === desk &&
    replacement.hostPem === host.publicPem
  );
}
