/** Shared by the commands on one schedule: their argument, their value and its lines. */
import type { ScheduleView } from "../../domain/status-view.ts";
import * as z from "zod";
import type { SchedulesReport } from "../../runs/scheduler.ts";
import { positional } from "../arguments.ts";
import type { CommandSession } from "../command.ts";
import { localMinute, localZone } from "../rendering/local-time.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { lazy } from "../../lib/lazy.ts";

export const scheduleArgument = lazy(() =>
  positional(z.string().min(1).max(200), "NAME", "the schedule's name or its file"),
);

export const scheduleSchema = lazy(() =>
  z.looseObject({ name: z.string(), state: z.string(), next: z.array(z.string()) }),
);

/** The schedule as the desk lists it, by its name or its file; undefined if the desk lists no such schedule. */
export async function listedSchedule(session: Pick<CommandSession, "callDesk">, ref: unknown) {
  const { schedules } = (await session.callDesk("schedules list", {})) as SchedulesReport;
  return schedules.find(({ name, path }) => name === ref || path === ref);
}

export function renderSchedule(schedule: ScheduleView, style: OutputStyle): readonly string[] {
  const { name, path, state, task, cron, timezone, missed, timeoutMinutes, skipIfNoOpenIssues, next, last } = schedule;
  const times = style.isTty ? next.map(localMinute).join(", ") : next.join(" ");
  return [
    ...keyValueLines(style, [
      ["schedule", name],
      ["file", path],
      ["state", state],
      ["task", task ?? ""],
      ["cron", `${cron ?? ""} (${timezone ?? ""})`],
      ["missed", missed === "once" ? "once: one run makes up for them" : "skip: no run makes up for them"],
      ...(timeoutMinutes === null ? [] : [["timeout", `${timeoutMinutes} min`] as const]),
      ...(skipIfNoOpenIssues === true ? [["skips", "if no other issue is open"] as const] : []),
      ...(next.length === 0 ? [] : [[style.isTty ? `next (${localZone()})` : "next", times] as const]),
      ...(last === null ? [] : [["last", lastText(last, style)] as const]),
    ]),
    ...(schedule.problem === null ? [] : [style.paint("yellow", `! ${oneLine(schedule.problem)}`)]),
    ...(schedule.fix === null ? [] : [`fix: ${oneLine(schedule.fix)}`]),
  ];
}

type ShownResult = NonNullable<ScheduleView["last"]>;

export function resultText({ outcome, reason }: Pick<ShownResult, "outcome" | "reason">): string {
  return `${outcome}${reason === null ? "" : `: ${reason}`}`;
}

function lastText(last: ShownResult, style: Pick<OutputStyle, "isTty">): string {
  const at = last.due ?? last.at;
  return `${style.isTty ? localMinute(at) : at} ${resultText(last)}`;
}
