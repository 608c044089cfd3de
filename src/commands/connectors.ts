/** connectors list | restart | quarantine | logs | new | test. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import { lostGuarantees } from "../trading/venue-gateway.ts";
import { type CommandContext, body, localServices, requireDesk } from "./command.ts";
import { connectorFor } from "./market.ts";
import { logs } from "./record.ts";

const state = z.looseObject({ name: z.string(), state: z.string(), digest: z.string().nullable() });

function stateOf(call: CommandContext, name: string) {
  const facts = requireDesk(call).desk.venues.facts(name);
  return { name, state: facts?.state ?? "stopped", digest: facts?.digest ?? null, lastError: facts?.lastError ?? null };
}

export const connectorsList = body({
  input: z.strictObject({}),
  output: z.array(z.looseObject({ name: z.string(), state: z.string() })),
  run: async (_input, call) =>
    requireDesk(call)
      .desk.venues.status()
      .map((status) => ({ ...status, lastError: status.lastError ?? null, lost: lostGuarantees(status) })),
});

export const connectorsRestart = body({
  input: z.strictObject({ name: z.string() }),
  output: state,
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const name = connectorFor(desk, input.name);
    const before = desk.state.connectors.get(name)?.adapterDigest;
    await desk.venues.restart(name);
    const now = stateOf(call, name);
    return { ...now, adapterChanged: before !== undefined && now.digest !== null && before !== now.digest };
  },
});

export const connectorsQuarantine = body({
  input: z.strictObject({ name: z.string(), reason: z.string().max(500).default("by the operator") }),
  output: state,
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const name = connectorFor(desk, input.name);
    await desk.venues.quarantine(name, input.reason);
    return stateOf(call, name);
  },
});

export const connectorsLogs = body({
  input: z.strictObject({ name: z.string(), tail: z.coerce.number().default(200), follow: z.boolean().default(false) }),
  output: z.unknown(),
  run: ({ name, tail, follow }, call) => logs.run(logs.input.parse({ connector: name, tail, follow }), call),
});

export const connectorsNew = body({
  input: z.strictObject({ name: z.string() }),
  output: z.looseObject({ name: z.string(), path: z.string(), files: z.array(z.string()) }),
  run: ({ name }, call) => localServices(call).newConnector({ name, from: call.cwd }),
});

export const connectorsTest = body({
  input: z.strictObject({
    target: z.string(),
    isolation: z.enum(["worker", "process"]).optional(),
    only: z.array(z.string().regex(/^C\d+$/, 'must be a case such as "C01"')).default([]),
  }),
  output: z.looseObject({ certified: z.boolean() }),
  run: async ({ target, isolation, only }, call) => {
    const request = { target, from: call.cwd, only, ...(isolation === undefined ? {} : { isolation }) };
    const report = await localServices(call).certify(request, call.note);
    const { failed } = report.counts;
    const isFine = only.length === 0 ? report.certified : failed === 0;
    if (!isFine)
      throw new QocError(
        "NOT_CERTIFIED",
        { connector: report.name, failed, of: report.cases.length },
        { data: report },
      );
    return report;
  },
});
