/**
 * The folders, environment and bubblewrap command of an agent's program. In bubblewrap it can read its own folders and
 * the system's programs, and use the network; the workspace and home directories do not exist there. Without bubblewrap
 * only its environment and its folders are its own.
 */
import { dirname } from "node:path";
import { type SandboxMount, sandboxArgs } from "../lib/bubblewrap.ts";
import { isWithin } from "../lib/path-containment.ts";
import { keyFilter } from "./key-filter.ts";

/** The folders of one run, inside one private folder. */
export interface RunFolders {
  readonly root: string;
  /** HOME; empty. */
  readonly home: string;
  /** The working folder; empty except for its boundary. */
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
 * An empty git repository for the working folder. Programs search for settings, plug-ins and instructions upwards to
 * the root of a repository; without it they would read folders above that other users may write to.
 */
export function gitBoundary(work: string) {
  return {
    folders: [`${work}/.git/objects`, `${work}/.git/refs`],
    head: { path: `${work}/.git/HEAD`, text: "ref: refs/heads/main\n" },
  };
}

/** What a program needs of /etc to resolve hosts and verify certificates: without the machine's private keys. */
const ETC = [
  ...["resolv.conf", "hosts", "nsswitch.conf", "ca-certificates", "passwd", "localtime", "alternatives"],
  ...["certs", "cert.pem", "ca-bundle.pem", "openssl.cnf"].map((name) => `ssl/${name}`),
  ...["ca-trust", "trust", "java", "tls/certs", "tls/cert.pem", "tls/openssl.cnf"].map((name) => `pki/${name}`),
].map((name) => `/etc/${name}`);
const SYSTEM_LINKS = ["bin", "sbin", "lib", "lib64"] as const;

export interface BubblewrapOptions {
  /** The path of `bwrap`. */
  readonly bubblewrap: string;
  readonly folders: RunFolders;
  /** Real paths that are mounted read-only: the files and folders of the program itself. */
  readonly readable: readonly string[];
  /** Real paths that the program must not read, also where they are inside the system's folder. */
  readonly hidden: readonly string[];
  /** Real paths of files with secrets: they cannot be read in the sandbox. */
  readonly secretFiles: readonly string[];
  /** The command line to run in the sandbox. */
  readonly argv: readonly string[];
}

const SYSTEM = "/usr";

/** The descriptor on which bubblewrap states the first process of the sandbox. */
export const INFO_FD = 3;
/** The descriptor from which bubblewrap reads `KEY_FILTER`. */
export const FILTER_FD = 4;
export const KEY_FILTER = keyFilter(process.arch);

export function bubblewrapArgs(options: BubblewrapOptions): readonly string[] {
  const { bubblewrap, folders, readable, hidden, secretFiles, argv } = options;
  // A desk or a home folder may be there, such as /usr/src/app in a container.
  const covered = hidden.filter((path) => path !== SYSTEM && isWithin(SYSTEM, path));
  const isMissing = (path: string): boolean =>
    !isWithin(SYSTEM, path) || covered.some((folder) => isWithin(folder, path));
  const masked = secretFiles.filter((file) => [SYSTEM, ...ETC].some((path) => isWithin(path, file)));
  return sandboxArgs({
    bubblewrap,
    mounts: [
      { kind: "read", path: SYSTEM },
      ...covered.map((path): SandboxMount => ({ kind: "temporary", path })),
      ...SYSTEM_LINKS.map((name): SandboxMount => ({ kind: "link", path: `/${name}`, target: `usr/${name}` })),
      ...ETC.map((name): SandboxMount => ({ kind: "read-if-exists", path: name })),
      { kind: "temporary", path: "/tmp" },
      ...readable.filter(isMissing).map((path): SandboxMount => ({ kind: "read", path })),
      ...masked.map((at): SandboxMount => ({ kind: "read", path: "/dev/null", at })),
      { kind: "write", path: folders.root },
    ],
    workFolder: folders.work,
    hasNetwork: true,
    infoFd: INFO_FD,
    filterFd: KEY_FILTER === undefined ? undefined : FILTER_FD,
    argv,
  });
}

const PACKAGES = "/node_modules/";

/**
 * The paths that the program needs to read: the folder of its real file, and the given files. If that folder contains a
 * path of `hidden`, it cannot be mounted: returns the path that it would expose.
 */
export function readablePaths(
  program: string,
  files: readonly string[],
  hidden: readonly string[],
): readonly string[] | { readonly exposes: string } {
  const packages = program.indexOf(PACKAGES);
  // A package's program may load other packages of the same node_modules.
  const folder = packages < 0 ? dirname(program) : program.slice(0, packages + PACKAGES.length - 1);
  const exposed = hidden.find((path) => isWithin(folder, path));
  return exposed === undefined ? [...new Set([folder, ...files])] : { exposes: exposed };
}

export interface EnvironmentOptions {
  /** Variables of the desk's environment that the program gets. */
  readonly passed: Readonly<Record<string, string>>;
  /** Variables that the launch sets; they win over all others. */
  readonly extra: Readonly<Record<string, string>>;
  readonly folders: RunFolders;
  /** The folders of PATH. */
  readonly path: readonly string[];
}

/** The environment of a program: nothing of the desk's but what is passed by name. */
export function agentEnvironment({
  passed,
  extra,
  folders,
  path,
}: EnvironmentOptions): Readonly<Record<string, string>> {
  return {
    ...passed,
    PATH: [...new Set(path)].join(":"),
    HOME: folders.home,
    TMPDIR: folders.temp,
    LANG: "C.UTF-8",
    TERM: "dumb",
    ...extra,
  };
}
