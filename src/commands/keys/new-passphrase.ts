/** Asks for a new passphrase. */
import { PASSPHRASE_CHARS_MIN, passphraseProblem } from "../../trading/keys/locked-key.ts";
import { type CommandSession, usageError } from "../command.ts";

/** From --passphrase-fd, or typed twice. @throws USAGE if it is weak, the two differ, or no person can be asked. */
export async function newPassphrase(session: CommandSession, command: string): Promise<string> {
  const passphrase = await session.readPassphrase();
  if (passphrase !== undefined) return passphrase;
  const first = await typedPassphrase(session, command, `New passphrase (at least ${PASSPHRASE_CHARS_MIN} characters)`);
  if (first !== undefined) refuseWeakPassphrase(command, first);
  const second = await typedPassphrase(session, command, "Repeat the passphrase");
  if (first === undefined || first !== second)
    throw usageError(command, "the two passphrases differ; nothing was changed");
  return first;
}

/** @throws USAGE if no person can be asked. */
async function typedPassphrase(
  { prompter }: CommandSession,
  command: string,
  question: string,
): Promise<string | undefined> {
  if (prompter === undefined)
    throw usageError(command, "the passphrase is asked for on a terminal, or read from --passphrase-fd N");
  return prompter.password(question);
}

/** @throws USAGE for a passphrase that is easy to guess. */
export function refuseWeakPassphrase(command: string, passphrase: string): void {
  const message = passphraseProblem(passphrase);
  if (message !== undefined) throw usageError(command, `${message}; nothing was changed`);
}
