/** The desk's status, which most parts of the page show something of. */
import type { StatusView } from "../domain/status-view.ts";
import type { Question } from "./desk-data.ts";
import { useReading } from "./page-context.ts";

export const STATUS: Question = { command: "status", input: {}, topics: [""], everyMs: 15_000 };

export function useStatus(): StatusView | undefined {
  return useReading<StatusView>(STATUS).value.value;
}

/** Proposals that wait for an approval. */
export function waitingOf(status: StatusView | undefined): StatusView["proposals"] {
  return (status?.proposals ?? []).filter(({ needs }) => needs === "approval");
}

/** The strictest mode of the enabled connectors: one live connector makes the desk live. */
export function deskMode({ connectors }: StatusView): string {
  for (const mode of ["live", "unstated"]) if (connectors.some((connector) => connector.mode === mode)) return mode;
  return "paper";
}

/** Why a connector takes no orders now, as the end of a sentence about it; undefined: it takes them. */
export function troubleOf({
  state,
  comparisonFails = false,
}: Pick<StatusView["connectors"][number], "state" | "comparisonFails">): string | undefined {
  if (state !== "ready") return `is ${state}`;
  return comparisonFails ? "could not be compared with its venue, so its orders are blocked" : undefined;
}
