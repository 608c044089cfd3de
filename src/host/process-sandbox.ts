/**
 * How a process of the desk is started: Node alone inside bubblewrap where it works, otherwise Node itself. In
 * bubblewrap the process has no network unless it is given, no files but Node's own and those that it is given, no
 * environment but what is listed, and sees no other process.
 */
import { type SandboxMount, sandboxArgs } from "../lib/bubblewrap.ts";

export interface NodeCommand {
  /** Arguments of Node. */
  readonly args: readonly string[];
  /** Real paths of files and folders that the process reads. */
  readonly readable: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** An empty folder. */
  readonly folder: string;
  /** true: the process has the network of the machine, and looks names up. */
  readonly hasNetwork?: boolean | undefined;
}

export interface SpawnCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface ProcessSandbox {
  /** Why processes are not inside bubblewrap; undefined if they are. */
  readonly problem: string | undefined;
  commandOf(command: NodeCommand): SpawnCommand;
}

export interface BubblewrapPaths {
  /** The path of `bwrap`. */
  readonly bubblewrap: string;
  /** The real path of Node. */
  readonly node: string;
  /** The shared libraries of Node, by the paths at which the dynamic linker finds them. */
  readonly libraries: readonly string[];
}

/** Node's path in the sandbox: its folder outside may be in the user's home. */
const NODE = "/node";
const LINKER_CACHE = "/etc/ld.so.cache";
/** What names of the network are looked up in. */
const NAME_FILES = ["/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"];

export function bubblewrapSandbox({ bubblewrap, node, libraries }: BubblewrapPaths): ProcessSandbox {
  const mounts: readonly SandboxMount[] = [
    { kind: "read", path: node, at: NODE },
    ...libraries.map((path): SandboxMount => ({ kind: "read", path })),
    readIfExists(LINKER_CACHE),
  ];
  return {
    problem: undefined,
    commandOf: ({ args, readable, environment, folder, hasNetwork = false }) => {
      const files = readable.map((path): SandboxMount => ({ kind: "read", path }));
      const [program, ...rest] = sandboxArgs({
        bubblewrap,
        mounts: [...mounts, ...files, ...(hasNetwork ? NAME_FILES.map(readIfExists) : [])],
        workFolder: "/",
        hasNetwork,
        isReadOnly: true,
        environment,
        argv: [NODE, ...args],
      });
      return { program, args: rest, env: {}, cwd: folder };
    },
  };
}

function readIfExists(path: string): SandboxMount {
  return { kind: "read-if-exists", path };
}

/** Starts Node itself. `problem`: why bubblewrap is not used. */
export function plainProcesses(node: string, problem: string): ProcessSandbox {
  return {
    problem,
    commandOf: ({ args, environment, folder }) => ({ program: node, args, env: environment, cwd: folder }),
  };
}
