import * as z from "zod";
import { flag, toggle } from "./arguments.ts";
import { EXIT, messageOf } from "../domain/errors/error.ts";
import { type CommandSession, type UpReport, defineCommand, localServices } from "./command.ts";
import { makeLink } from "./ui.ts";
import { renderNotices } from "./rendering/config-notices.ts";
import { badge } from "./rendering/order.ts";
import { type OutputStyle, keyValueLines } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

/** `starting` is no failure. */
function signOf(state: string, style: OutputStyle): string {
  if (state === "starting") return "○";
  return state === "ready" ? style.paint("green", "✓") : style.paint("red", "✗");
}

function startingLine(connectors: NonNullable<UpReport["connectors"]>): readonly string[] {
  const starting = connectors.filter(({ state }) => state === "starting").map(({ name }) => name);
  if (starting.length === 0) return [];
  return [oneLine(`  ${starting.join(", ")} still ${starting.length === 1 ? "starts" : "start"}: qoc status`)];
}

export const command = defineCommand({
  name: "up",
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["journal"],
  summary: "start the desk and its connectors",
  description:
    "Runs in the foreground until Ctrl-C. Answers commands at once; connectors start beside it, and --detach and --json wait for them, at most 15 s. Prints a link to the page on a terminal.",
  examples: ["qoc up", "qoc up --halted", "qoc up --detach -C my-desk", "qoc up --port 7171"],
  input: () =>
    z.strictObject({
      detach: toggle("start it in the background and return when it is ready", { short: "d" }),
      halted: toggle("start with trading halted; qoc resume ends the halt"),
      port: flag(
        z.coerce.number().int().min(1).max(65_535).optional(),
        "N",
        "the port for this start, instead of that in desk.toml",
      ),
    }),
  output: () => z.unknown(),
  run: ({ detach, halted, port }, context) =>
    localServices(context).up({ detach, halted, port, from: context.cwd }, context.progress, context.signal),
  render: ({ workspace, path, pid, port, readyMs, trading, tradingReason, readOnly, connectors, config }, style) => [
    `${style.paint("green", "●")} ${oneLine(workspace ?? "the desk")} is up${readyMs === undefined ? "" : ` after ${readyMs} ms`}`,
    ...(connectors ?? []).map(
      ({ name, state, mode }) => `  ${signOf(state, style)} ${oneLine(name)}  ${badge(style, mode)}  ${oneLine(state)}`,
    ),
    ...startingLine(connectors ?? []),
    ...(readOnly === undefined ? [] : [style.paint("red", oneLine(`✗ read-only: ${readOnly}`))]),
    ...renderNotices(config ?? [], style),
    ...keyValueLines(style, [
      ["folder", path ?? ""],
      ["pid", String(pid ?? "")],
      ["port", String(port ?? "")],
      ["trading", tradingReason === undefined ? (trading ?? "") : `${trading}: ${tradingReason}`],
    ]),
  ],
  cli: async (session, input) => {
    const report = await session.call("up", input, () => showLink(session));
    if (report !== undefined) await session.show("up", report);
    if (input["detach"] === true) await showLink(session);
    return EXIT.done;
  },
});

/** A link to the page, on a terminal only: a log must not keep its code. The desk is up without it. */
async function showLink(session: CommandSession): Promise<void> {
  if (!session.isTty || session.flags.json || session.flags.quiet) return;
  try {
    await session.show("ui", await makeLink(session));
  } catch (error) {
    session.progress.line(`no link to the page: ${messageOf(error)}`);
  }
}
