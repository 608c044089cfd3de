/**
 * The folder of a desk's socket and lock. Another user who can rename or replace a part of its path could listen in the
 * desk's place, so every part is checked before it is used: a real folder, of this user, not writable by others.
 */
import { type Stats, chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, parse } from "node:path";
import { sha256Hex } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import { quoteForShell } from "../lib/shell.ts";

/** The process whose folder it is. */
export interface RuntimeUser {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The absolute path of the home folder. */
  readonly home: string;
  /** The user id. */
  readonly uid: number;
}

export interface RuntimePaths {
  /** The folder of the socket and the lock; mode 0700. */
  readonly runtime: string;
  /** The operator's socket. */
  readonly socket: string;
  /** The agents' socket. */
  readonly agentSocket: string;
  readonly lock: string;
}

/** The end of the longest socket name: the name of the folder has 16 characters. */
const LONGEST_SOCKET = `/${"0".repeat(16)}/agents.sock`;
/** A Unix socket path holds 108 bytes on Linux and 104 on macOS, the final zero included. */
const SOCKET_BYTES_MAX = 103;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const ROOT_UID = 0;

/**
 * The runtime paths of a workspace: in `XDG_RUNTIME_DIR` if that is a folder of this user, otherwise in the home.
 * The workspace's name is hashed because the path of a socket is limited. `root` is the workspace's real path.
 */
export function runtimePaths(root: string, user: RuntimeUser): RuntimePaths {
  const runtime = join(runtimeBase(user), sha256Hex(root).slice(0, 16));
  return {
    runtime,
    socket: join(runtime, "desk.sock"),
    agentSocket: join(runtime, "agents.sock"),
    lock: join(runtime, "lock"),
  };
}

/** The same answer before and after the desk has made the folder, so that client and desk agree. */
function runtimeBase({ env, home, uid }: RuntimeUser): string {
  const userFolder = env["XDG_RUNTIME_DIR"] ?? "";
  const isUsable = isAbsolute(userFolder) && fits(join(userFolder, "qoc")) && isOwnFolder(userFolder, uid);
  return isUsable ? join(userFolder, "qoc") : join(home, ".qoc", "run");
}

function fits(base: string): boolean {
  return Buffer.byteLength(base + LONGEST_SOCKET) <= SOCKET_BYTES_MAX;
}

/** A folder that does not exist counts as this user's if its nearest parent is this user's. */
function isOwnFolder(path: string, uid: number): boolean {
  const stats = factsOf(path);
  if (stats === undefined) return dirname(path) !== path && isOwnFolder(dirname(path), uid);
  return stats.isDirectory() && stats.uid === uid && (stats.mode & WRITABLE_BY_OTHERS) === 0;
}

/** Makes the runtime folder, mode 0700 whatever the umask. @throws RUNTIME_FOLDER_UNSAFE. */
export function makeRuntimeFolder({ runtime, agentSocket }: RuntimePaths, user: RuntimeUser): void {
  if (Buffer.byteLength(agentSocket) > SOCKET_BYTES_MAX)
    throw unsafe(agentSocket, `a socket's path is limited to ${SOCKET_BYTES_MAX} bytes`, OTHER_FOLDER);
  for (const folder of foldersDownTo(runtime)) {
    if (factsOf(folder) === undefined) makeFolder(folder);
  }
  checkRuntimeFolder(runtime, user);
  chmodSync(runtime, 0o700);
}

/** Two commands may make the folder at the same time; the check that follows judges what is there. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    if (factsOf(folder) === undefined) throw error;
  }
}

/**
 * Checks every part of the path that exists. The parents of the user's folder belong to this user or root and may be
 * writable by others only if sticky (as /tmp); the folders of the desk itself belong to this user.
 * @throws RUNTIME_FOLDER_UNSAFE with the command that repairs it.
 */
export function checkRuntimeFolder(runtime: string, { uid }: RuntimeUser): void {
  const own = new Set([runtime, dirname(runtime), dirname(dirname(runtime))]);
  const existing = foldersDownTo(runtime).filter((folder) => factsOf(folder) !== undefined);
  for (const folder of existing) {
    if (own.has(folder)) checkOwnFolder(folder, uid);
    else checkParent(folder, uid);
  }
  for (const folder of foldersDownTo(realpathSync(existing.at(-1) ?? "/"))) checkParent(folder, uid);
}

/** Checks that the sockets are of this user before a client writes to one. @throws RUNTIME_FOLDER_UNSAFE. */
export function checkSockets({ runtime, socket, agentSocket }: RuntimePaths, user: RuntimeUser): void {
  checkRuntimeFolder(runtime, user);
  for (const path of [socket, agentSocket]) {
    const stats = factsOf(path);
    if (stats !== undefined && stats.uid !== user.uid)
      throw unsafe(path, `it belongs to user ${stats.uid}`, `rm -f ${quoteForShell(path)}`);
  }
}

function checkOwnFolder(folder: string, uid: number): void {
  const stats = factsOf(folder);
  if (stats === undefined) return;
  if (!stats.isDirectory())
    throw unsafe(folder, "it is not a real folder", `mv ${quoteForShell(folder)} ${quoteForShell(`${folder}.old`)}`);
  if (stats.uid !== uid) throw unsafe(folder, `it belongs to user ${stats.uid}`, OTHER_FOLDER);
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) throw writable(folder);
}

function checkParent(folder: string, uid: number): void {
  const stats = factsOf(folder);
  if (stats === undefined) return;
  if (stats.uid !== uid && stats.uid !== ROOT_UID)
    throw unsafe(folder, `it belongs to user ${stats.uid}`, OTHER_FOLDER);
  // The mode of a symbolic link means nothing; its target is checked with the real path.
  if (stats.isSymbolicLink()) return;
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0 && (stats.mode & STICKY) === 0) throw writable(folder);
}

/** `mktemp -d` makes a folder of this user, mode 0700. Every terminal of the desk needs the same value. */
const OTHER_FOLDER = 'export XDG_RUNTIME_DIR="$(mktemp -d)"';

function writable(folder: string): QocError {
  return unsafe(folder, "other users can write to it", `chmod go-w ${quoteForShell(folder)}`);
}

function unsafe(path: string, reason: string, fix: string): QocError {
  return new QocError("RUNTIME_FOLDER_UNSAFE", { path, reason, fix });
}

function foldersDownTo(path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = path; folder !== parse(folder).root; folder = dirname(folder)) folders.unshift(folder);
  return [parse(path).root, ...folders];
}

function factsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
