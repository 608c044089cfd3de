/** The client's side of authority: signs what the human decided, with the keys of the desk on this machine. */
import { basename } from "node:path";
import { type Authority, STATEMENT_MS, type SigningRequest, statementText } from "../domain/authority/authority.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Clock } from "../domain/ports.ts";
import { type KeyServices, deskSigner, liveSigner } from "../trading/keys/operator-keys.ts";

export interface ClientSignerOptions extends KeyServices {
  readonly clock: Pick<Clock, "now">;
  /** The path of the desk's key. */
  readonly path: string;
}

/**
 * @throws KEY_REQUIRED if the live key is needed and the passphrase is missing or wrong; KEY_MISSING; SIGNATURE_INVALID
 * if the request is that of another desk than the key's.
 */
export async function signRequest(
  { disk, ids, clock, path }: ClientSignerOptions,
  { key, statement }: SigningRequest,
  passphrase: string | undefined,
): Promise<Authority> {
  if (statement.desk !== basename(path)) throw new QocError("SIGNATURE_INVALID", { action: statement.action, key });
  const sign = key === "desk" ? await deskSigner(disk, path) : await liveSigner({ disk, ids }, path, passphrase);
  const expiresAt = clock.now() + STATEMENT_MS;
  const { epoch, head } = statement;
  return { key, epoch, head, expiresAt, signature: sign(statementText({ ...statement, expiresAt })) };
}
