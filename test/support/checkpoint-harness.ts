/** A journal with its fold and its checkpoints on an in-memory disk, opened as a start of the desk opens them. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { type Bus, openBus } from "../../src/bus/bus.ts";
import { DiskArchive } from "../../src/bus/archive.ts";
import { type CheckpointPlace, readCheckpoint, restoreState } from "../../src/bus/checkpoint.ts";
import { type Checkpointer, openCheckpointer } from "../../src/bus/checkpointer.ts";
import { type Journal, openJournal } from "../../src/bus/journal.ts";
import { openReplay } from "../../src/bus/replay.ts";
import { ArchivedMap } from "../../src/domain/archived-map.ts";
import { type DeskState, applyEvent, emptyDeskState } from "../../src/domain/desk-state.ts";
import type { QocError } from "../../src/domain/errors/error.ts";
import type { Recorded } from "../../src/domain/event.ts";
import type { Disk } from "../../src/domain/ports.ts";
import { KeptLedger } from "../../src/trading/account/kept-ledger.ts";
import { type LedgerParts, emptyLedger } from "../../src/trading/account/ledger-parts.ts";
import { fakeClock } from "./fake-clock.ts";
import { settled } from "./journal-harness.ts";
import { quietLog } from "./quiet-log.ts";

const ROOT = "/desk/.qoc";
/** Of the profit and loss. */
const CURRENCY = "USD";
export const CHECKPOINTS = `${ROOT}/checkpoints`;

function signatureOf(text: string): string {
  return createHash("sha256").update(`the host's key ${text}`).digest("base64");
}

/** Whose checkpoints they are. */
export interface HarnessIdentity extends Pick<CheckpointPlace, "deskId" | "verify"> {
  /** Of the profit and loss. */
  readonly currency: string;
  sign(text: string): string;
}

const TEST_DESK: HarnessIdentity = {
  deskId: "desk-1",
  currency: CURRENCY,
  sign: signatureOf,
  verify: (text, signature) => signature === signatureOf(text),
};

function placeOf(
  disk: Disk,
  { root = ROOT, version = "1.0.0", identity: { deskId, verify } = TEST_DESK }: HarnessOptions,
): CheckpointPlace {
  return { disk, dir: `${root}/checkpoints`, journalDir: `${root}/journal`, deskId, version, verify };
}

export interface CheckpointedDesk {
  readonly state: DeskState;
  readonly authors: ArchivedMap<string, unknown>;
  readonly archive: DiskArchive;
  /** Of the profit and loss. */
  readonly ledger: LedgerParts;
  readonly journal: Journal;
  readonly checkpoints: Checkpointer;
  /** The record of the checkpoint that was used; 0 without one. */
  readonly from: number;
  /** Why the checkpoint was not used. */
  readonly reason: string | undefined;
  readonly damage: readonly QocError[];
  readonly errors: readonly string[];
  append(recorded: Recorded): void;
}

export interface HarnessOptions {
  /** The folder of journal and checkpoints. */
  readonly root?: string;
  readonly version?: string;
  readonly fillsKept?: number;
  readonly segmentBytes?: number;
  /** Of a line of the state. */
  readonly lineChars?: number;
  readonly identity?: HarnessIdentity;
}

export async function openCheckpointed(disk: Disk, options: HarnessOptions = {}): Promise<CheckpointedDesk> {
  const place = placeOf(disk, options);
  const { dir, journalDir, deskId } = place;
  const { currency, sign } = options.identity ?? TEST_DESK;
  const damage: QocError[] = [];
  const onDamage = (error: QocError): void => void damage.push(error);
  const newArchive = (): DiskArchive => new DiskArchive({ disk, dir, onDamage });
  let [archive, authors, state] = [newArchive(), new ArchivedMap<string, unknown>("authors"), emptyDeskState()];
  const found = await readCheckpoint(place, archive);
  const clock = fakeClock();
  const log = quietLog();
  const common = { disk, dir: journalDir, clock, log, segmentBytes: options.segmentBytes ?? 4_000 };
  let from = 0;
  let parts = emptyLedger(currency);
  if (!("reason" in found)) {
    archive.use(found.head.layers, found.runs);
    const restored = restoreState(found, { authors }, archive);
    [state, parts] = [restored.state, restored.kept as LedgerParts];
    from = found.head.seq;
  }
  let ledger = new KeptLedger(state, parts, log);
  let opened = await openJournal({
    ...common,
    take: ledger.beside(openReplay(state).take),
    from: "reason" in found ? undefined : found.head,
  });
  if (opened.scan.lacksStart === true) {
    [archive, authors, state, from] = [newArchive(), new ArchivedMap("authors"), emptyDeskState(), 0];
    parts = emptyLedger(currency);
    ledger = new KeptLedger(state, parts, log);
    opened = await openJournal({ ...common, take: ledger.beside(openReplay(state).take) });
  }
  const { journal } = opened;
  if (journal === undefined) throw new Error(`the journal is corrupt: ${JSON.stringify(opened.scan.corrupt)}`);
  const fold = ledger.beside((recorded) => applyEvent(state, recorded));
  const bus: Bus = openBus(journal, fold, log);
  // Each look at the clock ends a slice, so that records come between any two lines of a layer.
  let elapsed = 0;
  const restless = { ...clock, monotonic: () => (elapsed += 10) };
  const limits = { fillsKept: options.fillsKept ?? 0, ordersAtOnce: 1_000 };
  const checkpoints = openCheckpointer({
    ...{ disk, dir, clock: restless, log, journal, state, archive, from, limits, deskId },
    version: place.version,
    others: { authors },
    kept: ledger,
    sign,
    lineChars: options.lineChars,
    mayWrite: () => damage.length === 0 && journal.failure === undefined,
  });
  return {
    ...{ state, authors, archive, ledger: parts, journal, checkpoints, from, damage },
    reason: "reason" in found ? found.reason : from === 0 ? "its record is not in the journal" : undefined,
    get errors() {
      return log.lines.filter(({ level }) => level === "error").map(({ message }) => message);
    },
    append: ({ at, epoch, event }) => {
      clock.step(at - clock.now());
      journal.epoch = epoch;
      bus.publish(event);
    },
  };
}

/** A checkpoint after so many records, or a start from it. Meanwhile so many turns of the loop pass. */
export interface CheckpointCut {
  readonly after: number;
  readonly isStart: boolean;
  readonly meanwhile: number;
}

export function checkpointCuts(afterMax: number): fc.Arbitrary<CheckpointCut[]> {
  const meanwhile = fc.oneof(fc.nat(6), fc.nat(400));
  return fc.array(fc.record({ after: fc.nat(afterMax), isStart: fc.boolean(), meanwhile }), {
    minLength: 1,
    maxLength: 6,
  });
}

/** Appends the records with these cuts, and writes a last checkpoint. `usedCheckpoints` counts the starts from one. */
export async function appendWithCuts(
  disk: Disk,
  records: readonly Recorded[],
  cuts: readonly CheckpointCut[],
): Promise<{ readonly desk: CheckpointedDesk; readonly usedCheckpoints: number }> {
  // Records come between any two entries of the state.
  const options = { lineChars: 1 };
  let desk = await openCheckpointed(disk, options);
  let usedCheckpoints = 0;
  for (const [index, recorded] of records.entries()) {
    desk.append(recorded);
    for (const { after, isStart, meanwhile } of cuts) {
      if (after % records.length !== index) continue;
      const writing = desk.checkpoints.write();
      for (let turn = 0; turn < meanwhile; turn++) await settled();
      if (!isStart) continue;
      await writing;
      await desk.journal.close();
      desk = await openCheckpointed(disk, options);
      usedCheckpoints += desk.from === 0 ? 0 : 1;
    }
  }
  await desk.checkpoints.write();
  return { desk, usedCheckpoints };
}
