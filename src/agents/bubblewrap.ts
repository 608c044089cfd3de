/**
 * What an agent's program may see of this machine: with bubblewrap its own folders, the system's programs and the network,
 * and nothing of the workspace or of anyone's home; without it an environment and folders of its own, and no more.
 */
import { dirname } from "node:path";
import { isWithin } from "../lib/path-containment.ts";

/** The folders of one run, inside one private folder. */
export interface RunFolders {
  readonly root: string;
  /** HOME; empty. */
  readonly home: string;
  /** Where the program is started; empty but for its boundary. */
  readonly work: string;
  readonly setup: string;
  readonly temp: string;
}

export function runFolders(root: string): RunFolders {
  return {
    root,
    home: `${root}/home`,
    work: `${root}/work`,
    setup: `${root}/setup`,
    temp: `${root}/tmp`,
  };
}

/**
 * An empty repository where the program is started: programs look for settings, plug-ins and instructions upwards to the root
 * of one, and above stand folders that others may write to.
 */
export function gitBoundary(work: string) {
  return {
    folders: [`${work}/.git/objects`, `${work}/.git/refs`],
    head: { path: `${work}/.git/HEAD`, text: "ref: refs/heads/main\n" },
  };
}

/** Of /etc only what a program needs to find a host and trust its certificate. */
const ETC = [
  "resolv.conf",
  "hosts",
  "nsswitch.conf",
  "ssl",
  "pki",
  "ca-certificates",
  "passwd",
  "localtime",
  "alternatives",
];
const SYSTEM_LINKS = ["bin", "sbin", "lib", "lib64"] as const;

/**
 * The command that starts `argv` in bubblewrap. `readable` are folders and files that the program itself is made of, by
 * their real paths; they appear at the same place, read-only.
 */
export function bubblewrapArgs(
  bubblewrap: string,
  folders: RunFolders,
  readable: readonly string[],
  argv: readonly string[],
): readonly string[] {
  return [
    bubblewrap,
    ...["--ro-bind", "/usr", "/usr"],
    ...SYSTEM_LINKS.flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    ...ETC.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...readable.filter((path) => !isWithin("/usr", path)).flatMap((path) => ["--ro-bind", path, path]),
    ...["--bind", folders.root, folders.root, "--chdir", folders.work],
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    "--",
    ...argv,
  ];
}

const PACKAGES = "/node_modules/";

/**
 * What the program is made of: the folder of its real file, the programs its first line may name, and the files that stand
 * in its arguments, all by their real paths. A folder that holds the workspace or someone's home would show what the sandbox
 * is there to hide; a file shows itself alone.
 */
export function readablePaths(
  program: string,
  files: readonly string[],
  hidden: readonly string[],
): readonly string[] | { readonly shows: string } {
  const packages = program.indexOf(PACKAGES);
  // A package's program may keep its other half in a package beside it.
  const folder = packages < 0 ? dirname(program) : program.slice(0, packages + PACKAGES.length - 1);
  const shown = hidden.find((path) => isWithin(folder, path));
  return shown === undefined ? [...new Set([folder, ...files])] : { shows: shown };
}

/** The environment by allow-list: what is lent by name, what is always there, and what the program is told. */
export function agentEnvironment(
  lent: Readonly<Record<string, string>>,
  told: Readonly<Record<string, string>>,
  folders: RunFolders,
  path: readonly string[],
): Readonly<Record<string, string>> {
  return {
    ...lent,
    PATH: [...new Set(path)].join(":"),
    HOME: folders.home,
    TMPDIR: folders.temp,
    LANG: "C.UTF-8",
    TERM: "dumb",
    ...told,
  };
}
