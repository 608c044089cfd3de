import { it } from "vitest";
import { loadTools } from "../../../src/doors/mcp/tools.ts";
import { COMMANDS } from "../../../src/commands/table.ts";
it("x", async () => {
  const t = await loadTools(COMMANDS);
  for (const x of t.values()) console.log(JSON.stringify(x.wire));
});
