import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { defineCommand, localServices } from "../command.ts";
import { newPassphrase, refuseWeakPassphrase } from "./new-passphrase.ts";

const NAME = "keys protect";

export const command = defineCommand({
  name: NAME,
  hiddenAliases: ["key protect"],
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["the live key"],
  summary: "make the live key, under a passphrase",
  description: "Orders of live connectors are approved with it.",
  examples: ["qoc keys protect", "qoc keys protect --passphrase-fd 3 3< passphrase.txt"],
  input: () => z.strictObject({ passphrase: z.string() }),
  output: () => z.looseObject({}),
  run: async ({ passphrase }, context) => {
    refuseWeakPassphrase(NAME, passphrase);
    return localServices(context).protectKey(context.cwd, passphrase);
  },
  cli: async (session) => {
    await session.show(NAME, await session.call(NAME, { passphrase: await newPassphrase(session, NAME) }));
    return EXIT.done;
  },
});
