/** `qoc halt` and `qoc resume` on the command line: a state that allows more than the state before is signed. */
import { digestOf } from "../domain/digest.ts";
import { EXIT } from "../domain/error.ts";
import type { CommandSession } from "./command.ts";
import { callSigned } from "./signed-call.ts";

export async function changeTrading(
  session: CommandSession,
  command: "halt" | "resume",
  input: Readonly<Record<string, unknown>>,
): Promise<number> {
  const intent = { action: "resume", digest: digestOf(String(input["reason"])) } as const;
  await session.show(command, await callSigned(session, { command, input, intent }));
  return EXIT.done;
}
