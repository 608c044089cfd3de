/**
 * entities/: one Markdown file for each company, fund or coin that the desk tracks. Its frontmatter is checked on
 * write.
 */
import * as z from "zod";
import "../lib/schema-words.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import { IdError, symbol as symbolName } from "../domain/ids.ts";
import { symbolFileStem } from "../domain/market/symbol-file.ts";
import { hasInvisible } from "../lib/invisible-characters.ts";
import { fileProblem } from "./file-problem.ts";
import type { FileWriter, WrittenFile } from "./file-write.ts";
import type { WorkspaceFiles } from "./files.ts";
import { FrontmatterError, type Note, fieldText, readNote } from "./frontmatter.ts";
import { LAYOUT } from "./layout.ts";
import { lazy } from "../lib/lazy.ts";

const BYTES_MAX = 256 * 1024;
/** Of a field in a list. */
const FIELD_CHARS_MAX = 200;

export interface EntitySummary {
  readonly symbol: string;
  readonly name: string;
  readonly kind: string;
  readonly path: string;
  /** Why the file is invalid; null if it is valid. */
  readonly problem: string | null;
}

const NOT_MARKDOWN = "line 1: an entity is Markdown: move the fields between two lines of --- in a .md file";

export interface EntityPage {
  readonly entries: readonly EntitySummary[];
  readonly next: string | null;
}

export interface EntityWrite {
  readonly symbol: string;
  /** The whole file: frontmatter and body. */
  readonly text: string;
  /** The digest of the text to replace. Without it, the file must not exist. */
  readonly replaces?: string | undefined;
}

function phrase(maxLength: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((value) => !hasInvisible(value), "contains an invisible character");
}
const keyword = lazy(() =>
  z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, "must be a lower-case word such as equity, etf, index, crypto or future"),
);

const frontmatter = lazy(() =>
  z.strictObject({
    symbol: z.string(),
    name: phrase(120),
    kind: keyword().optional(),
    venue: phrase(60).optional(),
    sector: phrase(60).optional(),
    updated: z.iso
      .date()
      .or(z.iso.datetime({ offset: true }))
      .optional(),
    tags: z.union([z.literal("").transform(() => []), z.array(keyword()).max(20)]).optional(),
  }),
);

/** @throws INVALID_INPUT. */
function pathOf(symbol: string): string {
  try {
    return `${LAYOUT.entities}/${symbolFileStem(symbolName(symbol))}.md`;
  } catch (error) {
    if (error instanceof IdError)
      throw new QocError("INVALID_INPUT", { command: "entities", message: error.message }, { cause: error });
    throw error;
  }
}

function parseEntity(path: string, text: string): Note {
  try {
    return readNote(text);
  } catch (error) {
    if (error instanceof FrontmatterError)
      throw new QocError("NOTE_INVALID", { path, message: error.message }, { cause: error });
    throw error;
  }
}

export class EntityStore {
  readonly #files: Pick<WorkspaceFiles, "list" | "open">;
  readonly #writer: FileWriter;

  constructor(files: Pick<WorkspaceFiles, "list" | "open">, writer: FileWriter) {
    this.#files = files;
    this.#writer = writer;
  }

  /** Lists one page in order of the paths. An unreadable entity is listed with its problem. */
  async list(after: string): Promise<EntityPage> {
    const { entries, next } = await this.#files.list({
      under: LAYOUT.entities,
      glob: `${LAYOUT.entities}/*.{md,markdown,toml,yaml,yml,json}`,
      after,
    });
    const summaries: EntitySummary[] = [];
    // As texts of their own, which do not keep the file in memory.
    for (const { path } of entries) summaries.push(structuredClone(await this.#summary(path)));
    return { entries: summaries, next };
  }

  /** Returns the entities of all pages. */
  async *all(): AsyncGenerator<EntitySummary> {
    for (let after: string | null = ""; after !== null;) {
      const page: EntityPage = await this.list(after);
      yield* page.entries;
      after = page.next;
    }
  }

  /** @throws FILE_NOT_FOUND, NOTE_INVALID if the file is about another symbol. */
  async read(symbol: string): Promise<{ path: string; text: string; digest: string }> {
    const path = pathOf(symbol);
    const { bytes } = await this.#files.open(path, BYTES_MAX);
    const text = Buffer.from(bytes).toString("utf8");
    const subject = fieldText(parseEntity(path, text), "symbol");
    if (subject !== "" && subject !== symbol)
      throw new QocError("NOTE_INVALID", { path, message: `the file is about ${subject}, not ${symbol}` });
    return { path, text, digest: digestOf(bytes) };
  }

  /** @throws NOTE_INVALID, FILE_CHANGED, PATH_REFUSED, TOO_LARGE. */
  async write({ symbol, text, replaces }: EntityWrite): Promise<WrittenFile> {
    const path = pathOf(symbol);
    const parsed = frontmatter().safeParse(parseEntity(path, text).fields);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const message = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`.replace(/^: /, "");
      throw new QocError("NOTE_INVALID", { path, message });
    }
    if (parsed.data.symbol !== symbol) {
      const message = `symbol: the file has ${parsed.data.symbol}, the command has ${symbol}`;
      throw new QocError("NOTE_INVALID", { path, message });
    }
    const folder = { folder: LAYOUT.entities, endings: [".md"], maxBytes: BYTES_MAX, isFlat: true };
    return this.#writer.write({ path, text: `${text.trimEnd()}\n`, replaces }, [folder]);
  }

  async #summary(path: string): Promise<EntitySummary> {
    const stem = path.slice(path.lastIndexOf("/") + 1, path.lastIndexOf("."));
    if (!path.endsWith(".md")) return { symbol: stem, name: "", kind: "", path, problem: NOT_MARKDOWN };
    try {
      const { bytes } = await this.#files.open(path, BYTES_MAX);
      const note = parseEntity(path, Buffer.from(bytes).toString("utf8"));
      return {
        symbol: (fieldText(note, "symbol") || stem).slice(0, FIELD_CHARS_MAX),
        name: fieldText(note, "name").slice(0, FIELD_CHARS_MAX),
        kind: fieldText(note, "kind").slice(0, FIELD_CHARS_MAX),
        path,
        problem: null,
      };
    } catch (error) {
      return { symbol: stem, name: "", kind: "", path, problem: fileProblem(error) };
    }
  }
}
