import * as z from "zod";
import { positional, toggle } from "../arguments.ts";
import { defineCommand, requireDesk, usageError } from "../command.ts";

export const command = defineCommand({
  name: "ui revoke",
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "close pages at once",
  description: "A link that was not opened yet opens nothing any more.",
  examples: ["qoc ui revoke amber-kite-oslo", "qoc ui revoke --all"],
  exits: [5],
  input: () =>
    z.strictObject({
      session: positional(z.string().optional(), "SESSION", "the session's name: qoc ui list"),
      all: toggle("close every page"),
    }),
  output: () => z.array(z.string()),
  run: async ({ session, all }, context) => {
    if (all === (session !== undefined)) throw usageError("ui revoke", "name one session, or --all");
    const { pages } = requireDesk(context);
    if (session === undefined) return pages.closeAll();
    await pages.close(session, "revoked");
    return [session];
  },
  render: (names) => (names.length === 0 ? ["no page was open"] : names.map((name) => `closed ${name}`)),
});
