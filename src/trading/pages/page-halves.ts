/** The digests of both halves of each page session, in a file of mode 0600 outside the workspace. */
import * as z from "zod";
import { messageOf } from "../../domain/errors/error.ts";
import { tryParseJson } from "../../lib/json.ts";
import { SerialQueue } from "../../lib/serial-queue.ts";
import type { Desk } from "../desk.ts";

const HEX = z.string().regex(/^[0-9a-f]{64}$/);
const halvesSchema = z.strictObject({ cookie: HEX, page: HEX, usedAt: z.number() });
const fileSchema = z.strictObject({
  desk: z.string(),
  epoch: z.int(),
  sessions: z.record(z.string().max(60), halvesSchema),
});

/** SHA-256 of the cookie and of the page key, hexadecimal; and the last use, ms. */
export type SessionHalves = z.output<typeof halvesSchema>;

/** A use within this time is not written to disk: a crash then shortens the session by as much. */
const SAVE_USE_MS = 60_000;

type HalvesDesk = Pick<Desk, "log" | "state"> & { readonly workspace: Pick<Desk["workspace"], "disk"> };

export interface PageHalves {
  get(session: string): SessionHalves | undefined;
  /** The session whose cookie has this digest. */
  withCookie(digest: string): string | undefined;
  entries(): readonly (readonly [string, SessionHalves])[];
  set(session: string, halves: SessionHalves): void;
  use(session: string, at: number): void;
  delete(session: string): void;
  /** Resolves when every change so far is on disk. */
  saved(): Promise<void>;
}

/** Reads the file. A file of another desk or another epoch, or a file that is no such file, has no sessions. */
export async function openPageHalves(desk: HalvesDesk, file: string): Promise<PageHalves> {
  const { disk } = desk.workspace;
  const { deskId, epoch, pages } = desk.state;
  const text = (await disk.facts(file)) === undefined ? "" : await disk.readText(file, 64 * 1024).catch(() => "");
  const parsed = fileSchema.safeParse(tryParseJson(text));
  const isOurs = parsed.success && parsed.data.desk === deskId && parsed.data.epoch === epoch;
  const found = isOurs ? Object.entries(parsed.data.sessions) : [];
  const sessions = new Map<string, SessionHalves>(found.filter(([session]) => pages.sessions.has(session)));
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
    set: (session, halves) => {
      sessions.set(session, halves);
      save();
    },
    use: (session, at) => {
      const halves = sessions.get(session);
      if (halves === undefined) return;
      sessions.set(session, { ...halves, usedAt: at });
      if (at - (savedUse.get(session) ?? halves.usedAt) < SAVE_USE_MS) return;
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
