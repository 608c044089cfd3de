/** What a client proves to the desk, from the key files of this user, and what it checks of the desk. */
import type { ClientCredentials } from "../cli/handshake.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Disk, Ids } from "../domain/ports.ts";
import { checkKeyFiles } from "../trading/keys/key-files.ts";
import { deskSigner, readPublicKeys } from "../trading/keys/operator-keys.ts";
import { tokenKey } from "../trading/keys/token-key.ts";
import { keyPath, readDeskId } from "../workspace/layout.ts";

export interface CredentialOptions {
  readonly disk: Disk;
  readonly ids: Ids;
  readonly home: string;
  /** The workspace's folder. */
  readonly root: string;
}

/** The operator's client proves the desk key. @throws KEY_MISSING, KEY_INVALID, KEY_FILE_UNSAFE. */
export async function operatorCredentials(
  { disk, ids, home, root }: CredentialOptions,
  uid: number,
): Promise<ClientCredentials> {
  const desk = await readDeskId(disk, root);
  const path = keyPath(home, desk);
  await checkKeyFiles(disk, path, uid);
  const [sign, { host }] = await Promise.all([deskSigner(disk, path), readPublicKeys(disk, path, desk)]);
  return { desk, random: ids.random, key: { prover: "operator", sign }, hostPem: host.publicPem };
}

/**
 * An agent proves the key of its token, or nothing. It reads public keys only; where it cannot read them, it cannot
 * check the desk. @throws KEY_INVALID.
 */
export async function agentCredentials(
  { disk, ids, home, root }: CredentialOptions,
  token: string | undefined,
): Promise<ClientCredentials> {
  const desk = await readDeskId(disk, root);
  const hostPem = await readPublicKeys(disk, keyPath(home, desk), desk).then(
    ({ host }) => host.publicPem,
    (error: unknown) => {
      if (error instanceof QocError && error.code === "KEY_INVALID") throw error;
      return undefined;
    },
  );
  const key = token === undefined ? undefined : ({ prover: "agent", ...tokenKey(token) } as const);
  return { desk, random: ids.random, key, hostPem };
}
