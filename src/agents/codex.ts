/**
 * Codex without its shell and its other hands; a desk that it cannot reach is the end of it (`required`). Some of its models
 * are offered a tool that patches files whatever is switched off, so it is also given no place where one could act. A tool
 * that it refuses by itself is not in its events.
 */
import { z } from "zod";
import type { AgentEvent, AgentProgram, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { tryParseJson } from "../lib/json.ts";

/** Every text is quoted as JSON, which TOML reads alike. */
function set(name: string, value: string): string {
  return `${name} = ${JSON.stringify(value)}`;
}

/** What it can do besides calling the desk's tools, as it names that; a name that a version does not know is no error. */
const FEATURES = [
  ...["shell_tool", "unified_exec", "view_image", "image_generation", "browser_use", "computer_use", "in_app_browser"],
  ...["goals", "apps", "hooks", "plugins", "remote_plugin", "sleep_tool", "skill_search", "tool_suggest"],
];

/** No machine to act on, not even this one. */
const NOWHERE = 'default = "none"\ninclude_local = false\n';

function configText({ endpoint: door, settings, passedEnv: lent }: LaunchRequest): string {
  const url = lent["OPENAI_BASE_URL"];
  return [
    ...(settings.model === undefined ? [] : [set("model", settings.model)]),
    ...(url === undefined ? [] : ['model_provider = "lent"']),
    'approval_policy = "never"',
    'sandbox_mode = "read-only"',
    "check_for_update_on_startup = false",
    'web_search = "disabled"',
    // No instruction file of any folder.
    "project_doc_max_bytes = 0",
    "[analytics]",
    "enabled = false",
    "[history]",
    'persistence = "none"',
    "[agents]",
    "enabled = false",
    "[skills]",
    "include_instructions = false",
    "[tools.experimental_request_user_input]",
    "enabled = false",
    "[features]",
    ...FEATURES.map((feature) => `${feature} = false`),
    ...(url === undefined
      ? []
      : [
          "[model_providers.lent]",
          'name = "lent"',
          set("base_url", url),
          'env_key = "CODEX_API_KEY"',
          'wire_api = "responses"',
        ]),
    "[mcp_servers.qoc]",
    set("url", door.url),
    'bearer_token_env_var = "QOC_TOKEN"',
    "required = true",
    'default_tools_approval_mode = "approve"',
    "",
  ].join("\n");
}

function line(ask: LaunchRequest): LaunchCommand {
  // Run like this it knows the key by this name alone.
  const key = ask.passedEnv["CODEX_API_KEY"] ?? ask.passedEnv["OPENAI_API_KEY"];
  return {
    argv: [...(ask.settings.command ?? ["codex"]), "exec", "--json", "--ephemeral", "--skip-git-repo-check", "-"],
    env: {
      QOC_TOKEN: ask.endpoint.token,
      CODEX_HOME: ask.setupFolder,
      ...(key === undefined ? {} : { CODEX_API_KEY: key }),
    },
    files: { "config.toml": configText(ask), "environments.toml": NOWHERE },
  };
}

const itemShape = z.looseObject({
  type: z.string(),
  server: z.string().nullish(),
  tool: z.string().nullish(),
  text: z.string().nullish(),
  message: z.string().nullish(),
});
const eventShape = z.looseObject({
  type: z.string(),
  item: itemShape.nullish(),
  error: z.looseObject({ message: z.string() }).nullish(),
  message: z.string().nullish(),
});

/** What it does with hands of its own, and must not be able to. */
const HANDS: ReadonlySet<string> = new Set(["command_execution", "file_change", "web_search"]);

/** Tools of its own that read what its servers offer; the desk's is the only one. */
const RESOURCES: ReadonlySet<string> = new Set([
  "list_mcp_resources",
  "list_mcp_resource_templates",
  "read_mcp_resource",
]);

function parsed(text: string): readonly AgentEvent[] | undefined {
  const { data } = eventShape.safeParse(tryParseJson(text));
  return data === undefined ? undefined : eventsOf(data);
}

function eventsOf({ type, item, error, message }: z.output<typeof eventShape>): readonly AgentEvent[] {
  if (type === "turn.completed") return [{ kind: "end" }];
  if (type === "turn.failed")
    return [{ kind: "end", failure: `it ended with: ${(error?.message ?? "an error").slice(0, 500)}` }];
  // It tells of each attempt to reach its model so, and may yet succeed.
  if (type === "error") return [{ kind: "note", text: message ?? "an error" }];
  return item ? itemEvents(type, item) : [];
}

/** Its own turn is the whole task, so each call of a tool and each message counts as one. */
function itemEvents(type: string, item: z.output<typeof itemShape>): readonly AgentEvent[] {
  if (HANDS.has(item.type)) return [{ kind: "violation", detail: `it has ${item.type}` }];
  if (type === "item.started" && item.type === "mcp_tool_call") {
    const tool = item.tool ?? "a tool without a name";
    const isOurs = item.server === "qoc" || (item.server === "codex" && RESOURCES.has(tool));
    return isOurs
      ? [{ kind: "turn" }, { kind: "call", tool }]
      : [{ kind: "violation", detail: `${item.server ?? "?"}/${tool}` }];
  }
  if (type !== "item.completed") return [];
  if (item.type === "agent_message") return [{ kind: "turn" }, { kind: "message", text: item.text ?? "" }];
  return item.type === "error" && typeof item.message === "string" ? [{ kind: "note", text: item.message }] : [];
}

export const codex: AgentProgram = {
  name: "codex",
  passthroughEnv: ["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL"],
  // The version that these switches were tried with.
  minVersion: "0.169.0",
  toolDiscovery: "listed",
  hasOwnTools: false,
  reportsCompletion: true,
  launchCommand: line,
  openConversation: ({ bundle }) => ({ initialInput: bundle, keepsInputOpen: false, readLine: parsed }),
};
