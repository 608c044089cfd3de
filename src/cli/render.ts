/** Values on standard output: JSON for programs, the command's own rendering for people. */
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandRegistry } from "../commands/command.ts";
import { painter } from "../commands/rendering/paint.ts";
import type { OutputStyle } from "../commands/rendering/table-text.ts";
import { escapeInvisibleInJson } from "../lib/invisible-characters.ts";
import type { Io } from "./io.ts";
import { counted } from "../lib/counted.ts";

export function outputStyle(io: Io): OutputStyle {
  return { isTty: io.isTty.out, columns: io.columns, paint: painter(io.colour.out) };
}

export interface RenderOptions {
  readonly entry: Pick<CommandEntry, "name" | "streams">;
  readonly registry: Pick<CommandRegistry, "load">;
  readonly io: Io;
  readonly json: boolean;
}

/** The whole text with its line end; empty for undefined. The command's file is loaded only for a text. */
export async function renderValue(value: unknown, { entry, registry, io, json }: RenderOptions): Promise<string> {
  if (value === undefined) return "";
  if (json) return `${jsonText(value, io.isTty.out && entry.streams !== true ? 2 : 0)}\n`;
  const command = await registry.load(entry.name);
  return joinLines(command.render(value, outputStyle(io)));
}

const TO_TOP = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * Draws lines over those of the last call. Each line is cleared by itself, so that the screen does not flicker. Off a
 * terminal the lines are printed.
 */
export async function redraw(io: Io, lines: readonly string[]): Promise<void> {
  if (!io.isTty.out) return io.out(joinLines(lines));
  const limit = io.rows - 1;
  const shown =
    lines.length <= limit
      ? lines
      : [...lines.slice(0, limit - 1), `… ${counted(lines.length - limit + 1, "more line")}`];
  await io.out(`${TO_TOP}${shown.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`);
}

/** Lines without empty ones at the end. */
function joinLines(lines: readonly string[]): string {
  const end = lines.findLastIndex((line) => line !== "") + 1;
  return lines
    .slice(0, end)
    .map((line) => `${line}\n`)
    .join("");
}

/** The value as JSON, with invisible characters written as \uXXXX. */
export function jsonText(value: unknown, indent: number): string {
  return escapeInvisibleInJson(JSON.stringify(value, null, indent) ?? "null");
}
