import * as z from "zod";
import { flag, positional } from "./arguments.ts";
import { defineCommand, localServices, usageError } from "./command.ts";
import { keyValueLines } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

export const command = defineCommand({
  name: "init",
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["desk.toml", "house-rules.md", "issues/"],
  summary: "create a desk: a folder with desk.toml",
  description: "With a paper venue, guards, and the desk's keys outside the folder.",
  examples: ["qoc init my-desk", "qoc init . --name macro"],
  input: () =>
    z.strictObject({
      path: positional(z.string().default("."), "DIR", "the folder; created if it does not exist", {
        completes: "path",
      }),
      name: flag(z.string().optional(), "NAME", "the desk's name; the folder's by default"),
      template: flag(z.string().optional(), "NAME", "not implemented yet", { hidden: true }),
    }),
  output: () => z.looseObject({ path: z.string(), port: z.number() }),
  run: async ({ path, name, template }, context) => {
    if (template !== undefined) throw usageError("init", "--template is documented but not implemented yet");
    return localServices(context).init({ path, name });
  },
  render: ({ path, name, port, connectors, key, next }, style) => [
    `${style.paint("green", "✓")} created ${oneLine(name === undefined ? "the desk" : `desk ${name}`)} in ${oneLine(path)}`,
    ...keyValueLines(style, [
      ["connectors", (connectors ?? []).join(", ")],
      ["port", String(port ?? "")],
      ["key", key ?? ""],
    ]),
    ...(next === undefined ? [] : [`next: ${oneLine(next)}`]),
  ],
});
