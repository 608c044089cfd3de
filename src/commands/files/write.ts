import * as z from "zod";
import { boundedList } from "../../domain/bounded-list.ts";
import { ingestWrittenProposal } from "../../trading/orders/propose.ts";
import { withinProposalLimits } from "../../trading/orders/proposal-limits.ts";
import type { FileWrite } from "../../workspace/file-write.ts";
import { isProposalPath } from "../../workspace/proposals.ts";
import { flag, positional, textFlag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { refuseFileOutOfScope } from "../orders/order-scope.ts";
import { fileReceiptSchema, recordFileWrite, refuseMalformedDigest, wholeFileSchema } from "../record-file-write.ts";
import { checkAgentWrite } from "./agent-write-rules.ts";

const NAME = "files write";

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "desk",
  writes: ["issues/", "inbox/", "orders/pending/", "orders/proposed/", "research/", "snapshots/"],
  summary: "write a text file",
  description: "Replaces an existing file only if the digest of its text is given.",
  examples: [
    'qoc files write research/macro.md --text "# Macro"',
    "qoc files write orders/pending/buy.toml --text - < buy.toml",
  ],
  exits: [7],
  input: () =>
    z.strictObject({
      path: positional(z.string(), "PATH", "relative to the workspace", { completes: "path" }),
      text: textFlag(wholeFileSchema(), "the whole file"),
      replaces: flag(z.string().optional(), "SHA256", "the digest of the text this replaces"),
    }),
  output: fileReceiptSchema,
  mcp: { idempotent: true },
  run: async (file, context) => {
    const { desk } = requireDesk(context);
    const { actor, sources } = context;
    if (isProposalPath(file.path)) refuseFileOutOfScope(desk, actor, file);
    refuseMalformedDigest(NAME, file.replaces);
    const sourcesRead = isProposalPath(file.path) ? boundedList(sources?.list() ?? []) : [];
    const checked = (): Promise<FileWrite> => checkAgentWrite(desk, { actor, sources: sourcesRead }, file);
    if (actor === "human" || !isProposalPath(file.path))
      return recordFileWrite(context, NAME, await desk.workspace.files.write(checked));
    return withinProposalLimits(desk, { actor, isNew: file.replaces === undefined }, async () => {
      const written = await desk.workspace.files.write(checked);
      const receipt = await recordFileWrite(context, NAME, written, sourcesRead);
      await ingestWrittenProposal(desk, written.path, actor, sourcesRead);
      return receipt;
    });
  },
});
