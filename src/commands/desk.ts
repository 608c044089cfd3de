/** init, up, down, status, snapshot, halt, resume, doctor, verify, rebuild, demo, key protect. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import { runDoctor as checkDesk } from "../trading/doctor.ts";
import { setTrading } from "../trading/decide.ts";
import { iso } from "../trading/desk.ts";
import { rebuild as rebuildFiles } from "../trading/rebuild.ts";
import { takeSnapshot } from "../trading/snapshot.ts";
import { deskStatus as lookAtDesk } from "../trading/status.ts";
import { listSnapshots } from "../workspace/snapshots.ts";
import { body, localServices, requireDesk } from "./command.ts";
import { isInScope, positionsInScope, statusInScope } from "./scope.ts";

const none = z.strictObject({});
const bookShape = z.looseObject({
  nav: z.string(),
  cash: z.string(),
  buyingPower: z.string(),
  positions: z.array(z.looseObject({})),
});

export const init = body({
  input: z.strictObject({
    path: z.string().default("."),
    name: z.string().optional(),
    passphrase: z.string().optional(),
  }),
  output: z.looseObject({ path: z.string(), port: z.number() }),
  run: (input, call) =>
    localServices(call).init({
      path: input.path,
      ...(input.name === undefined ? {} : { name: input.name }),
      ...(input.passphrase === undefined ? {} : { passphrase: input.passphrase }),
    }),
});

export const up = body({
  input: z.strictObject({ detach: z.boolean().default(false) }),
  output: z.unknown(),
  run: (input, call) => localServices(call).up({ detach: input.detach, from: call.cwd }, call.note, call.signal),
});

export const down = body({
  input: none,
  output: z.object({ stopped: z.boolean() }),
  run: async (_input, call) => {
    const services = requireDesk(call);
    await services.settled();
    services.stop();
    return { stopped: true };
  },
});

export const status = body({
  input: z.strictObject({ snapshot: z.string().optional() }),
  output: z.looseObject({ up: z.boolean(), book: bookShape }),
  run: async (input, call) => {
    if (call.desk === undefined) return localServices(call).statusOf(call.cwd);
    if (input.snapshot !== undefined && input.snapshot !== "latest") {
      throw new QocError("INVALID_INPUT", {
        command: "status",
        message: `--snapshot knows "latest", not ${JSON.stringify(input.snapshot)}`,
      });
    }
    const { desk, lastSeen } = call.desk;
    const view = await lookAtDesk(desk);
    const agents = view.agents.map((one) => ({ ...one, lastSeenAt: isoOrNull(lastSeen(one.agent)) }));
    return statusInScope(desk, call.actor, { ...view, agents });
  },
});

function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : iso(at);
}

export const snapshot = body({
  input: none,
  output: z.looseObject({ path: z.string(), nav: z.string() }),
  run: async (_input, call) => {
    const { desk } = requireDesk(call);
    const { connectors, stale, positions, ...view } = await takeSnapshot(desk, call.actor);
    const isKnown = (name: string): boolean => isInScope(desk, call.actor, name);
    return {
      ...view,
      connectors: connectors.filter(isKnown),
      stale: stale.filter(isKnown),
      positions: positionsInScope(desk, call.actor, positions),
    };
  },
});

export const snapshotList = body({
  input: none,
  output: z.array(z.looseObject({ path: z.string() })),
  run: (_input, call) => listSnapshots(requireDesk(call).desk.disk, requireDesk(call).desk.root),
});

const reasonInput = z.strictObject({ reason: z.string().default("") });
const tradingShape = z.object({ trading: z.enum(["active", "reducing", "halted"]), reason: z.string() });

export const halt = body({
  input: z.strictObject({ reason: z.string().default("halted by the operator"), reducing: z.boolean().default(false) }),
  output: tradingShape,
  run: (input, call) =>
    setTrading(requireDesk(call).desk, input.reducing ? "reducing" : "halted", input.reason, call.actor),
});

export const resume = body({
  input: reasonInput,
  output: tradingShape,
  run: (input, call) => setTrading(requireDesk(call).desk, "active", input.reason, call.actor),
});

export const doctor = body({
  input: none,
  output: z.object({
    checks: z.array(z.looseObject({ name: z.string(), status: z.enum(["ok", "warn", "fail", "skip"]) })),
  }),
  run: async (_input, call) => {
    const { desk, nodeVersion, runs } = requireDesk(call);
    return checkDesk(desk, nodeVersion, await runs.check());
  },
});

export const verify = body({
  input: none,
  output: z.looseObject({ ok: z.boolean(), records: z.number() }),
  run: (_input, call) =>
    call.desk === undefined ? localServices(call).verifyOf(call.cwd, call.note) : call.desk.verify(call.note),
});

export const rebuild = body({
  input: none,
  output: z.looseObject({ orders: z.number(), fills: z.number() }),
  run: async (_input, call) => {
    if (call.desk === undefined) return localServices(call).rebuildOf(call.cwd, call.note);
    await call.desk.settled();
    return rebuildFiles(call.desk.desk.workspace, await call.desk.readEvents(), call.note);
  },
});

export const protectKey = body({
  input: z.strictObject({ passphrase: z.string().min(8, "a passphrase has at least 8 characters") }),
  output: z.looseObject({}),
  run: (input, call) => localServices(call).protectKey(call.cwd, input.passphrase),
});

export const demo = body({
  input: z.strictObject({ path: z.string().optional(), yes: z.boolean().default(false) }),
  output: z.unknown(),
  run: (input, call) => {
    const request = { yes: input.yes, ...(input.path === undefined ? {} : { path: input.path }) };
    return localServices(call).demo(request, { say: call.note, canAsk: call.canAsk }, call.signal);
  },
});

export const mcp = body({
  input: none,
  output: z.undefined(),
  run: (_input, call) => localServices(call).mcp(call.cwd, call.signal),
});
