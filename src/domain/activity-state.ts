/** The part of the state that no order, guard or position depends on: runs, agents, pages and snapshots. */
import { type AgentRecord, grantedAgent } from "./authority/agent-access.ts";
import type { AgentGranted, AgentRevoked } from "./authority/agent-event.ts";
import type { RefusedAttempts } from "./authority/refusal.ts";
import type { DecimalText } from "./decimal.ts";
import { type EquityPoint, addEquityPoint } from "./account/equity-series.ts";
import type { CommandRefused, DeskEvent, RunEnded, RunStarted } from "./event.ts";
import { type PageState, type PageStateEvent, applyPageEvent, noPages } from "./pages/page-state.ts";
import type { SnapshotTaken } from "./config/schedule-event.ts";

export interface ActivityState {
  /** Agent runs in progress. */
  readonly runs: Map<string, { issue: string; runtime: string; at: number }>;
  /** Agents with access, by name. */
  readonly agents: Map<string, AgentRecord>;
  readonly pages: PageState;
  /** The last runs that ended, the newest at the end. */
  readonly endedRuns: EndedRun[];
  /** The last calls that agents were refused, the newest at the end. */
  readonly refusals: RefusedAttempts[];
  /** The NAV of the snapshots, bounded. */
  readonly equity: EquityPoint[];
  lastRun?: { run: string; issue: string; outcome: string; summary: string; at: number };
  lastSnapshot?: { path: string; nav: string | null; at: number };
}

export interface EndedRun {
  readonly run: string;
  readonly issue: string;
  /** "" for a run whose start is not in the journal. */
  readonly runtime: string;
  readonly outcome: RunEnded["outcome"];
  readonly startedAt: number | undefined;
  readonly at: number;
  readonly cost: DecimalText | undefined;
  /** The path of its summary. */
  readonly summary: string;
}

const RUNS_KEPT = 100;
const REFUSALS_KEPT = 200;

/** The state before the first record. */
export function noActivity(): ActivityState {
  return { runs: new Map(), agents: new Map(), pages: noPages(), endedRuns: [], refusals: [], equity: [] };
}

type ActivityEvent =
  | RunStarted
  | RunEnded
  | SnapshotTaken
  | AgentGranted
  | AgentRevoked
  | CommandRefused
  | PageStateEvent;

export const ACTIVITY_EVENTS: ReadonlySet<DeskEvent["type"]> = new Set<ActivityEvent["type"]>([
  "run.started",
  "run.ended",
  "snapshot.taken",
  "agent.granted",
  "agent.revoked",
  "command.refused",
  "page.opened",
  "page.closed",
  "passkey.added",
  "passkey.removed",
]);

export function isActivity(event: DeskEvent): event is ActivityEvent {
  return ACTIVITY_EVENTS.has(event.type);
}

export function recordActivity(state: ActivityState, at: number, event: ActivityEvent): void {
  switch (event.type) {
    case "run.started":
      state.runs.set(event.run, { issue: event.issue, runtime: event.runtime, at });
      return;
    case "run.ended": {
      const { run, issue, outcome, summary, cost } = event;
      const { runtime = "", at: startedAt } = state.runs.get(run) ?? {};
      state.runs.delete(run);
      state.endedRuns.push({ run, issue, runtime, outcome, startedAt, at, cost, summary });
      if (state.endedRuns.length > RUNS_KEPT) state.endedRuns.shift();
      state.lastRun = { run, issue, outcome, summary, at };
      return;
    }
    case "snapshot.taken":
      state.lastSnapshot = { path: event.path, nav: event.nav, at };
      if (event.nav !== null) addEquityPoint(state.equity, { at, nav: event.nav });
      return;
    case "agent.granted":
      state.agents.set(event.agent, grantedAgent(event, at));
      return;
    case "agent.revoked":
      state.agents.delete(event.agent);
      return;
    case "command.refused": {
      const { actor, command, reason, count } = event;
      state.refusals.push({ actor, command, reason, count, at });
      if (state.refusals.length > REFUSALS_KEPT) state.refusals.shift();
      return;
    }
    default:
      applyPageEvent(state.pages, at, event);
  }
}
