import { z } from "zod";
import { positional } from "./arguments.ts";
import { defineCommand, localServices } from "./command.ts";
import { oneLine } from "./rendering/terminal-text.ts";

export const command = defineCommand({
  name: "trust",
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["~/.qoc/trusted"],
  summary: "trust a desk folder of another user",
  description:
    "Its desk.toml may name programs that then run as you: read it first. The trust ends if the owner changes.",
  examples: ["qoc trust /srv/team-desk"],
  input: () => z.strictObject({ path: positional(z.string(), "DIR", "the desk's folder", { completes: "path" }) }),
  output: () => z.object({ path: z.string(), owner: z.number() }),
  run: ({ path }, context) => localServices(context).trust(path, context.cwd),
  render: ({ path, owner }, style) => [
    `${style.paint("green", "✓")} ${oneLine(path)} is trusted; its owner has uid ${owner}`,
  ],
});
