import { resolve } from "node:path";
import * as z from "zod";
import { QocError } from "../../domain/errors/error.ts";
import { newToken } from "../../domain/authority/agent-access.ts";
import { grantAgent, revokeAgent } from "../../trading/keys/agent-access.ts";
import { CLIENTS, clientCommand, clientConfig, prepareClientFile } from "../../workspace/client-config.ts";
import { iso } from "../../lib/time.ts";
import { flag, positional, toggle } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { shownTime } from "../rendering/local-time.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { lazy } from "../../lib/lazy.ts";

const outputSchema = lazy(() =>
  z.object({
    agent: z.string(),
    client: z.enum(CLIENTS),
    /** The file in which the program looks for its entry; with `--write`, the file that contains it now. */
    file: z.string(),
    written: z.boolean(),
    /** Both contain the token; null if the file contains it. */
    config: z.string().nullable(),
    command: z.string().nullable(),
    /** The end of a token for HTTP; null: the token does not expire, and never leaves the program. */
    expiresAt: z.string().nullable(),
  }),
);

export const command = defineCommand({
  name: "agents setup",
  hiddenAliases: ["agent setup"],
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["journal", "the program's own file"],
  summary: "connect your own agent to this desk",
  description:
    "Prints the entry for its program, with a token that is shown once. The program starts qoc mcp, which proves that it has the token. The agent reads and drafts; it cannot approve.",
  examples: ["qoc agents setup claude --write --to ~/trader", "qoc agents setup codex --name night-watch --http"],
  exits: [5],
  input: () =>
    z.strictObject({
      client: positional(z.enum(CLIENTS), "claude|codex|opencode|gemini", "the agent's program"),
      write: toggle("write the entry into the program's file instead of printing it"),
      to: flag(
        z.string().optional(),
        "DIR|FILE",
        "that file, or the folder you start the program in; the current one by default",
        { completes: "path" },
      ),
      name: flag(z.string().optional(), "NAME", "the agent's name at this desk; the program's name by default"),
      http: toggle("connect over HTTP: the token is sent, and expires after 12 hours"),
    }),
  output: outputSchema,
  run: async ({ client, write, to, name, http }, context) => {
    if (to !== undefined && !write)
      throw new QocError("INVALID_INPUT", { command: "agents setup", message: "to: needs --write" });
    const { desk, mcpProgram } = requireDesk(context);
    const agent = name ?? client;
    const token = newToken(desk.ids);
    const entry = {
      stdio: http ? undefined : mcpProgram,
      url: `http://127.0.0.1:${desk.port}/mcp`,
      root: desk.workspace.root,
      token,
    };
    const { file, render: renderConfig } = clientConfig(client);
    const prepared = write
      ? await prepareClientFile(desk.workspace.disk, { client, entry, to: resolve(context.cwd, to ?? ".") })
      : undefined;
    const end = await grantAgent(desk, { agent, client, token, http, actor: context.actor });
    const expiresAt = end === undefined ? null : iso(end);
    try {
      await prepared?.write();
    } catch (error) {
      // The token reached no file, so nothing can use the grant.
      await revokeAgent(desk, agent, "host");
      throw error;
    }
    if (prepared !== undefined)
      return { agent, client, file: prepared.path, written: true, config: null, command: null, expiresAt };
    const until = expiresAt === null ? "" : ` until ${expiresAt}`;
    context.progress.line(
      `${agent} may connect now${until}; its token is in this entry and is not shown again (qoc agents revoke ${agent} revokes it)`,
    );
    return {
      agent,
      client,
      file,
      written: false,
      config: renderConfig(entry),
      command: clientCommand(client, entry) ?? null,
      expiresAt,
    };
  },
  render: renderSetup,
});

/** Off a terminal the entry alone, so that it can be redirected to a file. The host made all of its text. */
function renderSetup(
  { agent, client, file, written, config, command: shellCommand, expiresAt }: z.output<ReturnType<typeof outputSchema>>,
  style: OutputStyle,
): readonly string[] {
  if (written || config === null)
    return [
      `${style.paint("green", "✓")} ${agent} may connect${expiresAt === null ? "" : ` until ${shownTime(style, expiresAt)}`}: ${oneLine(file)}`,
      `next: start ${client} in its folder`,
    ];
  const entry = config.trimEnd().split("\n");
  if (!style.isTty) return entry;
  return [
    style.paint("dim", `in ${file}`),
    ...entry,
    ...(shellCommand === null ? [] : ["", style.paint("dim", "or, in a shell"), shellCommand]),
  ];
}
