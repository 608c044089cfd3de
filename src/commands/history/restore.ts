import * as z from "zod";
import { digestOf } from "../../domain/digest.ts";
import { restoreFile } from "../../trading/projections/restore.ts";
import { scanProposals } from "../../trading/orders/scan-proposals.ts";
import { pathFromHere } from "./path-from-here.ts";
import { flag, positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";

export const command = defineCommand({
  name: "history restore",
  hiddenAliases: ["restore"],
  group: "record",
  audience: "human",
  runs: "desk",
  writes: ["the file"],
  summary: "restore a file as it was at a revision",
  description: "A proposal is restored under a new id.",
  examples: [
    "qoc history restore research/macro-notes.md --at HEAD~3",
    "qoc history restore desk.toml --at 2026-11-27T16:00",
  ],
  exits: [5],
  input: () =>
    z.strictObject({
      path: positional(z.string(), "FILE", "a file of the workspace", { completes: "path" }),
      at: flag(z.string(), "REV|TIME", "the revision, or a time: the last revision until then; a date is its 00:00"),
    }),
  output: () => z.looseObject({ path: z.string(), digest: z.string() }),
  run: async ({ path, at }, context) => {
    const { desk } = requireDesk(context);
    const restored = await restoreFile(desk, pathFromHere(desk.workspace.root, context.cwd, path), at);
    const digest = digestOf(restored.bytes);
    await desk.commit({
      type: "file.written",
      path: restored.path,
      digest,
      command: "restore",
      actor: context.actor,
    });
    await scanProposals(desk);
    return { path: restored.path, at, digest };
  },
});
