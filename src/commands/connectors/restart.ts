import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { connectorInScope } from "../connector-scope.ts";
import { connectorArgument, connectorState, connectorStateSchema } from "./connector-state.ts";

const WORKING: ReadonlySet<string> = new Set(["ready", "degraded"]);
const NAME = "connectors restart";

export const command = defineCommand({
  name: NAME,
  group: "connectors",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "restart one connector from its file",
  description: "Accepts a changed file, and ends a quarantine.",
  examples: ["qoc connectors restart paper", "qoc connectors restart my-venue --json"],
  exits: [5],
  input: () => z.strictObject({ name: connectorArgument() }),
  output: connectorStateSchema,
  run: async (input, context) => {
    const { desk } = requireDesk(context);
    const name = connectorInScope(desk, context.actor, { name: input.name, command: NAME });
    const digestBefore = desk.state.connectors.get(name)?.adapterDigest;
    await desk.venues.restart(name);
    const state = connectorState(desk, name);
    const adapterChanged = digestBefore !== undefined && state.digest !== null && digestBefore !== state.digest;
    return { ...state, adapterChanged };
  },
  // A file that does not load leaves the connector stopped, restarting or quarantined.
  exitCode: ({ state }) => (WORKING.has(state) ? EXIT.done : EXIT.failed),
});
