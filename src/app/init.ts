/** `qoc init`: makes a desk folder, and its keys outside it. Existing files are never changed. */
import { mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { createKeys } from "../trading/keys/operator-keys.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { freePort } from "./port-owner.ts";
import type { Disk, Ids } from "../domain/ports.ts";
import { TSCONFIG, packageJson, refreshTypes } from "../workspace/editor-types.ts";
import { quoteForShell } from "../lib/shell.ts";
import { FIRST_ISSUE, HOUSE_RULES, deskToml } from "../workspace/config-template.ts";
import { FOLDERS, LAYOUT, keyPath } from "../workspace/layout.ts";
import { checkHome } from "../workspace/workspace-trust.ts";

export interface InitOptions {
  readonly disk: Disk;
  readonly ids: Ids;
  readonly home: string;
  readonly cwd: string;
  readonly path: string;
  readonly name?: string | undefined;
  readonly packageRoot: string;
}

const FIRST_PORT = 7070;
const TIMEZONE = "America/New_York";

const GITIGNORE = ".qoc/\nnode_modules/\n";
/** What a folder may have before it becomes a desk. */
const HARMLESS = /^(\.git|\.gitignore|\.gitattributes|\.DS_Store|README(\.\w+)?|LICENSE(\.\w+)?)$/i;
const NAMES_SHOWN = 3;

/** A desk has a dozen entries: it does not scatter them among the files of something else. */
async function refuseFolder(disk: Disk, root: string): Promise<void> {
  if (dirname(root) === root) throw new QocError("FOLDER_REFUSED", { path: root, reason: "it is the root folder" });
  const facts = await disk.facts(root);
  if (facts === undefined) return;
  if (facts.kind !== "directory")
    throw new QocError("FOLDER_REFUSED", { path: root, reason: `it is a ${facts.kind}, not a folder` });
  const others = (await disk.list(root)).map(({ name }) => name).filter((name) => !HARMLESS.test(name));
  if (others.length === 0) return;
  const more = others.length > NAMES_SHOWN ? ` and ${others.length - NAMES_SHOWN} more` : "";
  throw new QocError("FOLDER_NOT_EMPTY", { path: root, names: `${others.slice(0, NAMES_SHOWN).join(", ")}${more}` });
}

/** @throws WORKSPACE_INSIDE if the folder is in another desk, whose history and agents would reach its files. */
async function refuseInside(disk: Disk, root: string): Promise<void> {
  for (let above = dirname(root); above !== dirname(above); above = dirname(above))
    if ((await orRefuse(root, disk.facts(`${above}/${LAYOUT.config}`))) !== undefined)
      throw new QocError("WORKSPACE_INSIDE", { path: root, desk: above, other: `${dirname(above)}/${basename(root)}` });
}

/** What the file system refuses: a name that is too long, a file on the way, a folder on a disk that is full. */
async function orRefuse<T>(root: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new QocError("FOLDER_REFUSED", { path: root, reason: messageOf(error) }, { cause: error });
  }
}

/**
 * @throws WORKSPACE_EXISTS if the folder is a desk already; WORKSPACE_INSIDE, FOLDER_REFUSED, FOLDER_NOT_EMPTY,
 * HOME_FOLDER_UNSAFE.
 */
export async function initDesk(options: InitOptions) {
  const { disk, ids, home } = options;
  const root = resolve(options.cwd, options.path);
  if ((await orRefuse(root, disk.facts(`${root}/${LAYOUT.config}`))) !== undefined)
    throw new QocError("WORKSPACE_EXISTS", { path: root });
  await refuseInside(disk, root);
  await refuseFolder(disk, root);
  // The keys would be in the folder of another user, who could take them away.
  await checkHome(disk, { home, uid: process.getuid?.() ?? 0 });
  await orRefuse(root, disk.mkdir(root));
  for (const folder of FOLDERS) await disk.mkdir(`${root}/${folder}`);
  const deskId = ids.random(16);
  const key = keyPath(home, deskId);
  makeKeyFolder(key);
  await createKeys(disk, key, deskId);
  await createOnce(disk, `${root}/${LAYOUT.deskId}`, `${deskId}\n`);
  const port = await freePort(FIRST_PORT);
  const name = options.name ?? basename(root);
  await createOnce(disk, `${root}/${LAYOUT.houseRules}`, HOUSE_RULES);
  await createOnce(disk, `${root}/${LAYOUT.issues}/001-first-look.md`, FIRST_ISSUE);
  await createOnce(disk, `${root}/.gitignore`, GITIGNORE);
  // A .gitignore that was there is not changed, and may not name the folder.
  await createOnce(disk, `${root}/${LAYOUT.state}/.gitignore`, "*\n");
  await createOnce(disk, `${root}/package.json`, packageJson(name));
  await createOnce(disk, `${root}/tsconfig.json`, TSCONFIG);
  await refreshAuthorTypes(disk, root, options.packageRoot);
  // Last: a folder is a desk as soon as it has a desk.toml.
  await disk.create(`${root}/${LAYOUT.config}`, deskToml({ name, port, timezone: TIMEZONE }));
  return {
    path: root,
    name,
    port,
    connectors: ["paper"],
    key,
    next: options.path === "." ? "qoc up" : `cd ${quoteForShell(options.path)} && qoc up`,
  };
}

/** The folder of all desks' keys. */
export function makeKeyFolder(key: string): void {
  mkdirSync(dirname(key), { recursive: true, mode: 0o700 });
}

/** Writes the SDK types of this version for editors. */
export async function refreshAuthorTypes(disk: Disk, root: string, packageRoot: string): Promise<void> {
  return refreshTypes(disk, root, readFileSync(`${packageRoot}/dist/src/domain/sdk.d.ts`, "utf8"));
}

async function createOnce(disk: Disk, path: string, text: string): Promise<void> {
  if ((await disk.facts(path)) === undefined) await disk.create(path, text);
}
