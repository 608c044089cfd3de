import * as z from "zod";
import { flag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { connectorInScope } from "../connector-scope.ts";
import { connectorArgument, connectorState, connectorStateSchema } from "./connector-state.ts";

const NAME = "connectors quarantine";

export const command = defineCommand({
  name: NAME,
  group: "connectors",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "stop one connector until you restart it",
  description: "Its working orders stay at the venue.",
  examples: [
    "qoc connectors quarantine my-venue",
    'qoc connectors quarantine my-venue --reason "odd fills since noon"',
  ],
  exits: [5],
  input: () =>
    z.strictObject({
      name: connectorArgument(),
      reason: flag(z.string().max(500).default("by the operator"), "TEXT", "why, for the journal"),
    }),
  output: connectorStateSchema,
  run: async (input, context) => {
    const { desk } = requireDesk(context);
    const name = connectorInScope(desk, context.actor, { name: input.name, command: NAME });
    await desk.venues.quarantine(name, input.reason);
    return connectorState(desk, name);
  },
});
