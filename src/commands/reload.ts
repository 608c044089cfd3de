import * as z from "zod";
import { EXIT } from "../domain/errors/error.ts";
import { previewReload, reloadConfig } from "../trading/config/reload-config.ts";
import { type CommandSession, defineCommand, requireDesk, usageError } from "./command.ts";
import { renderChanges, renderReload } from "./rendering/config-changes.ts";
import { previewedChanges, readPreview, signReload } from "./sign-reload.ts";
import { authoritySchema } from "./signed-call.ts";

const NAME = "reload";

export const command = defineCommand({
  name: NAME,
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "sign the changes of desk.toml and put them in force",
  description:
    "Prints what changed and asks. Signed with the live key if a guard or a connector that is not paper is loosened.",
  examples: ["qoc reload", "qoc reload --yes --passphrase-fd 3 3< passphrase.txt"],
  exits: [5, 7],
  input: () =>
    z.strictObject({
      /** true: returns the changes and what to sign; accepts nothing. */
      preview: z.boolean().optional(),
      /** The digests of the tables and of the changes that the client displayed. */
      digest: z.string().optional(),
      shown: z.string().optional(),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: () => z.looseObject({}),
  run: async ({ preview, ...request }, context) => {
    const { desk } = requireDesk(context);
    return preview === true ? previewReload(desk) : reloadConfig(desk, request);
  },
  render: renderReload,
  cli: reloadInteractively,
});

async function reloadInteractively(session: CommandSession): Promise<number> {
  const preview = await readPreview(session);
  const { signing } = preview;
  if (signing === undefined) {
    await session.show(NAME, await session.call(NAME, {}));
    return EXIT.done;
  }
  const { yes, quiet } = session.flags;
  // A question needs the changes on the screen.
  if (!yes || !quiet) session.display((style) => [...renderChanges(previewedChanges(preview), signing.key, style), ""]);
  if (!yes) {
    if (session.prompter === undefined)
      throw usageError(NAME, "no person can answer here: add --yes to accept the changes unseen");
    if (!(await session.prompter.confirm("Sign these changes and put them in force?"))) {
      session.progress.line("nothing was accepted");
      return EXIT.failed;
    }
  }
  await session.show(NAME, await signReload(session, preview, signing));
  return EXIT.done;
}
