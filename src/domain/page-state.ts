/** The page sessions, folded from the journal. */
import type { PageClosed, PageOpened } from "./page-event.ts";
import type { PageScope } from "./page-session.ts";

export interface PageRecord {
  readonly scope: PageScope;
  /** Base64 of the public half of the page's key (SPKI, Ed25519). */
  readonly publicKey: string;
  readonly openedAt: number;
  readonly endsAt: number;
}

export interface PageState {
  /** By name, the oldest first. Some may have ended by their age. */
  readonly sessions: Map<string, PageRecord>;
  /** The codes that were used last, by digest, with the time of the login. */
  readonly usedCodes: Map<string, number>;
}

const CODES_KEPT = 100;

export function noPages(): PageState {
  return { sessions: new Map(), usedCodes: new Map() };
}

export function applyPageEvent({ sessions, usedCodes }: PageState, at: number, event: PageOpened | PageClosed): void {
  if (event.type === "page.closed") {
    sessions.delete(event.session);
    return;
  }
  for (const [name, { endsAt }] of sessions) if (endsAt <= at) sessions.delete(name);
  const { session, scope, publicKey, endsAt, code } = event;
  sessions.set(session, { scope, publicKey, openedAt: at, endsAt });
  usedCodes.set(code, at);
  const [oldest] = usedCodes.keys();
  if (usedCodes.size > CODES_KEPT && oldest !== undefined) usedCodes.delete(oldest);
}
