import * as z from "zod";
import { flag, toggle } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { emitLogs, lineCountSchema, renderLogLine } from "./log-stream.ts";

export const command = defineCommand({
  name: "logs",
  group: "record",
  audience: "human",
  runs: "local-if-down",
  streams: true,
  writes: [],
  summary: "print the desk's structured log",
  description: "Of one connector, of one run, or all of it.",
  examples: ["qoc logs --tail 30", "qoc logs --connector my-venue -f", "qoc logs --run run-20261121T093000Z-1f2e -f"],
  input: () =>
    z.strictObject({
      tail: flag(lineCountSchema(), "N", "the last N lines (200)"),
      connector: flag(z.string().optional(), "NAME", "only this connector", { completes: "connector" }),
      run: flag(z.string().optional(), "RUN", "only this run; with -f also a run that is under way"),
      follow: toggle("print new lines until Ctrl-C", { short: "f" }),
    }),
  output: () => z.unknown(),
  run: emitLogs,
  render: renderLogLine,
});
