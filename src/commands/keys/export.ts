import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { positional } from "../arguments.ts";
import { defineCommand, localServices } from "../command.ts";
import { newPassphrase, refuseWeakPassphrase } from "./new-passphrase.ts";

const NAME = "keys export";

export const command = defineCommand({
  name: NAME,
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["FILE"],
  summary: "write the desk's keys to a file, under a passphrase",
  description:
    "To move the desk: copy its folder and this file, then qoc keys import. The live key stays under its own passphrase.",
  examples: ["qoc keys export ~/my-desk.keys"],
  input: () =>
    z.strictObject({
      file: positional(z.string(), "FILE", "a new file outside the desk's folder", { completes: "path" }),
      /** Absent: only checks that FILE can be written. */
      passphrase: z.string().optional(),
    }),
  output: () => z.looseObject({ file: z.string() }),
  run: async ({ file, passphrase }, context) => {
    if (passphrase === undefined) return localServices(context).checkExport(context.cwd, file);
    refuseWeakPassphrase(NAME, passphrase);
    return localServices(context).exportKeys(context.cwd, file, passphrase);
  },
  cli: async (session, input) => {
    // Before the person types a passphrase twice.
    await session.call(NAME, input);
    await session.show(NAME, await session.call(NAME, { ...input, passphrase: await newPassphrase(session, NAME) }));
    return EXIT.done;
  },
});
