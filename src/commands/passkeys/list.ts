import * as z from "zod";
import { defineCommand, requireDesk } from "../command.ts";
import { tableOr } from "../rendering/table-text.ts";
import { lazy } from "../../lib/lazy.ts";

export const passkeySchema = lazy(() =>
  z.object({
    name: z.string(),
    state: z.enum(["in force", "offered"]),
    origin: z.string(),
    credential: z.string(),
    publicKey: z.string(),
    digest: z.string(),
    at: z.string(),
  }),
);

export const command = defineCommand({
  name: "passkeys list",
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: [],
  summary: "list the passkeys that approve live orders",
  description: "A passkey is offered by a page, and in force from qoc passkeys add on.",
  examples: ["qoc passkeys list", "qoc passkeys list --json"],
  exits: [5],
  input: () => z.strictObject({}),
  output: () => z.array(passkeySchema()),
  run: async (_input, context) => requireDesk(context).passkeys.list(),
  render: (passkeys, style) =>
    tableOr(
      style,
      [
        { title: "passkey", cell: ({ name }) => name },
        { title: "state", cell: ({ state }) => state },
        { title: "page", cell: ({ origin }) => origin },
        { title: "since", cell: ({ at }) => at },
      ],
      passkeys,
      "no passkey: live orders are approved in a terminal",
    ),
});
