/** The commands as MCP tools: names, descriptions and schemas are derived from the commands' own files. */
import type { Tool as WireTool } from "@modelcontextprotocol/server";
import * as z from "zod";
import { argumentsOf, inputForAgents } from "../commands/arguments.ts";
import type { ArgumentEntry, CommandEntry } from "../commands/command-entry.ts";
import type { Command, CommandRegistry, McpFacts } from "../commands/command.ts";

/** What is known of a tool without the file of its command. */
export interface ListedTool {
  readonly name: string;
  readonly description: string;
  /** The name of the command that the tool calls. */
  readonly command: string;
  readonly entry: CommandEntry;
}

export interface CommandTool extends ListedTool {
  /** Returns a list, which is sent page by page as `{items, nextCursor}`. */
  readonly isList: boolean;
  /** Lists in the value that may be cut, each with the command that returns the whole list. */
  readonly lists: NonNullable<McpFacts["lists"]>;
  /** What clients get. Its schemas are made at the first use, because most desks start without a client. */
  readonly wire: WireTool;
}

type JsonSchema = Record<string, unknown>;

/** "orders propose" as `qoc_orders_propose`. */
export function toolName(command: string): string {
  return `qoc_${command.replaceAll(/[ -]/g, "_")}`;
}

/** Every tool that an agent may have, sorted by name. A session has a subset of them. Loads no file of a command. */
export function listTools({ entries }: Pick<CommandRegistry, "entries">): readonly ListedTool[] {
  return entries
    .filter(({ audience, streams }) => audience !== "human" && streams !== true)
    .map((entry) => ({ name: toolName(entry.name), description: describe(entry), command: entry.name, entry }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The same tools, each with the file of its command. */
export async function loadTools(registry: CommandRegistry): Promise<ReadonlyMap<string, CommandTool>> {
  const listed = listTools(registry);
  const tools = await Promise.all(listed.map(async (tool) => toolOf(tool, await registry.load(tool.command))));
  return new Map(tools.map((tool) => [tool.name, tool]));
}

function toolOf(listed: ListedTool, command: Command): CommandTool {
  const { output, mcp } = command;
  let wire: WireTool | undefined;
  const tool = { ...listed, isList: output instanceof z.ZodArray, lists: mcp.lists ?? {} };
  return {
    ...tool,
    get wire() {
      return (wire ??= wireOf(command, tool));
    },
  };
}

function wireOf(
  { entry, input, output, mcp }: Command,
  { name, description, isList }: Pick<CommandTool, "name" | "description" | "isList">,
): WireTool {
  const agentInput = inputForAgents(input);
  const inputSchema = withDescriptions(jsonSchema(agentInput, "input"), argumentsOf(agentInput));
  const outputSchema = jsonSchema(output, "output");
  const isReadOnly = entry.writes.length === 0;
  return {
    name,
    title: entry.name,
    description,
    inputSchema: isList ? withCursor(inputSchema) : inputSchema,
    outputSchema: isList ? pageSchema(outputSchema) : outputSchema,
    annotations: {
      readOnlyHint: isReadOnly,
      destructiveHint: false,
      idempotentHint: isReadOnly || mcp.idempotent === true,
      openWorldHint: mcp.openWorld === true,
    },
  } as WireTool;
}

function describe({ summary, description, summaryForAgents, writes }: CommandEntry): string {
  const sentence = summaryForAgents ?? summary;
  const details = summaryForAgents === undefined && description !== undefined ? ` ${description}` : "";
  const text = `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.${details}`;
  if (writes.length === 0) return text;
  if (writes.some((folder) => folder.startsWith("orders/")))
    return `${text} Writes a draft for a human; cannot execute.`;
  return `${text} Writes ${writes.join(" and ")}; cannot execute an order.`;
}

/** Without `$schema`: older clients validate with draft-07 and reject the name of a newer draft. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io }) as JsonSchema;
  return simplify(json) as JsonSchema;
}

/**
 * The same schema with fewer keywords: some clients convert it to a narrower language, with one type for each value. An
 * empty `additionalProperties` is removed, since it allows what is allowed anyway.
 */
function simplify(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map(simplify);
  const { type, ...keywords } = node as JsonSchema;
  const typeKeyword = Array.isArray(type)
    ? { anyOf: type.map((name: unknown) => ({ type: name })) }
    : "type" in node
      ? { type: simplify(type) }
      : {};
  const simplified = Object.entries(keywords)
    .filter(([name, value]) => name !== "additionalProperties" || JSON.stringify(value) !== "{}")
    .map(([name, value]) => [name, simplify(value)]);
  return { ...typeKeyword, ...Object.fromEntries(simplified) };
}

/** Adds the arguments' summaries to the properties that have no description. */
function withDescriptions(schema: JsonSchema, args: readonly ArgumentEntry[]): JsonSchema {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>);
  const described = properties.map(([name, property]) => {
    const argument = args.find((entry) => entry.name === name);
    const description = argument?.summaryForAgents ?? argument?.summary;
    return [name, description === undefined || "description" in property ? property : { ...property, description }];
  });
  return { ...schema, properties: Object.fromEntries(described) };
}

function withCursor(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    properties: {
      ...(schema["properties"] as JsonSchema),
      cursor: { type: "string", description: "nextCursor of the page before" },
    },
  };
}

/** Older clients accept only objects as structured content, so a list is sent inside an object. */
function pageSchema(list: JsonSchema): JsonSchema {
  return {
    type: "object",
    properties: {
      items: list,
      total: { type: "integer", description: "the number of items on all pages" },
      nextCursor: { type: "string", description: "pass it as cursor for the next page; absent on the last" },
    },
    required: ["items", "total"],
    additionalProperties: false,
  };
}
