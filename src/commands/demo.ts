import * as z from "zod";
import { EXIT } from "../domain/errors/error.ts";
import { flag } from "./arguments.ts";
import { defineCommand, localServices } from "./command.ts";
import { renderFields } from "./rendering/fields.ts";

export const command = defineCommand({
  name: "demo",
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["a folder of its own"],
  summary: "run a demo, from a new desk to a filled order",
  description: "Takes about ten seconds, and says how long. Uses a new desk; needs no network and no account.",
  examples: ["qoc demo", "qoc demo --yes"],
  input: () =>
    z.strictObject({
      path: flag(z.string().optional(), "DIR", "where to create the desk; a temporary folder by default", {
        completes: "path",
      }),
      /** Set by the flag --yes of every command. */
      yes: z.boolean().default(false),
    }),
  output: () => z.unknown(),
  // On a terminal the demo has said it.
  render: (value: unknown, style) => (style.isTty ? [] : renderFields(value, style)),
  run: ({ path, yes }, { progress, canAsk, signal, ...context }) =>
    localServices(context).demo({ yes, path }, { say: (line) => progress.line(line), canAsk }, signal),
  cli: async (session, input) => {
    await session.show("demo", await session.call("demo", { ...input, yes: session.flags.yes }));
    return EXIT.done;
  },
});
