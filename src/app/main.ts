/**
 * The entry point behind bin/qoc.mjs: gives the command line its services, and imports the larger modules only when a
 * command needs them, so that `qoc --help` is fast.
 */
import { realpathSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeIo } from "../cli/io.ts";
import type { CliDeps } from "../cli/cli-deps.ts";
import { main } from "../cli/main.ts";
import type { RuntimeUser } from "../workspace/runtime-folder.ts";

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
    registry: async () => (await import("./command-registry.ts")).commandRegistry(),
    ...deskAccess(home, { env, home, uid: process.getuid?.() ?? 0 }),
    random: (bytes) => randomBytes(bytes).toString("hex"),
    now: () => Date.now(),
    invokeLocal: async (entry, input, call) => {
      const [{ invoke }, { commandRegistry }, { createLocalServices }, { nodeDisk }, { systemClock, systemIds }] =
        await Promise.all([
          import("../commands/invoke.ts"),
          import("./command-registry.ts"),
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
function deskAccess(home: string, user: RuntimeUser): Pick<CliDeps, "deskAt" | "openLink" | "sign" | "deskProcess"> {
  return {
    openLink: async (from, link) => {
      const [{ nodeDisk }, { findWorkspace }, { runtimePaths }, { linkOpener, openLink }] = await Promise.all([
        import("../workspace/disk.ts"),
        import("../workspace/workspace-trust.ts"),
        import("../workspace/runtime-folder.ts"),
        import("./open-link.ts"),
      ]);
      const disk = nodeDisk();
      const folder = runtimePaths(realpathSync(await findWorkspace(disk, from, user)), user).runtime;
      await openLink({ disk, folder, opener: linkOpener(process.platform) }, link);
    },
    deskAt: async (from) => {
      const [{ nodeDisk }, { findWorkspace }, { checkSockets, runtimePaths }] = await Promise.all([
        import("../workspace/disk.ts"),
        import("../workspace/workspace-trust.ts"),
        import("../workspace/runtime-folder.ts"),
      ]);
      const disk = nodeDisk();
      const root = realpathSync(await findWorkspace(disk, from, user));
      const paths = runtimePaths(root, user);
      checkSockets(paths, user);
      return {
        socketPath: paths.socket,
        // Loads schemas: only a connection needs them, and completion without a desk does not.
        credentials: async () => {
          const [{ operatorCredentials }, { systemIds }] = await Promise.all([
            import("./client-credentials.ts"),
            import("./system.ts"),
          ]);
          return operatorCredentials({ disk, ids: systemIds, home, root }, user.uid);
        },
      };
    },
    sign: async (from, request, passphrase) => {
      const [disks, { findWorkspace }, { keyPath, readDeskId }, { checkKeyFiles }, signer, { systemClock, systemIds }] =
        await Promise.all([
          import("../workspace/disk.ts"),
          import("../workspace/workspace-trust.ts"),
          import("../workspace/layout.ts"),
          import("../trading/keys/key-files.ts"),
          import("./client-signer.ts"),
          import("./system.ts"),
        ]);
      const disk = disks.nodeDisk();
      const path = keyPath(home, await readDeskId(disk, await findWorkspace(disk, from, user)));
      await checkKeyFiles(disk, path, user.uid);
      return signer.signRequest({ disk, ids: systemIds, clock: systemClock, path }, request, passphrase);
    },
    deskProcess: async (from) => {
      const [{ nodeDisk }, { findWorkspace }, { findDeskProcess }, { runtimePaths }, { nodeProcesses }] =
        await Promise.all([
          import("../workspace/disk.ts"),
          import("../workspace/workspace-trust.ts"),
          import("../workspace/lock.ts"),
          import("../workspace/runtime-folder.ts"),
          import("./processes.ts"),
        ]);
      const disk = nodeDisk();
      const root = realpathSync(await findWorkspace(disk, from, user));
      return findDeskProcess({ disk, root }, runtimePaths(root, user), nodeProcesses);
    },
  };
}
