import * as z from "zod";
import { flag, toggle } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { emitLogs, lineCountSchema, renderLogLine } from "../log-stream.ts";
import { connectorArgument } from "./connector-state.ts";

export const command = defineCommand({
  name: "connectors logs",
  group: "connectors",
  audience: "human",
  runs: "local-if-down",
  streams: true,
  writes: [],
  summary: "print the log lines of one connector",
  description: "The same as qoc logs --connector NAME.",
  examples: ["qoc connectors logs my-venue --tail 20", "qoc connectors logs my-venue --follow"],
  input: () =>
    z.strictObject({
      name: connectorArgument(),
      tail: flag(lineCountSchema(), "N", "the last N lines (200)"),
      follow: toggle("print new lines until Ctrl-C", { short: "f" }),
    }),
  output: () => z.unknown(),
  run: ({ name, tail, follow }, context) => emitLogs({ connector: name, tail, follow }, context),
  render: renderLogLine,
});
