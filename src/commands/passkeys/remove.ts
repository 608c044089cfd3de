import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";

export const command = defineCommand({
  name: "passkeys remove",
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "let a passkey approve nothing any more",
  examples: ["qoc passkeys remove amber-kite-oslo"],
  exits: [5],
  input: () => z.strictObject({ name: positional(z.string(), "NAME", "the passkey's name: qoc passkeys list") }),
  output: () => z.string(),
  run: async ({ name }, context) => {
    await requireDesk(context).passkeys.remove(name);
    return name;
  },
  render: (name) => [`passkey ${name} approves nothing any more`],
});
