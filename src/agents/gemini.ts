/**
 * Gemini CLI under settings that stand above all others, with a policy that denies every tool but the desk's. A server it
 * cannot reach is no error to it, so its first call counts only where the desk saw it ask which tools there are.
 */
import { z } from "zod";
import { CallMap, truncateName } from "./call-ids.ts";
import type { AgentEvent, AgentProgram, Conversation, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { createMessageAssembler } from "./message-assembler.ts";
import { tryParseJson } from "../lib/json.ts";

const PREFIX = "mcp_qoc_";

/** The door's tools and no other: what is denied is not even offered to its model. */
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

function settingsText({ endpoint: door, settings }: LaunchRequest): string {
  return JSON.stringify({
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    privacy: { usageStatisticsEnabled: false },
    security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
    model: { maxSessionTurns: settings.maxTurns },
    hooksConfig: { enabled: false },
    skills: { enabled: false },
    experimental: { enableAgents: false },
    admin: { extensions: { enabled: false } },
    // No instruction file of a folder above.
    context: { includeDirectoryTree: false, memoryBoundaryMarkers: [] },
    mcp: { allowed: ["qoc"] },
    // The token stays in the environment: the program puts it in, and it is in no file.
    mcpServers: { qoc: { httpUrl: door.url, headers: { Authorization: "Bearer ${QOC_TOKEN}" }, trust: true } },
  });
}

function line(ask: LaunchRequest): LaunchCommand {
  return {
    argv: [
      ...(ask.settings.command ?? ["gemini"]),
      ...(ask.settings.model === undefined ? [] : ["--model", ask.settings.model]),
      ...["--output-format", "stream-json", "--admin-policy", `${ask.setupFolder}/policy.toml`, "--extensions", "none"],
    ],
    env: {
      QOC_TOKEN: ask.endpoint.token,
      GEMINI_CLI_HOME: ask.setupFolder,
      // It would start itself a second time to have more memory.
      GEMINI_CLI_NO_RELAUNCH: "1",
    },
    files: { ".gemini/settings.json": settingsText(ask), "policy.toml": POLICY },
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

/** A tool that is not behind the desk's door is marked, so that its name can never pass for one that is. */
function bare(tool: string): string {
  return truncateName(tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : `${tool} (its own)`);
}

function talk({ bundle, endpoint: door }: LaunchRequest): Conversation {
  const calls = new CallMap<string>();
  const told = createMessageAssembler();
  let trouble: string | undefined;
  return {
    initialInput: bundle,
    keepsInputOpen: false,
    readLine: (text) => {
      const event = parseEvent(text);
      if (event === undefined) return undefined;
      const before = trouble;
      trouble = event.type === "error" ? (event.message ?? "an error") : undefined;
      if (event.type === "result") return [...told.flush(), endOf(event, before)];
      if (event.type === "message" && event.role === "assistant") return told.append(event.content ?? "");
      const said = event.type === "tool_use" ? told.toolCall() : told.flush();
      return [...said, ...eventsOf(event, calls, door.tools)];
    },
  };
}

function parseEvent(line: string): Event | undefined {
  return eventShape.safeParse(tryParseJson(line)).data;
}

function eventsOf(event: Event, calls: CallMap<string>, tools: readonly string[]): readonly AgentEvent[] {
  switch (event.type) {
    case "tool_use": {
      const tool = bare(event.tool_name ?? "a tool without a name");
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

/** Of a tool that is not the desk's: it was refused, or the program has a hand that it should not have. */
function resultOf(tool: string, status: Event["status"], tools: readonly string[]): readonly AgentEvent[] {
  if (tools.includes(tool)) return [];
  return [status === "error" ? { kind: "denied", tool } : { kind: "violation", detail: `it used ${tool}` }];
}

/** It calls it a success where it gave up, and says so right before. */
function endOf({ status, error }: Event, trouble: string | undefined): AgentEvent {
  const why = status === "success" ? trouble : (error?.message ?? "an error");
  return { kind: "end", ...(why === undefined ? {} : { failure: `it ended with: ${why.slice(0, 500)}` }) };
}

export const gemini: AgentProgram = {
  name: "gemini",
  passthroughEnv: ["GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"],
  minVersion: "0.61.0",
  toolDiscovery: "listed",
  hasOwnTools: false,
  reportsCompletion: true,
  launchCommand: line,
  openConversation: talk,
};
