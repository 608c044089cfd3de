/** snapshots/: the desk's book as TOML, and summaries of agent runs as Markdown. The file names start with the time. */
import { knownError } from "../domain/errors/known-error.ts";
import type { Disk } from "../domain/ports.ts";
import { hasCode } from "../lib/error-code.ts";
import { slugOf } from "../lib/slug.ts";
import type { WrittenFile } from "./file-write.ts";
import { writeNote } from "./frontmatter.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";
import { type SnapshotContents, type SnapshotFile, parseSnapshot, snapshotText } from "./snapshot-file.ts";

const NAME = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z(-\d+)?\.toml$/;

export interface SnapshotEntry {
  readonly path: string;
  readonly time: string;
  readonly currency: string;
  readonly nav: string | null;
  readonly cash: string | null;
  /** Why the file cannot be read; null if it can. */
  readonly problem: string | null;
}

export interface RunSummary {
  /** ISO, UTC. */
  readonly stamp: string;
  readonly task: string;
  /** Undefined facts are left out. */
  readonly facts: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export class SnapshotStore {
  readonly #disk: Disk;
  readonly #root: string;

  constructor({ disk, root }: WorkspaceRoot) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Writes a snapshot and removes all snapshots of the oldest days, so that `daysMax` days with snapshots remain. */
  async write(contents: SnapshotContents, daysMax: number): Promise<WrittenFile> {
    const stem = `${contents.time.slice(0, 19).replaceAll(":", "-")}Z`;
    const file = await this.#create(stem, ".toml", snapshotText(contents));
    await this.#prune(daysMax);
    return file;
  }

  /** Lists the snapshots, newest first. A file that cannot be read has the time of its name, and says why. */
  async list(): Promise<readonly SnapshotEntry[]> {
    const entries: SnapshotEntry[] = [];
    for (const name of (await this.names()).toReversed()) {
      const path = `${LAYOUT.snapshots}/${name}`;
      try {
        const { time, currency, nav, cash } = await this.read(name);
        entries.push({ path, time, currency, nav, cash, problem: null });
      } catch (error) {
        const problem = knownError(error).message;
        entries.push({ path, time: timeOf(name), currency: "", nav: null, cash: null, problem });
      }
    }
    return entries;
  }

  /** The newest snapshot that can be read. */
  async latest(): Promise<SnapshotEntry | undefined> {
    return (await this.list()).find(({ problem }) => problem === null);
  }

  /** Reads one of {@link names}. @throws SNAPSHOT_INVALID. */
  async read(name: string): Promise<SnapshotFile> {
    const path = `${LAYOUT.snapshots}/${name}`;
    return parseSnapshot(path, await this.#disk.readText(`${this.#root}/${path}`));
  }

  /** Writes `snapshots/YYYYMMDD-HHMM-<task>.md`. */
  async writeRunSummary(summary: RunSummary): Promise<WrittenFile> {
    const text = writeNote({ fields: definedFields(summary.facts), body: `${summary.text.trimEnd()}\n` });
    const date = summary.stamp.slice(0, 10).replaceAll("-", "");
    const time = summary.stamp.slice(11, 16).replace(":", "");
    return this.#create(`${date}-${time}-${slugOf(summary.task)}`, ".md", text);
  }

  /** Appends `-2`, `-3` and so on to the stem if the name is taken. */
  async #create(stem: string, extension: string, text: string): Promise<WrittenFile> {
    await this.#disk.mkdir(`${this.#root}/${LAYOUT.snapshots}`);
    for (let n = 1; ; n++) {
      const path = `${LAYOUT.snapshots}/${stem}${n === 1 ? "" : `-${n}`}${extension}`;
      if ((await this.#disk.facts(`${this.#root}/${path}`)) !== undefined) continue;
      try {
        await this.#disk.create(`${this.#root}/${path}`, text);
      } catch (error) {
        // Another file of this time was written first.
        if (hasCode(error, "EEXIST")) continue;
        throw error;
      }
      return { path, text };
    }
  }

  /** The names of the snapshots, oldest first. */
  async names(): Promise<readonly string[]> {
    return (await listFolder({ disk: this.#disk, root: this.#root }, LAYOUT.snapshots))
      .filter((entry) => entry.kind === "file" && NAME.test(entry.name))
      .map((entry) => entry.name)
      .toSorted();
  }

  async #prune(daysMax: number): Promise<void> {
    const names = await this.names();
    const days = [...new Set(names.map((name) => name.slice(0, 10)))];
    const expired = new Set(days.slice(0, Math.max(0, days.length - daysMax)));
    for (const name of names)
      if (expired.has(name.slice(0, 10))) await this.#disk.remove(`${this.#root}/${LAYOUT.snapshots}/${name}`);
  }
}

/** `2026-07-05T08-30-00Z.toml` is of `2026-07-05T08:30:00.000Z`. */
function timeOf(name: string): string {
  return name.replace(NAME, "$1T$2:$3:$4.000Z");
}

function definedFields(facts: RunSummary["facts"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
