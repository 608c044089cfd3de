/** What a running desk looks at beside its connectors: files, free space, the halt file. */
import type { ConfigNotice } from "../domain/status-view.ts";
import { watch } from "node:fs";
import { messageOf } from "../domain/errors/error.ts";
import { deskNotices } from "../trading/config/config-notices.ts";
import { noticeText } from "../trading/config/notice-text.ts";
import { setTrading } from "../trading/orders/decide.ts";
import type { Clock } from "../domain/ports.ts";
import type { Desk } from "../trading/desk.ts";
import { orderFileRepair } from "../trading/projections/order-file-check.ts";
import { scanQuietly } from "../trading/orders/scan-proposals.ts";
import { haltFilePath, readHaltFile } from "../workspace/halt-file.ts";
import { FOLDERS, LAYOUT, PROPOSAL_FOLDERS, keyPath } from "../workspace/layout.ts";
import type { OpenDesk } from "./open-desk.ts";

const WATCH_DELAY_MS = 50;
const SCAN_MS = 2_000;
const FREE_SPACE_MS = 10_000;
const HALT_FILE_MS = 1_000;
const HISTORY_SWEEP_MS = 30_000;

/**
 * Asks for the free space off the order path; the gate reads the last answer. Returns a function that stops the checks.
 */
export async function watchFreeSpace({ desk }: OpenDesk): Promise<() => void> {
  const check = async (): Promise<void> => {
    try {
      desk.market.freeSpace = await desk.workspace.freeSpace();
    } catch (error) {
      desk.market.freeSpace = undefined;
      desk.log.error(`free space is not known: ${messageOf(error)}`);
    }
  };
  await check();
  return repeat(desk.clock, FREE_SPACE_MS, check);
}

/** Calls `work` after `ms`, and then as long after each end of it. Returns a function that stops the calls. */
function repeat(clock: Pick<Clock, "after">, ms: number, work: () => Promise<void> | void): () => void {
  let isStopped = false;
  let cancel: () => void = () => undefined;
  const next = (): void => {
    cancel = clock.after(ms, () => void round());
  };
  const round = async (): Promise<void> => {
    await work();
    if (!isStopped) next();
  };
  next();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** Where people and agents write besides the folders that each start makes. */
const NOTE_FOLDERS: readonly string[] = [LAYOUT.research, LAYOUT.rates];

/**
 * Makes edits by hand revisions of the history within seconds, also in folders that cannot be watched. Returns a
 * function that stops it.
 */
export function watchFiles({ desk }: OpenDesk): () => void {
  const folders = ["", ...NOTE_FOLDERS, ...FOLDERS.filter((folder) => !folder.startsWith(LAYOUT.state))];
  const stopWatching = watchFolders(desk, folders, {
    onChange: (name) => {
      if (name === null || !(name.startsWith(".") || name.endsWith(".tmp"))) desk.history.touch();
    },
    onUnwatched: (folder, reason) => desk.log.debug(`${folder} cannot be watched: ${reason}`),
  });
  const stopSweep = repeat(desk.clock, HISTORY_SWEEP_MS, () => desk.history.touch());
  return () => {
    stopSweep();
    stopWatching();
  };
}

interface FolderListener {
  /** Gets the name of what changed in the folder, if the system says it. */
  readonly onChange: (name: string | null) => void;
  /** Called for each folder that cannot be watched: it does not exist, or the system has run out of watches. */
  readonly onUnwatched: (folder: string, reason: string) => void;
}

/** Returns a function that stops it. */
function watchFolders(
  { log, workspace }: Pick<Desk, "log" | "workspace">,
  folders: readonly string[],
  { onChange, onUnwatched }: FolderListener,
): () => void {
  const watchers = folders.flatMap((folder) => {
    try {
      const path = `${workspace.root}/${folder}`;
      const watcher = watch(path, { persistent: false }, (_event, name) => onChange(name));
      return [watcher.on("error", (error) => log.debug(`watching ${folder}: ${error.message}`))];
    } catch (error) {
      onUnwatched(folder, messageOf(error));
      return [];
    }
  });
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

/**
 * Halts the desk if the operator wrote the halt file; the start waits for the first look. Returns a function that stops
 * the looks.
 */
export async function watchHaltFile({ desk, home }: OpenDesk): Promise<() => void> {
  const look = (): Promise<void> =>
    obeyHaltFile(desk, haltFilePath(keyPath(home, desk.state.deskId))).catch((error: unknown) =>
      desk.log.error(`the halt file: ${messageOf(error)}`),
    );
  await look();
  return repeat(desk.clock, HALT_FILE_MS, look);
}

/** The file is removed when the halt is on disk, so that a resume counts. */
async function obeyHaltFile(desk: Desk, path: string): Promise<void> {
  const disk = desk.workspace.disk;
  const reason = await readHaltFile(disk, path);
  if (reason === undefined || desk.readOnly() !== undefined) return;
  const { trading } = desk.state;
  // The words of a human say more than a halt that the start has made.
  if (trading.state !== "halted" || (reason !== "" && reason !== trading.reason))
    await setTrading(desk, { state: "halted", reason: reason || "halted by the halt file", actor: "human" });
  await disk.remove(path);
}

/** Notices that do not depend on whether desk.toml is in force. */
const IS_OF_THE_DESK: ReadonlySet<ConfigNotice["kind"]> = new Set(["no-guards", "currency"]);

/**
 * Checks desk.toml after a file event, and every two seconds besides; logs and reports to `line` what it says that is
 * not in force. Returns a function that stops both.
 */
export function watchConfig({ desk }: OpenDesk, line: (text: string) => void): () => void {
  let said = "";
  const check = async (): Promise<void> => {
    const texts = (await deskNotices(desk)).filter(({ kind }) => !IS_OF_THE_DESK.has(kind)).map(noticeText);
    const text = texts.join("; ");
    if (text === said) return;
    said = text;
    const news = text === "" ? "desk.toml is in force as it is on disk" : text;
    desk.log.warn(news);
    line(news);
  };
  return watchAndRepeat(desk, ["."], () => {
    check().catch((error: unknown) => desk.log.warn(`desk.toml: ${messageOf(error)}`));
  });
}

/**
 * Scans the proposal folders after a file event, and every two seconds besides. Returns a function that stops both.
 */
export function watchProposals({ desk }: OpenDesk): () => void {
  return watchAndRepeat(desk, PROPOSAL_FOLDERS, () => scanQuietly(desk));
}

/** Writes the files of orders again that were taken away or brought back. Returns a function that stops the looks. */
export function watchOrderFiles({ desk, projector }: OpenDesk): () => void {
  const repair = orderFileRepair(desk, projector);
  void repair();
  return repeat(desk.clock, SCAN_MS, repair);
}

/**
 * Calls `check` shortly after a file event in one of the folders, and on a timer besides: watchers lose events, and a
 * system can run out of watches. Returns a function that stops both.
 */
function watchAndRepeat(
  desk: Pick<Desk, "clock" | "log" | "workspace">,
  folders: readonly string[],
  check: () => void,
): () => void {
  let cancelSoon: (() => void) | undefined;
  const checkSoon = (): void => {
    cancelSoon ??= desk.clock.after(WATCH_DELAY_MS, () => {
      cancelSoon = undefined;
      check();
    });
  };
  const stopWatching = watchFolders(desk, folders, {
    onChange: checkSoon,
    onUnwatched: (folder, reason) =>
      desk.log.warn(`${folder} cannot be watched; it is checked every ${SCAN_MS / 1000} s: ${reason}`),
  });
  const stopRepeating = repeat(desk.clock, SCAN_MS, check);
  return () => {
    cancelSoon?.();
    stopRepeating();
    stopWatching();
  };
}
