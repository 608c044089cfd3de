/** The command table as tools: names, words and schemas are derived from its rows, nothing is written twice. */
import type { Tool as WireTool } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { ArgumentEntry } from "../commands/command-entry.ts";
import type { CommandRow } from "../commands/command.ts";

/** What `qoc_orders_propose` stands for. */
export interface CommandTool {
  readonly command: string;
  readonly row: CommandRow;
  /** Answers with a list, which goes out a page at a time as `{items, nextCursor}`. */
  readonly isList: boolean;
  readonly wire: WireTool;
}

type JsonSchema = Record<string, unknown>;

/** Commands that ask a venue or a feed. */
const OUTSIDE = new Set([
  "quotes get",
  "bars get",
  "analysis get",
  "fundamentals get",
  "positions list",
  "snapshot",
  "orders propose",
  "orders show",
]);
/** A second call with the same words changes nothing: it is refused, or finds its work done. */
const IDEMPOTENT = new Set(["research write", "entities write", "files write", "run"]);

export function toolName(command: string): string {
  return `qoc_${command.replaceAll(/[ -]/g, "_")}`;
}

/** Every tool an agent may ever see, by name. A session's palette picks from it. */
export async function loadTools(table: readonly CommandRow[]): Promise<ReadonlyMap<string, CommandTool>> {
  const rows = table.filter((row) => row.audience !== "human" && row.streams !== true);
  const tools = await Promise.all(rows.map(toolOf));
  return new Map(tools.toSorted((a, b) => (a.wire.name < b.wire.name ? -1 : 1)).map((tool) => [tool.wire.name, tool]));
}

async function toolOf(row: CommandRow): Promise<CommandTool> {
  const { input, output } = await row.load();
  const given = jsonSchema(input, "input");
  const answered = jsonSchema(output, "output");
  const isList = answered["type"] === "array";
  const wire = {
    name: toolName(row.name),
    title: row.name,
    description: describe(row),
    inputSchema: explained(isList ? withCursor(given) : given, row.args),
    outputSchema: isList ? pageOf(answered) : answered,
    annotations: {
      readOnlyHint: row.writes.length === 0,
      destructiveHint: false,
      idempotentHint: row.writes.length === 0 || IDEMPOTENT.has(row.name),
      openWorldHint: OUTSIDE.has(row.name),
    },
  } as WireTool;
  return { command: row.name, row, isList, wire };
}

function describe(row: CommandRow): string {
  const words = row.summaryForAgents ?? row.summary;
  const about = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
  if (row.writes.length === 0) return about;
  if (row.writes.some((folder) => folder.startsWith("orders/")))
    return `${about} Writes a draft for a human; cannot execute.`;
  return `${about} Writes ${row.writes.join(" and ")}; cannot execute an order.`;
}

/** Without `$schema`: older clients check with a draft-07 validator and stumble over the name of a newer draft. */
function jsonSchema(shape: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io }) as JsonSchema;
  return plainly(schema) as JsonSchema;
}

/** The same in fewer words of the language: some clients turn these schemas into a narrower one, with one type to a value. */
function plainly(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map(plainly);
  const { type, ...rest } = node as JsonSchema;
  const types = Array.isArray(type)
    ? { anyOf: type.map((one: unknown) => ({ type: one })) }
    : "type" in node
      ? { type: plainly(type) }
      : {};
  // `additionalProperties: {}` says nothing: anything may stand there all the same.
  const told = Object.entries(rest).filter(
    ([name, value]) => name !== "additionalProperties" || JSON.stringify(value) !== "{}",
  );
  return { ...types, ...Object.fromEntries(told.map(([name, value]) => [name, plainly(value)])) };
}

/** The words of help beside each field that has them. */
function explained(schema: JsonSchema, args: readonly ArgumentEntry[]): JsonSchema {
  const properties = (schema["properties"] ?? {}) as Record<string, JsonSchema>;
  const about = (name: string): string | undefined => {
    const argument = args.find((one) => one.name === name);
    return argument?.summaryForAgents ?? argument?.summary;
  };
  const described = Object.entries(properties).map(([name, property]) => {
    const words = about(name);
    return [name, words === undefined || "description" in property ? property : { ...property, description: words }];
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

/** Older clients take objects alone as structured content, so a list travels inside one. */
function pageOf(list: JsonSchema): JsonSchema {
  return {
    type: "object",
    properties: {
      items: list,
      total: { type: "integer", description: "how many there are on all pages" },
      nextCursor: { type: "string", description: "give it as cursor for the next page; absent on the last" },
    },
    required: ["items", "total"],
    additionalProperties: false,
  };
}
