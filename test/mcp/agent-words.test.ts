/** Compares the tools' descriptions with their effects. A new tool must be added to these tables. */
import { beforeAll, describe, expect, it } from "vitest";
import { REGISTRY } from "../support/commands.ts";
import { usageOf } from "../../src/mcp/usage.ts";
import { type CommandTool, loadTools } from "../../src/mcp/tools.ts";

let tools: ReadonlyMap<string, CommandTool>;
beforeAll(async () => {
  tools = await loadTools(REGISTRY);
});

const DRAFT = /writes a draft for a human; cannot execute/gi;

/** Whether a tool writes, is idempotent, and sends requests to a venue. */
const TRUTH: Readonly<Record<string, readonly [writes: string | null, again: "same" | "another", asks: boolean]>> = {
  qoc_analysis_get: [null, "same", true],
  qoc_bars_get: [null, "same", true],
  qoc_decisions: [null, "same", false],
  qoc_entities_list: [null, "same", false],
  qoc_entities_read: [null, "same", false],
  qoc_entities_write: ["entities/", "same", false],
  qoc_files_list: [null, "same", false],
  qoc_files_read: [null, "same", false],
  qoc_files_search: [null, "same", false],
  qoc_files_write: ["a draft", "same", false],
  qoc_fundamentals_get: [null, "same", true],
  qoc_inbox_list: [null, "same", false],
  qoc_inbox_read: [null, "same", false],
  qoc_inbox_write: ["inbox/", "another", false],
  qoc_issues_list: [null, "same", false],
  qoc_issues_update: ["issues/", "another", false],
  qoc_news_list: [null, "same", false],
  qoc_orders_list: [null, "same", false],
  qoc_orders_propose: ["a draft", "another", true],
  qoc_orders_show: [null, "same", true],
  qoc_positions_list: [null, "same", true],
  qoc_quotes_get: [null, "same", true],
  qoc_research_list: [null, "same", false],
  qoc_research_write: ["research/", "same", false],
  qoc_run: ["snapshots/", "same", false],
  qoc_snapshot: ["snapshots/", "another", true],
  qoc_snapshots_list: [null, "same", false],
  qoc_status: [null, "same", false],
  qoc_symbols_search: [null, "same", false],
};

describe("a tool's description", () => {
  it("is in the table, for exactly the tools of an agent", () => {
    expect([...tools.keys()]).toEqual(Object.keys(TRUTH));
  });

  it("names a draft that cannot execute once, and only for a tool that writes a proposal", () => {
    for (const { entry, wire } of tools.values()) {
      const writesOrders = entry.writes.some((folder) => folder.startsWith("orders/"));
      expect(wire.description?.match(DRAFT) ?? [], wire.name).toHaveLength(writesOrders ? 1 : 0);
      expect(wire.description?.match(/cannot execute/gi) ?? [], wire.name).toHaveLength(
        entry.writes.length === 0 ? 0 : 1,
      );
    }
  });

  it("names the folders that the tool writes", () => {
    for (const [name, [writes]] of Object.entries(TRUTH)) {
      const { description = "", annotations } = tools.get(name)?.wire ?? {};
      expect(annotations?.readOnlyHint, name).toBe(writes === null);
      if (writes !== null) expect(description, name).toContain(`Writes ${writes}`);
    }
  });

  it("does not mention standard input, which agents do not have", () => {
    for (const { wire } of tools.values())
      expect(JSON.stringify(wire.inputSchema), wire.name).not.toContain("standard input");
  });

  it("has annotations for repeated calls and for requests to a venue", () => {
    for (const [name, [, again, asks]] of Object.entries(TRUTH)) {
      expect(tools.get(name)?.wire.annotations, name).toMatchObject({
        idempotentHint: again === "same",
        openWorldHint: asks,
        destructiveHint: false,
      });
    }
  });

  it("consists of sentences that give the reader no instructions", () => {
    for (const { wire } of tools.values()) {
      expect(wire.description, wire.name).toMatch(/^[A-Z].*\.$/);
      expect(wire.description, wire.name).not.toMatch(/\b(IMPORTANT|MUST|ALWAYS|NEVER)\b|\byou\b/);
      expect((wire.description ?? "").length, wire.name).toBeLessThan(200);
    }
  });
});

describe("the usage of one call", () => {
  it.each<[string, unknown, object]>([
    ["qoc_orders_propose", { side: "buy" }, { bytes: 9, proposals: 1 }],
    ["qoc_files_write", { path: "orders/pending/x.toml" }, { bytes: 9, proposals: 1 }],
    ["qoc_files_write", { path: "research/x.md" }, { bytes: 9, proposals: 0 }],
    ["qoc_files_write", { path: 7 }, { bytes: 9, proposals: 0 }],
    ["qoc_research_write", { path: "orders/x" }, { bytes: 9, proposals: 0 }],
    ["qoc_status", {}, { bytes: 0, proposals: 0 }],
    ["qoc_status", undefined, { bytes: 0, proposals: 0 }],
  ])("of %s with %j", (name, input, share) => {
    expect(usageOf(tools.get(name)?.entry ?? { writes: ["?"] }, input, () => 9)).toEqual({ calls: 1, ...share });
  });
});
