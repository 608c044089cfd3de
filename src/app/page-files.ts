/** Reads the built page into memory: a request then reaches no file. */
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { sha256Hex } from "../domain/digest.ts";
import type { PageFile } from "../http/page.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/** `main-ABCD1234.js`: the build puts a hash of the content into each name but that of the page. */
const HASHED = /-[A-Z0-9]{8}\.\w+$/;

export interface PageFiles {
  readonly files: ReadonlyMap<string, PageFile>;
  /** Names the version of all files together. */
  readonly asset: string;
}

/** The files of `folder` by name; none if the page was not built. */
export function readPageFiles(folder: string): PageFiles {
  const files = new Map<string, PageFile>();
  for (const name of namesIn(folder)) {
    const type = TYPES[extname(name)];
    if (type !== undefined)
      files.set(name, { type, body: readFileSync(join(folder, name)), isHashed: HASHED.test(name) });
  }
  const contents = [...files].map(([name, { body }]) => `${name} ${sha256Hex(body)}`);
  return { files, asset: sha256Hex(contents.join("\n")).slice(0, 16) };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
