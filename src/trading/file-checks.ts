/** What `qoc doctor` says about the desk's folder and the files of the operator. */
import { quoteForShell } from "../lib/shell.ts";
import { secretFilesOf } from "../workspace/files.ts";
import { linkedFolders } from "../workspace/real-folders.ts";
import type { Desk } from "./desk.ts";

const BY_OTHERS = 0o077;

/** Of a kind of file: the others are counted. */
const NAMED_MAX = 5;

/**
 * The desk's folder and the connectors' secret files concern the user alone. Files of rates and issues are read whole,
 * and of the entities one page.
 */
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
    ...linkedFolders(root).map((path) => ({
      name: "files",
      status: "fail" as const,
      message: `${path} is a link: the desk reads and writes nothing there`,
      fix: `rm ${quoteForShell(`${root}/${path}`)} && mkdir ${quoteForShell(`${root}/${path}`)}`,
    })),
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
    ...noteChecks("issues", await workspace.issues.heads()),
    ...noteChecks("entities", (await workspace.entities.list("")).entries),
  ];
}

/** Files that cannot be read; nothing if all can. */
function noteChecks(
  name: "issues" | "entities",
  files: readonly { readonly path: string; readonly problem: string | null }[],
) {
  const problems = files.flatMap(({ path, problem }) =>
    problem === null ? [] : [problem.startsWith(path) ? problem : `${path}: ${problem}`],
  );
  const more = problems.length - NAMED_MAX;
  const named = problems.slice(0, NAMED_MAX).map((message) => ({
    name,
    status: "warn" as const,
    message,
    fix: "correct the line that is named, or remove the file",
  }));
  if (more <= 0) return named;
  const fix = name === "issues" ? "qoc issues list" : "qoc entities list";
  return [...named, { name, status: "warn" as const, message: `${more} more cannot be read`, fix }];
}
