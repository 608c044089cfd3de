/** opencode with every tool denied but the desk's, and without any configuration, plug-in or download of its own. */
import { z } from "zod";
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

const OFF = ["PROJECT_CONFIG", "AUTOUPDATE", "MODELS_FETCH", "DEFAULT_PLUGINS", "LSP_DOWNLOAD", "CLAUDE_CODE"];

/** Another address of a maker's interface than the maker's own; keys and token are put in by the program, and are in no file. */
function providerOf({ settings, passedEnv: lent }: LaunchRequest): object {
  const [, name, model] = /^([^/]+)\/(.+)$/.exec(settings.model ?? "") ?? [];
  if (name === undefined || model === undefined) return {};
  const [anthropic, openai] = [lent["ANTHROPIC_BASE_URL"], lent["OPENAI_BASE_URL"]];
  // The variable is without the version, as its maker's own programs want it.
  if (name === "anthropic")
    return anthropic === undefined ? {} : { provider: { anthropic: { options: { baseURL: `${anthropic}/v1` } } } };
  if (openai === undefined) return {};
  const options = { baseURL: openai, apiKey: "{env:OPENAI_API_KEY}" };
  return { provider: { [name]: { npm: "@ai-sdk/openai-compatible", options, models: { [model]: {} } } } };
}

/**
 * At each start it would fetch a package for plug-ins into the folder of its configuration, with all that this needs; a folder
 * that has it by its lock file is left as it is.
 */
const NOTHING_TO_FETCH = {
  "opencode/node_modules/none": "",
  "opencode/package-lock.json": JSON.stringify({ packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } } }),
};

function line(ask: LaunchRequest): LaunchCommand {
  return {
    argv: [
      ...(ask.settings.command ?? ["opencode"]),
      ...["run", "--pure", "--format", "json"],
      ...(ask.settings.model === undefined ? [] : ["--model", ask.settings.model]),
    ],
    env: {
      QOC_TOKEN: ask.endpoint.token,
      OPENCODE_CONFIG: `${ask.setupFolder}/opencode.json`,
      XDG_CONFIG_HOME: ask.setupFolder,
      ...Object.fromEntries(OFF.map((what) => [`OPENCODE_DISABLE_${what}`, "1"])),
    },
    files: {
      ...NOTHING_TO_FETCH,
      "opencode.json": JSON.stringify({
        share: "disabled",
        permission: { "*": "deny", "qoc_*": "allow" },
        mcp: {
          qoc: {
            type: "remote",
            url: ask.endpoint.url,
            headers: { Authorization: "Bearer {env:QOC_TOKEN}" },
            oauth: false,
          },
        },
        ...providerOf(ask),
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
  // The version that these switches were tried with.
  minVersion: "1.18.33",
  toolDiscovery: "listed",
  hasOwnTools: false,
  reportsCompletion: false,
  launchCommand: line,
  openConversation: ({ bundle, endpoint: door }) => {
    let bill = 0;
    return {
      initialInput: bundle,
      keepsInputOpen: false,
      readLine: (line) => {
        const event = parseEvent(line);
        if (event === undefined) return undefined;
        if (event.type === "step_finish") bill += event.part?.cost ?? 0;
        return eventsOf(event, bill, door.tools);
      },
    };
  },
};

function parseEvent(line: string): z.output<typeof eventShape> | undefined {
  return eventShape.safeParse(tryParseJson(line)).data;
}

function eventsOf(
  { type, part, error }: z.output<typeof eventShape>,
  bill: number,
  tools: readonly string[],
): readonly AgentEvent[] {
  if (type === "step_start") return [{ kind: "turn" }];
  if (type === "step_finish") return [{ kind: "cost", usd: bill }];
  if (type === "text" && typeof part?.text === "string") return [{ kind: "message", text: part.text }];
  if (type === "tool_use" && typeof part?.tool === "string") return [callOf(part.tool, part.state?.status, tools)];
  if (type === "error")
    return [{ kind: "end", failure: `it ended with ${JSON.stringify(error ?? "an error").slice(0, 500)}` }];
  return [];
}

/** One of its own that did something is a hand that it should not have; one that it refused is told as such. */
function callOf(tool: string, status: string | null | undefined, tools: readonly string[]): AgentEvent {
  const bare = tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : tool;
  if (tools.includes(bare)) return { kind: "call", tool: bare };
  return status === "completed" ? { kind: "violation", detail: `it used ${tool}` } : { kind: "denied", tool };
}
