/**
 * Codex without its shell and its other tools. It exits if it cannot reach the desk (`required`). Some of its models
 * are offered a tool that patches files in spite of all settings, so it also gets no environment to act in. Its events
 * do not include the tools that it denies.
 */
import * as z from "zod";
import type { AgentEvent, AgentProgram, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { tryParseJson } from "../lib/json.ts";

/** A JSON string is a TOML string, too. */
function tomlString(name: string, value: string): string {
  return `${name} = ${JSON.stringify(value)}`;
}

/** Features besides MCP, all switched off. A version ignores names that it does not know. */
const FEATURES = [
  ...["shell_tool", "unified_exec", "view_image", "image_generation", "browser_use", "computer_use", "in_app_browser"],
  ...["goals", "apps", "hooks", "plugins", "remote_plugin", "sleep_tool", "skill_search", "tool_suggest"],
];

/** No environment to act in, not even this machine. */
const NO_ENVIRONMENTS = 'default = "none"\ninclude_local = false\n';

function configText({ endpoint, settings, passedEnv }: LaunchRequest): string {
  const url = passedEnv["OPENAI_BASE_URL"];
  return [
    ...(settings.model === undefined ? [] : [tomlString("model", settings.model)]),
    ...(url === undefined ? [] : ['model_provider = "custom"']),
    'approval_policy = "never"',
    'sandbox_mode = "read-only"',
    "check_for_update_on_startup = false",
    'web_search = "disabled"',
    // Reads no instruction file.
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
          "[model_providers.custom]",
          'name = "custom"',
          tomlString("base_url", url),
          'env_key = "CODEX_API_KEY"',
          'wire_api = "responses"',
        ]),
    "[mcp_servers.qoc]",
    tomlString("url", endpoint.url),
    'bearer_token_env_var = "QOC_TOKEN"',
    "required = true",
    'default_tools_approval_mode = "approve"',
    "",
  ].join("\n");
}

function launchCommand(request: LaunchRequest): LaunchCommand {
  // `codex exec` reads the key from this variable only.
  const key = request.passedEnv["CODEX_API_KEY"] ?? request.passedEnv["OPENAI_API_KEY"];
  const env: Record<string, string> = { QOC_TOKEN: request.endpoint.token, CODEX_HOME: request.setupFolder };
  if (key !== undefined) env["CODEX_API_KEY"] = key;
  return {
    argv: [...(request.settings.command ?? ["codex"]), "exec", "--json", "--ephemeral", "--skip-git-repo-check", "-"],
    env,
    files: { "config.toml": configText(request), "environments.toml": NO_ENVIRONMENTS },
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

/** Items of its own tools, which must not occur. */
const OWN_TOOL_ITEMS: ReadonlySet<string> = new Set(["command_execution", "file_change", "web_search"]);

/** Built-in tools that read the resources of its MCP servers; the desk is the only server. */
const RESOURCES: ReadonlySet<string> = new Set([
  "list_mcp_resources",
  "list_mcp_resource_templates",
  "read_mcp_resource",
]);

function readLine(line: string): readonly AgentEvent[] | undefined {
  const { data } = eventShape.safeParse(tryParseJson(line));
  return data === undefined ? undefined : eventsOf(data);
}

function eventsOf({ type, item, error, message }: z.output<typeof eventShape>): readonly AgentEvent[] {
  if (type === "turn.completed") return [{ kind: "end" }];
  if (type === "turn.failed")
    return [{ kind: "end", failure: `ended with: ${(error?.message ?? "an error").slice(0, 500)}` }];
  // Sent for each failed attempt to reach its model; a later attempt may succeed.
  if (type === "error") return [{ kind: "note", text: message ?? "an error" }];
  return item ? itemEvents(type, item) : [];
}

/** What Codex calls a turn is the whole task, so each tool call and each message counts as a turn. */
function itemEvents(type: string, item: z.output<typeof itemShape>): readonly AgentEvent[] {
  if (OWN_TOOL_ITEMS.has(item.type)) return [{ kind: "violation", detail: item.type }];
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
  // The version that these settings were tested with.
  minVersion: "0.169.0",
  toolDiscovery: "listed",
  hasOwnTools: false,
  reportsCompletion: true,
  launchCommand,
  openConversation: ({ bundle }) => ({ initialInput: bundle, keepsInputOpen: false, readLine }),
};
