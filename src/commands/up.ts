import * as z from "zod";
import { toggle } from "./arguments.ts";
import { defineCommand, localServices } from "./command.ts";
import { renderNotices } from "./rendering/config-notices.ts";
import { badge } from "./rendering/order.ts";
import { keyValueLines } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

export const command = defineCommand({
  name: "up",
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["journal"],
  summary: "start the desk and its connectors",
  description: "Runs in the foreground until Ctrl-C.",
  examples: ["qoc up", "qoc up --halted", "qoc up --detach -C my-desk"],
  input: z.strictObject({
    detach: toggle("start it in the background and return when it is ready", { short: "d" }),
    halted: toggle("start with trading halted; qoc resume ends the halt"),
  }),
  output: z.unknown(),
  run: ({ detach, halted }, context) =>
    localServices(context).up({ detach, halted, from: context.cwd }, context.progress, context.signal),
  render: ({ workspace, path, pid, port, readyMs, trading, connectors, config }, style) => [
    `${style.paint("green", "●")} ${oneLine(workspace ?? "the desk")} is up${readyMs === undefined ? "" : ` after ${readyMs} ms`}`,
    ...(connectors ?? []).map(
      ({ name, state, mode }) =>
        `  ${state === "ready" ? style.paint("green", "✓") : style.paint("red", "✗")} ${oneLine(name)}  ${badge(style, mode)}  ${oneLine(state)}`,
    ),
    ...renderNotices(config ?? [], style),
    ...keyValueLines(style, [
      ["folder", path ?? ""],
      ["pid", String(pid ?? "")],
      ["port", String(port ?? "")],
      ["trading", trading ?? ""],
    ]),
  ],
});
