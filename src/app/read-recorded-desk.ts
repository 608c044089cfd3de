/** Reads a desk that is down: folds its journal and reads its configuration, without writing. */
import type { ConfigNotice } from "../domain/status-view.ts";
import { scanJournal } from "../bus/journal-read.ts";
import { openReplay } from "../bus/replay.ts";
import { type DeskState, applyEvent } from "../domain/desk-state.ts";
import type { DeskEvent } from "../domain/event.ts";
import { QocError } from "../domain/errors/error.ts";
import type { GapRange } from "../domain/authority/journal-head.ts";
import type { Clock } from "../domain/ports.ts";
import { deskNotices, unreadableNotices } from "../trading/config/config-notices.ts";
import { createProposalCache } from "../trading/desk.ts";
import { type ConfigReader, type FoundConfig, openConfiguration, startConfig } from "../trading/config/desk-config.ts";
import { type PublicKeys, readPublicKeys } from "../trading/keys/operator-keys.ts";
import { markInterruptedUnknown } from "../trading/orders/reconcile.ts";
import { type RecordedDesk, fixerWhileDown, noteProposalFiles } from "../trading/recorded-desk.ts";
import { configOf } from "../workspace/accepted-config.ts";
import { CONFIG_FORMAT, type DeskConfig, readConfig, readProblem } from "../workspace/config.ts";
import { secretFilesOf } from "../workspace/files.ts";
import { haltFilePath, readHaltFile } from "../workspace/halt-file.ts";
import { recordedHistory } from "../workspace/history.ts";
import { LAYOUT, keyPath } from "../workspace/layout.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { commandRegistry } from "./command-registry.ts";
import { codeOf } from "./open-connectors.ts";
import { configReader } from "./config-reader.ts";
import { type FoldStart, foldAfterCheckpoint, foldOfAll } from "./desk-checkpoint.ts";
import { type DeskPlace, type JournalCheck, journalProblem, openJournalCheck } from "./journal-guard.ts";

export type DeskFolder = Pick<DeskPlace, "disk" | "home" | "env"> & {
  /** The version of Qoc. */
  readonly version: string;
  readonly clock: Clock;
  readonly packageRoot: string;
};

/** A desk.toml that cannot be read does not stop it: the settings are then those that were accepted last. */
export async function readRecordedDesk(options: DeskFolder, root: string): Promise<RecordedDesk> {
  const { disk, clock } = options;
  const { state, archive, scan, opened } = await foldJournal(options, root);
  const problem = journalProblem(scan, state, opened);
  await takeHaltFile(options, state);
  const { config, notices } = await readSettings(options, root, state);
  const fixWhileDown = fixerWhileDown(await namesThatNeedDesk());
  const desk: RecordedDesk = {
    workspace: openWorkspace({ disk, root, clock, secretFiles: () => secretFilesOf(config) }),
    clock,
    state,
    archive,
    config,
    proposals: createProposalCache(),
    history: recordedHistory({ ...options, root, enabled: config.workspace.historyEnabled }),
    notices: notices.map((notice) => ({ ...notice, fix: fixWhileDown(notice.fix) })),
    fixWhileDown,
    readOnly: problem === null || scan.corrupt === undefined ? problem : `journal ${problem}`,
  };
  await noteProposalFiles(desk);
  return desk;
}

async function namesThatNeedDesk(): Promise<readonly string[]> {
  const { entries } = await commandRegistry();
  return entries
    .filter(({ runs }) => runs === "desk")
    .flatMap(({ name, aliases = [], hiddenAliases = [] }) => [name, ...aliases, ...hiddenAliases]);
}

/** What the journal says, up to its first problem. */
export async function recordedState(options: DeskFolder, root: string): Promise<DeskState> {
  return (await foldJournal(options, root)).state;
}

/** What the journal lacks; undefined: nothing, or it is corrupt. @throws if it was compared with no signed head. */
export async function findJournalGap(options: DeskFolder, root: string): Promise<GapRange | undefined> {
  const { state, scan, opened } = await foldJournal(options, root);
  if (opened.unchecked !== undefined) throw opened.unchecked;
  return scan.corrupt === undefined ? opened.check?.gap(scan, state) : undefined;
}

/**
 * What the next start of a desk that ended without a stop journals first: the outcome of an order that was sent and not
 * answered is unknown. Call it only if no process has the desk open.
 */
export function takeInterrupted(state: DeskState): Promise<void> {
  const { seq, lastAt: at, epoch } = state;
  const commit = (event: DeskEvent): Promise<void> => {
    applyEvent(state, { seq, at, epoch, event });
    return Promise.resolve();
  };
  return markInterruptedUnknown({ state, commit } as Parameters<typeof markInterruptedUnknown>[0]);
}

/** A desk that was halted while it was down journals the halt at its next start. */
async function takeHaltFile({ disk, home }: DeskFolder, state: DeskState): Promise<void> {
  const reason = await readHaltFile(disk, haltFilePath(keyPath(home, state.deskId)));
  if (reason === undefined || state.trading.state === "halted") return;
  state.trading = { state: "halted", reason: reason || "halted by the halt file", seq: state.trading.seq };
}

async function foldJournal(options: DeskFolder, root: string) {
  const { disk, home, version } = options;
  const opened = await openJournalCheck({ ...options, root });
  const { check } = opened;
  // A look-up that fails is the error of the command.
  const starting = { disk, root, version, onDamage: () => undefined };
  const start = check && (await foldAfterCheckpoint({ ...starting, deskId: check.deskId, keys: await keysOf(check) }));
  if (typeof start === "object") {
    const folded = await foldFrom(start);
    if (folded.scan.lacksStart !== true) return folded;
  }
  return foldFrom(foldOfAll(starting));

  async function keysOf({ deskId }: JournalCheck): Promise<PublicKeys | undefined> {
    return readPublicKeys(disk, keyPath(home, deskId), deskId).catch(() => undefined);
  }
  async function foldFrom({ state, archive, from }: FoldStart) {
    const { take } = openReplay(state);
    const dir = `${root}/${LAYOUT.journal}`;
    const scan = await scanJournal(disk, dir, {
      from,
      take: (recorded, hash) => {
        take(recorded);
        check?.take(recorded, hash);
      },
    });
    if (from !== undefined) await check?.readEarlier(disk, dir, from.seq, scan);
    return { state, archive, scan, opened };
  }
}

interface Settings {
  readonly config: DeskConfig;
  readonly notices: readonly ConfigNotice[];
}

/** The configuration of the next start. */
async function readSettings(options: DeskFolder, root: string, state: DeskState): Promise<Settings> {
  const { disk, home } = options;
  const reader = configReader({ disk, root, home });
  const read = await textAndTables(reader);
  if (read instanceof QocError) {
    const { accepted } = state.config;
    const config = accepted === undefined ? defaultConfig(root) : configOf(accepted.tables, root);
    return { config, notices: unreadableNotices(read) };
  }
  const start = startConfig(state, read.found, root);
  const none = (): undefined => undefined;
  const configuration = openConfiguration({
    ...{ root, state, reader, start, ...read },
    adapters: { seen: none, read: (connector) => codeOf({ ...options, root }, connector) },
    onGuards: none,
    onConnectors: none,
  });
  const notices = await deskNotices({ clock: options.clock, config: start.config, configuration, state });
  return { config: start.config, notices };
}

async function textAndTables(reader: ConfigReader): Promise<{ text: string; found: FoundConfig } | QocError> {
  try {
    return { text: await reader.text(), found: await reader.read() };
  } catch (error) {
    return readProblem(error);
  }
}

/** For a desk that never accepted a desk.toml. */
function defaultConfig(root: string): DeskConfig {
  return readConfig(`format = ${CONFIG_FORMAT}\n`, `${root}/${LAYOUT.config}`);
}
