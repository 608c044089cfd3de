/**
 * The size of the tool list that every client reads, as a checked-in table, so that a change of the size is visible.
 */
import { expect, it } from "vitest";
import { REGISTRY } from "../support/commands.ts";
import { loadTools } from "../../src/mcp/tools.ts";

/** Bytes of a token, roughly: each model has its own tokenizer. */
const BYTES = 4;
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

it("the size of the tools, in bytes and in tokens of four bytes, equals the checked-in table", async () => {
  const rows = [...(await loadTools(REGISTRY)).values()].map(({ wire }) => {
    // Models get the name, the description and the input schema; their programs use the other fields.
    const shown = bytesOf({ name: wire.name, description: wire.description, inputSchema: wire.inputSchema });
    return { name: wire.name, whole: bytesOf(wire), shown };
  });
  const line = (name: string, whole: number, shown: number): string =>
    `${name.padEnd(24)}${String(whole).padStart(8)}${String(Math.ceil(whole / BYTES)).padStart(8)}${String(shown).padStart(10)}${String(Math.ceil(shown / BYTES)).padStart(8)}`;
  const sum = (of: "whole" | "shown"): number => rows.reduce((total, row) => total + row[of], 0);
  const table = [
    `${"tool".padEnd(24)}${"bytes".padStart(8)}${"tokens".padStart(8)}${"to model".padStart(10)}${"tokens".padStart(8)}`,
    ...rows.map(({ name, whole, shown }) => line(name, whole, shown)),
    line("all", sum("whole"), sum("shown")),
    "",
  ];
  await expect(table.join("\n")).toMatchFileSnapshot("tools-cost.txt");
});
