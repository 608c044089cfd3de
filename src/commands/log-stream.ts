/** The structured log as a stream of lines, for `logs` and `connectors logs`. */
import * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import { type CommandContext, type LogQuery, localServices } from "./command.ts";
import { refuseUnknownConnector } from "./known-word.ts";
import { shownTime } from "./rendering/local-time.ts";
import type { OutputStyle } from "./rendering/table-text.ts";
import { linesOf, oneLine } from "./rendering/terminal-text.ts";
import { lazy } from "../lib/lazy.ts";

export const lineCountSchema = lazy(() => z.coerce.number().int().positive().max(100_000).default(200));

/** @throws CONNECTOR_UNKNOWN; INVALID_INPUT if the log has no line of the run and the run is not under way. */
export async function emitLogs(
  { follow, ...query }: LogQuery & { readonly follow: boolean },
  context: CommandContext,
): Promise<void> {
  const services = context.desk;
  if (query.connector !== undefined && services !== undefined)
    refuseUnknownConnector(query.connector, services.desk.config.connectors);
  const lines =
    services === undefined ? await localServices(context).logsOf(context.cwd, query) : await services.readLogs(query);
  const isRunning = query.run !== undefined && services?.desk.state.runs.has(query.run) === true;
  if (query.run !== undefined && lines.length === 0 && !isRunning) {
    throw new QocError("INVALID_INPUT", {
      command: "logs",
      message: `--run: the log has no line of ${query.run}, and the run is not under way`,
    });
  }
  for (const line of lines) await context.emit(line);
  if (follow && services !== undefined)
    await services.followLogs({ ...query, tail: 0 }, (line) => context.emit(line), context.signal);
}

/** One line: time, level, message, then the other fields; on a terminal a stack has lines of its own. */
export function renderLogLine(value: unknown, style: OutputStyle): readonly string[] {
  if (typeof value !== "object" || value === null) return [oneLine(String(value))];
  const { ts = "", level = "", message = "", ...fields } = value as Record<string, unknown>;
  const { stack, ...named } = fields;
  const stackLines = typeof stack === "string" ? linesOf(stack).slice(1) : [];
  const pairs = Object.entries(style.isTty ? named : fields).map(
    ([name, field]) => `${name}=${typeof field === "string" ? field : JSON.stringify(field)}`,
  );
  const cells = [String(ts), String(level), String(message), pairs.join(" ")].map(oneLine);
  if (!style.isTty) return [cells.join("\t")];
  const [time = "", levelCell = "", messageCell = "", pairsCell = ""] = cells;
  const shade = level === "error" ? "red" : level === "warn" ? "yellow" : "dim";
  const suffix = pairsCell === "" ? "" : `  ${style.paint("dim", pairsCell)}`;
  return [
    `${style.paint("dim", shownTime(style, time))} ${style.paint(shade, levelCell.padEnd(5))} ${messageCell}${suffix}`,
    ...stackLines.map((line) => style.paint("dim", `  ${line}`)),
  ];
}
