/**
 * Gemini CLI with an admin policy that denies every tool but the desk's. It goes on if the server is not reachable, so
 * it must have requested the desk's tool list before its first call.
 */
import * as z from "zod";
import { CallMap, truncateName } from "./call-ids.ts";
import type { AgentEvent, AgentProgram, Conversation, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { createMessageAssembler } from "./message-assembler.ts";
import { tryParseJson } from "../lib/json.ts";

const PREFIX = "mcp_qoc_";

/** Only the desk's tools; denied tools are not offered to the model. */
const POLICY = `[[rule]]
toolName = "*"
decision = "deny"
priority = 500
[[rule]]
toolName = "*"
mcpName = "qoc"
decision = "allow"
priority = 900
`;

function settingsText({ endpoint, settings }: LaunchRequest): string {
  return JSON.stringify({
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    privacy: { usageStatisticsEnabled: false },
    security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
    model: { maxSessionTurns: settings.maxTurns },
    hooksConfig: { enabled: false },
    skills: { enabled: false },
    experimental: { enableAgents: false },
    admin: { extensions: { enabled: false } },
    // Reads no instruction file of the folders above.
    context: { includeDirectoryTree: false, memoryBoundaryMarkers: [] },
    mcp: { allowed: ["qoc"] },
    // The program replaces the variable, so that no file contains the token.
    mcpServers: { qoc: { httpUrl: endpoint.url, headers: { Authorization: "Bearer ${QOC_TOKEN}" }, trust: true } },
  });
}

function launchCommand(request: LaunchRequest): LaunchCommand {
  return {
    argv: [
      ...(request.settings.command ?? ["gemini"]),
      ...(request.settings.model === undefined ? [] : ["--model", request.settings.model]),
      ...[
        "--output-format",
        "stream-json",
        "--admin-policy",
        `${request.setupFolder}/policy.toml`,
        "--extensions",
        "none",
      ],
    ],
    env: {
      QOC_TOKEN: request.endpoint.token,
      GEMINI_CLI_HOME: request.setupFolder,
      // Otherwise the program starts itself again with more memory.
      GEMINI_CLI_NO_RELAUNCH: "1",
    },
    files: { ".gemini/settings.json": settingsText(request), "policy.toml": POLICY },
  };
}

const eventShape = z.looseObject({
  type: z.string(),
  role: z.string().nullish(),
  content: z.string().nullish(),
  tool_name: z.string().nullish(),
  tool_id: z.string().nullish(),
  status: z.string().nullish(),
  error: z.looseObject({ message: z.string().nullish() }).nullish(),
  message: z.string().nullish(),
});
type Event = z.output<typeof eventShape>;

/** The desk's name of a tool. Other tools get a suffix, so that their names cannot equal a desk tool's. */
function deskToolName(tool: string): string {
  return truncateName(tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : `${tool} (its own)`);
}

function openConversation({ bundle, endpoint }: LaunchRequest): Conversation {
  const calls = new CallMap<string>();
  const message = createMessageAssembler();
  let lastError: string | undefined;
  return {
    initialInput: bundle,
    keepsInputOpen: false,
    readLine: (line) => {
      const event = parseEvent(line);
      if (event === undefined) return undefined;
      const previousError = lastError;
      lastError = event.type === "error" ? (event.message ?? "an error") : undefined;
      if (event.type === "result") return [...message.flush(), endEvent(event, previousError)];
      if (event.type === "message" && event.role === "assistant") return message.append(event.content ?? "");
      const messageEvents = event.type === "tool_use" ? message.toolCall() : message.flush();
      return [...messageEvents, ...eventsOf(event, calls, endpoint.tools)];
    },
  };
}

function parseEvent(line: string): Event | undefined {
  return eventShape.safeParse(tryParseJson(line)).data;
}

function eventsOf(event: Event, calls: CallMap<string>, tools: readonly string[]): readonly AgentEvent[] {
  switch (event.type) {
    case "tool_use": {
      const tool = deskToolName(event.tool_name ?? "a tool without a name");
      calls.set(event.tool_id ?? "", tool);
      return tools.includes(tool) ? [{ kind: "call", tool }] : [];
    }
    case "tool_result":
      return resultOf(calls.get(event.tool_id ?? "") ?? "a tool without a name", event.status, tools);
    case "error":
      return [{ kind: "note", text: event.message ?? "an error" }];
    default:
      return [];
  }
}

/** Results of tools that are not the desk's: denied by the program itself, or a violation. */
function resultOf(tool: string, status: Event["status"], tools: readonly string[]): readonly AgentEvent[] {
  if (tools.includes(tool)) return [];
  return [status === "error" ? { kind: "denied", tool } : { kind: "violation", detail: `it used ${tool}` }];
}

/** Gemini CLI reports success even if it gave up; the error is then in the event right before. */
function endEvent({ status, error }: Event, previousError: string | undefined): AgentEvent {
  const reason = status === "success" ? previousError : (error?.message ?? "an error");
  return { kind: "end", failure: reason === undefined ? undefined : `ended with: ${reason.slice(0, 500)}` };
}

export const gemini: AgentProgram = {
  name: "gemini",
  passthroughEnv: ["GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"],
  minVersion: "0.61.0",
  toolDiscovery: "listed",
  hasOwnTools: false,
  reportsCompletion: true,
  launchCommand,
  openConversation,
};
