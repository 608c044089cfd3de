/** Notices that the file of a listening socket was removed or replaced: no client reaches the socket any more. */
import { lstatSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../domain/ports.ts";

/** Watchers lose events, and a system can run out of watches. */
export const SOCKET_POLL_MS = 2_000;

/**
 * The identity of the file at the path; undefined without a file. A file system gives the number of a removed file to
 * the next one, so that the time of the last change is part of it; a change of mode or owner counts as another file.
 */
function identityOf(path: string): string | undefined {
  const facts = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  return facts === undefined ? undefined : `${facts.dev}:${facts.ino}:${facts.ctimeNs}`;
}

/** Calls `onLost` once if the path no longer leads to the file that it leads to now. Returns a function that stops. */
export function watchSocketFile(path: string, clock: Clock, onLost: () => void): () => void {
  const identity = identityOf(path);
  let cancel: () => void = () => undefined;
  const check = (): void => {
    if (isStopped || identityOf(path) === identity) return;
    stop();
    onLost();
  };
  const poll = (): void => {
    cancel = clock.after(SOCKET_POLL_MS, () => {
      check();
      if (!isStopped) poll();
    });
  };
  let isStopped = false;
  const watcher = folderWatcher(dirname(path), check);
  const stop = (): void => {
    isStopped = true;
    cancel();
    watcher?.close();
  };
  poll();
  return stop;
}

function folderWatcher(folder: string, onChange: () => void): ReturnType<typeof watch> | undefined {
  try {
    return watch(folder, { persistent: false }, onChange).on("error", () => undefined);
  } catch {
    // The poll finds the change.
    return undefined;
  }
}
