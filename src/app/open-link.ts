/**
 * Opens the link of `qoc ui --open` in the browser of this machine. The link contains a code, and every user of the
 * machine can read the arguments of a process: the browser gets the name of a file that only this user can read.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";

/** Time for the browser to start and to read the file. */
const KEPT_MS = 10_000;

export interface LinkOpening {
  readonly disk: Pick<Disk, "remove" | "writeAtomic">;
  /** The runtime folder of the desk, mode 0700. */
  readonly folder: string;
  /** The program that opens a file with the user's browser. */
  readonly opener: string;
  readonly keptMs?: number | undefined;
}

/** The program of this system. */
export function linkOpener(platform: NodeJS.Platform): string {
  return platform === "darwin" ? "open" : "xdg-open";
}

/** Resolves when the file is removed again. @throws NO_BROWSER if the program cannot be started. */
export async function openLink({ disk, folder, opener, keptMs = KEPT_MS }: LinkOpening, link: string): Promise<void> {
  const file = `${folder}/ui-open.html`;
  const target = link.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Qoc</title>\n`;
  await disk.writeAtomic(file, `${page}<meta http-equiv="refresh" content="0;url=${target}">\n`, 0o600);
  try {
    // A PATH with a folder as `.` or `bin` must not lead to programs of the desk's folder.
    const program = spawn(opener, [file], { cwd: "/", detached: true, stdio: "ignore" });
    await once(program, "spawn").catch((error: unknown) => {
      throw new QocError("NO_BROWSER", { program: opener }, { cause: error });
    });
    program.unref();
    await sleep(keptMs);
  } finally {
    await disk.remove(file);
  }
}
