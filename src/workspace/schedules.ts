/** schedules/: one TOML file for each unattended run. Commands of the human write here; agents cannot. */
import { dirname } from "node:path";
import type { Clock } from "../domain/ports.ts";
import { QocError } from "../domain/errors/error.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { FileCache } from "./file-cache.ts";
import { fileProblem } from "./file-problem.ts";
import type { WrittenFile } from "./file-write.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";
import { readRegularText } from "./open-directory.ts";
import { pathProblem, resolveInWorkspace } from "./path-policy.ts";
import { scheduleIdOf, schedulePath } from "./schedule-config.ts";

const FILE_BYTES_MAX = 16 * 1024;
export const SCHEDULE_FILES_MAX = 100;

/** A file in schedules/, or why it cannot be read. */
export interface ScheduleFile {
  /** A placeholder replaces a name that commands do not accept. */
  readonly path: string;
  readonly id: string | undefined;
  readonly text: string | undefined;
  /** Starts with the path; undefined if the file was read. */
  readonly problem: string | undefined;
}

export class ScheduleStore {
  /** Files are added one after the other. */
  readonly additions = new SerialQueue();
  readonly #workspace: WorkspaceRoot;
  readonly #files: FileCache<ScheduleFile>;

  constructor(workspace: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> }) {
    this.#workspace = workspace;
    this.#files = new FileCache(workspace, (path) => this.#read(path));
  }

  /** All files in the order of their names. Dot files and notes (`.md`) are left out. */
  async list(): Promise<readonly ScheduleFile[]> {
    const paths = (await listFolder(this.#workspace, LAYOUT.schedules))
      .filter(({ name }) => !name.startsWith(".") && !name.endsWith(".md"))
      .map(({ name }) => `${LAYOUT.schedules}/${name}`)
      .toSorted();
    const files = await this.#files.all(paths.slice(0, SCHEDULE_FILES_MAX));
    const rest = paths
      .slice(SCHEDULE_FILES_MAX)
      .map((path) => unreadable(path, `a desk has at most ${SCHEDULE_FILES_MAX} files in ${LAYOUT.schedules}/`));
    return [...files, ...rest];
  }

  /** @throws SCHEDULE_EXISTS. */
  async create(id: string, text: string): Promise<WrittenFile> {
    const path = schedulePath(id);
    const target = await resolveInWorkspace(this.#workspace, path, [LAYOUT.schedules]);
    if ((await this.#workspace.disk.facts(target)) !== undefined)
      throw new QocError("SCHEDULE_EXISTS", { name: id, path });
    await this.#workspace.disk.mkdir(dirname(target));
    await this.#workspace.disk.create(target, text);
    return { path, text };
  }

  async remove(id: string): Promise<void> {
    await this.#workspace.disk.remove(await resolveInWorkspace(this.#workspace, schedulePath(id), [LAYOUT.schedules]));
  }

  async #read(path: string): Promise<ScheduleFile> {
    const id = scheduleIdOf(path);
    if (id === undefined) return unreadable(path, "is not a .toml file with a plain name; schedules are TOML files");
    try {
      const text = await readRegularText(this.#workspace.root, path, FILE_BYTES_MAX);
      return text === undefined ? unreadable(path, "was removed") : { path, id, text, problem: undefined };
    } catch (error) {
      const problem = fileProblem(error);
      return { path, id, text: undefined, problem: problem.includes(path) ? problem : `${path}: ${problem}` };
    }
  }
}

function unreadable(path: string, reason: string): ScheduleFile {
  const plain = pathProblem(path) === undefined ? path : JSON.stringify(path);
  return { path: plain, id: undefined, text: undefined, problem: `${plain}: ${reason}` };
}
