/** What a running desk looks at beside its connectors: files, free space, the halt file. */
import { watch } from "node:fs";
import { messageOf } from "../domain/error.ts";
import { type ConfigNotice, deskNotices, noticeText } from "../trading/config-notices.ts";
import { setTrading } from "../trading/decide.ts";
import type { Desk } from "../trading/desk.ts";
import { scanQuietly } from "../trading/scan-proposals.ts";
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
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const check = async (): Promise<void> => {
    try {
      desk.market.freeBytes = await desk.workspace.freeBytes();
    } catch (error) {
      desk.market.freeBytes = undefined;
      desk.log.error(`free space is not known: ${messageOf(error)}`);
    }
    if (!isStopped) cancel = desk.clock.after(FREE_SPACE_MS, () => void check());
  };
  await check();
  return () => {
    isStopped = true;
    cancel?.();
  };
}

/**
 * Makes edits by hand revisions of the history within seconds, also in folders that cannot be watched. Returns a
 * function that stops it.
 */
export function watchFiles({ desk }: OpenDesk): () => void {
  const folders = ["", ...FOLDERS.filter((folder) => !folder.startsWith(LAYOUT.state))];
  const watchers = folders.flatMap((folder) => {
    try {
      const options = { persistent: false };
      const watcher = watch(`${desk.workspace.root}/${folder}`, options, (_event, name) => {
        if (name !== null && (name.startsWith(".") || name.endsWith(".tmp"))) return;
        desk.history.touch();
      });
      return [watcher.on("error", (error) => desk.log.debug(`watching ${folder}: ${error.message}`))];
    } catch (error) {
      desk.log.debug(`${folder} cannot be watched: ${messageOf(error)}`);
      return [];
    }
  });
  let cancel: (() => void) | undefined;
  const sweep = (): void => {
    cancel = desk.clock.after(HISTORY_SWEEP_MS, () => {
      desk.history.touch();
      sweep();
    });
  };
  sweep();
  return () => {
    cancel?.();
    for (const watcher of watchers) watcher.close();
  };
}

/**
 * Halts the desk if the operator wrote the halt file; the start waits for the first look. Returns a function that stops
 * the looks.
 */
export async function watchHaltFile({ desk, home }: OpenDesk): Promise<() => void> {
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    await obeyHaltFile(desk, haltFilePath(keyPath(home, desk.state.deskId))).catch((error: unknown) =>
      desk.log.error(`the halt file: ${messageOf(error)}`),
    );
    if (!isStopped) cancel = desk.clock.after(HALT_FILE_MS, () => void look());
  };
  await look();
  return () => {
    isStopped = true;
    cancel?.();
  };
}

/** The file is removed when the halt is on disk, so that a resume counts. */
async function obeyHaltFile(desk: Desk, path: string): Promise<void> {
  const disk = desk.workspace.disk;
  const reason = await readHaltFile(disk, path);
  if (reason === undefined || desk.readOnly() !== undefined) return;
  if (desk.state.trading.state !== "halted")
    await setTrading(desk, { state: "halted", reason: reason || "halted by the halt file", actor: "human" });
  await disk.remove(path);
}

/** Notices that do not depend on whether desk.toml is in force. */
const IS_OF_THE_DESK: ReadonlySet<ConfigNotice["kind"]> = new Set(["no-guards", "currency"]);

/**
 * Checks desk.toml after a file event, and every two seconds besides, and logs what it says that is not in force.
 * Returns a function that stops both.
 */
export function watchConfig({ desk }: OpenDesk): () => void {
  let said = "";
  const check = async (): Promise<void> => {
    const texts = (await deskNotices(desk)).filter(({ kind }) => !IS_OF_THE_DESK.has(kind)).map(noticeText);
    const text = texts.join("; ");
    if (text !== said) desk.log.warn(text === "" ? "desk.toml is in force as it is on disk" : text);
    said = text;
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

/**
 * Calls `check` shortly after a file event in one of the folders, and on a timer besides: watchers lose events, and a
 * system can run out of watches. Returns a function that stops both.
 */
function watchAndRepeat(
  desk: Pick<OpenDesk["desk"], "clock" | "log" | "workspace">,
  folders: readonly string[],
  check: () => void,
): () => void {
  let cancelSoon: (() => void) | undefined;
  let cancelNext: (() => void) | undefined;
  const checkSoon = (): void => {
    cancelSoon ??= desk.clock.after(WATCH_DELAY_MS, () => {
      cancelSoon = undefined;
      check();
    });
  };
  const watchers = folders.flatMap((folder) => {
    try {
      const watcher = watch(`${desk.workspace.root}/${folder}`, { persistent: false }, checkSoon);
      return [watcher.on("error", (error) => desk.log.debug(`watching ${folder}: ${error.message}`))];
    } catch (error) {
      desk.log.warn(`${folder} cannot be watched; it is checked every ${SCAN_MS / 1000} s: ${messageOf(error)}`);
      return [];
    }
  });
  const checkNext = (): void => {
    cancelNext = desk.clock.after(SCAN_MS, () => {
      check();
      checkNext();
    });
  };
  checkNext();
  return () => {
    cancelSoon?.();
    cancelNext?.();
    for (const watcher of watchers) watcher.close();
  };
}
