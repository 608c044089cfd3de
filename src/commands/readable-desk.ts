/** Commands that only read work with the desk down, too: by its journal and its files. */
import { noticeText } from "../trading/config/notice-text.ts";
import type { RecordedDesk } from "../trading/recorded-desk.ts";
import { type CommandContext, localServices } from "./command.ts";

/** A desk that may be down. */
export type ReadableDesk = Pick<
  RecordedDesk,
  "archive" | "workspace" | "state" | "clock" | "config" | "proposals" | "history"
>;

/** The running desk; its record if it is down. */
export async function readableDesk(context: CommandContext): Promise<ReadableDesk> {
  return context.desk === undefined ? recordedDesk(context) : context.desk.desk;
}

/** The record of a desk that is down, and lines for the person that say so. */
export async function recordedDesk(context: CommandContext): Promise<RecordedDesk> {
  const desk = await localServices(context).recordOf(context.cwd);
  context.progress.line("the desk is down: this is what its journal and its files say");
  if (desk.readOnly !== null) context.progress.line(`the journal is not whole: ${desk.readOnly}`);
  for (const notice of desk.notices.filter(({ kind }) => kind === "unreadable"))
    context.progress.line(noticeText(notice));
  return desk;
}
