/** opencode with only the desk's tools, and without project configuration, plug-ins or downloads. */
import * as z from "zod";
import type { AgentEvent, AgentProgram, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { tryParseJson } from "../lib/json.ts";

const PREFIX = "qoc_";

const eventShape = z.looseObject({
  type: z.string(),
  part: z
    .looseObject({
      tool: z.string().nullish(),
      text: z.string().nullish(),
      cost: z.number().nullish(),
      state: z.looseObject({ status: z.string().nullish() }).nullish(),
    })
    .nullish(),
  error: z.unknown().optional(),
});

const DISABLED = ["PROJECT_CONFIG", "AUTOUPDATE", "MODELS_FETCH", "DEFAULT_PLUGINS", "LSP_DOWNLOAD", "CLAUDE_CODE"];

/** A custom base URL of a model provider. The program replaces the variables, so that no file contains a key. */
function providerOf({ settings, passedEnv }: LaunchRequest): object {
  const [, name, model] = /^([^/]+)\/(.+)$/.exec(settings.model ?? "") ?? [];
  if (name === undefined || model === undefined) return {};
  const [anthropic, openai] = [passedEnv["ANTHROPIC_BASE_URL"], passedEnv["OPENAI_BASE_URL"]];
  // The variable has no version in its path, unlike the provider's setting.
  if (name === "anthropic")
    return anthropic === undefined ? {} : { provider: { anthropic: { options: { baseURL: `${anthropic}/v1` } } } };
  if (openai === undefined) return {};
  const options = { baseURL: openai, apiKey: "{env:OPENAI_API_KEY}" };
  return { provider: { [name]: { npm: "@ai-sdk/openai-compatible", options, models: { [model]: {} } } } };
}

/**
 * At each start opencode installs its plug-in package into its configuration folder, unless the lock file there lists
 * it.
 */
const NO_PLUGIN_DOWNLOAD = {
  "opencode/node_modules/none": "",
  "opencode/package-lock.json": JSON.stringify({ packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } } }),
};

function launchCommand(request: LaunchRequest): LaunchCommand {
  return {
    argv: [
      ...(request.settings.command ?? ["opencode"]),
      ...["run", "--pure", "--format", "json"],
      ...(request.settings.model === undefined ? [] : ["--model", request.settings.model]),
    ],
    env: {
      QOC_TOKEN: request.endpoint.token,
      OPENCODE_CONFIG: `${request.setupFolder}/opencode.json`,
      XDG_CONFIG_HOME: request.setupFolder,
      ...Object.fromEntries(DISABLED.map((feature) => [`OPENCODE_DISABLE_${feature}`, "1"])),
    },
    files: {
      ...NO_PLUGIN_DOWNLOAD,
      "opencode.json": JSON.stringify({
        share: "disabled",
        permission: { "*": "deny", "qoc_*": "allow" },
        mcp: {
          qoc: {
            type: "remote",
            url: request.endpoint.url,
            headers: { Authorization: "Bearer {env:QOC_TOKEN}" },
            oauth: false,
          },
        },
        ...providerOf(request),
      }),
    },
  };
}

export const opencode: AgentProgram = {
  name: "opencode",
  passthroughEnv: [
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "OPENROUTER_API_KEY",
  ],
  // The version that these settings were tested with.
  minVersion: "1.18.33",
  toolDiscovery: "listed",
  hasOwnTools: false,
  reportsCompletion: false,
  launchCommand,
  openConversation: ({ bundle, endpoint }) => {
    let totalUsd = 0;
    return {
      initialInput: bundle,
      keepsInputOpen: false,
      readLine: (line) => {
        const event = parseEvent(line);
        if (event === undefined) return undefined;
        if (event.type === "step_finish") totalUsd += Math.max(0, event.part?.cost ?? 0);
        return eventsOf(event, totalUsd, endpoint.tools);
      },
    };
  },
};

function parseEvent(line: string): z.output<typeof eventShape> | undefined {
  return eventShape.safeParse(tryParseJson(line)).data;
}

function eventsOf(
  { type, part, error }: z.output<typeof eventShape>,
  totalUsd: number,
  tools: readonly string[],
): readonly AgentEvent[] {
  if (type === "step_start") return [{ kind: "turn" }];
  if (type === "step_finish") return [{ kind: "cost", usd: totalUsd }];
  if (type === "text" && typeof part?.text === "string") return [{ kind: "message", text: part.text }];
  if (type === "tool_use" && typeof part?.tool === "string") return [callEvent(part.tool, part.state?.status, tools)];
  if (type === "error")
    return [{ kind: "end", failure: `ended with ${JSON.stringify(error ?? "an error").slice(0, 500)}` }];
  return [];
}

/** Tools that are not the desk's: a violation if the call completed, otherwise denied by the program itself. */
function callEvent(tool: string, status: string | null | undefined, tools: readonly string[]): AgentEvent {
  const name = tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : tool;
  if (tools.includes(name)) return { kind: "call", tool: name };
  return status === "completed" ? { kind: "violation", detail: `it used ${tool}` } : { kind: "denied", tool };
}
