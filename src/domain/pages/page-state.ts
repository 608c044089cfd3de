/** The page sessions and passkeys, folded from the journal. */
import type { PageClosed, PageOpened, PasskeyAdded, PasskeyRemoved } from "./page-event.ts";
import type { PageScope } from "./page-session.ts";
import type { PasskeyUse } from "../authority/authority.ts";
import { type PasskeyFacts, counterOf } from "./passkey.ts";

export interface PageRecord {
  readonly scope: PageScope;
  /** Base64 of the public half of the page's key (SPKI, Ed25519). */
  readonly publicKey: string;
  readonly openedAt: number;
  readonly endsAt: number;
}

interface PasskeyRecord extends PasskeyFacts {
  readonly addedAt: number;
  /** The highest counter of its authenticator in a record; 0 for an authenticator that does not count. */
  counter: number;
}

export interface PageState {
  /** By name, the oldest first. Some may have ended by their age. */
  readonly sessions: Map<string, PageRecord>;
  /** The codes that were used last, by digest, with the time of the login. */
  readonly usedCodes: Map<string, number>;
  /** By name, the oldest first. */
  readonly passkeys: Map<string, PasskeyRecord>;
}

const CODES_KEPT = 100;

export function noPages(): PageState {
  return { sessions: new Map(), usedCodes: new Map(), passkeys: new Map() };
}

/** The desk is a copy, or has other keys: no page of before decides at it. */
export function endPages({ sessions, passkeys }: PageState): void {
  sessions.clear();
  passkeys.clear();
}

/** The events that the state of pages is made of. */
export type PageStateEvent = PageOpened | PageClosed | PasskeyAdded | PasskeyRemoved;

export function applyPageEvent(state: PageState, at: number, event: PageStateEvent): void {
  switch (event.type) {
    case "page.opened":
      openSession(state, at, event);
      return;
    case "page.closed":
      state.sessions.delete(event.session);
      return;
    case "passkey.added": {
      const { name, credential, publicKey, origin, proof } = event;
      const counter = counterOf(proof);
      state.passkeys.set(name, { name, credential, publicKey, origin, addedAt: at, counter });
      return;
    }
    case "passkey.removed":
      state.passkeys.delete(event.name);
  }
}

/** A decision has this answer of a passkey. */
export function usePasskey({ passkeys }: PageState, answer: PasskeyUse | undefined): void {
  const passkey = passkeys.get(String(answer?.name));
  if (passkey !== undefined) passkey.counter = Math.max(passkey.counter, counterOf(answer));
}

function openSession({ sessions, usedCodes }: PageState, at: number, event: PageOpened): void {
  for (const [name, { endsAt }] of sessions) if (endsAt <= at) sessions.delete(name);
  const { session, scope, publicKey, endsAt, code } = event;
  sessions.set(session, { scope, publicKey, openedAt: at, endsAt });
  usedCodes.set(code, at);
  const [oldest] = usedCodes.keys();
  if (usedCodes.size > CODES_KEPT && oldest !== undefined) usedCodes.delete(oldest);
}
