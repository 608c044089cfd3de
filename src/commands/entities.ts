/** entities list | read | write. */
import { z } from "zod";
import { listEntities, readEntity, writeEntity } from "../workspace/entities.ts";
import { NO_NAME, plainName } from "../domain/untrusted.ts";
import { openReading } from "../workspace/files.ts";
import { type CallContext, body, hot } from "./command.ts";
import { replacedDigest, wholeFile } from "./files.ts";
import { opened, outside, outsideAs, outsideText } from "./outside.ts";
import { record } from "./research.ts";

function reading(call: CallContext) {
  const { desk } = hot(call);
  return openReading(desk.disk, desk.root, desk.config);
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
        untrusted: outsideAs("its name, or what is wrong with its file"),
      }),
    ),
    next: z.string().nullable(),
  }),
  run: async ({ after }, call) => {
    const { entries, next } = await listEntities(await reading(call), after);
    call.sources?.note("entities list");
    const shown = entries.map(({ symbol, name, kind, path, problem }) => ({
      symbol: plainName(symbol) ?? NO_NAME,
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
  output: z.object({ path: z.string(), digest: z.string(), untrusted: outside }),
  run: async ({ symbol }, call) => {
    const { path, text, digest } = await readEntity(await reading(call), symbol);
    return { path, digest, untrusted: opened(call, path, text) };
  },
});

export const entitiesWrite = body({
  input: z.strictObject({ symbol: z.string(), text: wholeFile, replaces: z.string().optional() }),
  output: z.looseObject({ path: z.string(), digest: z.string() }),
  run: async ({ symbol, text, replaces }, call) => {
    const { desk } = hot(call);
    const file = await writeEntity(desk.disk, desk.root, {
      symbol,
      text,
      ...replacedDigest("entities write", replaces),
    });
    return record(call, "entities write", file);
  },
});
