/** entities list | read | write. */
import { z } from "zod";
import { listEntities, readEntity, writeEntity } from "../workspace/entities.ts";
import { UNNAMED, plainName } from "../domain/untrusted.ts";
import { openReadScope } from "../workspace/files.ts";
import { type CommandContext, body, requireDesk } from "./command.ts";
import { replacedDigest, wholeFile } from "./files.ts";
import { readUntrusted, untrustedSchema, untrustedSchemaFor, outsideText } from "./outside.ts";
import { record } from "./research.ts";

function reading(call: CommandContext) {
  const { desk } = requireDesk(call);
  return openReadScope(desk.disk, desk.root, desk.config);
}

export const entitiesList = body({
  input: z.strictObject({ after: z.string().max(500).default("") }),
  output: z.object({
    entries: z.array(
      z.object({
        symbol: z.string(),
        kind: z.string(),
        path: z.string(),
        isReadable: z.boolean(),
        untrusted: untrustedSchemaFor("its name, or what is wrong with its file"),
      }),
    ),
    next: z.string().nullable(),
  }),
  run: async ({ after }, call) => {
    const { entries, next } = await listEntities(await reading(call), after);
    call.sources?.add("entities list");
    const shown = entries.map(({ symbol, name, kind, path, problem }) => ({
      symbol: plainName(symbol) ?? UNNAMED,
      kind: plainName(kind) ?? "",
      path,
      isReadable: problem === null,
      untrusted: outsideText(call, path, problem ?? name),
    }));
    return { entries: shown, next };
  },
});

export const entitiesRead = body({
  input: z.strictObject({ symbol: z.string() }),
  output: z.object({ path: z.string(), digest: z.string(), untrusted: untrustedSchema }),
  run: async ({ symbol }, call) => {
    const { path, text, digest } = await readEntity(await reading(call), symbol);
    return { path, digest, untrusted: readUntrusted(call, path, text) };
  },
});

export const entitiesWrite = body({
  input: z.strictObject({ symbol: z.string(), text: wholeFile, replaces: z.string().optional() }),
  output: z.looseObject({ path: z.string(), digest: z.string() }),
  run: async ({ symbol, text, replaces }, call) => {
    const { desk } = requireDesk(call);
    const file = await writeEntity(desk.disk, desk.root, {
      symbol,
      text,
      ...replacedDigest("entities write", replaces),
    });
    return record(call, "entities write", file);
  },
});
