import * as z from "zod";
import { digestOf } from "../../domain/digest.ts";
import { EXIT, QocError } from "../../domain/errors/error.ts";
import { passkeyText } from "../../domain/pages/passkey.ts";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk, usageError } from "../command.ts";
import { authoritySchema, callSigned, passkeyAnswerSchema } from "../signed-call.ts";
import { passkeySchema } from "./list.ts";

const NAME = "passkeys add";

function missingDigest(): QocError {
  return usageError(NAME, "name the digest that the page shows in its settings");
}

export const command = defineCommand({
  name: NAME,
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "let a passkey approve live orders on the page",
  description:
    "The page makes the passkey, in its settings, and shows its digest. The live key signs it here, so the passphrase is asked for.",
  examples: ["qoc passkeys add sha256:…"],
  exits: [4, 5],
  input: () =>
    z.strictObject({
      digest: positional(z.string().optional(), "SHA256", "the digest that the page shows"),
      /** What the page sends: it made the passkey, and the answer proves its key. */
      passkey: z
        .strictObject({
          credential: z.string().max(1_400),
          publicKey: z.string().max(200),
          proof: passkeyAnswerSchema(),
        })
        .optional(),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: passkeySchema,
  run: async ({ digest, passkey, authority }, context) => {
    const { passkeys } = requireDesk(context);
    const { page } = context;
    if (page !== undefined && passkey !== undefined) return passkeys.offer(page, passkey);
    if (digest === undefined) throw missingDigest();
    return passkeys.add(digest, { authority, page });
  },
  render: ({ name, state, origin }) => [
    state === "in force"
      ? `passkey ${name} approves live orders on the page at ${origin}`
      : `passkey ${name} is ${state}`,
  ],
  cli: async (session, input) => {
    if (input["digest"] === undefined) throw missingDigest();
    const digest = String(input["digest"]);
    const known = z.array(passkeySchema()).parse(await session.call("passkeys list", {}));
    const offered = known.find((passkey) => passkey.state === "offered" && passkey.digest === digest);
    // What is shown here is what is signed, whatever the desk answers.
    if (offered === undefined || digestOf(passkeyText(offered)) !== digest)
      throw new QocError("PASSKEY_UNKNOWN", { kind: "digest", ref: digest });
    session.progress.line(
      `passkey ${offered.name}, made ${offered.at} on the page at ${offered.origin}: it will approve live orders of this desk`,
    );
    const intent = { action: "passkey", id: "", digest } as const;
    await session.show(NAME, await callSigned(session, { command: NAME, input: { digest }, intent }));
    return EXIT.done;
  },
});
