/**
 * The entry point behind bin/qoc.mjs: gives the command line its services, and imports the larger modules only when a
 * command needs them, so that `qoc --help` is fast.
 */
import { homedir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeIo } from "../cli/io.ts";
import type { CliDeps } from "../cli/cli-deps.ts";
import { main } from "../cli/main.ts";
import type { RuntimeUser } from "../workspace/runtime-folder.ts";
import { commandRegistry } from "./command-registry.ts";

const here = dirname(fileURLToPath(import.meta.url));
/** This file is src/app/main.ts, or dist/src/app/main.js. */
const PACKAGE_ROOT = here.endsWith("/dist/src/app") ? dirname(dirname(dirname(here))) : dirname(dirname(here));

async function version(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return (JSON.parse(await readFile(`${PACKAGE_ROOT}/package.json`, "utf8")) as { version: string }).version;
}

/** Runs one command line. Returns the exit code. */
export function run(argv: readonly string[]): Promise<number> {
  return main(argv, nodeDeps());
}

function nodeDeps(): CliDeps {
  const env = process.env as Record<string, string | undefined>;
  const io = nodeIo(env);
  const cwd = process.cwd();
  const home = env["HOME"] ?? homedir();
  const deps: CliDeps = {
    io,
    env,
    cwd,
    version,
    registry: commandRegistry,
    ...deskAccess({ env, home, uid: process.getuid?.() ?? 0 }),
    now: () => Date.now(),
    invokeLocal: async (entry, input, call) => {
      const [{ invoke }, { createLocalServices }, { nodeDisk }, { systemClock, systemIds }] = await Promise.all([
        import("../commands/invoke.ts"),
        import("./local-services.ts"),
        import("../workspace/disk.ts"),
        import("./system.ts"),
      ]);
      const local = createLocalServices({
        packageRoot: PACKAGE_ROOT,
        bin: `${PACKAGE_ROOT}/bin/qoc.mjs`,
        version: await version(),
        disk: nodeDisk(),
        clock: systemClock,
        ids: systemIds,
        env,
        home,
        cwd: call.cwd,
        answers: call.answers,
        ready: call.ready,
        runLine: (argv, lineIo) => main(argv, { ...deps, io: lineIo }),
      });
      return invoke(await commandRegistry(), { command: entry.name, input }, { ...call, actor: "human", local });
    },
  };
  return deps;
}

/** Finds the desk of a folder, its process, its runtime folder, and the keys of its operator. */
function deskAccess(user: RuntimeUser): Pick<CliDeps, "deskAt" | "openLink" | "sign" | "deskProcess" | "random"> {
  const access = () => import("./desk-access.ts");
  return {
    random: async (bytes) => (await access()).random(bytes),
    deskAt: async (from) => (await access()).deskAt(user, from),
    openLink: async (from, link) => (await access()).openDeskLink(user, from, link),
    sign: async (from, request, passphrase) => (await access()).signAt(user, from, request, passphrase),
    deskProcess: async (from) => (await access()).deskProcess(user, from),
  };
}
