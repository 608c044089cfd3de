import * as z from "zod";
import { EXIT, QocError } from "../../domain/errors/error.ts";
import { positional } from "../arguments.ts";
import { type CommandSession, type Prompter, defineCommand, localServices, usageError } from "../command.ts";

const NAME = "keys import";
/** How often a person may type the passphrase. */
const TRIES = 3;

export const command = defineCommand({
  name: NAME,
  group: "desk",
  audience: "human",
  runs: "local",
  writes: ["the desk's keys"],
  summary: "place the desk's keys from a file of keys export",
  description: "On a machine that lacks them. The desk's folder is copied first.",
  examples: ["qoc keys import ~/my-desk.keys", "qoc keys import ~/my-desk.keys --passphrase-fd 3 3< passphrase.txt"],
  input: () =>
    z.strictObject({
      file: positional(z.string(), "FILE", "the file that qoc keys export wrote", { completes: "path" }),
      /** Absent: only checks that FILE may hold the keys. */
      passphrase: z.string().optional(),
    }),
  output: () => z.looseObject({}),
  run: ({ file, passphrase }, context): Promise<object> => {
    const { checkImport, importKeys } = localServices(context);
    return passphrase === undefined ? checkImport(context.cwd, file) : importKeys(context.cwd, file, passphrase);
  },
  cli: async (session, input) => {
    // Before the person types a passphrase.
    await session.call(NAME, input);
    const passphrase = await session.readPassphrase();
    if (passphrase !== undefined) await session.show(NAME, await session.call(NAME, { ...input, passphrase }));
    else if (session.prompter !== undefined)
      await session.show(NAME, await askAndImport(session, session.prompter, input));
    else throw usageError(NAME, "the passphrase is asked for on a terminal, or read from --passphrase-fd N");
    return EXIT.done;
  },
});

/** @throws KEYS_PASSPHRASE after the last try, and at once if the person types nothing. */
async function askAndImport(
  session: CommandSession,
  prompter: Prompter,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    const typed = await prompter.password("Passphrase of the file (press Enter to stop)");
    try {
      return await session.call(NAME, { ...input, passphrase: typed ?? "" });
    } catch (error) {
      if (!(error instanceof QocError) || error.code !== "KEYS_PASSPHRASE") throw error;
      const left = typed === undefined || typed === "" ? 0 : TRIES - tries;
      if (left <= 0)
        throw new QocError(
          "KEYS_PASSPHRASE",
          { ...error.details, tries: ` (${tries} of ${TRIES} tries)` },
          { cause: error },
        );
      session.progress.line(`the passphrase is wrong; ${left} of ${TRIES} tries left`);
    }
  }
}
