/**
 * Operating system services for launching agents: processes and their groups, programs on the PATH, private folders.
 */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { LaunchDeps } from "../agents/program-run.ts";
import { secretFilesOf } from "../workspace/files.ts";
import { removeFolder } from "./remove-folder.ts";
import { endSandbox } from "./end-sandbox.ts";
import { findProgram } from "./find-program.ts";
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
        // The process group has ended.
      }
    },
    endSandbox,
    clock: desk.clock,
    disk: desk.workspace.disk,
    env,
    findProgram: (program) => findProgram(program, env["PATH"] ?? ""),
    realPath: (path) => desk.workspace.disk.realPath(path),
    createPrivateFolder: async () => {
      const path = await mkdtemp(join(await realpath(tmpdir()), "qoc-run-"));
      return { path, remove: () => removeFolder(path) };
    },
    nodePath: process.execPath,
    hidden: [home, join(home, ".qoc/keys"), dirname(socket), tmpdir()].map(realOf),
    secretFiles: () =>
      secretFilesOf(desk.config)
        .map(realOf)
        .filter((path) => existsSync(path)),
    workspace: desk.workspace.root,
    openTranscript: (run) => desk.workspace.transcripts.open(run, desk.log),
  };
}

/** Resolves symbolic links. A folder that does not exist is returned unchanged. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
