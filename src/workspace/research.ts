/** research/: notes of people and agents. Replacing a note requires the digest of its current text. */
import { digestOf } from "../domain/digest.ts";
import type { FileWriter, WrittenFile } from "./file-write.ts";
import { LAYOUT, type WorkspaceRoot, listMarkdown } from "./layout.ts";

const NOTE_BYTES_MAX = 256 * 1024;

export interface ResearchNote {
  readonly path: string;
  /** Empty if the note is unreadable. */
  readonly digest: string;
  readonly bytes: number;
}

export interface ResearchWrite {
  /** With or without `research/` and `.md`. */
  readonly name: string;
  readonly text: string;
  /** The digest of the note to replace; undefined: create a new note. */
  readonly replaces?: string | undefined;
}

export class ResearchStore {
  readonly #workspace: WorkspaceRoot;
  readonly #writer: FileWriter;

  constructor(workspace: WorkspaceRoot, writer: FileWriter) {
    this.#workspace = workspace;
    this.#writer = writer;
  }

  async list(): Promise<readonly ResearchNote[]> {
    const { disk, root } = this.#workspace;
    const notes: ResearchNote[] = [];
    for (const path of await listMarkdown(this.#workspace, LAYOUT.research)) {
      const size = (await disk.facts(`${root}/${path}`))?.size ?? 0;
      try {
        const bytes = await disk.read(`${root}/${path}`, NOTE_BYTES_MAX);
        notes.push({ path, digest: digestOf(bytes), bytes: bytes.length });
      } catch {
        // Too large, or replaced by a link meanwhile: the other notes are still listed.
        notes.push({ path, digest: "", bytes: size });
      }
    }
    return notes;
  }

  /** @throws FILE_CHANGED, PATH_REFUSED, TOO_LARGE. */
  write({ name, text, replaces }: ResearchWrite): Promise<WrittenFile> {
    const stem = name.replace(/^research\//, "").replace(/\.md$/, "");
    return this.#writer.write({ path: `${LAYOUT.research}/${stem}.md`, text: `${text.trimEnd()}\n`, replaces });
  }
}
