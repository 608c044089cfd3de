/** entities/: what the desk knows a company, fund or coin by. Markdown whose frontmatter is checked when the desk writes it. */
import { z } from "zod";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import { IdError, symbol as symbolName } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";
import { hasInvisible } from "../lib/invisible-characters.ts";
import { type WrittenFile, writeFile } from "./file-write.ts";
import { type ReadScope, listFiles, openReadable } from "./files.ts";
import { FrontmatterError, type Note, fieldText, readNote } from "./frontmatter.ts";
import { LAYOUT } from "./layout.ts";

const BYTES_MAX = 256 * 1024;

export interface EntitySummary {
  readonly symbol: string;
  readonly name: string;
  readonly kind: string;
  readonly path: string;
  /** What is wrong with its file, where a hand wrote it so. */
  readonly problem: string | null;
}

function words(length: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(length)
    .refine((value) => !hasInvisible(value), "holds an invisible character");
}
const word = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,29}$/, "is a lower-case word such as equity, etf, index, crypto or future");

const frontmatter = z.strictObject({
  symbol: z.string(),
  name: words(120),
  kind: word,
  venue: words(60).optional(),
  tags: z.union([z.literal("").transform(() => []), z.array(word).max(20)]).optional(),
});

/** Signs that no file name may hold become `_`; the frontmatter keeps the symbol itself. @throws INVALID_INPUT. */
function pathOf(symbol: string): string {
  try {
    return `${LAYOUT.entities}/${symbolName(symbol).replaceAll(/[^A-Za-z0-9._-]/g, "_")}.md`;
  } catch (error) {
    if (error instanceof IdError)
      throw new QocError("INVALID_INPUT", { command: "entities", message: error.message }, { cause: error });
    throw error;
  }
}

function noteOf(path: string, text: string): Note {
  try {
    return readNote(text);
  } catch (error) {
    if (error instanceof FrontmatterError)
      throw new QocError("NOTE_INVALID", { path, message: error.message }, { cause: error });
    throw error;
  }
}

async function summaryOf(reading: ReadScope, path: string): Promise<EntitySummary> {
  const stem = path.slice(path.lastIndexOf("/") + 1, -3);
  try {
    const note = noteOf(path, Buffer.from((await openReadable(reading, path, BYTES_MAX)).bytes).toString("utf8"));
    return {
      symbol: fieldText(note, "symbol") || stem,
      name: fieldText(note, "name"),
      kind: fieldText(note, "kind"),
      path,
      problem: null,
    };
  } catch (error) {
    if (error instanceof QocError) return { symbol: stem, name: "", kind: "", path, problem: error.message };
    throw error;
  }
}

/** By path, a page at a time; one that cannot be read is listed with its problem. */
export async function listEntities(
  reading: ReadScope,
  after: string,
): Promise<{ readonly entries: readonly EntitySummary[]; readonly next: string | null }> {
  const { entries, next } = await listFiles(reading, {
    under: LAYOUT.entities,
    glob: `${LAYOUT.entities}/*.md`,
    after,
  });
  const summaries: EntitySummary[] = [];
  for (const { path } of entries) summaries.push(await summaryOf(reading, path));
  return { entries: summaries, next };
}

/** @throws FILE_NOT_FOUND, NOTE_INVALID where the file is another symbol's. */
export async function readEntity(
  reading: ReadScope,
  symbol: string,
): Promise<{ path: string; text: string; digest: string }> {
  const path = pathOf(symbol);
  const { bytes } = await openReadable(reading, path, BYTES_MAX);
  const text = Buffer.from(bytes).toString("utf8");
  const held = fieldText(noteOf(path, text), "symbol");
  if (held !== "" && held !== symbol)
    throw new QocError("NOTE_INVALID", { path, message: `it is about ${held}, not ${symbol}` });
  return { path, text, digest: digestOf(bytes) };
}

export interface EntityWrite {
  readonly symbol: string;
  /** The whole file, frontmatter and body. */
  readonly text: string;
  readonly replaces?: string;
}

/** @throws NOTE_INVALID, FILE_CHANGED, PATH_REFUSED, TOO_LARGE. */
export async function writeEntity(
  disk: Disk,
  root: string,
  { symbol, text, replaces }: EntityWrite,
): Promise<WrittenFile> {
  const path = pathOf(symbol);
  const parsed = frontmatter.safeParse(noteOf(path, text).fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new QocError("NOTE_INVALID", {
      path,
      message: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`.replace(/^: /, ""),
    });
  }
  if (parsed.data.symbol !== symbol) {
    throw new QocError("NOTE_INVALID", {
      path,
      message: `symbol: it says ${parsed.data.symbol}, the command says ${symbol}`,
    });
  }
  const place = { folder: LAYOUT.entities, kinds: /\.md$/, bytes: BYTES_MAX, isFlat: true };
  return writeFile(disk, root, { path, text: `${text.trimEnd()}\n`, ...(replaces === undefined ? {} : { replaces }) }, [
    place,
  ]);
}
