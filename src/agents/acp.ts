/**
 * Any program of the Agent Client Protocol (version 1): JSON-RPC, a line each. The desk is its client and lends it no files
 * and no terminal; of what it asks leave for, only the desk's own tools are let through.
 */
import { z } from "zod";
import { CallMap, truncateName } from "./call-ids.ts";
import type { AgentEvent, AgentProgram, Conversation, LaunchRequest } from "./runtime.ts";
import { createMessageAssembler } from "./message-assembler.ts";
import { tryParseJson } from "../lib/json.ts";

const VERSION = 1;

/** What the desk asks, in this order; the number of each is its place. */
const ASKS = ["initialize", "session/new", "session/prompt"] as const;

const METHOD_NOT_FOUND = -32_601;

const idShape = z.union([z.string(), z.number()]);
const messageShape = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: idShape.nullish(),
  method: z.string().nullish(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).nullish(),
});
const initializedShape = z.looseObject({
  protocolVersion: z.number(),
  agentCapabilities: z
    .looseObject({ mcpCapabilities: z.looseObject({ http: z.boolean().nullish() }).nullish() })
    .nullish(),
});
const sessionShape = z.looseObject({ sessionId: z.string() });
const promptedShape = z.looseObject({ stopReason: z.string() });
const callShape = z.looseObject({
  toolCallId: z.string(),
  title: z.string().nullish(),
  kind: z.string().nullish(),
  status: z.string().nullish(),
});
type Call = z.output<typeof callShape>;
const permissionShape = z.looseObject({
  toolCall: callShape,
  options: z.array(z.looseObject({ optionId: z.string(), kind: z.string() })),
});
const updateShape = z.looseObject({
  update: z.looseObject({ sessionUpdate: z.string(), content: z.unknown().optional() }),
});
const textShape = z.looseObject({ type: z.literal("text"), text: z.string() });

export const acp: AgentProgram = {
  name: "acp",
  passthroughEnv: [],
  toolDiscovery: "listed",
  hasOwnTools: true,
  reportsCompletion: true,
  launchCommand: ({ settings }) => ({ argv: settings.command ?? [], env: {}, files: {} }),
  openConversation: (ask) => talk(ask),
};

function asked(ask: (typeof ASKS)[number], params: object): string {
  return message({ id: ASKS.indexOf(ask), method: ask, params });
}

function message(body: object): string {
  return `${JSON.stringify({ jsonrpc: "2.0", ...body })}\n`;
}

function talk(ask: LaunchRequest): Conversation {
  const { told, calls, update, isOurs } = hearing(ask.endpoint.tools);
  return {
    initialInput: asked("initialize", {
      protocolVersion: VERSION,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: "qoc", version: "1" },
    }),
    keepsInputOpen: true,
    readLine: (line, send) => {
      const said = parseEvent(line);
      if (said === undefined) return undefined;
      if (typeof said.method !== "string") return [...told.flush(), ...answered(said, ask, send)];
      if (said.id === undefined || said.id === null) return said.method === "session/update" ? update(said.params) : [];
      const leave =
        said.method === "session/request_permission" ? permissionShape.safeParse(said.params).data : undefined;
      if (leave === undefined) {
        send(
          message({ id: said.id, error: { code: METHOD_NOT_FOUND, message: `the desk does not lend ${said.method}` } }),
        );
        return [];
      }
      const events = calls(leave.toolCall);
      const option = leave.options.find(({ kind }) => kind === (isOurs(leave.toolCall) ? "allow_once" : "reject_once"));
      const outcome =
        option === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: option.optionId };
      send(message({ id: said.id, result: { outcome } }));
      return events;
    },
  };
}

function parseEvent(line: string): z.output<typeof messageShape> | undefined {
  return messageShape.safeParse(tryParseJson(line)).data;
}

/** What follows from an answer: the next question, or the end. */
function answered(
  { id, result, error }: z.output<typeof messageShape>,
  ask: LaunchRequest,
  send: (text: string) => void,
): readonly AgentEvent[] {
  const question = typeof id === "number" ? ASKS[id] : undefined;
  if (question === undefined) return [];
  if (error) return failed(`it answered ${question} with: ${error.message.slice(0, 500)}`);
  switch (question) {
    case "initialize": {
      const told = initializedShape.safeParse(result).data;
      if (told?.protocolVersion !== VERSION) return failed(`it does not speak version ${VERSION} of the protocol`);
      if (told.agentCapabilities?.mcpCapabilities?.http !== true) return failed("it takes no MCP server over HTTP");
      send(asked("session/new", { cwd: ask.cwd, mcpServers: [serverOf(ask)] }));
      return [];
    }
    case "session/new": {
      const sessionId = sessionShape.safeParse(result).data?.sessionId;
      if (sessionId === undefined) return failed("it opened no session");
      send(asked("session/prompt", { sessionId, prompt: [{ type: "text", text: ask.bundle }] }));
      return [];
    }
    case "session/prompt": {
      const reason = promptedShape.safeParse(result).data?.stopReason;
      return reason === "end_turn" ? [{ kind: "end" }] : failed(`it ended with ${reason ?? "no reason"}`);
    }
  }
}

function failed(failure: string): readonly AgentEvent[] {
  return [{ kind: "end", failure }];
}

function serverOf({ endpoint: door }: LaunchRequest): object {
  return {
    type: "http",
    name: "qoc",
    url: door.url,
    headers: [{ name: "Authorization", value: `Bearer ${door.token}` }],
  };
}

/** How programs spell a tool of the server `qoc`; the whole title, for a part of one may be a model's words. */
const TITLE = /^(?:mcp__qoc__|mcp_qoc_|qoc_)?(qoc_[a-z_]+)(?: \(qoc MCP Server\))?$/;

/** The desk's tool that a call is of; a command line of the same words is none. */
function toolOf({ title, kind }: Call, tools: readonly string[]): string | undefined {
  return kind === "execute" ? undefined : tools.find((tool) => tool === TITLE.exec(title ?? "")?.[1]);
}

/** What is heard in the course of a session: words in pieces, and calls, each of which is told several times. */
function hearing(tools: readonly string[]) {
  const told = createMessageAssembler();
  const seen = new CallMap<{ readonly title: string; readonly tool: string | undefined }>();
  const calls = (call: Call): readonly AgentEvent[] => {
    // Its first title is its tool's name; a later one may be what it does.
    const known = seen.get(call.toolCallId);
    const { title, tool } = known ?? {
      title: truncateName(call.title ?? "a tool without a name"),
      tool: toolOf(call, tools),
    };
    seen.set(call.toolCallId, { title, tool });
    const events: AgentEvent[] = known === undefined ? [...told.toolCall()] : [];
    if (known === undefined && tool !== undefined) events.push({ kind: "call", tool });
    if (call.status !== "completed" && call.status !== "failed") return events;
    events.push(...told.flush());
    if (tool !== undefined) return events;
    events.push(
      call.status === "failed" ? { kind: "denied", tool: title } : { kind: "violation", detail: `it used ${title}` },
    );
    return events;
  };
  const update = (params: unknown): readonly AgentEvent[] => {
    const said = updateShape.safeParse(params).data?.update;
    if (said?.sessionUpdate === "agent_message_chunk")
      return told.append(textShape.safeParse(said.content).data?.text ?? "");
    if (said?.sessionUpdate !== "tool_call" && said?.sessionUpdate !== "tool_call_update") return [];
    const call = callShape.safeParse(said).data;
    return call === undefined ? [] : calls(call);
  };
  return { told, calls, update, isOurs: ({ toolCallId }: Call) => seen.get(toolCallId)?.tool !== undefined };
}
