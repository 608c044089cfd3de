/** What a command of the terminal uses of the desk that a folder lies in: its socket, its keys, its process. */
import { realpathSync } from "node:fs";
import type { DeskAddress } from "../cli/client.ts";
import type { Authority, SigningRequest } from "../domain/authority/authority.ts";
import { nodeDisk } from "../workspace/disk.ts";
import type { DeskProcess } from "../workspace/lock.ts";
import { keyPath, readDeskId } from "../workspace/layout.ts";
import { type RuntimePaths, type RuntimeUser, checkSockets, runtimePaths } from "../workspace/runtime-folder.ts";
import { findWorkspace } from "../workspace/workspace-trust.ts";
import { operatorCredentials } from "./client-credentials.ts";
import { systemClock, systemIds } from "./system.ts";

const disk = nodeDisk();

/** `bytes` random bytes as hexadecimal text. */
export function random(bytes: number): string {
  return systemIds.random(bytes);
}

/** The operator's socket. @throws QocError NO_WORKSPACE. */
export async function deskAt(user: RuntimeUser, from: string): Promise<DeskAddress> {
  const { root, paths } = await locate(user, from);
  checkSockets(paths, user);
  return {
    socketPath: paths.socket,
    credentials: () => operatorCredentials({ disk, ids: systemIds, home: user.home, root }, user.uid),
  };
}

/** Opens a link to the desk's page. @throws QocError NO_BROWSER, NO_WORKSPACE. */
export async function openDeskLink(user: RuntimeUser, from: string, link: string): Promise<void> {
  const { linkOpener, openLink } = await import("./open-link.ts");
  const { paths } = await locate(user, from);
  await openLink({ disk, folder: paths.runtime, opener: linkOpener(process.platform) }, link);
}

/** Signs with a key of the operator. @throws QocError KEY_REQUIRED, KEY_MISSING, NO_WORKSPACE. */
export async function signAt(
  user: RuntimeUser,
  from: string,
  request: SigningRequest,
  passphrase: string | undefined,
): Promise<Authority> {
  const [{ checkKeyFiles }, { signRequest }] = await Promise.all([
    import("../trading/keys/key-files.ts"),
    import("./client-signer.ts"),
  ]);
  const path = keyPath(user.home, await readDeskId(disk, await findWorkspace(disk, from, user)));
  await checkKeyFiles(disk, path, user.uid);
  return signRequest({ disk, ids: systemIds, clock: systemClock, path }, request, passphrase);
}

/** The process that has the desk's lock, if it is running. */
export async function deskProcess(user: RuntimeUser, from: string): Promise<DeskProcess | undefined> {
  const [{ findDeskProcess }, { nodeProcesses }] = await Promise.all([
    import("../workspace/lock.ts"),
    import("./processes.ts"),
  ]);
  const { root, paths } = await locate(user, from);
  return findDeskProcess({ disk, root }, paths, nodeProcesses);
}

async function locate(
  user: RuntimeUser,
  from: string,
): Promise<{ readonly root: string; readonly paths: RuntimePaths }> {
  const root = realpathSync(await findWorkspace(disk, from, user));
  return { root, paths: runtimePaths(root, user) };
}
