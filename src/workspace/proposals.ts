/** orders/pending/ and orders/proposed/: the proposals that wait for a human. */
import { QocError } from "../domain/errors/error.ts";
import { digestOf } from "../domain/digest.ts";
import { type Digest, isFileStem } from "../domain/ids.ts";
import type { OrderRecord } from "../domain/orders/order-state.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { PROPOSAL_BYTES_MAX, type ProposalDraft, ProposalError, readProposal } from "../domain/orders/proposal.ts";
import { bufferView } from "../lib/buffer-view.ts";
import { hasCode } from "../lib/error-code.ts";
import { LruMap } from "../lib/lru-map.ts";
import { isInside } from "../lib/path-containment.ts";
import { FileCache } from "./file-cache.ts";
import { LAYOUT, PROPOSAL_FOLDERS, type WorkspaceRoot } from "./layout.ts";
import { readRegularText } from "./open-directory.ts";
import { type FolderFiles, type OrderFile, OrderFolders, VERDICT_ENDING, orderFileAt } from "./order-folders.ts";
import { PROPOSAL_EXTENSIONS, parseProposalFile, renderProposal } from "./proposal-file.ts";
import { listFolderQuickly, readQuickly } from "./quick-reads.ts";

export interface ReadableProposal {
  readonly kind: "ok";
  readonly id: string;
  readonly path: string;
  readonly text: string;
  readonly draft: ProposalDraft;
}

interface UnreadableProposal {
  readonly kind: "bad";
  readonly id: string;
  readonly path: string;
  readonly message: string;
  /** Of the bytes, if they were read. */
  readonly digest?: Digest | undefined;
}

export type ProposalFile =
  | ReadableProposal
  | UnreadableProposal
  | { readonly kind: "duplicate"; readonly id: string; readonly path: string; readonly others: readonly string[] };

/** A file that a move, for example to orders/executed, removed after its folder was listed. */
interface GoneFile {
  readonly kind: "gone";
  readonly path: string;
}

/** The fields of an order that decide whether its file name is taken. */
export type StemHolder = Pick<OrderRecord, "id" | "path" | "state">;

const NUMBER_MAX = 99_999;
/** Files that wait for a human. A desk that reads any number of them is late for the human's commands. */
export const PROPOSAL_FILES_MAX = 1_000;
const PARSED_MAX = 16;

export function isProposalPath(path: string): boolean {
  return PROPOSAL_FOLDERS.some((folder) => isInside(folder, path));
}

function isSameStem(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export class ProposalStore {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #folders: OrderFolders;
  readonly #cache: FileCache<ProposalFile | GoneFile>;
  /** Of the files that were read last. The bytes are read each time, and parsed if they have changed. */
  readonly #parsed = new LruMap<string, { readonly bytes: Uint8Array; readonly proposal: ReadableProposal }>(
    PARSED_MAX,
  );
  /** The paths that were read for the last list: they keep their place among the {@link PROPOSAL_FILES_MAX}. */
  #listed: ReadonlySet<string> = new Set();
  /** The last number used on each day. The search for a free one starts there, so its cost does not grow. */
  readonly #lastNumbers = new Map<string, number>();

  constructor(workspace: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> }) {
    this.#disk = workspace.disk;
    this.#root = workspace.root;
    this.#folders = new OrderFolders(workspace);
    this.#cache = new FileCache(workspace, (path) => this.#read(orderFileAt(path)));
  }

  /**
   * Lists the proposals of both folders. Reads only the files that changed since the last call, and of very many the
   * first. Two files with the same stem, ignoring case and extension, are both duplicates.
   */
  async list(): Promise<readonly ProposalFile[]> {
    const folders = await this.#listFolders();
    const files = folders.flatMap(({ orders }) => orders);
    const groups = groupByStem(files);
    const twinsOf = (file: OrderFile): readonly OrderFile[] =>
      (groups.get(file.id.toLowerCase()) ?? []).filter((twin) => twin !== file);
    const unique = files.filter((file) => twinsOf(file).length === 0).map(({ path }) => path);
    const read = this.#firstOf(unique);
    const proposals = new Map((await this.#cache.all(read)).map((proposal) => [proposal.path, proposal]));
    const unread = new Set(unique.filter((path) => !proposals.has(path)));
    const listed = files.map(
      (file) => proposals.get(file.path) ?? (unread.has(file.path) ? inExcess(file) : duplicate(file, twinsOf(file))),
    );
    const others = folders.flatMap((folder) => folder.others);
    return [...listed.filter((file) => file.kind !== "gone"), ...others.map(notRead)];
  }

  #firstOf(paths: readonly string[]): readonly string[] {
    const isOld = (path: string): boolean => this.#listed.has(path);
    const first =
      paths.length <= PROPOSAL_FILES_MAX ? paths : [...paths.filter(isOld), ...paths.filter((path) => !isOld(path))];
    const read = first.slice(0, PROPOSAL_FILES_MAX);
    this.#listed = new Set(read);
    return read;
  }

  /**
   * Reads the file with this stem from the disk; undefined if no such file exists. Orders are placed from this result
   * only. `knownPath`: where the file was last, so that it is read while the folders are listed.
   */
  async find(id: string, knownPath?: string): Promise<ProposalFile | undefined> {
    const early = knownPath === undefined ? undefined : this.#read(orderFileAt(knownPath), true);
    const [folders, read] = await Promise.all([this.#listFolders(listFolderQuickly), early]);
    const files = folders.flatMap(({ orders }) => orders);
    const [file, ...twins] = files.filter((candidate) => isSameStem(candidate.id, id));
    if (file === undefined) return undefined;
    if (twins.length > 0) return duplicate(file, twins);
    const found = file.path === read?.path ? read : await this.#read(file, true);
    return found.kind === "gone" ? undefined : found;
  }

  /**
   * Returns whether the stem of `path` belongs to another file or to an order. The file at `path` and its own open
   * proposal do not count.
   */
  async isStemTaken(path: string, orderOf: (stem: string) => StemHolder | undefined): Promise<boolean> {
    const { id } = orderFileAt(path);
    if ((await this.#files()).some((file) => file.path !== path && isSameStem(file.id, id))) return true;
    const order = orderOf(id);
    return order !== undefined && (order.state !== "proposed" || order.path !== path);
  }

  /**
   * Writes a draft as `orders/pending/<day>-NNN.toml`, where NNN is the next number that neither a file nor the journal
   * has used. @throws TOO_LARGE.
   */
  async create(draft: ProposalDraft, day: string, isUsed: (stem: string) => boolean): Promise<ReadableProposal> {
    const taken = new Set((await this.#files()).map((file) => file.id.toLowerCase()));
    const author = draft.proposedBy === "" ? "a human" : draft.proposedBy;
    const text = renderProposal(draft, `Proposed by ${author}; nothing is sent before a human approves it.`);
    const size = Buffer.byteLength(text);
    // A larger file could not be read back, and so not approved.
    if (size > PROPOSAL_BYTES_MAX)
      throw new QocError("TOO_LARGE", { what: "the proposal", size, limit: PROPOSAL_BYTES_MAX });
    for (let n = this.#nextNumber(day); n <= NUMBER_MAX; n = this.#nextNumber(day)) {
      const id = `${day}-${String(n).padStart(3, "0")}`;
      if (taken.has(id) || isUsed(id)) continue;
      const path = `${LAYOUT.ordersPending}/${id}.toml`;
      try {
        await this.#disk.mkdir(`${this.#root}/${LAYOUT.ordersPending}`);
        await this.#disk.create(`${this.#root}/${path}`, text);
      } catch (error) {
        if (hasCode(error, "EEXIST")) continue;
        throw error;
      }
      return { kind: "ok", id, path, text, draft };
    }
    throw new QocError("INTERNAL", { message: `${NUMBER_MAX} orders were proposed on ${day}` });
  }

  /** No number is given twice: a proposal may be decided, and its file moved, while another is written. */
  #nextNumber(day: string): number {
    const next = (this.#lastNumbers.get(day) ?? 0) + 1;
    this.#lastNumbers.set(day, next);
    return next;
  }

  /** Returns the text of a proposal's file; undefined if it does not exist. @throws PATH_REFUSED, FILE_TOO_LARGE. */
  readText(path: string): Promise<string | undefined> {
    return readRegularText(this.#root, path, PROPOSAL_BYTES_MAX);
  }

  async #files(): Promise<readonly OrderFile[]> {
    return (await this.#listFolders()).flatMap(({ orders }) => orders);
  }

  #listFolders(list?: typeof listFolderQuickly): Promise<readonly FolderFiles[]> {
    return Promise.all(PROPOSAL_FOLDERS.map((folder) => this.#folders.listAll(folder, list)));
  }

  /** `isOnly`: read at once. A scan of many files would hold the loop. */
  async #read({ id, name, path }: OrderFile, isOnly = false): Promise<ProposalFile | GoneFile> {
    const bad = (message: string, digest?: Digest): ProposalFile => ({ kind: "bad", id, path, message, digest });
    if (!isFileStem(id)) return bad("the file name contains characters other than letters, digits, . _ and -");
    const absolute = `${this.#root}/${path}`;
    const small = isOnly ? readQuickly(this.#disk, absolute) : undefined;
    if (small === "absent") return { kind: "gone", path };
    const opened = small === undefined ? this.#disk.read(absolute, PROPOSAL_BYTES_MAX) : Promise.resolve(small.bytes);
    // What is wrong with the file comes before what is wrong with reading it.
    opened.catch(() => undefined);
    const stats = small === undefined ? await this.#disk.facts(absolute) : small.facts;
    if (stats === undefined) return { kind: "gone", path };
    if (stats.kind !== "file") return bad(`the file is a ${stats.kind}, not a regular file`);
    if (stats.links !== 1) return bad("the file has more than one hard link");
    try {
      const bytes = await opened;
      const known = this.#parsed.get(path);
      if (known !== undefined && bufferView(known.bytes).equals(bytes)) return known.proposal;
      const { text, document } = parseProposalFile(name, bytes);
      const proposal: ReadableProposal = { kind: "ok", id, path, text, draft: readProposal(document, id) };
      if (isOnly) this.#parsed.set(path, { bytes, proposal });
      return proposal;
    } catch (error) {
      if (error instanceof ProposalError) return bad(error.message, digestOf(await opened));
      if (error instanceof QocError)
        return bad(`the file has ${error.details["size"]} bytes; the limit is ${error.details["limit"]}`);
      return bad(error instanceof Error ? error.message : "the file is unreadable");
    }
  }
}

function notRead({ id, path }: OrderFile): ProposalFile {
  const message = path.toLowerCase().endsWith(VERDICT_ENDING)
    ? `is not read: the desk's comments on a JSON file have a name that ends in ${VERDICT_ENDING}`
    : `is not read: a proposal's name ends in ${PROPOSAL_EXTENSIONS.join(", ")}`;
  return { kind: "bad", id, path, message };
}

function inExcess({ id, path }: OrderFile): ProposalFile {
  const message = `is not read: more than ${PROPOSAL_FILES_MAX} proposals wait; decide or remove others`;
  return { kind: "bad", id, path, message };
}

function duplicate({ id, path }: OrderFile, twins: readonly OrderFile[]): ProposalFile {
  return { kind: "duplicate", id, path, others: twins.map((twin) => twin.path) };
}

function groupByStem(files: readonly OrderFile[]): ReadonlyMap<string, readonly OrderFile[]> {
  const groups = new Map<string, OrderFile[]>();
  for (const file of files) {
    const key = file.id.toLowerCase();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  return groups;
}
