/**
 * orders/: the files of proposals and orders. The desk moves files of people and agents; it never re-serializes them.
 */
import { dirname } from "node:path";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import { PROPOSAL_BYTES_MAX } from "../domain/orders/proposal.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";
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

const EDITOR_FILE = /^[.#]|~$|\.(?:tmp|swp|bak)$/;

/** JSON has no comments: the desk's comments on `ID.json` are in `ID.verdict.md` beside it. */
export const VERDICT_ENDING = ".verdict.md";

function isOrderFile(name: string): boolean {
  return (
    !name.toLowerCase().endsWith(VERDICT_ENDING) && PROPOSAL_EXTENSIONS.some((extension) => name.endsWith(extension))
  );
}

function verdictPath(path: string): string | undefined {
  return path.endsWith(".json") ? `${path.slice(0, -".json".length)}${VERDICT_ENDING}` : undefined;
}

/** The files of one folder, each list in order of its paths. */
export interface FolderFiles {
  readonly orders: readonly OrderFile[];
  /** No order files. */
  readonly others: readonly OrderFile[];
}

export class OrderFolders {
  readonly #workspace: WorkspaceRoot;

  constructor(workspace: WorkspaceRoot) {
    this.#workspace = workspace;
  }

  /** Lists the order files of one folder in order of their paths. */
  async list(folder: string): Promise<readonly OrderFile[]> {
    return (await this.listAll(folder)).orders;
  }

  /** Lists the order files of a folder, and its other files without those that an editor keeps beside a file. */
  async listAll(folder: string, list = listFolder): Promise<FolderFiles> {
    const names = (await list(this.#workspace, folder))
      .flatMap(({ kind, name }) => (kind === "directory" ? [] : [name]))
      .toSorted((a, b) => (a < b ? -1 : 1));
    return {
      orders: names
        .filter((name) => !name.startsWith(".") && isOrderFile(name))
        .map((name) => orderFileAt(`${folder}/${name}`)),
      others: names
        .filter((name) => !EDITOR_FILE.test(name) && !isOrderFile(name))
        .map((name) => ({ id: name, name, path: `${folder}/${name}` })),
    };
  }

  /** Writes an order's file: the text of its author, then the desk's comments. */
  async write(path: string, source: string, comments: readonly string[]): Promise<void> {
    const { disk, root } = this.#workspace;
    await disk.mkdir(dirname(`${root}/${path}`));
    await disk.writeAtomic(`${root}/${path}`, withVerdict(path, source, comments));
    await this.#writeVerdict(path, comments);
  }

  /** Beside a file that cannot have comments. */
  async #writeVerdict(path: string, comments: readonly string[]): Promise<void> {
    const { disk, root } = this.#workspace;
    const verdict = verdictPath(path);
    if (verdict !== undefined) await disk.writeAtomic(`${root}/${verdict}`, verdictText(path, comments));
  }

  /** Whether the file, and that beside it, have the text that {@link write} writes. False if one cannot be read. */
  async isWritten(path: string, source: string, comments: readonly string[]): Promise<boolean> {
    if (!(await this.hasText(path, withVerdict(path, source, comments)))) return false;
    const verdict = verdictPath(path);
    return verdict === undefined || this.hasText(verdict, verdictText(path, comments));
  }

  /** False if the file cannot be read. */
  async hasText(path: string, text: string): Promise<boolean> {
    const { disk, root } = this.#workspace;
    return (await disk.readText(`${root}/${path}`).catch(() => undefined)) === text;
  }

  async has(path: string): Promise<boolean> {
    const { disk, root } = this.#workspace;
    return (await disk.facts(`${root}/${path}`)) !== undefined;
  }

  /** Removes the file and the desk's verdict beside it. Does nothing if they do not exist. */
  async remove(path: string): Promise<void> {
    const { disk, root } = this.#workspace;
    for (const file of [path, verdictPath(path)])
      if (file !== undefined && (await disk.facts(`${root}/${file}`)) !== undefined)
        await disk.remove(`${root}/${file}`);
  }

  /** Moves a file to orders/proposed. Returns the new path, or undefined if that name is taken. */
  async moveToProposed({ name, path }: OrderFile): Promise<string | undefined> {
    const { disk, root } = this.#workspace;
    const target = `${LAYOUT.ordersProposed}/${name}`;
    if ((await disk.facts(`${root}/${target}`)) !== undefined) return undefined;
    await disk.mkdir(dirname(`${root}/${target}`));
    await disk.move(`${root}/${path}`, `${root}/${target}`);
    return target;
  }

  /**
   * Moves a file to orders/rejected and appends the comments, or writes them beside it. Returns undefined if that name
   * is taken or the file is gone. A file that is no text gets no comments.
   */
  async moveToRejected(
    path: string,
    comments: readonly string[],
  ): Promise<{ readonly path: string; readonly hasComments: boolean } | undefined> {
    const { disk, root } = this.#workspace;
    const target = `${LAYOUT.ordersRejected}/${orderFileAt(path).name}`;
    if (await this.has(target)) return undefined;
    const facts = await disk.facts(`${root}/${path}`);
    if (facts === undefined) return undefined;
    await disk.mkdir(dirname(`${root}/${target}`));
    await disk.move(`${root}/${path}`, `${root}/${target}`);
    const isAlone = facts.kind === "file" && facts.links === 1 && facts.size <= PROPOSAL_BYTES_MAX;
    if (verdictPath(target) !== undefined) {
      await this.#writeVerdict(target, comments);
      return { path: target, hasComments: true };
    }
    if (!isAlone) return { path: target, hasComments: false };
    const source = textOf(await disk.read(`${root}/${target}`, PROPOSAL_BYTES_MAX));
    if (source === undefined) return { path: target, hasComments: false };
    await this.write(target, source, comments);
    return { path: target, hasComments: true };
  }
}

/** Undefined if the bytes are no text. A byte order mark stays. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Indented, so that Markdown shows the text of others in a line as it is. */
function verdictText(path: string, comments: readonly string[]): string {
  const lines = comments.map((line) => `    ${escapeInvisible(line)}`);
  return `The desk's comments on ${path}, which cannot have any:\n\n${lines.join("\n")}\n`;
}

/** Appends the comments as the file's format has them. JSON has none, so a JSON file keeps its text. */
function withVerdict(path: string, source: string, comments: readonly string[]): string {
  if (path.endsWith(".json")) return source;
  const gap = source.endsWith("\n") || source === "" ? "" : "\n";
  const lines = path.endsWith(".md")
    ? // The text of others in a line cannot end the comment.
      ["<!--", ...comments.map((line) => escapeInvisible(line).replaceAll("--", "- -")), "-->"]
    : comments.map((line) => `# ${escapeInvisible(line)}`);
  return `${source}${gap}${lines.join("\n")}\n`;
}
