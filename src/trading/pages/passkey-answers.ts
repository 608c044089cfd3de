/** The host's side of passkeys at an approval: which a page may use now, and whether an answer counts. */
import type { ActionStatement, Authority } from "../../domain/authority/authority.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { PageCaller } from "../../domain/pages/page-session.ts";
import type { PageState } from "../../domain/pages/page-state.ts";
import { PASSKEY_MS, type PasskeyRequest, passkeyChallengeText } from "../../domain/pages/passkey.ts";
import { checkAssertion, passkeyAnswer } from "./verify-passkey.ts";

/** The passkeys of the page at this origin; undefined: it has none. */
export function passkeyRequest(
  { passkeys: known }: Pick<PageState, "passkeys">,
  pageOrigin: string,
  now: number,
): PasskeyRequest | undefined {
  const passkeys = [...known.values()]
    .filter(({ origin }) => origin === pageOrigin)
    .map(({ name, credential }) => ({ name, credential }));
  return passkeys.length === 0 ? undefined : { passkeys, expiresAt: now + PASSKEY_MS };
}

/**
 * Returns the check of one answer: it returns the text of the challenge, which counts once. A second answer to it has
 * another signature. @throws PASSKEY_REFUSED.
 */
export function passkeyCheck({ passkeys }: Pick<PageState, "passkeys">) {
  /** The highest counter of each passkey since the start, by its key: the record of an answer comes later. */
  const counters = new Map<string, number>();
  return (statement: ActionStatement, authority: Authority, page: PageCaller | undefined): string => {
    const refuse = (reason: string): QocError => new QocError("PASSKEY_REFUSED", { reason });
    const { name, assertion } = passkeyAnswer(authority);
    const passkey = passkeys.get(name);
    if (passkey === undefined) throw refuse(name === "" ? "it has no name" : `${name} is not registered here`);
    if (passkey.origin !== page?.origin) throw refuse(`it is for the page at ${passkey.origin}`);
    const challengeText = passkeyChallengeText(page.session, statement);
    const checked = checkAssertion({ ...passkey, challengeText }, assertion);
    if ("problem" in checked) throw refuse(checked.problem);
    const last = Math.max(passkey.counter, counters.get(passkey.publicKey) ?? 0);
    if (checked.counter + last > 0 && checked.counter <= last)
      throw refuse(`its counter is ${checked.counter} after ${last}: the authenticator may be a copy`);
    counters.set(passkey.publicKey, checked.counter);
    return challengeText;
  };
}
