/**
 * orders/: the files of proposals and orders. The desk moves files of people and agents; it never re-serializes them.
 */
import { dirname } from "node:path";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import { LAYOUT, type WorkspaceRoot } from "./layout.ts";
import { PROPOSAL_EXTENSIONS } from "./proposal-file.ts";

export interface OrderFile {
  /** The file name without its extension. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

export function orderFileAt(path: string): OrderFile {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { id: name.slice(0, name.lastIndexOf(".")), name, path };
}

export class OrderFolders {
  readonly #workspace: WorkspaceRoot;

  constructor(workspace: WorkspaceRoot) {
    this.#workspace = workspace;
  }

  /** Lists the order files of one folder in order of their paths. */
  async list(folder: string): Promise<readonly OrderFile[]> {
    const { disk, root } = this.#workspace;
    const entries = await disk.list(`${root}/${folder}`);
    return entries
      .filter(
        (entry) =>
          entry.kind !== "directory" &&
          !entry.name.startsWith(".") &&
          PROPOSAL_EXTENSIONS.some((extension) => entry.name.endsWith(extension)),
      )
      .map((entry) => orderFileAt(`${folder}/${entry.name}`))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Writes an order's file: the text of its author, then the desk's comments. */
  async write(path: string, source: string, comments: readonly string[]): Promise<void> {
    const { disk, root } = this.#workspace;
    await disk.mkdir(dirname(`${root}/${path}`));
    await disk.writeAtomic(`${root}/${path}`, withVerdict(path, source, comments));
  }

  async has(path: string): Promise<boolean> {
    const { disk, root } = this.#workspace;
    return (await disk.facts(`${root}/${path}`)) !== undefined;
  }

  /** Does nothing if the file does not exist. */
  async remove(path: string): Promise<void> {
    const { disk, root } = this.#workspace;
    if ((await disk.facts(`${root}/${path}`)) !== undefined) await disk.remove(`${root}/${path}`);
  }

  /** Moves a file to orders/proposed. Returns the new path, or undefined if that name is taken. */
  async moveToProposed({ name, path }: OrderFile): Promise<string | undefined> {
    const { disk, root } = this.#workspace;
    const target = `${LAYOUT.ordersProposed}/${name}`;
    if ((await disk.facts(`${root}/${target}`)) !== undefined) return undefined;
    await disk.move(`${root}/${path}`, `${root}/${target}`);
    return target;
  }
}

/**
 * Appends the comments as the file's format has them. JSON has none, so a JSON file keeps its text; `qoc orders show`
 * has what the comments say.
 */
function withVerdict(path: string, source: string, comments: readonly string[]): string {
  if (path.endsWith(".json")) return source;
  const gap = source.endsWith("\n") || source === "" ? "" : "\n";
  const lines = path.endsWith(".md")
    ? // The text of others in a line cannot end the comment.
      ["<!--", ...comments.map((line) => escapeInvisible(line).replaceAll("--", "- -")), "-->"]
    : comments.map((line) => `# ${escapeInvisible(line)}`);
  return `${source}${gap}${lines.join("\n")}\n`;
}
