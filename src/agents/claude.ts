/**
 * Claude Code without hands: no built-in tool, no settings, hooks or instruction files of any folder, one MCP server. Its
 * first line tells which tools it has. A server it cannot reach is no error to it, so that line is checked by the desk.
 */
import { z } from "zod";
import type { AgentEvent, AgentProgram, Conversation, LaunchAsk, LaunchLine } from "./runtime.ts";

const PREFIX = "mcp__qoc__";

const initShape = z.looseObject({
  type: z.literal("system"),
  subtype: z.literal("init"),
  tools: z.array(z.string()),
  mcp_servers: z.array(z.looseObject({ name: z.string(), status: z.string() })),
});
const blockShape = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
});
const assistantShape = z.looseObject({
  type: z.literal("assistant"),
  message: z.looseObject({ id: z.string(), content: z.array(blockShape) }),
});
const contentShape = z.union([z.string(), z.array(blockShape)]);
const userShape = z.looseObject({ type: z.literal("user"), message: z.looseObject({ content: contentShape }) });
const resultShape = z.looseObject({
  type: z.literal("result"),
  subtype: z.string(),
  is_error: z.boolean().optional(),
  result: z.string().optional(),
  total_cost_usd: z.number().optional(),
  permission_denials: z.array(z.looseObject({ tool_name: z.string() })).optional(),
});
const otherShape = z.looseObject({ type: z.string() });
const eventShape = z.union([initShape, assistantShape, userShape, resultShape, otherShape]);

const line = ({ door, settings, setup }: LaunchAsk): LaunchLine => ({
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
});

const talk = ({ bundle, door }: LaunchAsk): Conversation => {
  const turns = new Set<string>();
  const calls = new Map<string, string>();
  return {
    opening: bundle,
    answers: false,
    read: (text) => {
      const event = parsed(text);
      if (event === undefined) return undefined;
      if ("mcp_servers" in event && "tools" in event) return readInit(initShape.parse(event));
      if (event.type === "assistant" && "message" in event) return readAssistant(assistantShape.parse(event), turns, calls, door.tools);
      if (event.type === "user" && "message" in event) return readUser(userShape.parse(event), calls, door.tools);
      if (event.type === "result" && "subtype" in event) return readResult(resultShape.parse(event));
      return [];
    },
  };
};

const parsed = (text: string): z.output<typeof eventShape> | undefined => {
  try {
    return eventShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

const readInit = (event: z.output<typeof initShape>): readonly AgentEvent[] => {
  const odd = event.mcp_servers.filter(({ name, status }) => name !== "qoc" || status !== "connected");
  const [first] = odd;
  if (first !== undefined) return [{ kind: "foreign", what: `the MCP server ${first.name} is ${first.status}` }];
  if (event.mcp_servers.length !== 1) return [{ kind: "foreign", what: "the desk's MCP server is not connected" }];
  return [{ kind: "ready", tools: event.tools.map(bare) }];
};

/** A tool that is not behind the desk's door is marked, so that its name can never pass for one that is. */
const bare = (tool: string): string => (tool.startsWith(PREFIX) ? tool.slice(PREFIX.length) : `${tool} (its own)`);

/** One turn comes as several events with one id, a block each. */
const readAssistant = (
  event: z.output<typeof assistantShape>,
  turns: Set<string>,
  calls: Map<string, string>,
  tools: readonly string[],
): readonly AgentEvent[] => {
  const { id, content } = event.message;
  const events: AgentEvent[] = turns.has(id) ? [] : [{ kind: "turn" }];
  turns.add(id);
  for (const block of content) {
    if (block.type === "text" && block.text !== undefined) events.push({ kind: "say", text: block.text });
    if (block.type !== "tool_use" || block.name === undefined) continue;
    const tool = bare(block.name);
    calls.set(block.id ?? "", tool);
    if (tools.includes(tool)) events.push({ kind: "call", tool });
  }
  return events;
};

/** A tool that is not the desk's: it refused it by itself, or it has a hand that it should not have. */
const readUser = (event: z.output<typeof userShape>, calls: Map<string, string>, tools: readonly string[]): readonly AgentEvent[] => {
  const { content } = event.message;
  if (typeof content === "string") return [];
  return content.flatMap((block): readonly AgentEvent[] => {
    const tool = calls.get(block.tool_use_id ?? "") ?? "a tool without a name";
    if (block.type !== "tool_result" || tools.includes(tool)) return [];
    return [block.is_error === true ? { kind: "refused", tool } : { kind: "foreign", what: `it used ${tool}` }];
  });
};

const FAILURES: Readonly<Record<string, string>> = {
  error_max_turns: "it took as many turns as it may",
  error_max_budget_usd: "it cost as much as it may",
};

const readResult = (event: z.output<typeof resultShape>): readonly AgentEvent[] => {
  const isFailed = event.subtype !== "success" || event.is_error === true;
  const failure = FAILURES[event.subtype] ?? `it ended with ${event.subtype === "success" ? "an error" : event.subtype}`;
  // Of a tool of its own it was told with the call's result.
  const denied = (event.permission_denials ?? []).filter(({ tool_name }) => tool_name.startsWith(PREFIX));
  return [
    ...denied.map(({ tool_name }): AgentEvent => ({ kind: "refused", tool: bare(tool_name) })),
    ...(event.total_cost_usd === undefined ? [] : [{ kind: "cost", usd: event.total_cost_usd } as const]),
    { kind: "end", ...(event.result === undefined ? {} : { text: event.result }), ...(isFailed ? { failure } : {}) },
  ];
};

export const claude: AgentProgram = {
  name: "claude",
  lends: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_OAUTH_TOKEN"],
  // `--restricted` came with it.
  floor: "2.1.248",
  tools: "says",
  hasHands: false,
  tellsEnd: true,
  line,
  talk,
};
