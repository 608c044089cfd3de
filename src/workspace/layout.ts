/** The only place that spells a folder or file name of the workspace, and of what lies outside it. */
import { dirname, join, resolve } from "node:path";
import { sha256Hex } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { isWithin } from "../lib/path-containment.ts";

/** Paths relative to the workspace. */
export const LAYOUT = {
  config: "desk.toml",
  houseRules: "house-rules.md",
  entities: "entities",
  inbox: "inbox",
  inboxArchive: "inbox/archive",
  news: "inbox/news",
  issues: "issues",
  ordersPending: "orders/pending",
  ordersProposed: "orders/proposed",
  ordersApproved: "orders/approved",
  ordersExecuted: "orders/executed",
  ordersRejected: "orders/rejected",
  ordersCancelled: "orders/cancelled",
  research: "research",
  bars: "research/prices/bars",
  schedules: "schedules",
  snapshots: "snapshots",
  state: ".qoc",
  journal: ".qoc/journal",
  history: ".qoc/history.git",
  connectors: ".qoc/connectors",
  bundles: ".qoc/bundles",
  runs: ".qoc/runs",
  types: ".qoc/types",
  logs: ".qoc/logs",
} as const;

/** Made by `qoc init`, and again at each start where one is missing. */
export const FOLDERS: readonly string[] = [
  LAYOUT.entities,
  LAYOUT.inbox,
  LAYOUT.issues,
  LAYOUT.ordersPending,
  LAYOUT.ordersProposed,
  LAYOUT.ordersApproved,
  LAYOUT.ordersExecuted,
  LAYOUT.ordersRejected,
  LAYOUT.ordersCancelled,
  LAYOUT.bars,
  LAYOUT.schedules,
  LAYOUT.snapshots,
  LAYOUT.journal,
  LAYOUT.connectors,
  LAYOUT.bundles,
  LAYOUT.logs,
];

const HOST_OWNED = [
  LAYOUT.ordersApproved,
  LAYOUT.ordersExecuted,
  LAYOUT.ordersRejected,
  LAYOUT.ordersCancelled,
  LAYOUT.state,
];

/** Written by the desk alone: a hand's change is undone by the next rebuild, and a restore is refused. */
export function isHostOwned(path: string): boolean {
  return HOST_OWNED.some((folder) => isWithin(folder, path)) || /^snapshots\/[^/]*\.toml$/.test(path);
}

/** The nearest folder from `from` upwards that holds a desk.toml. @throws NO_WORKSPACE. */
export async function findWorkspace(disk: Disk, from: string): Promise<string> {
  let folder = resolve(from);
  for (;;) {
    if ((await disk.facts(join(folder, LAYOUT.config)))?.kind === "file") return folder;
    const parent = dirname(folder);
    if (parent === folder) throw new QocError("NO_WORKSPACE", { path: resolve(from) });
    folder = parent;
  }
}

export interface RuntimePaths {
  /** Holds socket and lock; 0700. */
  readonly runtime: string;
  readonly socket: string;
  readonly lock: string;
}

/** The runtime folder of a workspace: short, since a Unix socket's path holds 108 bytes. `root` is its real path. */
export function runtimePaths(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): RuntimePaths {
  const short = sha256Hex(root).slice(0, 16);
  const own = env["XDG_RUNTIME_DIR"];
  const base = own !== undefined && own !== "" && own.length < 60 ? join(own, "qoc") : `/tmp/qoc-${uid}`;
  const runtime = join(base, short);
  return { runtime, socket: join(runtime, "desk.sock"), lock: join(runtime, "lock") };
}

/** Where logs go: `[workspace].log_dir`, in which `~` is the home folder, else the workspace's own. */
export function logFolder(root: string, home: string, configured: string | undefined): string {
  return configured?.replace(/^~(?=\/)/, home) ?? `${root}/${LAYOUT.logs}`;
}

/** The operator's key of a desk, outside every workspace. */
export function keyPath(home: string, deskId: string): string {
  return join(home, ".qoc", "keys", deskId);
}
export function globalConfigPath(home: string): string {
  return join(home, ".qoc", "config.toml");
}
