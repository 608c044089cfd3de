/** A log that records its lines and prints nothing. */
import type { Log, LogFields } from "../../src/domain/ports.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export interface QuietLog extends Log {
  readonly lines: LogLine[];
  text(): string;
}

export function quietLog(fields: LogFields = {}, lines: LogLine[] = []): QuietLog {
  const at =
    (level: string) =>
    (message: string, more: LogFields = {}) =>
      void lines.push({ level, message, fields: { ...fields, ...more } });
  return {
    lines,
    text: () => lines.map((line) => `${line.level} ${line.message}`).join("\n"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => quietLog({ ...fields, ...more }, lines),
  };
}
