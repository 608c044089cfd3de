/** entities list | read | write. */
import { z } from "zod";
import { listEntities, readEntity, writeEntity } from "../workspace/entities.ts";
import { openReading } from "../workspace/files.ts";
import { type CallContext, body, hot } from "./command.ts";
import { replacedDigest, writable } from "./files.ts";
import { record } from "./research.ts";

const reading = (call: CallContext) => {
  const { desk } = hot(call);
  return openReading(desk.disk, desk.root, desk.config);
};

export const entitiesList = body({
  input: z.strictObject({ after: z.string().max(500).default("") }),
  output: z.object({
    entries: z.array(z.looseObject({ symbol: z.string(), name: z.string(), kind: z.string(), path: z.string() })),
    next: z.string().nullable(),
  }),
  run: async ({ after }, call) => listEntities(await reading(call), after),
});

export const entitiesRead = body({
  input: z.strictObject({ symbol: z.string() }),
  output: z.object({ path: z.string(), text: z.string(), digest: z.string() }),
  run: async ({ symbol }, call) => readEntity(await reading(call), symbol),
});

export const entitiesWrite = body({
  input: z.strictObject({ symbol: z.string(), text: z.string().max(300_000), replaces: z.string().optional() }),
  output: z.looseObject({ path: z.string(), digest: z.string() }),
  run: async ({ symbol, text, replaces }, call) => {
    writable(call);
    const { desk } = hot(call);
    const file = await writeEntity(desk.disk, desk.root, { symbol, text, ...replacedDigest("entities write", replaces) });
    return record(call, "entities write", file);
  },
});
