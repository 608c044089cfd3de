/** The part of the state that no order, guard or position depends on: runs, agents, pages and snapshots. */
import { type AgentRecord, grantedAgent } from "./agent-access.ts";
import type { AgentGranted, AgentRevoked } from "./agent-event.ts";
import type { RunEnded, RunStarted } from "./event.ts";
import type { PageClosed, PageOpened } from "./page-event.ts";
import { type PageState, applyPageEvent } from "./page-state.ts";
import type { SnapshotTaken } from "./schedule-event.ts";

export interface ActivityState {
  /** Agent runs in progress. */
  readonly runs: Map<string, { issue: string; runtime: string; at: number }>;
  /** Agents with access, by name. */
  readonly agents: Map<string, AgentRecord>;
  readonly pages: PageState;
  lastRun?: { run: string; issue: string; outcome: string; summary: string; at: number };
  lastSnapshot?: { path: string; nav: string | null; at: number };
}

type ActivityEvent = RunStarted | RunEnded | SnapshotTaken | AgentGranted | AgentRevoked | PageOpened | PageClosed;

export function recordActivity(state: ActivityState, at: number, event: ActivityEvent): void {
  switch (event.type) {
    case "run.started":
      state.runs.set(event.run, { issue: event.issue, runtime: event.runtime, at });
      return;
    case "run.ended": {
      const { run, issue, outcome, summary } = event;
      state.runs.delete(run);
      state.lastRun = { run, issue, outcome, summary, at };
      return;
    }
    case "snapshot.taken":
      state.lastSnapshot = { path: event.path, nav: event.nav, at };
      return;
    case "agent.granted":
      state.agents.set(event.agent, grantedAgent(event, at));
      return;
    case "agent.revoked":
      state.agents.delete(event.agent);
      return;
    default:
      applyPageEvent(state.pages, at, event);
  }
}
