import * as z from "zod";
import { EXIT } from "../../domain/error.ts";
import { PASSPHRASE_CHARS_MIN, passphraseProblem } from "../../trading/locked-key.ts";
import { type CommandSession, defineCommand, localServices, usageError } from "../command.ts";

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
  input: z.strictObject({ passphrase: z.string() }),
  output: z.looseObject({}),
  run: async ({ passphrase }, context) => {
    const message = passphraseProblem(passphrase);
    if (message !== undefined) throw usageError(NAME, `${message}; nothing was changed`);
    return localServices(context).protectKey(context.cwd, passphrase);
  },
  cli: async (session) => {
    await session.show(NAME, await session.call(NAME, { passphrase: await newPassphrase(session) }));
    return EXIT.done;
  },
});

/** From --passphrase-fd, or typed twice. @throws USAGE if the two differ, or no person can be asked. */
async function newPassphrase(session: CommandSession): Promise<string> {
  const passphrase = await session.readPassphrase();
  if (passphrase !== undefined) return passphrase;
  if (session.prompter === undefined)
    throw usageError(NAME, "the passphrase is asked for on a terminal, or read from --passphrase-fd N");
  const first = await session.prompter.password(`New passphrase (at least ${PASSPHRASE_CHARS_MIN} characters)`);
  const second = await session.prompter.password("Repeat the passphrase");
  if (first === undefined || first !== second)
    throw usageError(NAME, "the two passphrases differ; nothing was changed");
  return first;
}
