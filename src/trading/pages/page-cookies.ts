/** The digest of the cookie of each page session, in a file of mode 0600 outside the workspace. */
import * as z from "zod";
import { messageOf } from "../../domain/errors/error.ts";
import { tryParseJson } from "../../lib/json.ts";
import { SerialQueue } from "../../lib/serial-queue.ts";
import type { Desk } from "../desk.ts";

const HEX = z.string().regex(/^[0-9a-f]{64}$/);
const cookieSchema = z.object({ cookie: HEX, usedAt: z.number() });
const fileSchema = z.strictObject({
  desk: z.string(),
  epoch: z.int(),
  sessions: z.record(z.string().max(60), cookieSchema),
});

/** SHA-256 of the cookie, hexadecimal; and the last use, ms. */
export type SessionCookie = z.output<typeof cookieSchema>;

/** A use within this time is not written to disk: a crash then shortens the session by as much. */
const SAVE_USE_MS = 60_000;

type CookiesDesk = Pick<Desk, "log" | "state"> & { readonly workspace: Pick<Desk["workspace"], "disk"> };

export interface PageCookies {
  get(session: string): SessionCookie | undefined;
  /** The session whose cookie has this digest. */
  withCookie(digest: string): string | undefined;
  entries(): readonly (readonly [string, SessionCookie])[];
  set(session: string, kept: SessionCookie): void;
  use(session: string, at: number): void;
  delete(session: string): void;
  /** Resolves when every change so far is on disk. */
  saved(): Promise<void>;
}

/** Reads the file. A file of another desk or another epoch, or a file that is no such file, has no sessions. */
export async function openPageCookies(desk: CookiesDesk, file: string): Promise<PageCookies> {
  const { disk } = desk.workspace;
  const { deskId, epoch, pages } = desk.state;
  const text = (await disk.facts(file)) === undefined ? "" : await disk.readText(file, 64 * 1024).catch(() => "");
  const parsed = fileSchema.safeParse(tryParseJson(text));
  const isOurs = parsed.success && parsed.data.desk === deskId && parsed.data.epoch === epoch;
  const found = isOurs ? Object.entries(parsed.data.sessions) : [];
  const sessions = new Map<string, SessionCookie>(found.filter(([session]) => pages.sessions.has(session)));
  const queue = new SerialQueue();
  const savedUse = new Map<string, number>();
  const write = (): Promise<void> =>
    disk.writeAtomic(
      file,
      `${JSON.stringify({ desk: deskId, epoch, sessions: Object.fromEntries(sessions) })}\n`,
      0o600,
    );
  const save = (): void =>
    void queue.run(write).catch((error: unknown) => desk.log.error(`page sessions: ${messageOf(error)}`));
  return {
    get: (session) => sessions.get(session),
    withCookie: (digest) => [...sessions].find(([, { cookie }]) => cookie === digest)?.[0],
    entries: () => [...sessions],
    set: (session, kept) => {
      sessions.set(session, kept);
      save();
    },
    use: (session, at) => {
      const kept = sessions.get(session);
      if (kept === undefined) return;
      sessions.set(session, { ...kept, usedAt: at });
      if (at - (savedUse.get(session) ?? kept.usedAt) < SAVE_USE_MS) return;
      savedUse.set(session, at);
      save();
    },
    delete: (session) => {
      sessions.delete(session);
      savedUse.delete(session);
      save();
    },
    saved: () => queue.idle(),
  };
}
