/** The tools are derived from the command table, and describe its rows correctly. */
import { beforeAll, describe, expect, it } from "vitest";
import { COMMANDS, REGISTRY } from "../support/commands.ts";
import { inputForAgents } from "../../src/commands/arguments.ts";
import { type CommandTool, listTools, loadTools, toolName } from "../../src/mcp/tools.ts";

let tools: ReadonlyMap<string, CommandTool>;
beforeAll(async () => {
  tools = await loadTools(REGISTRY);
});

describe("the tools", () => {
  it("are listed by the entries of their commands alone", () => {
    const listed = [...tools.values()].map(({ name, description, command, entry }) => ({
      ...{ name, description, command, entry },
    }));
    expect(listTools({ entries: COMMANDS })).toEqual(listed);
  });

  it("S1 are exactly the commands of an agent, always in the same order", async () => {
    const forAgents = COMMANDS.filter((row) => row.audience !== "human").map((row) => row.name);
    expect([...tools.values()].map(({ command }) => command).toSorted()).toEqual(forAgents.toSorted());
    const names = [...(await loadTools({ ...REGISTRY, entries: [...COMMANDS].toReversed() })).keys()];
    expect(names).toEqual([...tools.keys()]);
    expect(names).toEqual(names.toSorted());
  });

  it("have names that every client accepts", () => {
    for (const name of tools.keys()) expect(name).toMatch(/^qoc_[a-z_]{1,44}$/);
    expect(toolName("orders propose")).toBe("qoc_orders_propose");
  });

  it("S5 accept objects without unknown fields, return objects, and name no schema draft", () => {
    for (const { wire } of tools.values()) {
      expect(wire.inputSchema, wire.name).toMatchObject({ type: "object", additionalProperties: false });
      expect(wire.outputSchema, wire.name).toMatchObject({ type: "object" });
      expect(JSON.stringify(wire)).not.toContain("$schema");
    }
  });

  it("have one schema of their input for all calls: to compile it takes as long as a call", async () => {
    for (const { name } of COMMANDS) {
      const { input } = await REGISTRY.load(name);
      expect(inputForAgents(input), name).toBe(inputForAgents(input));
    }
  });

  it("have schemas with one type for each value", () => {
    const odd: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== "object" || node === null) return;
      const { type, additionalProperties } = node as Record<string, unknown>;
      if (Array.isArray(type) || JSON.stringify(additionalProperties) === "{}") odd.push(path);
      for (const [name, child] of Object.entries(node)) walk(child, `${path}.${name}`);
    };
    for (const { wire } of tools.values()) walk([wire.inputSchema, wire.outputSchema], wire.name);
    expect(odd).toEqual([]);
  });

  it("have correct annotations: a tool that writes is not read-only, none is destructive, and drafts are described as drafts", () => {
    for (const { entry, wire } of tools.values()) {
      expect(wire.annotations, entry.name).toMatchObject({
        readOnlyHint: entry.writes.length === 0,
        destructiveHint: false,
      });
      if (entry.writes.length > 0) expect(wire.description, entry.name).toContain("cannot execute");
    }
    expect(tools.get("qoc_orders_propose")?.wire.description).toContain("Writes a draft for a human; cannot execute.");
    expect(tools.get("qoc_quotes_get")?.wire.annotations?.openWorldHint).toBe(true);
    expect(tools.get("qoc_status")?.wire.annotations?.openWorldHint).toBe(false);
  });

  it("describe each argument with the summary of the command line's help", () => {
    const properties = tools.get("qoc_orders_propose")?.wire.inputSchema.properties as Record<
      string,
      { description?: string }
    >;
    expect(properties["limitPrice"]?.description).toBe("for limit and stop-limit orders");
  });
});
