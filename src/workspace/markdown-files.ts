/** Lists the Markdown files of one folder of the workspace. */
import type { WorkspaceRoot } from "./layout.ts";

/** Returns the paths in order; subfolders and dot files are left out. Empty if the folder does not exist. */
export async function listMarkdown({ disk, root }: WorkspaceRoot, folder: string): Promise<readonly string[]> {
  if ((await disk.facts(`${root}/${folder}`))?.kind !== "directory") return [];
  return (await disk.list(`${root}/${folder}`))
    .filter((entry) => entry.kind === "file" && entry.name.endsWith(".md") && !entry.name.startsWith("."))
    .map((entry) => `${folder}/${entry.name}`)
    .toSorted();
}
