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

/** Why connectors take no orders now, for example "paper is degraded": nothing may wait only because of that. */
export function troublesOf(status: StatusView | undefined): readonly string[] {
  return (status?.connectors ?? []).flatMap(({ name, state, comparisonFails = false }) => {
    if (state !== "ready") return [`${name} is ${state}`];
    return comparisonFails ? [`${name} could not be compared with its venue, so its orders are blocked`] : [];
  });
}
