/** Structured logs: one JSON object per line, rotated by size. Unlike the journal, the log may lose lines. */
import type { Clock, Disk, Log, LogFields } from "../domain/ports.ts";
import { escapeInvisibleInJson } from "../lib/invisible-characters.ts";
import { tryParseJson } from "../lib/json.ts";
import { counted } from "../lib/counted.ts";

const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const FILE = "desk.log";
const ROTATE_BYTES = 5 * 1024 * 1024;
/** Rotated files that are kept besides the current one. */
const ROTATED_FILES = 5;
const MESSAGE_CHARS_MAX = 4_000;
const QUEUE_MAX = 10_000;
const LINE_FEED = 0x0a;

export interface LogEntry {
  readonly ts: string;
  readonly level: string;
  readonly message: string;
  readonly connector?: string;
  readonly [field: string]: unknown;
}

export interface LogFile extends Log {
  /** Calls the listener with each line that is logged. Returns a function that removes the listener. */
  watch(listener: (entry: LogEntry) => void): () => void;
  /** Resolves when every line is written. */
  flush(): Promise<void>;
}

export interface LogOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Clock;
  readonly level: LogLevel;
  /** Removes known secrets from a line. */
  redact(text: string): string;
}

export function openLogs(options: LogOptions): LogFile {
  const writer = new LogWriter(options);
  const withFields = (fields: LogFields): Log => ({
    debug: (message, extra) => writer.write("debug", message, withExtra(fields, extra)),
    info: (message, extra) => writer.write("info", message, withExtra(fields, extra)),
    warn: (message, extra) => writer.write("warn", message, withExtra(fields, extra)),
    error: (message, extra) => writer.write("error", message, withExtra(fields, extra)),
    with: (extra) => withFields(withExtra(fields, extra)),
  });
  return { ...withFields({}), watch: (listener) => writer.watch(listener), flush: () => writer.flush() };
}

/**
 * An adapter chooses the fields of its lines. A field that would replace one of `fields`, which say when and from where
 * a line is, gets another name.
 */
function withExtra(fields: LogFields, extra: LogFields = {}): LogFields {
  const added = Object.entries(extra)
    .filter(([name, value]) => !Object.hasOwn(fields, name) || fields[name] !== value)
    .map(([name, value]) => [Object.hasOwn(fields, name) ? `_${name}` : name, value]);
  return { ...fields, ...Object.fromEntries(added) };
}

/**
 * Queues lines and writes them in batches. Drops the oldest lines if the queue is full, and those that cannot be
 * written; the next lines that are written say how many.
 */
class LogWriter {
  readonly #options: LogOptions;
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  #queue: string[] = [];
  #dropped = 0;
  /** After a crash, or a write that failed, the file may end within a line. */
  #mayBeTorn = true;
  #draining: Promise<void> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  write(level: Exclude<LogLevel, "trace">, message: string, fields: LogFields): void {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.#options.level)) return;
    const line = this.#lineOf(level, message, fields);
    for (const listener of this.#listeners) listener(JSON.parse(line) as LogEntry);
    if (this.#queue.length >= QUEUE_MAX) {
      this.#queue.shift();
      this.#dropped += 1;
    }
    this.#queue.push(line);
    this.#draining ??= this.#drain();
  }

  #lineOf(level: LogLevel, message: string, fields: LogFields): string {
    const { clock, redact } = this.#options;
    const truncated = message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}…` : message;
    const own = { ts: new Date(clock.now()).toISOString(), level, message: truncated };
    return escapeInvisibleInJson(redact(JSON.stringify(withExtra(own, fields))));
  }

  watch(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async flush(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const lines = this.#queue;
      this.#queue = [];
      const dropped = this.#dropped;
      this.#dropped = 0;
      const note =
        dropped === 0
          ? []
          : [
              this.#lineOf(
                "warn",
                `${counted(dropped, "log line before this one was", "log lines before this one were")} dropped`,
                {},
              ),
            ];
      try {
        await this.#append(`${[...note, ...lines].join("\n")}\n`);
      } catch {
        // A full disk must not stop the desk; what matters is in the journal.
        this.#dropped += dropped + lines.length;
        this.#mayBeTorn = true;
      }
    }
    // No await since the queue was found empty, so the next line starts a new drain.
    this.#draining = undefined;
  }

  async #append(text: string): Promise<void> {
    const { disk, dir } = this.#options;
    await disk.mkdir(dir);
    const path = filePath(dir, 0);
    const { size } = (await disk.facts(path)) ?? { size: 0 };
    const isTorn = this.#mayBeTorn && size > 0 && disk.readPart(path, size - 1, 1)[0] !== LINE_FEED;
    if (size >= ROTATE_BYTES) await this.#rotate();
    const file = await disk.append(path);
    try {
      await file.write(isTorn ? `\n${text}` : text);
      this.#mayBeTorn = false;
    } finally {
      await file.close();
    }
  }

  async #rotate(): Promise<void> {
    const { disk, dir } = this.#options;
    for (let n = ROTATED_FILES - 1; n >= 0; n--) {
      if ((await disk.facts(filePath(dir, n))) !== undefined) await disk.move(filePath(dir, n), filePath(dir, n + 1));
    }
  }
}

/** The path of the n-th newest file. */
function filePath(dir: string, n: number): string {
  return n === 0 ? `${dir}/${FILE}` : `${dir}/${FILE}.${n}`;
}

/** Undefined fields match every line. */
export interface LogFilter {
  readonly connector?: string | undefined;
  readonly run?: string | undefined;
}

export function matchesFilter({ connector, run }: LogFilter, entry: LogEntry): boolean {
  return (connector === undefined || entry.connector === connector) && (run === undefined || entry["run"] === run);
}

const FOLLOW_QUEUE_MAX = 1_000;

/**
 * Passes each new matching line to `line`, one after the other, until `signal` aborts. A slow reader loses lines
 * instead of slowing the desk; a line in their place says how many.
 */
export async function followLogs(
  log: Pick<LogFile, "watch">,
  filter: LogFilter,
  line: (entry: LogEntry) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const queue: LogEntry[] = [];
  let lost = 0;
  let lostAt = "";
  let wake: () => void = () => undefined;
  const addNote = (): void => {
    if (lost === 0) return;
    const message = `${lost} log ${lost === 1 ? "line is" : "lines are"} left out here: the reader was too slow`;
    queue.push({ ts: lostAt, level: "warn", message });
    lost = 0;
  };
  const stop = log.watch((entry) => {
    if (!matchesFilter(filter, entry)) return;
    if (queue.length < FOLLOW_QUEUE_MAX) {
      addNote();
      queue.push(entry);
    } else [lost, lostAt] = [lost + 1, entry.ts];
    wake();
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (queue.length === 0) addNote();
      const next = queue.shift();
      if (next !== undefined) await line(next);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
  }
}

/** Returns the last `tail` matching lines, oldest first. Skips lines that are not JSON. */
export async function readLogs(
  disk: Disk,
  dir: string,
  query: LogFilter & { tail: number },
): Promise<readonly LogEntry[]> {
  const lines: LogEntry[] = [];
  for (let n = 0; n <= ROTATED_FILES && lines.length < query.tail; n++) {
    const path = filePath(dir, n);
    if ((await disk.facts(path)) === undefined) continue;
    const entries = (await disk.readText(path))
      .split("\n")
      .map((line) => tryParseJson(line) as LogEntry | undefined)
      .filter((entry) => entry !== undefined);
    lines.unshift(...entries.filter((entry) => matchesFilter(query, entry)));
  }
  return lines.slice(-query.tail);
}
