/** The order folders: what waits for a human, and what the desk files. Files of people and agents are never re-serialised. */
import { dirname } from "node:path";
import { QocError } from "../domain/error.ts";
import { isFileStem } from "../domain/ids.ts";
import type { OrderRecord } from "../domain/order-state.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { PROPOSAL_BYTES_MAX, type ProposalDraft, ProposalError, readProposal } from "../domain/proposal.ts";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import { LAYOUT } from "./layout.ts";
import { PROPOSAL_EXTENSIONS, parseProposalFile, renderProposal } from "./proposal-file.ts";
import { FileCache } from "./file-cache.ts";
import { isInside } from "../lib/path-containment.ts";

export type ProposalFile =
  | {
      readonly kind: "ok";
      readonly id: string;
      readonly path: string;
      readonly text: string;
      readonly draft: ProposalDraft;
    }
  | { readonly kind: "bad"; readonly id: string; readonly path: string; readonly message: string }
  | { readonly kind: "duplicate"; readonly id: string; readonly path: string; readonly others: readonly string[] };

/** An order, as far as its name goes. */
export type StemHolder = Pick<OrderRecord, "id" | "path" | "state">;

interface Found {
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

const INBOUND = [LAYOUT.ordersPending, LAYOUT.ordersProposed];
export function isProposalPath(path: string): boolean {
  return INBOUND.some((folder) => isInside(folder, path));
}

function stemOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}
function sameStem(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function foundAt(path: string): Found {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { id: stemOf(name), name, path };
}

async function found(disk: Disk, root: string, folder: string): Promise<readonly Found[]> {
  const entries = await disk.list(`${root}/${folder}`);
  return entries
    .filter(
      (entry) =>
        entry.kind !== "directory" &&
        !entry.name.startsWith(".") &&
        PROPOSAL_EXTENSIONS.some((end) => entry.name.endsWith(end)),
    )
    .map((entry) => foundAt(`${folder}/${entry.name}`))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Looks at both inbound folders, and reads again only what has changed since it was asked last. One stem twice, whatever its
 * case or extension, is a duplicate both times.
 */
export function proposalFiles(
  disk: Disk,
  root: string,
  clock: Pick<Clock, "now">,
): () => Promise<readonly ProposalFile[]> {
  const read = new FileCache(disk, clock, (path) => readOne(disk, root, foundAt(path)));
  return async () => {
    const all = (await Promise.all(INBOUND.map((folder) => found(disk, root, folder)))).flat();
    const byStem = groupByStem(all);
    const twinsOf = (file: Found): readonly Found[] =>
      (byStem.get(file.id.toLowerCase()) ?? []).filter((twin) => twin !== file);
    const alone = all.filter((file) => twinsOf(file).length === 0);
    const files = new Map(
      (
        await read.all(
          root,
          alone.map(({ path }) => path),
        )
      ).map((file) => [file.path, file]),
    );
    return all.map((file) => files.get(file.path) ?? duplicate(file, twinsOf(file)));
  };
}

function duplicate({ id, path }: Found, twins: readonly Found[]): ProposalFile {
  return {
    kind: "duplicate",
    id,
    path,
    others: twins.map((twin) => twin.path),
  };
}

/** The one file of this stem as it stands now; undefined: there is none. The order path reads no other. */
export async function readProposalOf(disk: Disk, root: string, id: string): Promise<ProposalFile | undefined> {
  const all = (await Promise.all(INBOUND.map((folder) => found(disk, root, folder)))).flat();
  const [file, ...twins] = all.filter((candidate) => sameStem(candidate.id, id));
  if (file === undefined) return undefined;
  return twins.length > 0 ? duplicate(file, twins) : readOne(disk, root, file);
}

/** Does another file, or an order, bear the stem of this path already? The path's own file and its own open proposal do not count. */
export async function isStemTaken(
  disk: Disk,
  root: string,
  path: string,
  orders: Iterable<StemHolder>,
): Promise<boolean> {
  const { id } = foundAt(path);
  const all = (await Promise.all(INBOUND.map((folder) => found(disk, root, folder)))).flat();
  if (all.some((file) => file.path !== path && sameStem(file.id, id))) return true;
  for (const order of orders)
    if (sameStem(order.id, id) && (order.state !== "proposed" || order.path !== path)) return true;
  return false;
}

function groupByStem(files: readonly Found[]): Map<string, Found[]> {
  const groups = new Map<string, Found[]>();
  for (const file of files) {
    const key = file.id.toLowerCase();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  return groups;
}

async function readOne(disk: Disk, root: string, { id, name, path }: Found): Promise<ProposalFile> {
  const bad = (message: string): ProposalFile => ({ kind: "bad", id, path, message });
  if (!isFileStem(id)) return bad("its name holds other signs than letters, digits, . _ and -");
  const facts = await disk.facts(`${root}/${path}`);
  if (facts === undefined) return bad("it vanished while it was read");
  if (facts.kind !== "file") return bad(`it is a ${facts.kind}, not a regular file`);
  if (facts.links !== 1) return bad("it has a second name elsewhere (a hard link)");
  try {
    const { text, document } = parseProposalFile(name, await disk.read(`${root}/${path}`, PROPOSAL_BYTES_MAX));
    return { kind: "ok", id, path, text, draft: readProposal(document, id) };
  } catch (error) {
    if (error instanceof ProposalError) return bad(error.message);
    if (error instanceof QocError)
      return bad(`it has ${error.details["size"]} bytes; the limit is ${error.details["limit"]}`);
    return bad(error instanceof Error ? error.message : "it cannot be read");
  }
}

const NUMBER_MAX = 99_999;

/** The number last given on each day; a hint where to go on, so that the thousandth proposal costs what the first did. */
export type LastNumbers = Map<string, number>;

/** Writes a draft as `orders/pending/<day>-NNN.toml`, NNN the next number that neither a file nor the journal has used. @throws TOO_LARGE. */
export async function createProposal(
  disk: Disk,
  root: string,
  draft: ProposalDraft,
  day: string,
  isUsed: (stem: string) => boolean,
  last: LastNumbers = new Map(),
): Promise<Extract<ProposalFile, { kind: "ok" }>> {
  const taken = new Set(
    (await Promise.all(INBOUND.map((folder) => found(disk, root, folder)))).flat().map((file) => file.id.toLowerCase()),
  );
  const text = renderProposal(
    draft,
    `Proposed by ${draft.proposedBy === "" ? "a human" : draft.proposedBy}; waits for a human's approval.`,
  );
  const size = Buffer.byteLength(text);
  // Written, it could be neither read nor approved.
  if (size > PROPOSAL_BYTES_MAX)
    throw new QocError("TOO_LARGE", { what: "the proposal", size, limit: PROPOSAL_BYTES_MAX });
  for (let n = (last.get(day) ?? 0) + 1; n <= NUMBER_MAX; n++) {
    const id = `${day}-${String(n).padStart(3, "0")}`;
    if (taken.has(id) || isUsed(id)) continue;
    const path = `${LAYOUT.ordersPending}/${id}.toml`;
    try {
      await disk.create(`${root}/${path}`, text);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      throw error;
    }
    last.set(day, n);
    return { kind: "ok", id, path, text, draft };
  }
  throw new QocError("INTERNAL", { message: `${NUMBER_MAX} orders were proposed on ${day}` });
}

/** Lets an order's file stand at `path`: its author's text as it was, then what the desk says of it as comments. */
export async function placeOrderFile(
  disk: Disk,
  root: string,
  path: string,
  source: string,
  comments: readonly string[],
): Promise<void> {
  await disk.mkdir(dirname(`${root}/${path}`));
  await disk.writeAtomic(`${root}/${path}`, path.endsWith(".json") ? source : withComments(source, comments));
}

/** JSON has no comments, so a JSON file stays as it was; `qoc orders show` says the rest. */
function withComments(source: string, comments: readonly string[]): string {
  const gap = source.endsWith("\n") || source === "" ? "" : "\n";
  const lines = comments.map((line) => `# ${escapeInvisible(line.replaceAll(/[\t\n\v\f\r\u2028\u2029]/g, " "))}`);
  return `${source}${gap}${lines.join("\n")}\n`;
}

export async function removeOrderFile(disk: Disk, root: string, path: string): Promise<void> {
  if ((await disk.facts(`${root}/${path}`)) !== undefined) await disk.remove(`${root}/${path}`);
}

export async function listOrderFiles(
  disk: Disk,
  root: string,
  folder: string,
): Promise<readonly { id: string; path: string }[]> {
  return (await found(disk, root, folder)).map(({ id, path }) => ({ id, path }));
}
