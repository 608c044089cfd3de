/**
 * Writes files on behalf of commands: text files in a few folders only, and an existing file only if the caller has
 * read its current text. The folder is kept open from the check to the rename, so it cannot be replaced in between.
 */
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import { hasCode, withPath } from "../lib/error-code.ts";
import { isInside } from "../lib/path-containment.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { isHostItem } from "./inbox.ts";
import { LAYOUT, OPERATORS_FOLDERS, PROPOSAL_FOLDERS, type WorkspaceRoot } from "./layout.ts";
import { type DirectoryHandle, openDirectory, openRegularFile } from "./open-directory.ts";
import { VERDICT_ENDING } from "./order-folders.ts";
import { pathSegments, refusePath } from "./path-policy.ts";
import { PROPOSAL_EXTENSIONS } from "./proposal-file.ts";

/** A folder that commands may write to, and the files it accepts. */
interface WritableFolder {
  readonly folder: string;
  /** The endings of file names. */
  readonly endings: readonly string[];
  readonly maxBytes: number;
  /** Whether the folder accepts no subfolders. */
  readonly isFlat: boolean;
}

const KIB = 1024;
/** An existing file may be larger than `maxBytes` and can still be replaced. */
const READABLE_BYTES = 8 * KIB * KIB;
const NOTE = [".md"];
const MATERIAL = [".md", ".txt", ".csv", ".json", ".toml", ".yaml", ".yml"];

/** The folders that `files write` may write to. */
const WRITABLE: readonly WritableFolder[] = [
  { folder: LAYOUT.issues, endings: NOTE, maxBytes: 256 * KIB, isFlat: false },
  { folder: LAYOUT.inbox, endings: NOTE, maxBytes: 256 * KIB, isFlat: false },
  { folder: LAYOUT.ordersPending, endings: PROPOSAL_EXTENSIONS, maxBytes: 64 * KIB, isFlat: true },
  { folder: LAYOUT.ordersProposed, endings: PROPOSAL_EXTENSIONS, maxBytes: 64 * KIB, isFlat: true },
  { folder: LAYOUT.research, endings: MATERIAL, maxBytes: 256 * KIB, isFlat: false },
  { folder: LAYOUT.snapshots, endings: NOTE, maxBytes: 256 * KIB, isFlat: false },
];

/** Programs that a person starts in the folder follow the files of these names, in any folder. */
const AGENT_PROGRAMS = "agents?|claude|gemini|qwen|copilot-instructions|opencode|crush|warp|fastagent\\.config";
const INSTRUCTIONS = `${AGENT_PROGRAMS}|package|tsconfig|jsconfig|desk`;
const INSTRUCTION_FILES = new RegExp(`^(${INSTRUCTIONS})(\\.local|\\.override)?\\.(md|json|toml|ya?ml)$`, "i");
/** Names of the run summaries that the desk writes. */
const RUN_SUMMARY = /^snapshots\/\d{8}-\d{4}-/i;

/** The desk's comments on a JSON proposal, also where a file system does not distinguish upper and lower case. */
function isVerdict(path: string): boolean {
  return PROPOSAL_FOLDERS.some((folder) => isInside(folder, path)) && path.toLowerCase().endsWith(VERDICT_ENDING);
}

/** Returns the folder that accepts the path. @throws PATH_REFUSED. */
function writableFolderOf(path: string, folders: readonly WritableFolder[]): WritableFolder {
  const segments = pathSegments(path);
  const match = folders.find(({ folder }) => isInside(folder, path));
  if (match === undefined)
    return refusePath(path, `only files in ${folders.map(({ folder }) => folder).join(", ")} can be written`);
  const operators = OPERATORS_FOLDERS.find((folder) => isInside(folder, path.toLowerCase()));
  if (operators !== undefined) return refusePath(path, `only the operator writes ${operators}`);
  if (isInside(LAYOUT.news, path.toLowerCase())) return refusePath(path, `only the desk writes ${LAYOUT.news}`);
  if (INSTRUCTION_FILES.test(segments.at(-1) ?? ""))
    return refusePath(path, "reserved name: agent programs read this file as instructions");
  if (RUN_SUMMARY.test(path) || isHostItem(path) || isVerdict(path))
    return refusePath(path, "reserved name: the desk writes these files");
  if (!match.endings.some((ending) => path.endsWith(ending)))
    return refusePath(path, `the name of a file in ${match.folder} ends in ${match.endings.join(", ")}`);
  if (match.isFlat && path.slice(match.folder.length + 1).includes("/"))
    return refusePath(path, `${match.folder} cannot have subfolders`);
  return match;
}

export interface FileWrite {
  readonly path: string;
  readonly text: string;
  /** The digest of the text to replace. Without it, the file must not exist. */
  readonly replaces?: string | undefined;
  /** Called when nothing refuses the write any more, before the file is there. If it rejects, nothing is written. */
  readonly beforeWrite?: (() => Promise<void>) | undefined;
}

export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

export class FileWriter {
  readonly #workspace: WorkspaceRoot;
  /** Writes run one after another: if two callers replace the same text, the second one gets FILE_CHANGED. */
  readonly #queue = new SerialQueue();

  constructor(workspace: WorkspaceRoot) {
    this.#workspace = workspace;
  }

  /** @throws PATH_REFUSED, TOO_LARGE, FILE_CHANGED. */
  write(file: FileWrite, folders: readonly WritableFolder[] = WRITABLE): Promise<WrittenFile> {
    return this.#queue.run(() => this.#checkAndWrite(file, folders));
  }

  /** Writes what `check` returns. No other write comes between the two. @throws as `check` and {@link write}. */
  writeChecked(check: () => Promise<FileWrite>): Promise<WrittenFile> {
    return this.#queue.run(async () => this.#checkAndWrite(await check(), WRITABLE));
  }

  /** Does something else between two writes. */
  betweenWrites(work: () => Promise<void>): Promise<void> {
    return this.#queue.run(work);
  }

  async #checkAndWrite(file: FileWrite, folders: readonly WritableFolder[]): Promise<WrittenFile> {
    const { path, text } = file;
    const { maxBytes } = writableFolderOf(path, folders);
    const size = Buffer.byteLength(text);
    if (size > maxBytes) throw new QocError("TOO_LARGE", { what: path, size, limit: maxBytes });
    if (text.includes("\0")) refusePath(path, "the text contains a NUL character");
    await this.#write(file, maxBytes);
    return { path, text };
  }

  async #write(file: FileWrite, maxBytes: number): Promise<void> {
    const segments = file.path.split("/");
    const { root } = this.#workspace;
    const folder = await openDirectory(root, segments.slice(0, -1), true);
    if (folder === undefined) throw new QocError("FILE_NOT_FOUND", { path: file.path });
    try {
      await this.#writeIn(folder, { ...file, name: segments.at(-1) ?? "" }, maxBytes);
    } catch (error) {
      // The folder's path here is that of a descriptor.
      throw withPath(error, `${root}/${file.path}`);
    } finally {
      await folder.close();
    }
  }

  async #writeIn(
    folder: DirectoryHandle,
    { path, name, text, replaces, beforeWrite }: FileWrite & { readonly name: string },
    maxBytes: number,
  ): Promise<void> {
    const { disk } = this.#workspace;
    const limit = Math.max(maxBytes, READABLE_BYTES);
    const refuseChanged = async (): Promise<void> => {
      const current = await openRegularFile(folder, { name, displayPath: path, limit });
      if ((current === undefined ? undefined : digestOf(current.bytes)) !== replaces)
        throw new QocError("FILE_CHANGED", { path });
    };
    await refuseChanged();
    if (beforeWrite !== undefined) {
      await beforeWrite();
      await refuseChanged();
    }
    const target = `${folder.at}/${name}`;
    if (replaces !== undefined) return disk.writeAtomic(target, text);
    try {
      await disk.create(target, text);
    } catch (error) {
      throw hasCode(error, "EEXIST") ? new QocError("FILE_CHANGED", { path }, { cause: error }) : error;
    }
  }
}
