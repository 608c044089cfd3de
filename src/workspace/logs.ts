/** Structured logs: one JSON object a line, files rotated by size, read back newest last. Not the journal: a log may be lost. */
import type { Clock, Disk, Log, LogFields } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";

export const LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type Level = (typeof LEVELS)[number];
type Written = Exclude<Level, "trace">;

const FILE = "desk.log";
const ROTATE_BYTES = 5 * 1024 * 1024;
const KEPT = 5;
const MESSAGE_CHARS_MAX = 4_000;
const QUEUE_MAX = 10_000;

export interface LogEntry {
  readonly ts: string;
  readonly level: string;
  readonly message: string;
  readonly connector?: string;
  readonly [field: string]: unknown;
}

export interface LogFile extends Log {
  /** Hears of each line as it is written; answers how to stop. */
  watch(listener: (entry: LogEntry) => void): () => void;
  flush(): Promise<void>;
}

export interface LogOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Clock;
  readonly level: Level;
  /** Takes known secrets out of every line. */
  redact(text: string): string;
}

export function openLogs(options: LogOptions): LogFile {
  const writer = new Writer(options);
  const at = (fields: LogFields): Log => ({
    debug: (message, more) => writer.write("debug", message, { ...fields, ...more }),
    info: (message, more) => writer.write("info", message, { ...fields, ...more }),
    warn: (message, more) => writer.write("warn", message, { ...fields, ...more }),
    error: (message, more) => writer.write("error", message, { ...fields, ...more }),
    with: (more) => at({ ...fields, ...more }),
  });
  return { ...at({}), watch: (listener) => writer.watch(listener), flush: () => writer.flush() };
}

/** Lines are queued and written behind; under a flood the oldest of the queue go, and a line says how many. */
class Writer {
  readonly #options: LogOptions;
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  #queue: string[] = [];
  #dropped = 0;
  #working: Promise<void> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  write(level: Written, message: string, fields: LogFields): void {
    const { clock, redact } = this.#options;
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#options.level)) return;
    const short = message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}…` : message;
    const line = redact(JSON.stringify({ ts: new Date(clock.now()).toISOString(), level, message: short, ...fields }));
    for (const listener of this.#listeners) listener(JSON.parse(line) as LogEntry);
    if (this.#queue.length >= QUEUE_MAX) {
      this.#queue.shift();
      this.#dropped += 1;
    }
    this.#queue.push(line);
    this.#working ??= this.#drain();
  }

  watch(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async flush(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const lines = this.#queue;
      this.#queue = [];
      if (this.#dropped > 0)
        lines.push(JSON.stringify({ level: "warn", message: `${this.#dropped} log lines were dropped` }));
      this.#dropped = 0;
      try {
        await this.#append(`${lines.join("\n")}\n`);
      } catch {
        // A log that cannot be written must not stop the desk; the journal says what matters.
        this.#queue = [];
      }
    }
    // In the same step as the last look at the queue, so that the next line starts a drain of its own.
    this.#working = undefined;
  }

  async #append(text: string): Promise<void> {
    const { disk, dir } = this.#options;
    await disk.mkdir(dir);
    const facts = await disk.facts(`${dir}/${FILE}`);
    if (facts !== undefined && facts.size >= ROTATE_BYTES) await this.#rotate();
    const file = await disk.append(`${dir}/${FILE}`);
    try {
      await file.write(text);
    } finally {
      await file.close();
    }
  }

  async #rotate(): Promise<void> {
    const { disk, dir } = this.#options;
    for (let n = KEPT - 1; n >= 0; n--) {
      const from = n === 0 ? `${dir}/${FILE}` : `${dir}/${FILE}.${n}`;
      if ((await disk.facts(from)) !== undefined) await disk.move(from, `${dir}/${FILE}.${n + 1}`);
    }
  }
}

/** Whose lines are wanted; none given: all. */
export interface LogFilter {
  readonly connector?: string | undefined;
  readonly run?: string | undefined;
}

export function isWanted({ connector, run }: LogFilter, entry: LogEntry): boolean {
  return (connector === undefined || entry.connector === connector) && (run === undefined || entry["run"] === run);
}

/** The last `tail` lines, oldest first; a line that is not JSON is left out. */
export async function readLogs(
  disk: Disk,
  dir: string,
  query: LogFilter & { tail: number },
): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = [];
  for (let n = 0; n <= KEPT && found.length < query.tail; n++) {
    const path = n === 0 ? `${dir}/${FILE}` : `${dir}/${FILE}.${n}`;
    if ((await disk.facts(path)) === undefined) continue;
    const entries = (await disk.readText(path))
      .split("\n")
      .map((line) => tryParseJson(line) as LogEntry | undefined)
      .filter((entry) => entry !== undefined);
    found.unshift(...entries.filter((entry) => isWanted(query, entry)));
  }
  return found.slice(-query.tail);
}
