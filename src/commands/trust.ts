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
    "Its desk.toml may name programs that then run as you: read it first. The trust ends if an owner changes.",
  examples: ["qoc trust /srv/team-desk"],
  input: () => z.strictObject({ path: positional(z.string(), "DIR", "the desk's folder", { completes: "path" }) }),
  output: () => z.object({ path: z.string(), owners: z.array(z.number()).readonly() }),
  run: ({ path }, context) => localServices(context).trust(path, context.cwd),
  render: ({ path, owners }, style) => {
    const whose = owners.length === 1 ? "its owner has" : "its owners have";
    return [`${style.paint("green", "✓")} ${oneLine(path)} is trusted; ${whose} uid ${owners.join(" and ")}`];
  },
});
