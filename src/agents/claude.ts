/**
 * Claude Code without built-in tools, settings, hooks or instruction files, and with one MCP server. Its first line
 * lists its tools. Claude Code goes on if the server is not reachable, so the desk checks that line.
 */
import * as z from "zod";
import { CallMap, truncateName } from "./call-ids.ts";
import type { AgentEvent, AgentProgram, Conversation, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { tryParseJson } from "../lib/json.ts";

const PREFIX = "mcp__qoc__";

// Absent fields are null in some versions and missing in others.
const initShape = z.looseObject({
  tools: z.array(z.string()),
  mcp_servers: z.array(z.looseObject({ name: z.string(), status: z.string() })),
});
const blockShape = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  tool_use_id: z.string().nullish(),
  is_error: z.boolean().nullish(),
});
const assistantShape = z.looseObject({ message: z.looseObject({ id: z.string(), content: z.array(blockShape) }) });
const contentShape = z.union([z.string(), z.array(blockShape)]).nullish();
const userShape = z.looseObject({ message: z.looseObject({ content: contentShape }) });
const resultShape = z.looseObject({
  subtype: z.string(),
  is_error: z.boolean().nullish(),
  result: z.string().nullish(),
  total_cost_usd: z.number().nullish(),
  permission_denials: z.array(z.looseObject({ tool_name: z.string() })).nullish(),
});
const eventShape = z.looseObject({ type: z.string(), subtype: z.unknown().optional() });

function launchCommand({ endpoint, settings, setupFolder }: LaunchRequest): LaunchCommand {
  return {
    argv: [
      ...(settings.command ?? ["claude"]),
      "-p",
      ...["--mcp-config", `${setupFolder}/mcp.json`, "--strict-mcp-config"],
      ...["--bare", "--restricted", "--tools", ""],
      ...["--allowedTools", "mcp__qoc", "--permission-mode", "dontAsk"],
      ...["--setting-sources", "", "--disable-slash-commands", "--no-session-persistence"],
      ...["--max-turns", String(settings.maxTurns), "--max-budget-usd", String(settings.maxCostUsd)],
      ...(settings.model === undefined ? [] : ["--model", settings.model]),
      ...["--output-format", "stream-json", "--verbose"],
    ],
    env: { QOC_TOKEN: endpoint.token, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
    // The program replaces the variable, so that no file contains the token.
    files: {
      "mcp.json": JSON.stringify({
        mcpServers: { qoc: { type: "http", url: endpoint.url, headers: { Authorization: "Bearer ${QOC_TOKEN}" } } },
      }),
    },
  };
}

function openConversation({ bundle, endpoint }: LaunchRequest): Conversation {
  const turns = new CallMap<true>();
  const calls = new CallMap<string>();
  return {
    initialInput: bundle,
    keepsInputOpen: false,
    readLine: (line) => {
      const event = parseEvent(line);
      if (event === undefined) return undefined;
      switch (event.type) {
        case "system":
          return event.subtype === "init" ? readInit(event) : [];
        case "assistant":
          return readAs(assistantShape, event, (message) =>
            readAssistant(message, { turns, calls, tools: endpoint.tools }),
          );
        case "user":
          return readAs(userShape, event, (message) => readUser(message, calls, endpoint.tools));
        case "result":
          return readAs(resultShape, event, readResult);
        default:
          return [];
      }
    },
  };
}

function parseEvent(line: string): z.output<typeof eventShape> | undefined {
  return eventShape.safeParse(tryParseJson(line)).data;
}

/** An event of an unexpected shape counts as a line that is not in the program's format. */
function readAs<T>(
  shape: z.ZodType<T>,
  event: unknown,
  read: (event: T) => readonly AgentEvent[],
): readonly AgentEvent[] | undefined {
  const parsed = shape.safeParse(event);
  return parsed.success ? read(parsed.data) : undefined;
}

/** If this event cannot be parsed, the tools cannot be compared, so the run is stopped. */
function readInit(line: unknown): readonly AgentEvent[] {
  const { data: event } = initShape.safeParse(line);
  if (event === undefined) return [{ kind: "violation", detail: "the list of its tools and servers cannot be parsed" }];
  const first = event.mcp_servers.find(({ name, status }) => name !== "qoc" || status !== "connected");
  if (first !== undefined) return [{ kind: "violation", detail: `the MCP server ${first.name} is ${first.status}` }];
  if (event.mcp_servers.length !== 1) return [{ kind: "violation", detail: "the desk's MCP server is not connected" }];
  return [{ kind: "ready", tools: event.tools.map(deskToolName) }];
}

/** The desk's name of a tool. Other tools get a suffix, so that their names cannot equal a desk tool's. */
function deskToolName(tool: string): string {
  return truncateName(tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : `${tool} (its own)`);
}

interface SessionState {
  /** Ids of the turns that were counted. */
  readonly turns: CallMap<true>;
  /** The tool by the id of its call. */
  readonly calls: CallMap<string>;
  /** The desk's tools. */
  readonly tools: readonly string[];
}

/** A turn arrives as several events with the same id, one for each block. */
function readAssistant(
  event: z.output<typeof assistantShape>,
  { turns, calls, tools }: SessionState,
): readonly AgentEvent[] {
  const { id, content } = event.message;
  const events: AgentEvent[] = turns.get(id) === true ? [] : [{ kind: "turn" }];
  turns.set(id, true);
  for (const block of content) {
    if (block.type === "text" && typeof block.text === "string") events.push({ kind: "message", text: block.text });
    if (block.type !== "tool_use" || typeof block.name !== "string") continue;
    const tool = deskToolName(block.name);
    calls.set(block.id ?? "", tool);
    if (tools.includes(tool)) events.push({ kind: "call", tool });
  }
  return events;
}

/** Results of tools that are not the desk's: denied by the program itself, or a violation. */
function readUser(
  event: z.output<typeof userShape>,
  calls: CallMap<string>,
  tools: readonly string[],
): readonly AgentEvent[] {
  const { content } = event.message;
  if (!Array.isArray(content)) return [];
  return content.flatMap((block): readonly AgentEvent[] => {
    const tool = calls.get(block.tool_use_id ?? "") ?? "a tool without a name";
    if (block.type !== "tool_result" || tools.includes(tool)) return [];
    return [block.is_error === true ? { kind: "denied", tool } : { kind: "violation", detail: `it used ${tool}` }];
  });
}

const FAILURES: ReadonlyMap<string, string> = new Map([
  ["error_max_turns", "reached its turn limit"],
  ["error_max_budget_usd", "reached its cost limit"],
]);

function readResult(event: z.output<typeof resultShape>): readonly AgentEvent[] {
  const isFailed = event.subtype !== "success" || event.is_error === true;
  const failure =
    FAILURES.get(event.subtype) ??
    `ended with ${event.subtype === "success" ? "an error" : event.subtype.slice(0, 500)}`;
  // Denials of its own tools were reported with the call's result.
  const denied = (event.permission_denials ?? []).filter(({ tool_name }) => tool_name.startsWith(PREFIX));
  return [
    ...denied.map(({ tool_name }): AgentEvent => ({ kind: "denied", tool: deskToolName(tool_name) })),
    ...(typeof event.total_cost_usd === "number" ? [{ kind: "cost", usd: event.total_cost_usd } as const] : []),
    { kind: "end", text: event.result ?? undefined, failure: isFailed ? failure : undefined },
  ];
}

export const claude: AgentProgram = {
  name: "claude",
  passthroughEnv: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_OAUTH_TOKEN"],
  // The first version with `--restricted`.
  minVersion: "2.1.248",
  toolDiscovery: "announced",
  hasOwnTools: false,
  reportsCompletion: true,
  launchCommand,
  openConversation,
};
