/** The system as a launched agent meets it: processes and their groups, programs on the PATH, private folders. */
import { spawn } from "node:child_process";
import { constants, realpathSync } from "node:fs";
import { access, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { LaunchDeps } from "../agents/run-context.ts";
import { openTranscript } from "../workspace/run-transcripts.ts";
import type { OpenDesk } from "./open-desk.ts";

export function createLauncher({
  desk,
  env,
  home,
  socket,
}: Pick<OpenDesk, "desk" | "env" | "home" | "socket">): LaunchDeps {
  return {
    spawn,
    killGroup: (group, signal) => {
      try {
        process.kill(-group, signal);
      } catch {
        // Nobody of the group is left.
      }
    },
    clock: desk.clock,
    disk: desk.disk,
    env,
    find: (program) => findProgram(program, env["PATH"] ?? ""),
    realPath: (path) => realpath(path).catch(() => undefined),
    privateFolder: async () => {
      const path = await mkdtemp(join(await realpath(tmpdir()), "qoc-run-"));
      return { path, remove: () => rm(path, { recursive: true, force: true }) };
    },
    node: process.execPath,
    hidden: [home, dirname(socket), tmpdir()].map(realOf),
    workspace: desk.root,
    transcript: (run) => openTranscript(desk, run),
  };
}

/** Behind any links; a folder that is not there hides nothing. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** As a shell would look for it, but never in the current folder. */
async function findProgram(program: string, path: string): Promise<{ path: string; real: string } | undefined> {
  const places = isAbsolute(program)
    ? [program]
    : path
        .split(":")
        .filter(isAbsolute)
        .map((folder) => join(folder, program));
  if (!isAbsolute(program) && program.includes("/")) return undefined;
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      return { path: place, real: await realpath(place) };
    } catch {
      // It stands in another folder, or nowhere.
    }
  }
  return undefined;
}
