/**
 * Compares the journal with the signed heads at a start, anchors its newest head while the desk runs, and keeps a desk
 * whose journal lacks records from writing until a human accepts the gap.
 */
import { statSync } from "node:fs";
import type { Bus } from "../bus/bus.ts";
import type { Journal } from "../bus/journal.ts";
import { type JournalScan, journalDeskId, recordHashes } from "../bus/journal-read.ts";
import { GENESIS } from "../bus/journal-record.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { sha256Hex } from "../domain/digest.ts";
import type { Recorded } from "../domain/event.ts";
import {
  type GapRange,
  type IdsRetired,
  type JournalGap,
  type SignedHead,
  gapLabel,
} from "../domain/authority/journal-head.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import { quoteForShell } from "../lib/shell.ts";
import { gapError } from "../trading/audit/accept-gap.ts";
import type { Desk, DeskRecord } from "../trading/desk.ts";
import { type HeadAnchor, openHeadAnchor, parseSignedHead, readAnchors } from "../trading/audit/head-anchor.ts";
import { type KnownHeads, describeGap, findGap } from "../trading/audit/journal-gap.ts";
import { hostSigner, readPublicKeys } from "../trading/keys/operator-keys.ts";
import { historyHeads } from "../workspace/history.ts";
import { LAYOUT, keyPath, readDeskId } from "../workspace/layout.ts";
import { machineName } from "./system.ts";

export interface DeskPlace {
  readonly root: string;
  readonly disk: Disk;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The machine and the journal folder of a desk. Another machine or a copied folder is another place. */
export function placeOf(root: string): string {
  const { dev, ino } = statSync(`${root}/${LAYOUT.journal}`);
  return sha256Hex(`${machineName()} ${dev} ${ino}`).slice(0, 32);
}

/**
 * The id in the first record of the journal, else that of `qoc init`. The journal of another desk has anchors and keys
 * of its own, which would say nothing of the records that this desk lost. @throws DESK_ID_INVALID; JOURNAL_FOREIGN.
 */
export async function deskIdOf({ disk, root }: Pick<DeskPlace, "disk" | "root">): Promise<string> {
  const journaled = await journalDeskId(disk, `${root}/${LAYOUT.journal}`);
  if (journaled === undefined) return readDeskId(disk, root);
  const path = `${root}/${LAYOUT.deskId}`;
  // The first versions wrote no file.
  const own = (await disk.facts(path)) === undefined ? journaled : await readDeskId(disk, root);
  if (own === journaled) return own;
  throw new QocError("JOURNAL_FOREIGN", { journaled, own, quoted: quoteForShell(path) });
}

/** The signed heads of a desk on this machine. Empty if its keys are not here: then it never ran here. */
export async function readKnownHeads(options: DeskPlace, deskId: string): Promise<KnownHeads> {
  const { root, disk, home } = options;
  const path = keyPath(home, deskId);
  const place = (await disk.facts(`${root}/${LAYOUT.journal}`)) === undefined ? "" : placeOf(root);
  if ((await disk.facts(`${path}.certificates.json`)) === undefined) return { place, anchors: [], history: undefined };
  const signer = { deskId, publicPem: (await readPublicKeys(disk, path, deskId)).host.publicPem };
  const anchors = await readAnchors(disk, path, signer);
  const named = (await historyHeads(options)).map((head) => parseSignedHead(head, signer));
  return { place, anchors, history: named.find((head) => head !== undefined) };
}

/** Keeps the hashes of the records that signed heads name, while the journal is read. */
export class JournalCheck {
  readonly deskId: string;
  readonly known: KnownHeads;
  readonly #hashes: Map<number, string | undefined>;

  private constructor(deskId: string, known: KnownHeads) {
    this.deskId = deskId;
    this.known = known;
    const heads = [...known.anchors.map(({ head }) => head), known.history].filter((head) => head !== undefined);
    this.#hashes = new Map(heads.map(({ seq }) => [seq, seq === 0 ? GENESIS : undefined]));
  }

  static async open(options: DeskPlace): Promise<JournalCheck> {
    const deskId = await deskIdOf(options);
    return new JournalCheck(deskId, await readKnownHeads(options, deskId));
  }

  take({ seq }: Recorded, hash: string): void {
    if (this.#hashes.has(seq)) this.#hashes.set(seq, hash);
  }

  /** Reads the hashes of the records up to this one, which a start from a checkpoint does not read. */
  async readEarlier(disk: Disk, dir: string, seq: number, { sealed, head }: JournalScan): Promise<void> {
    const seqs = [...this.#hashes].flatMap(([each, hash]) => (hash === undefined && each <= seq ? [each] : []));
    if (seqs.length === 0) return;
    const segments = [...sealed, { ...head, bytes: 0 }];
    for (const [each, hash] of await recordHashes(disk, dir, { seqs, sealed: segments })) this.#hashes.set(each, hash);
  }

  gap({ head }: JournalScan, state: Readonly<DeskState>): GapRange | undefined {
    return findGap(this.known, {
      head,
      lastAt: head.seq === 0 ? null : state.lastAt,
      format: state.journalFormat,
      place: state.machine,
      hashAt: (seq) => this.#hashes.get(seq),
      lostHeads: state.lost.heads,
    });
  }

  /** The newest epoch that a signed head names. */
  get epoch(): number {
    const heads = [...this.known.anchors.map(({ head }) => head), this.known.history];
    return heads.reduce((most, head) => Math.max(most, head?.epoch ?? 0), 0);
  }
}

export interface OpenedCheck {
  readonly check: JournalCheck | undefined;
  /** Why the journal is compared with no signed head; undefined if it is. */
  readonly unchecked: unknown;
}

export function openJournalCheck(options: DeskPlace): Promise<OpenedCheck> {
  return JournalCheck.open(options).then(
    (check) => ({ check, unchecked: undefined }),
    (unchecked: unknown) => ({ check: undefined, unchecked }),
  );
}

/** Why a journal that was only read is not whole. */
export function journalProblem(
  scan: JournalScan,
  state: Readonly<DeskState>,
  { check, unchecked }: OpenedCheck,
): string | null {
  const { corrupt } = scan;
  if (corrupt !== undefined) return `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`;
  if (unchecked !== undefined) return `it was compared with no signed head: ${messageOf(unchecked)}`;
  const gap = check?.gap(scan, state);
  return gap === undefined ? null : describeGap(gap);
}

/** The journal of a running desk, behind its guard. */
export interface GuardedRecord extends Pick<Desk, "publish" | "commit"> {
  readonly record: DeskRecord;
  /** Why nothing is written; undefined if the desk writes. */
  refusal(): string | undefined;
  /** The newest durable head, signed; undefined while nothing is written. */
  signedHead(): SignedHead | undefined;
  close(): Promise<void>;
}

export interface GuardedRecordParts {
  readonly options: Pick<DeskPlace, "disk" | "home"> & { readonly clock: Clock };
  readonly log: Log;
  readonly check: JournalCheck;
  readonly gap: GapRange | undefined;
  readonly state: DeskState;
  readonly journal: Journal;
  readonly bus: Bus;
  /** Writes the first records of this run. */
  startup(gap: AcceptedRecords | undefined): Promise<void>;
}

/** What is journaled before the first start of the new epoch. */
export interface AcceptedRecords {
  readonly events: readonly (JournalGap | IdsRetired)[];
  readonly epoch: number;
}

/** Ids in one record: about 100 KiB at most. */
const RETIRED_IDS_MAX = 1_000;

/** Writes the first records of this run, or holds all writes because of a gap. */
export async function openGuardedRecord(parts: GuardedRecordParts): Promise<GuardedRecord> {
  const { bus, state, check, journal, startup } = parts;
  let { gap } = parts;
  let anchor: HeadAnchor | undefined;
  const refuseGap = (): void => {
    if (gap !== undefined) throw gapError(gap);
  };
  const start = async (accepted?: AcceptedRecords): Promise<void> => {
    const opened = await openAnchor(parts);
    // The anchor of this place exists before the first record of this place.
    if (accepted === undefined) await opened.write();
    await startup(accepted);
    bus.subscribe("commit", (recorded) => opened.take(recorded));
    await opened.write();
    anchor = opened;
  };
  if (gap === undefined) await start();
  else holdState(state, check.deskId, gap);
  return {
    publish: (event) => {
      refuseGap();
      return bus.publish(event);
    },
    commit: (event) => {
      refuseGap();
      return bus.commit(event);
    },
    refusal: () =>
      gap === undefined
        ? undefined
        : `${describeGap(gap)}; read qoc journal verify, then qoc resume --gap ${gapLabel(gap)}`,
    signedHead: () => anchor?.signedHead(),
    record: {
      anchor: () => anchor?.facts,
      gap: () => gap,
      acceptGap: async (event, retired) => {
        const chunks = Array.from({ length: Math.ceil(retired.length / RETIRED_IDS_MAX) }, (_, index) =>
          retired.slice(index * RETIRED_IDS_MAX, (index + 1) * RETIRED_IDS_MAX),
        );
        const ids = chunks.map((chunk) => ({ type: "ids.retired", ids: chunk }) as const);
        if (gap === undefined || journal.failure !== undefined) return;
        gap = undefined;
        await start({ events: [event, ...ids], epoch: Math.max(check.epoch, state.epoch) + 1 });
      },
    },
    close: async () => anchor?.close(),
  };
}

async function openAnchor({ options, log, check, journal }: GuardedRecordParts): Promise<HeadAnchor> {
  const { deskId, known } = check;
  const path = keyPath(options.home, deskId);
  return openHeadAnchor({
    ...options,
    log,
    keyPath: path,
    place: known.place,
    deskId,
    sign: await hostSigner(options.disk, path),
    journal,
  });
}

/** In memory alone: a desk without its records is halted, and a signature names its id and first epoch. */
function holdState(state: DeskState, deskId: string, gap: GapRange): void {
  state.trading = { state: "halted", reason: describeGap(gap), seq: state.trading.seq };
  state.deskId = deskId;
  state.epoch = Math.max(1, state.epoch);
}
