import * as z from "zod";
import { positional } from "../arguments.ts";
import { type NewConnectorReport, defineCommand, localServices } from "../command.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";

export const command = defineCommand({
  name: "connectors new",
  group: "connectors",
  audience: "human",
  runs: "local",
  writes: ["src/connectors/"],
  summary: "create an adapter template with its test",
  description: "Adapter, test and README; the adapter is certified as it is written.",
  examples: ["qoc connectors new my-venue"],
  input: () => z.strictObject({ name: positional(z.string(), "NAME", "a-z, 0-9, _ and -") }),
  output: () => z.looseObject({ name: z.string(), path: z.string(), files: z.array(z.string()) }),
  run: ({ name }, context) => localServices(context).newConnector({ name, from: context.cwd }),
  render: renderNewConnector,
});

/** The files, the table to paste into desk.toml, and the next command. */
function renderNewConnector({ path, files, table, next }: NewConnectorReport, style: OutputStyle): readonly string[] {
  return style.isTty
    ? [
        `${style.paint("green", "✓")} ${oneLine(path)}`,
        ...files.map((file) => `  ${oneLine(file)}`),
        "",
        style.paint("dim", "for desk.toml, when it is to trade:"),
        ...table.split("\n").map(oneLine),
        "",
        `next: ${oneLine(next)}`,
      ]
    : files.map(oneLine);
}
