/** files list | read | search | write. */
import { z } from "zod";
import { isDigest } from "../domain/ids.ts";
import { QocError } from "../domain/error.ts";
import { writeFile } from "../workspace/file-write.ts";
import { type ReadScope, listFiles, openReadScope, readFile, searchFiles } from "../workspace/files.ts";
import { boundedList } from "../domain/bounded-list.ts";
import { isProposalPath } from "../workspace/proposals.ts";
import { iso } from "../trading/desk.ts";
import { ingestWrittenProposal } from "../trading/propose.ts";
import { refuseAgentFile } from "./agent-files.ts";
import { type CommandContext, body, requireDesk } from "./command.ts";
import { refuseFileOutOfScope } from "./order-scope.ts";
import { readUntrusted, untrustedSchema, outsideText } from "./outside.ts";
import { record } from "./research.ts";

async function reading(call: CommandContext): Promise<ReadScope> {
  const { desk } = requireDesk(call);
  // What has been journaled is in its files before anyone looks.
  await requireDesk(call).settled();
  return openReadScope(desk.disk, desk.root, desk.config);
}

const folder = z
  .string()
  .max(400)
  .default("")
  .transform((under) => (under === "." ? "" : under.replace(/\/$/, "")));
const after = z.string().max(500).default("");
function page<T extends z.ZodType>(entry: T) {
  return z.object({ entries: z.array(entry), next: z.string().nullable(), partial: z.boolean() });
}

export const filesList = body({
  input: z.strictObject({ under: folder, glob: z.string().min(1).max(200).optional(), after }),
  output: page(z.object({ path: z.string(), bytes: z.number(), modified: z.string() })),
  run: async ({ under, glob, after: from }, call) => {
    const { entries, ...rest } = await listFiles(await reading(call), {
      under,
      after: from,
      ...(glob === undefined ? {} : { glob }),
    });
    return { entries: entries.map((entry) => ({ ...entry, modified: iso(entry.modified) })), ...rest };
  },
});

export const filesRead = body({
  input: z.strictObject({
    path: z.string(),
    from: z.union([z.string(), z.number().transform(String)]).default("1"),
    lines: z.coerce.number().int().positive().optional(),
  }),
  output: z.object({
    path: z.string(),
    digest: z.string(),
    bytes: z.number(),
    lines: z.number(),
    next: z.string().nullable(),
    untrusted: untrustedSchema,
  }),
  run: async ({ path, from, lines }, call) => {
    const { text, ...facts } = await readFile(await reading(call), path, from, lines);
    return { ...facts, untrusted: readUntrusted(call, path, text) };
  },
});

export const filesSearch = body({
  input: z.strictObject({ text: z.string().min(2).max(200), under: folder, after }),
  output: page(z.object({ path: z.string(), line: z.number(), untrusted: untrustedSchema })),
  run: async (input, call) => {
    const { entries, ...rest } = await searchFiles(await reading(call), input);
    call.sources?.add("files search");
    return {
      entries: entries.map(({ path, line, text }) => ({ path, line, untrusted: outsideText(call, path, text) })),
      ...rest,
    };
  },
});

/** The digest that was read, or nothing. @throws INVALID_INPUT. */
export function replacedDigest(command: string, replaces: string | undefined): { readonly replaces?: string } {
  if (replaces === undefined) return {};
  if (isDigest(replaces)) return { replaces };
  throw new QocError("INVALID_INPUT", { command, message: "--replaces takes the digest that was read (sha256:…)" });
}

/** A whole file, as far as its signs go; its place says how many bytes it may have. */
export const wholeFile = z.string().max(256 * 1024);

export const filesWrite = body({
  input: z.strictObject({ path: z.string(), text: wholeFile, replaces: z.string().optional() }),
  output: z.looseObject({ path: z.string(), digest: z.string() }),
  run: async ({ path, text, replaces }, call) => {
    const { desk } = requireDesk(call);
    if (isProposalPath(path)) refuseFileOutOfScope(desk, call.actor, path, text);
    const wanted = { path, text, ...replacedDigest("files write", replaces) };
    await refuseAgentFile(desk, call.actor, wanted);
    const file = await writeFile(desk.disk, desk.root, wanted);
    if (call.actor === "human" || !isProposalPath(file.path)) return record(call, "files write", file);
    const read = boundedList(call.sources?.list() ?? []);
    const written = await record(call, "files write", file, read);
    await ingestWrittenProposal(desk, file.path, call.actor, read);
    return written;
  },
});
