/** The command line of bubblewrap: namespaces and mounts. Agents and connectors run in it where it is installed. */

/** How a path appears in the sandbox. Nothing else of the file system exists there. */
export type SandboxMount =
  /** Read-only, at the same path unless `at` names another. */
  | { readonly kind: "read"; readonly path: string; readonly at?: string | undefined }
  /** Read-only, at the same path; left out if it does not exist. */
  | { readonly kind: "read-if-exists"; readonly path: string }
  /** The same files, writable. */
  | { readonly kind: "write"; readonly path: string }
  /** An empty folder in memory. */
  | { readonly kind: "temporary"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

export interface SandboxCommand {
  /** The path of `bwrap`. */
  readonly bubblewrap: string;
  readonly mounts: readonly SandboxMount[];
  readonly workFolder: string;
  /** False: only a loopback interface of its own. */
  readonly hasNetwork: boolean;
  /** The root folder and /dev, which exist in memory only, cannot be written to. */
  readonly isReadOnly?: boolean | undefined;
  /** An open descriptor, to which bubblewrap writes as JSON which process is the first of the sandbox. */
  readonly infoFd?: number | undefined;
  /** An open descriptor, from which bubblewrap reads a filter of system calls. */
  readonly filterFd?: number | undefined;
  /** Replaces the environment; undefined keeps the environment that bubblewrap is started with. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The command line to run in the sandbox. */
  readonly argv: readonly string[];
}

/** bubblewrap leaves it writable for root, who would set there which program the kernel starts after a crash. */
const KERNEL_SETTINGS = mountArgs({ kind: "read-if-exists", path: "/proc/sys" });

/**
 * Returns the whole command line. The program sees no process outside, ends with its parent, and has no capability.
 */
export function sandboxArgs(command: SandboxCommand): readonly [string, ...string[]] {
  const { bubblewrap, mounts, workFolder, hasNetwork, isReadOnly, infoFd, filterFd, environment, argv } = command;
  return [
    bubblewrap,
    ...mounts.flatMap(mountArgs),
    ...["--proc", "/proc", ...KERNEL_SETTINGS, "--dev", "/dev"],
    // bubblewrap makes /dev in memory, which no limit of the process's memory counts.
    ...(isReadOnly === true ? ["--remount-ro", "/", "--remount-ro", "/dev"] : []),
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", ...(hasNetwork ? [] : ["--unshare-net"])],
    ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--chdir", workFolder],
    ...(infoFd === undefined ? [] : ["--info-fd", String(infoFd)]),
    ...(filterFd === undefined ? [] : ["--seccomp", String(filterFd)]),
    ...(environment === undefined ? [] : ["--clearenv"]),
    ...Object.entries(environment ?? {}).flatMap(([name, value]) => ["--setenv", name, value]),
    "--",
    ...argv,
  ];
}

function mountArgs(mount: SandboxMount): readonly string[] {
  switch (mount.kind) {
    case "read":
      return ["--ro-bind", mount.path, mount.at ?? mount.path];
    case "read-if-exists":
      return ["--ro-bind-try", mount.path, mount.path];
    case "write":
      return ["--bind", mount.path, mount.path];
    case "temporary":
      return ["--tmpfs", mount.path];
    case "link":
      return ["--symlink", mount.target, mount.path];
  }
}
