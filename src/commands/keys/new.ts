import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { defineCommand, localServices, usageError } from "../command.ts";

const NAME = "keys new";
const QUESTION = "The desk's keys are lost: make new ones? The journal records it, and the desk starts halted";

export const command = defineCommand({
  name: NAME,
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["the desk's keys"],
  summary: "make new keys for a desk whose keys are lost",
  description:
    "Only on a machine without the desk's key. Live connectors stay as signed: their orders need the live key that the journal names.",
  examples: ["qoc keys new", "qoc keys new --yes"],
  input: () =>
    z.strictObject({
      /** Absent: only checks that the keys are lost. */
      confirmed: z.literal(true).optional(),
    }),
  output: () => z.looseObject({ path: z.string() }),
  run: ({ confirmed }, context) => {
    const { checkNewKeys, newKeys } = localServices(context);
    return confirmed === true ? newKeys(context.cwd) : checkNewKeys(context.cwd);
  },
  cli: async (session) => {
    // Before the person answers.
    await session.call(NAME, {});
    if (!session.flags.yes) {
      if (session.prompter === undefined) throw usageError(NAME, "off a terminal --yes is needed");
      if (!(await session.prompter.confirm(QUESTION))) {
        session.progress.line("nothing was changed");
        return EXIT.failed;
      }
    }
    await session.show(NAME, await session.call(NAME, { confirmed: true }));
    return EXIT.done;
  },
});
