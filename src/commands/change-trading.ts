/** `qoc halt` and `qoc resume` on the command line: a state that allows more than the state before is signed. */
import { digestOf } from "../domain/digest.ts";
import { EXIT } from "../domain/errors/error.ts";
import type { CommandSession } from "./command.ts";
import { callSigned } from "./signed-call.ts";

export async function changeTrading(
  session: CommandSession,
  command: "halt" | "resume",
  { reason, ...input }: Readonly<Record<string, unknown>>,
): Promise<number> {
  // The signature covers the reason, so the client states an empty one, too.
  const stated = String(reason ?? "");
  const intent = { action: "resume", id: "", digest: digestOf(stated) } as const;
  await session.show(command, await callSigned(session, { command, input: { ...input, reason: stated }, intent }));
  return EXIT.done;
}
