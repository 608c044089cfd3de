import * as z from "zod";
import { defineCommand, localServices } from "./command.ts";

export const command = defineCommand({
  name: "mcp",
  group: "desk",
  audience: "human",
  runs: "local",
  writes: [],
  summary: "serve MCP to an agent on standard input and output",
  description: "The agent reads and drafts; it cannot approve.",
  examples: ["qoc mcp", "qoc mcp -C my-desk"],
  input: () => z.strictObject({}),
  output: () => z.undefined(),
  run: (_input, context) => localServices(context).mcp(context.cwd, context.signal),
});
