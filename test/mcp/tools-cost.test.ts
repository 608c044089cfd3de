/**
 * What the list of tools costs whoever reads it, as a table that is checked in: more of it is a change that is seen.
 */
import { expect, it } from "vitest";
import { REGISTRY } from "../support/commands.ts";
import { loadTools } from "../../src/mcp/tools.ts";

/** Of a token, roughly: each model counts in its own way. */
const BYTES = 4;
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

it("the tools cost what the table says, in bytes, and in tokens of four bytes", async () => {
  const rows = [...(await loadTools(REGISTRY)).values()].map(({ wire }) => {
    // Models are shown name, description and input; the rest stays with their programs.
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
