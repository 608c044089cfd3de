/**
 * Claude Code without hands: no built-in tool, no settings, hooks or instruction files of any folder, one MCP server. Its
 * first line tells which tools it has. A server it cannot reach is no error to it, so that line is checked by the desk.
 */
import { z } from "zod";
import { CallMap, truncateName } from "./call-ids.ts";
import type { AgentEvent, AgentProgram, Conversation, LaunchRequest, LaunchCommand } from "./runtime.ts";
import { tryParseJson } from "../lib/json.ts";

const PREFIX = "mcp__qoc__";

// Its makers tell of what is absent by null in one place and by nothing in another.
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

function line({ endpoint: door, settings, setupFolder: setup }: LaunchRequest): LaunchCommand {
  return {
    argv: [
      ...(settings.command ?? ["claude"]),
      "-p",
      ...["--mcp-config", `${setup}/mcp.json`, "--strict-mcp-config"],
      ...["--bare", "--restricted", "--tools", ""],
      ...["--allowedTools", "mcp__qoc", "--permission-mode", "dontAsk"],
      ...["--setting-sources", "", "--disable-slash-commands", "--no-session-persistence"],
      ...["--max-turns", String(settings.maxTurns), "--max-budget-usd", String(settings.maxCostUsd)],
      ...(settings.model === undefined ? [] : ["--model", settings.model]),
      ...["--output-format", "stream-json", "--verbose"],
    ],
    env: { QOC_TOKEN: door.token, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
    // The token stays in the environment: the program puts it in, and it is in no file.
    files: {
      "mcp.json": JSON.stringify({
        mcpServers: { qoc: { type: "http", url: door.url, headers: { Authorization: "Bearer ${QOC_TOKEN}" } } },
      }),
    },
  };
}

function talk({ bundle, endpoint: door }: LaunchRequest): Conversation {
  const turns = new CallMap<true>();
  const calls = new CallMap<string>();
  return {
    initialInput: bundle,
    keepsInputOpen: false,
    readLine: (text) => {
      const event = parseEvent(text);
      if (event === undefined) return undefined;
      switch (event.type) {
        case "system":
          return event.subtype === "init" ? readInit(event) : [];
        case "assistant":
          return readAs(assistantShape, event, (told) => readAssistant(told, turns, calls, door.tools));
        case "user":
          return readAs(userShape, event, (told) => readUser(told, calls, door.tools));
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

/** An event that is not as it should be counts as a line that nobody could read. */
function readAs<T>(
  shape: z.ZodType<T>,
  event: unknown,
  read: (event: T) => readonly AgentEvent[],
): readonly AgentEvent[] | undefined {
  const told = shape.safeParse(event);
  return told.success ? read(told.data) : undefined;
}

/** Passed over it would not be held against the door's tools, so one that cannot be read is the end of the run. */
function readInit(said: unknown): readonly AgentEvent[] {
  const { data: event } = initShape.safeParse(said);
  if (event === undefined)
    return [{ kind: "violation", detail: "the tools and servers that it tells of cannot be read" }];
  const odd = event.mcp_servers.filter(({ name, status }) => name !== "qoc" || status !== "connected");
  const [first] = odd;
  if (first !== undefined) return [{ kind: "violation", detail: `the MCP server ${first.name} is ${first.status}` }];
  if (event.mcp_servers.length !== 1) return [{ kind: "violation", detail: "the desk's MCP server is not connected" }];
  return [{ kind: "ready", tools: event.tools.map(bare) }];
}

/** A tool that is not behind the desk's door is marked, so that its name can never pass for one that is. */
function bare(tool: string): string {
  return truncateName(tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : `${tool} (its own)`);
}

/** One turn comes as several events with one id, a block each. */
function readAssistant(
  event: z.output<typeof assistantShape>,
  turns: CallMap<true>,
  calls: CallMap<string>,
  tools: readonly string[],
): readonly AgentEvent[] {
  const { id, content } = event.message;
  const events: AgentEvent[] = turns.get(id) === true ? [] : [{ kind: "turn" }];
  turns.set(id, true);
  for (const block of content) {
    if (block.type === "text" && typeof block.text === "string") events.push({ kind: "message", text: block.text });
    if (block.type !== "tool_use" || typeof block.name !== "string") continue;
    const tool = bare(block.name);
    calls.set(block.id ?? "", tool);
    if (tools.includes(tool)) events.push({ kind: "call", tool });
  }
  return events;
}

/** A tool that is not the desk's: it refused it by itself, or it has a hand that it should not have. */
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
  ["error_max_turns", "it took as many turns as it may"],
  ["error_max_budget_usd", "it cost as much as it may"],
]);

function readResult(event: z.output<typeof resultShape>): readonly AgentEvent[] {
  const isFailed = event.subtype !== "success" || event.is_error === true;
  const failure =
    FAILURES.get(event.subtype) ??
    `it ended with ${event.subtype === "success" ? "an error" : event.subtype.slice(0, 500)}`;
  // Of a tool of its own it was told with the call's result.
  const denied = (event.permission_denials ?? []).filter(({ tool_name }) => tool_name.startsWith(PREFIX));
  return [
    ...denied.map(({ tool_name }): AgentEvent => ({ kind: "denied", tool: bare(tool_name) })),
    ...(typeof event.total_cost_usd === "number" ? [{ kind: "cost", usd: event.total_cost_usd } as const] : []),
    {
      kind: "end",
      ...(typeof event.result === "string" ? { text: event.result } : {}),
      ...(isFailed ? { failure } : {}),
    },
  ];
}

export const claude: AgentProgram = {
  name: "claude",
  passthroughEnv: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_OAUTH_TOKEN"],
  // `--restricted` came with it.
  minVersion: "2.1.248",
  toolDiscovery: "announced",
  hasOwnTools: false,
  reportsCompletion: true,
  launchCommand: line,
  openConversation: talk,
};
