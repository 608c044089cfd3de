import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { positional } from "../arguments.ts";
import { defineCommand, localServices, usageError } from "../command.ts";

const NAME = "keys import";

export const command = defineCommand({
  name: NAME,
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["the desk's keys"],
  summary: "place the desk's keys from a file of keys export",
  description: "On a machine that lacks them. The desk's folder is copied first.",
  examples: ["qoc keys import ~/my-desk.keys", "qoc keys import ~/my-desk.keys --passphrase-fd 3 3< passphrase.txt"],
  input: z.strictObject({
    file: positional(z.string(), "FILE", "the file that qoc keys export wrote", { completes: "path" }),
    passphrase: z.string(),
  }),
  output: z.looseObject({ path: z.string(), live: z.boolean() }),
  run: ({ file, passphrase }, context) => localServices(context).importKeys(context.cwd, file, passphrase),
  cli: async (session, input) => {
    const given = await session.readPassphrase();
    const passphrase = given ?? (await session.prompter?.password("Passphrase of the file"));
    if (passphrase === undefined)
      throw usageError(NAME, "the passphrase is asked for on a terminal, or read from --passphrase-fd N");
    await session.show(NAME, await session.call(NAME, { ...input, passphrase }));
    return EXIT.done;
  },
});
