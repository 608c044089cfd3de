/**
 * Any program of the Agent Client Protocol (version 1): JSON-RPC messages, one a line. The desk is the client. It
 * offers no files and no terminal, and grants permission requests for the desk's own tools only.
 */
import * as z from "zod";
import { CallMap, truncateName } from "./call-ids.ts";
import type { AgentEvent, AgentProgram, Conversation, LaunchRequest } from "./runtime.ts";
import { createMessageAssembler } from "./message-assembler.ts";
import { tryParseJson } from "../lib/json.ts";

const VERSION = 1;

/** The desk's requests in their order; the id of a request is its index. */
const REQUESTS = ["initialize", "session/new", "session/prompt"] as const;

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
  openConversation,
};

function request(method: (typeof REQUESTS)[number], params: object): string {
  return message({ id: REQUESTS.indexOf(method), method, params });
}

function message(body: object): string {
  return `${JSON.stringify({ jsonrpc: "2.0", ...body })}\n`;
}

function openConversation(launch: LaunchRequest): Conversation {
  const session = createSession(launch.endpoint.tools);
  return {
    initialInput: request("initialize", {
      protocolVersion: VERSION,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: "qoc", version: "1" },
    }),
    keepsInputOpen: true,
    readLine: (line, send) => {
      const incoming = parseMessage(line);
      if (incoming === undefined) return undefined;
      const { id, method, params } = incoming;
      if (typeof method !== "string") return [...session.flush(), ...handleResponse(incoming, launch, send)];
      if (id === undefined || id === null) return method === "session/update" ? session.update(params) : [];
      const permission = method === "session/request_permission" ? permissionShape.safeParse(params).data : undefined;
      if (permission === undefined) {
        send(
          message({
            id,
            error: { code: METHOD_NOT_FOUND, message: `the desk does not support ${truncateName(method)}` },
          }),
        );
        return [];
      }
      const events = session.toolCall(permission.toolCall);
      const decision = session.isDeskTool(permission.toolCall) ? "allow_once" : "reject_once";
      const option = permission.options.find(({ kind }) => kind === decision);
      const outcome =
        option === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: option.optionId };
      send(message({ id, result: { outcome } }));
      return events;
    },
  };
}

function parseMessage(line: string): z.output<typeof messageShape> | undefined {
  return messageShape.safeParse(tryParseJson(line)).data;
}

/** Sends the request that follows a response, or returns the end of the run. */
function handleResponse(
  { id, result, error }: z.output<typeof messageShape>,
  launch: LaunchRequest,
  send: (text: string) => void,
): readonly AgentEvent[] {
  const method = typeof id === "number" ? REQUESTS[id] : undefined;
  if (method === undefined) return [];
  if (error) return failed(`responded to ${method} with an error: ${error.message.slice(0, 500)}`);
  switch (method) {
    case "initialize": {
      const initialized = initializedShape.safeParse(result).data;
      if (initialized?.protocolVersion !== VERSION)
        return failed(`does not support version ${VERSION} of the Agent Client Protocol`);
      if (initialized.agentCapabilities?.mcpCapabilities?.http !== true)
        return failed("does not support MCP servers over HTTP");
      send(request("session/new", { cwd: launch.cwd, mcpServers: [mcpServer(launch)] }));
      return [];
    }
    case "session/new": {
      const sessionId = sessionShape.safeParse(result).data?.sessionId;
      if (sessionId === undefined) return failed("did not open a session");
      send(request("session/prompt", { sessionId, prompt: [{ type: "text", text: launch.bundle }] }));
      return [];
    }
    case "session/prompt": {
      const reason = promptedShape.safeParse(result).data?.stopReason;
      return reason === "end_turn" ? [{ kind: "end" }] : failed(`ended with ${reason ?? "no reason"}`);
    }
  }
}

function failed(failure: string): readonly AgentEvent[] {
  return [{ kind: "end", failure }];
}

function mcpServer({ endpoint }: LaunchRequest): object {
  return {
    type: "http",
    name: "qoc",
    url: endpoint.url,
    headers: [{ name: "Authorization", value: `Bearer ${endpoint.token}` }],
  };
}

/** How programs write a tool of the server `qoc`. It must match the whole title: a part may be text of the model. */
const TITLE = /^(?:mcp__qoc__|mcp_qoc_|qoc_)?(qoc_[a-z_]+)(?: \(qoc MCP Server\))?$/;

/** The desk tool of a call, or undefined. A command line (`execute`) of the same text is not a desk tool. */
function deskTool({ title, kind }: Call, tools: readonly string[]): string | undefined {
  return kind === "execute" ? undefined : tools.find((tool) => tool === TITLE.exec(title ?? "")?.[1]);
}

/** Turns the notifications of a session into events. A message comes in pieces, a call in several notifications. */
function createSession(tools: readonly string[]) {
  const assembler = createMessageAssembler();
  const calls = new CallMap<{ readonly title: string; readonly tool: string | undefined }>();
  const toolCall = (call: Call): readonly AgentEvent[] => {
    // The first title is the tool's name; a later title may describe what the call does.
    const earlier = calls.get(call.toolCallId);
    const { title, tool } = earlier ?? {
      title: truncateName(call.title ?? "a tool without a name"),
      tool: deskTool(call, tools),
    };
    calls.set(call.toolCallId, { title, tool });
    const events: AgentEvent[] = earlier === undefined ? [...assembler.toolCall()] : [];
    if (earlier === undefined && tool !== undefined) events.push({ kind: "call", tool });
    if (call.status !== "completed" && call.status !== "failed") return events;
    events.push(...assembler.flush());
    if (tool !== undefined) return events;
    events.push(
      call.status === "failed" ? { kind: "denied", tool: title } : { kind: "violation", detail: `it used ${title}` },
    );
    return events;
  };
  const update = (params: unknown): readonly AgentEvent[] => {
    const change = updateShape.safeParse(params).data?.update;
    if (change?.sessionUpdate === "agent_message_chunk")
      return assembler.append(textShape.safeParse(change.content).data?.text ?? "");
    if (change?.sessionUpdate !== "tool_call" && change?.sessionUpdate !== "tool_call_update") return [];
    const call = callShape.safeParse(change).data;
    return call === undefined ? [] : toolCall(call);
  };
  return {
    toolCall,
    update,
    flush: assembler.flush,
    isDeskTool: ({ toolCallId }: Call): boolean => calls.get(toolCallId)?.tool !== undefined,
  };
}
