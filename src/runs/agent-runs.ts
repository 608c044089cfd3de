/**
 * The runs of a desk: one at a time on an issue, each by the runtime of desk.toml, and one after another what a run queued.
 * All of them end with the desk.
 */
import type { ToolDescription } from "../agents/context-bundle.ts";
import { demoRuntime } from "../agents/demo.ts";
import { createRuntime } from "../agents/launch.ts";
import { PROGRAMS } from "../agents/programs.ts";
import type { AgentCall, AgentSettings, RunEndpoint, Runtime } from "../agents/runtime.ts";
import type { LaunchDeps } from "../agents/run-context.ts";
import type { RunReport, Runs } from "./runs.ts";
import type { ReadLog } from "./read-log.ts";
import { createReadLog } from "./read-log.ts";
import { type RunView, endInterrupted, findWork, newRunId, runIssue } from "./run-issue.ts";
import { runContext } from "./run-context.ts";
import type { Desk } from "../trading/desk.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import type { Clock } from "../domain/ports.ts";
import type { Issue } from "../workspace/notes.ts";

export interface AgentRunsOptions {
  readonly desk: Desk;
  readonly launch: LaunchDeps;
  /** The tools that a run may call. */
  readonly tools: readonly ToolDescription[];
  readonly openEndpoint: (run: string, wallMs: number, sources: ReadLog) => RunEndpoint;
  /** Called for each tool that an agent's own program denied. */
  readonly refused: (actor: Actor, tool: string) => void;
  readonly callAs: (actor: Actor, sources: ReadLog, signal: AbortSignal) => AgentCall;
}

export interface AgentRuns extends Runs {
  /** Runs that a desk left open when it died are ended in the record. */
  endInterrupted(): Promise<void>;
  /** Stops what runs; resolves once it is recorded. */
  close(): Promise<void>;
}

/** Issues that one run may add, itself included: an agent cannot keep itself busy for ever. */
const CHAIN_MAX = 5;

/** Issues worked on one after another by one `qoc run`. */
interface Chain {
  /** Who works now. */
  actor: Actor;
  readonly issues: Issue[];
}

export function openAgentRuns(options: AgentRunsOptions): AgentRuns {
  const { desk, launch, tools, openEndpoint, refused, callAs } = options;
  const chains = new Map<Chain, Promise<RunReport>>();
  const stopping = new AbortController();
  const { agent } = desk.config;

  const runtimeWith = (left: Budget, sources: ReadLog): Runtime => {
    const program = PROGRAMS.find(({ name }) => name === agent.runtime);
    if (program === undefined) return demoRuntime;
    const bounded: AgentSettings = { ...agent, timeoutMs: left.timeoutMs(), maxCostUsd: left.costUsd() };
    return createRuntime(program, {
      world: launch,
      settings: bounded,
      door: (run) => openEndpoint(run, bounded.timeoutMs, sources),
      refused: (run, tool) => refused(`agent:${run}`, tool),
    });
  };

  const work = async (chain: Chain, note: (line: string) => void, signal: AbortSignal): Promise<RunReport> => {
    const left = budgetOf(desk.clock, agent);
    const views: RunView[] = [];
    let view: RunView | undefined;
    for (let next = 0; next < chain.issues.length; next++) {
      const issue = chain.issues[next];
      if (issue === undefined) break;
      const why = next === 0 ? undefined : leftBecause(view, signal, left);
      if (why !== undefined) {
        const words = `${issue.path} is left: ${why}`;
        note(words);
        desk.log.warn(words);
        continue;
      }
      const run = newRunId(desk);
      chain.actor = `agent:${run}`;
      if (next > 0) note(`goes on with ${issue.path}, which it queued`);
      const sources = createReadLog();
      const [runtime, call] = [runtimeWith(left, sources), callAs(chain.actor, sources, signal)];
      const running = runIssue({
        desk,
        issue,
        run,
        runtime,
        call,
        note,
        signal,
        tools,
        read: (source) => sources.add(source),
      });
      // A queued issue that is gone meanwhile is no failure of the run that queued it.
      view =
        next === 0
          ? await running
          : await running.catch((error: unknown) => void note(`${issue.path}: ${messageOf(error)}`));
      if (view === undefined) continue;
      left.take(view);
      views.push(view);
    }
    const [first, ...queued] = views;
    if (first === undefined) throw new QocError("INTERNAL", { message: "a run without an issue" });
    return { ...first, queued };
  };

  const isTaken = (path: string): boolean =>
    [...chains.keys()].some(({ issues }) => issues.some((issue) => issue.path === path));

  return {
    start: async (words, note, caller) => {
      const issue = await findWork(desk, words);
      // It may have begun to close meanwhile, and would not wait for this one.
      if (stopping.signal.aborted) throw new QocError("DESK_DOWN");
      if (isTaken(issue.path)) throw new QocError("ISSUE_RUNNING", { issue: issue.path });
      const signal = AbortSignal.any([caller, stopping.signal]);
      const chain: Chain = { actor: "host", issues: [issue] };
      const working = work(chain, note, signal).finally(() => chains.delete(chain));
      chains.set(chain, working);
      return working;
    },
    dry: async (words) => {
      const issue = await findWork(desk, words);
      const { bundle } = await runContext(desk, "run-(dry)", issue, tools);
      return {
        issue: issue.path,
        runtime: agent.runtime,
        wouldRun: true,
        bundle,
        tools: tools.map(({ name }) => name),
      };
    },
    check: async () => {
      const program = agent.runtime === "demo" ? undefined : (agent.command?.[0] ?? agent.runtime);
      const isInstalled = program !== undefined && (await launch.find(program)) !== undefined;
      return { program, isInstalled, hasBubblewrap: (await launch.find("bwrap")) !== undefined };
    },
    queue: async (actor, words) => {
      const chain = [...chains.keys()].find((one) => one.actor === actor);
      if (chain === undefined) throw new QocError("NO_RUN", { issue: words });
      const issue = await findWork(desk, words);
      if (isTaken(issue.path)) throw new QocError("ISSUE_RUNNING", { issue: issue.path });
      if (chain.issues.length >= CHAIN_MAX) throw new QocError("QUEUE_FULL", { limit: CHAIN_MAX });
      chain.issues.push(issue);
      return { issue: issue.path, queued: chain.issues.length - 1 };
    },
    endInterrupted: async () => {
      // What cannot be recorded would be filed anew at every start.
      if (desk.readOnly() !== undefined) return;
      await endInterrupted(desk).catch((error: unknown) => desk.log.warn(`runs of the last life: ${messageOf(error)}`));
    },
    close: async () => {
      stopping.abort();
      await Promise.allSettled(chains.values());
    },
  };
}

/** Why a queued issue is not worked on; undefined: it is. `before` is the run before it; undefined: it could not begin. */
function leftBecause(before: RunView | undefined, signal: AbortSignal, left: Budget): string | undefined {
  if (signal.aborted) return "the runs were stopped";
  if (before?.outcome !== "done") return "the run before it failed";
  return left.isSpent() ? "the runs before it left no time or no money" : undefined;
}

/** What a chain of runs may still use: each has what the ones before it left. */
interface Budget {
  timeoutMs(): number;
  costUsd(): number;
  isSpent(): boolean;
  take(view: RunView): void;
}

function budgetOf(clock: Clock, { timeoutMs, maxCostUsd }: Pick<AgentSettings, "timeoutMs" | "maxCostUsd">): Budget {
  const started = clock.monotonic();
  let spent = 0;
  const budget: Budget = {
    timeoutMs: () => timeoutMs - Math.round(clock.monotonic() - started),
    costUsd: () => maxCostUsd - spent,
    isSpent: () => budget.timeoutMs() <= 0 || budget.costUsd() <= 0,
    take: ({ costUsd }) => void (spent += costUsd ?? 0),
  };
  return budget;
}
