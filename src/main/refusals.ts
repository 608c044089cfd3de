/** What was refused to an agent, for the record: attempts of one actor at one command within a minute are one event. */
import type { Refusals } from "../commands/invoke.ts";
import type { Desk } from "../desk/desk.ts";

export type RefusalPorts = Pick<Desk, "clock" | "log" | "publish">;

const WINDOW_MS = 60_000;

export const refusalsOf = ({ clock, log, publish }: RefusalPorts): Refusals => {
  const open = new Map<string, number>();
  return (command, actor, reason) => {
    const key = `${actor} ${command}`;
    const count = (open.get(key) ?? 0) + 1;
    open.set(key, count);
    log.warn(`refused ${command} to ${actor}: ${reason}`, { actor, command });
    if (count > 1) return;
    clock.after(WINDOW_MS, () => {
      publish({ type: "command.refused", command: command.slice(0, 200), actor, reason, count: open.get(key) ?? 1 });
      open.delete(key);
    });
  };
};
