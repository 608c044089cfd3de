import * as z from "zod";
import { revokeAgent } from "../../trading/keys/agent-access.ts";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";

export const command = defineCommand({
  name: "agents revoke",
  hiddenAliases: ["agent revoke"],
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "revoke an agent's token",
  description: "Its open connections are closed at once.",
  examples: ["qoc agents revoke claude", "qoc agents revoke night-watch --json"],
  exits: [5],
  input: () => z.strictObject({ name: positional(z.string(), "NAME", "an agent of qoc agents list") }),
  output: () => z.object({ agent: z.string(), revoked: z.boolean() }),
  run: async ({ name }, context) => {
    await revokeAgent(requireDesk(context).desk, name, context.actor);
    return { agent: name, revoked: true };
  },
});
