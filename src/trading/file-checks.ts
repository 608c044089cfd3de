/** What `qoc doctor` says about the desk's folder and the files of the operator. */
import { quoteForShell } from "../lib/shell.ts";
import { secretFilesOf } from "../workspace/files.ts";
import type { Desk } from "./desk.ts";

const BY_OTHERS = 0o077;

/** The desk's folder and the connectors' secret files concern the user alone. Files of rates are read whole. */
export async function fileChecks({ workspace, config }: Pick<Desk, "config" | "workspace">) {
  const { root, disk, rates } = workspace;
  const isOpen = async (path: string): Promise<boolean> => (((await disk.facts(path))?.mode ?? 0) & BY_OTHERS) !== 0;
  const folder = (await isOpen(root))
    ? {
        name: "files",
        status: "warn" as const,
        message: "other users can read the desk's folder",
        fix: `chmod -R go= ${quoteForShell(root)}`,
      }
    : { name: "files", status: "ok" as const, message: "only you can read the desk's folder" };
  const secrets = await Promise.all(secretFilesOf(config).map(async (path) => ((await isOpen(path)) ? [path] : [])));
  return [
    folder,
    ...secrets.flat().map((path) => ({
      name: "secrets",
      status: "warn" as const,
      message: `other users can read the secret file ${path}`,
      fix: `chmod 600 ${quoteForShell(path)}`,
    })),
    ...(await rates.problems()).map((message) => ({
      name: "rates",
      status: "warn" as const,
      message,
      fix: "correct the file, or remove it; docs/account.md has the format",
    })),
  ];
}
