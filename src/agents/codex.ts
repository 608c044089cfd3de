/** Codex without its shell and its other hands; a desk that it cannot reach is the end of it (`required`). */
import { z } from "zod";
import type { AgentEvent, AgentProgram, LaunchAsk } from "./runtime.ts";

const itemShape = z.looseObject({
  type: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
  text: z.string().optional(),
});
const eventShape = z.looseObject({
  type: z.string(),
  item: itemShape.optional(),
  error: z.looseObject({ message: z.string() }).optional(),
  message: z.string().optional(),
});

/** What it does with hands of its own, and must not be able to. */
const HANDS: ReadonlySet<string> = new Set(["command_execution", "file_change", "web_search"]);

/** Every text is quoted as JSON, which TOML reads alike. */
const configText = ({ door, settings }: LaunchAsk): string =>
  [
    ...(settings.model === undefined ? [] : [`model = ${JSON.stringify(settings.model)}`]),
    'approval_policy = "never"',
    'sandbox_mode = "read-only"',
    "check_for_update_on_startup = false",
    'web_search = "disabled"',
    "[analytics]",
    "enabled = false",
    "[history]",
    'persistence = "none"',
    "[agents]",
    "enabled = false",
    "[features]",
    ...["shell_tool", "unified_exec", "view_image", "goals", "apps"].map((feature) => `${feature} = false`),
    "[mcp_servers.qoc]",
    `url = ${JSON.stringify(door.url)}`,
    'bearer_token_env_var = "QOC_TOKEN"',
    "required = true",
    'default_tools_approval_mode = "approve"',
    "",
  ].join("\n");

export const codex: AgentProgram = {
  name: "codex",
  lends: ["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL"],
  showsTools: false,
  hasHands: false,
  tellsEnd: true,
  line: (ask) => ({
    argv: [...(ask.settings.command ?? ["codex"]), "exec", "--json", "--ephemeral", "--skip-git-repo-check", "-"],
    env: { QOC_TOKEN: ask.door.token, CODEX_HOME: ask.setup },
    files: { "config.toml": configText(ask) },
  }),
  talk: ({ bundle }) => ({ opening: bundle, answers: false, read: (line) => parsed(line) }),
};

const parsed = (line: string): readonly AgentEvent[] | undefined => {
  try {
    return eventsOf(eventShape.parse(JSON.parse(line)));
  } catch {
    return undefined;
  }
};

/** Its own turn is the whole task, so each call of a tool and each message counts as one. */
const eventsOf = ({ type, item, error, message }: z.output<typeof eventShape>): readonly AgentEvent[] => {
  if (type === "turn.completed") return [{ kind: "end" }];
  if (type === "turn.failed") return [{ kind: "end", failure: `it ended with: ${(error?.message ?? "an error").slice(0, 500)}` }];
  // It tells of each attempt to reach its model so, and may yet succeed.
  if (type === "error") return [{ kind: "say", text: message ?? "an error" }];
  if (item === undefined) return [];
  if (HANDS.has(item.type)) return [{ kind: "foreign", what: `it has ${item.type}` }];
  if (type === "item.started" && item.type === "mcp_tool_call") {
    const tool = item.tool ?? "a tool without a name";
    return item.server === "qoc" ? [{ kind: "turn" }, { kind: "call", tool }] : [{ kind: "foreign", what: `${item.server ?? "?"}/${tool}` }];
  }
  if (type === "item.completed" && item.type === "agent_message") return [{ kind: "turn" }, { kind: "say", text: item.text ?? "" }];
  return [];
};
