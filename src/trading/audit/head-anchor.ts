/**
 * The anchor: the newest durable head of the journal, signed by the host's key, in a file beside the desk's keys. The
 * file is written after the records are on disk, so that it may lag behind the journal and never leads.
 *
 * A desk's folder can be copied, and the copies share id and keys. So each place (machine and journal folder) has a
 * file of its own, `ID.heads/PLACE.json`, which only the desk at that place writes.
 */
import { SerialQueue } from "../../lib/serial-queue.ts";
import * as z from "zod";
import type { JournalHead } from "../../domain/authority/authority.ts";
import { messageOf } from "../../domain/errors/error.ts";
import type { DeskEvent, Recorded } from "../../domain/event.ts";
import { type SignedHead, headText } from "../../domain/authority/journal-head.ts";
import type { Clock, Disk, Log } from "../../domain/ports.ts";
import { tryParseJson } from "../../lib/json.ts";
import { type Signer, verifySignature } from "../keys/operator-keys.ts";

const headSchema = z.strictObject({
  seq: z.int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.int(),
  epoch: z.int().nonnegative(),
  signature: z.base64(),
});
const ANCHOR_BYTES_MAX = 4096;
const PLACE_FILE = /^([0-9a-f]{32})\.json$/;

/** The anchor of one place; `head` is undefined if the file is damaged or its signature is not the host's. */
export interface Anchor {
  readonly place: string;
  readonly head: SignedHead | undefined;
}

/** What a reader checks the signatures of heads with. */
export interface HeadSigner {
  readonly deskId: string;
  /** The public half of the host's key. */
  readonly publicPem: string;
}

/** The signed head of a text; undefined if the text is not one, or the host's key did not sign it. */
export function parseSignedHead(text: string, { deskId, publicPem }: HeadSigner): SignedHead | undefined {
  const parsed = headSchema.safeParse(tryParseJson(text));
  if (!parsed.success) return undefined;
  const { signature, ...head } = parsed.data;
  return verifySignature(publicPem, headText(deskId, head), signature) ? parsed.data : undefined;
}

function anchorFolder(keyPath: string): string {
  return `${keyPath}.heads`;
}

/** `keyPath` is the path of the desk's key. */
export function anchorPath(keyPath: string, place: string): string {
  return `${anchorFolder(keyPath)}/${place}.json`;
}

/** The anchors of all places of this desk on this machine. Never rejects because of the content of a file. */
export async function readAnchors(disk: Disk, keyPath: string, signer: HeadSigner): Promise<readonly Anchor[]> {
  const folder = anchorFolder(keyPath);
  if ((await disk.facts(folder)) === undefined) return [];
  const places = (await disk.list(folder)).flatMap(({ name }) => PLACE_FILE.exec(name)?.[1] ?? []);
  return Promise.all(
    places.map(async (place) => ({ place, head: await readAnchor(disk, `${folder}/${place}.json`, signer) })),
  );
}

async function readAnchor(disk: Disk, path: string, signer: HeadSigner): Promise<SignedHead | undefined> {
  try {
    return parseSignedHead(await disk.readText(path, ANCHOR_BYTES_MAX), signer);
  } catch {
    return undefined;
  }
}

export interface AnchorFacts {
  /** The head in the anchor's file; undefined before the first write. */
  readonly head: SignedHead | undefined;
  /** Why the last write failed; undefined if it succeeded. */
  readonly failure: string | undefined;
}

export interface HeadAnchor {
  /** Called with each record once it is on disk. Returns at once. */
  take(recorded: Recorded): void;
  /** The newest durable head, signed. */
  signedHead(): SignedHead;
  /** Writes the newest durable head, if it is not in the file yet. Never rejects; a failure is logged and repeated. */
  write(): Promise<void>;
  readonly facts: AnchorFacts;
  /** Writes the last head. */
  close(): Promise<void>;
}

export interface HeadAnchorOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** The path of the desk's key. */
  readonly keyPath: string;
  readonly place: string;
  readonly deskId: string;
  readonly sign: Signer;
  readonly journal: { readonly durable: JournalHead; readonly epoch: number };
}

/** The results of orders and the decisions of a human. An approval is anchored with the result of its order. */
const DECISIONS: ReadonlySet<DeskEvent["type"]> = new Set([
  "order.accepted",
  "order.rejected",
  "order.unknown",
  "order.denied",
  "order.not_sent",
  "order.resolved",
  "instrument.cleared",
  "instrument.split",
  "item.resolved",
  "trading.changed",
  "journal.gap",
  "key.changed",
]);
/** The steps of an approval: a write that is due waits for its result, too. */
const STEPS: ReadonlySet<DeskEvent["type"]> = new Set(["order.reviewed", "order.approved", "order.submitting"]);
/** The write starts when the orders pause this long: its disk flushes must not delay those of the next order. */
const PAUSE_MS = 50;
/** The longest time from a record to its anchor. */
const LATEST_MS = 1_000;

export function openHeadAnchor(options: HeadAnchorOptions): HeadAnchor {
  return new FileAnchor(options);
}

class FileAnchor implements HeadAnchor {
  readonly #options: HeadAnchorOptions;
  #head: SignedHead | undefined;
  #failure: string | undefined;
  readonly #writes = new SerialQueue();
  #timer: { readonly due: number; readonly latest: number; readonly cancel: () => void } | undefined;
  #isClosed = false;

  constructor(options: HeadAnchorOptions) {
    this.#options = options;
  }

  get facts(): AnchorFacts {
    return { head: this.#head, failure: this.#failure };
  }

  take({ event }: Recorded): void {
    if (this.#isClosed) return;
    const now = this.#options.clock.monotonic();
    const latest = this.#timer?.latest ?? now + LATEST_MS;
    if (DECISIONS.has(event.type)) this.#schedule(Math.min(now + PAUSE_MS, latest), latest);
    else if (STEPS.has(event.type) && this.#timer !== undefined)
      this.#schedule(Math.min(Math.max(this.#timer.due, now + PAUSE_MS), latest), latest);
    else if (this.#timer === undefined) this.#schedule(latest, latest);
  }

  signedHead(): SignedHead {
    const { journal, clock, deskId, sign } = this.#options;
    const { seq, hash } = journal.durable;
    const head = { seq, hash, at: clock.now(), epoch: journal.epoch };
    return { ...head, signature: sign(headText(deskId, head)) };
  }

  write(): Promise<void> {
    return this.#writes.run(() => this.#write());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.write();
  }

  #schedule(due: number, latest: number): void {
    if (this.#timer?.due === due) return;
    this.#timer?.cancel();
    const { clock } = this.#options;
    const run = (): void => {
      this.#timer = undefined;
      void this.write();
    };
    this.#timer = { due, latest, cancel: clock.after(due - clock.monotonic(), run) };
  }

  async #write(): Promise<void> {
    const { disk, log, keyPath, place, clock, journal } = this.#options;
    const { seq, hash } = journal.durable;
    if (this.#head?.seq === seq && this.#head.hash === hash) return;
    const head = this.signedHead();
    try {
      await disk.mkdir(anchorFolder(keyPath));
      await disk.writeAtomic(anchorPath(keyPath, place), `${JSON.stringify(head)}\n`, 0o600);
      this.#head = head;
      this.#failure = undefined;
    } catch (error) {
      if (this.#failure === undefined) log.error(`the head of the journal cannot be anchored: ${messageOf(error)}`);
      this.#failure = messageOf(error);
      if (this.#isClosed) return;
      const latest = clock.monotonic() + LATEST_MS;
      this.#schedule(latest, latest);
    }
  }
}
