/** `qoc resume` on the command line. On a desk whose journal lacks records it first accepts the gap. */
import * as z from "zod";
import { digestOf } from "../domain/digest.ts";
import { EXIT } from "../domain/errors/error.ts";
import { GAP_KINDS, type GapRange, gapDigest, gapLabel } from "../domain/authority/journal-head.ts";
import { describeGap } from "../trading/audit/journal-gap.ts";
import { changeTrading } from "./change-trading.ts";
import type { CommandSession } from "./command.ts";
import { callSigned } from "./signed-call.ts";
import { lazy } from "../lib/lazy.ts";

/**
 * Resumes trading. If the journal of the desk lacks records, the person is shown the gap, or names it with `--gap`, and
 * the client signs exactly this gap.
 */
export async function resumeTrading(
  session: CommandSession,
  { gap: named, ...input }: Readonly<Record<string, unknown>>,
): Promise<number> {
  try {
    return await changeTrading(session, "resume", input);
  } catch (error) {
    const gap = gapOf(session.remoteError(error)?.data);
    if (gap === undefined || !(await isAccepted(session, gap, named))) throw error;
    const reason = String(input["reason"] ?? "");
    const shown = gapDigest(gap);
    const intent = { action: "resume", id: "", digest: digestOf(reason), shown } as const;
    const changed = await callSigned(session, { command: "resume", input: { reason, gap: shown }, intent });
    await session.show("resume", changed);
    session.progress.line("the desk writes again; compare orders and positions with the venues, then: qoc resume");
    return EXIT.done;
  }
}

async function isAccepted({ prompter, display }: CommandSession, gap: GapRange, named: unknown): Promise<boolean> {
  if (named !== undefined || prompter === undefined) return named === gapLabel(gap);
  display(() => [
    `${describeGap(gap)}.`,
    "Orders, decisions and fills of these records are not known to the desk. Restore the journal from a backup if you",
    "can. If you go on, the gap is recorded, and every open proposal must be proposed again under a new id.",
  ]);
  return prompter.confirm(`Go on without records ${gapLabel(gap)}?`);
}

const headSchema = lazy(() => z.object({ seq: z.int(), hash: z.string() }));
const dataSchema = lazy(() =>
  z.object({
    gap: z.object({
      kind: z.enum(GAP_KINDS),
      fromSeq: z.int(),
      toSeq: z.int().nullable(),
      fromAt: z.number().nullable(),
      toAt: z.number().nullable(),
      heads: z.array(headSchema()),
    }),
  }),
);

/** The gap in the data of an error. */
function gapOf(data: unknown): GapRange | undefined {
  const parsed = dataSchema().safeParse(data);
  return parsed.success ? parsed.data.gap : undefined;
}
