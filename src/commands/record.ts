/** log, show, logs, restore: what happened, and files as they were. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import { digestOf } from "../domain/digest.ts";
import { suggestion } from "../domain/ids.ts";
import { scanProposals } from "../trading/scan-proposals.ts";
import { show as showEntry, decisionLog } from "../trading/decision-log.ts";
import { restoreFile } from "../trading/restore.ts";
import { type DeskServices, body, localServices, requireDesk } from "./command.ts";
import { isOrderInScope } from "./order-scope.ts";

const count = z.coerce.number().int().positive().max(100_000);

export const log = body({
  input: z.strictObject({ limit: count.default(50) }),
  output: z.array(z.looseObject({ date: z.string(), decision: z.enum(["APPROVED", "REJECTED"]) })),
  run: async (input, call) => {
    if (call.desk === undefined) return localServices(call).logOf(call.cwd, input.limit);
    const { desk } = call.desk;
    const orders = [...desk.state.orders].filter(([, order]) => isOrderInScope(desk, call.actor, order));
    return decisionLog({ ...desk.state, orders: new Map(orders) }, input.limit);
  },
});

export const show = body({
  input: z.strictObject({ id: z.string() }),
  output: z.looseObject({ kind: z.enum(["order", "revision"]) }),
  run: (input, call) => showEntry(requireDesk(call).desk, input.id),
});

function isUnderWay(services: DeskServices | undefined, run: string): boolean {
  return services?.desk.state.runs.has(run) === true;
}

export const logs = body({
  input: z.strictObject({
    tail: count.default(200),
    connector: z.string().optional(),
    run: z.string().optional(),
    follow: z.boolean().default(false),
  }),
  output: z.unknown(),
  run: async (input, call) => {
    const { tail, connector, run } = input;
    const query = { tail, ...(connector === undefined ? {} : { connector }), ...(run === undefined ? {} : { run }) };
    const services = call.desk;
    if (services !== undefined && input.connector !== undefined) {
      const names = services.desk.config.connectors.map((connector) => connector.name);
      const isKnown = names.some((name) => name === input.connector);
      if (!isKnown)
        throw new QocError("CONNECTOR_UNKNOWN", {
          name: input.connector,
          suggestion: suggestion(input.connector, names),
        });
    }
    const lines =
      services === undefined ? await localServices(call).logsOf(call.cwd, query) : await services.readLogs(query);
    if (run !== undefined && lines.length === 0 && !isUnderWay(services, run)) {
      throw new QocError("INVALID_INPUT", {
        command: "logs",
        message: `--run: the log has nothing of ${run}, and it is not under way`,
      });
    }
    for (const line of lines) await call.emit(line);
    if (input.follow && services !== undefined)
      await services.followLogs({ ...query, tail: 0 }, (line) => call.emit(line), call.signal);
    return undefined;
  },
});

export const restore = body({
  input: z.strictObject({ path: z.string(), at: z.string() }),
  output: z.looseObject({ path: z.string(), digest: z.string() }),
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const restored = await restoreFile(desk, input.path, input.at);
    await desk.commit({
      type: "file.written",
      path: restored.path,
      digest: digestOf(restored.text),
      command: "restore",
      actor: call.actor,
    });
    await scanProposals(desk);
    return { path: restored.path, at: input.at, digest: digestOf(restored.text) };
  },
});
