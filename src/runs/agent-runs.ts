/**
 * The agent runs of a desk. One run works on an issue at a time, by the runtime of desk.toml; the issues that a run queued
 * follow one after another. All runs end when the desk closes.
 */
import type { ToolDescription } from "../agents/context-bundle.ts";
import { demoRuntime } from "../agents/demo.ts";
import { createRuntime } from "../agents/launch.ts";
import { PROGRAMS } from "../agents/programs.ts";
import type { AgentCall, AgentSettings, RunEndpoint, Runtime } from "../agents/runtime.ts";
import type { LaunchDeps } from "../agents/program-run.ts";
import type { RunReport, Runs } from "./runs.ts";
import { type ReadLog, createReadLog } from "./read-log.ts";
import { type RunView, endInterrupted, findRunnableIssue, newRunId, runIssue } from "./run-issue.ts";
import { runContext } from "./run-context.ts";
import type { Desk } from "../trading/desk.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import type { Clock } from "../domain/ports.ts";
import type { RefusalLog } from "../domain/refusal.ts";
import type { Issue } from "../workspace/issues.ts";

export interface AgentRunsOptions {
  readonly desk: Desk;
  readonly launch: LaunchDeps;
  /** The tools that a run may call. */
  readonly tools: readonly ToolDescription[];
  readonly openEndpoint: (run: string, wallMs: number, sources: ReadLog) => RunEndpoint;
  /** Gets each tool that an agent's own program denied. */
  readonly refusals: RefusalLog;
  readonly callAs: (actor: Actor, sources: ReadLog, signal: AbortSignal) => AgentCall;
}

export interface AgentRuns extends Runs {
  /** Records the end of runs that were under way when the desk last died. */
  endInterrupted(): Promise<void>;
  /** Stops all runs; resolves once their ends are recorded. */
  close(): Promise<void>;
}

/** Issues of one chain, the first included: an agent cannot keep itself busy without end. */
const CHAIN_MAX = 5;

/** The issues that one `qoc run` works on, one after another. */
interface Chain {
  /** The run that works now. */
  actor: Actor;
  readonly issues: Issue[];
}

export function openAgentRuns(options: AgentRunsOptions): AgentRuns {
  const { desk, launch, tools, openEndpoint, refusals, callAs } = options;
  const chains = new Map<Chain, Promise<RunReport>>();
  const stopping = new AbortController();
  const { agent } = desk.config;

  const runtimeWith = (budget: Budget, sources: ReadLog): Runtime => {
    const program = PROGRAMS.find(({ name }) => name === agent.runtime);
    if (program === undefined) return demoRuntime;
    const bounded: AgentSettings = { ...agent, timeoutMs: budget.timeoutMs(), maxCostUsd: budget.costUsd() };
    return createRuntime(program, {
      deps: launch,
      settings: bounded,
      openEndpoint: (run) => openEndpoint(run, bounded.timeoutMs, sources),
      refusals,
    });
  };

  const work = async (chain: Chain, note: (line: string) => void, signal: AbortSignal): Promise<RunReport> => {
    const budget = createBudget(desk.clock, agent);
    const views: RunView[] = [];
    let view: RunView | undefined;
    for (let next = 0; next < chain.issues.length; next++) {
      const issue = chain.issues[next];
      if (issue === undefined) break;
      const skipReason = next === 0 ? undefined : reasonToSkip(view, signal, budget);
      if (skipReason !== undefined) {
        const message = `skipped ${issue.path}: ${skipReason}`;
        note(message);
        desk.log.warn(message);
        continue;
      }
      const run = newRunId(desk);
      chain.actor = `agent:${run}`;
      if (next > 0) note(`starting queued issue ${issue.path}`);
      const sources = createReadLog();
      const [runtime, call] = [runtimeWith(budget, sources), callAs(chain.actor, sources, signal)];
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
      // If a queued issue was removed meanwhile, the run that queued it has not failed.
      view =
        next === 0
          ? await running
          : await running.catch((error: unknown) => void note(`${issue.path}: ${messageOf(error)}`));
      if (view === undefined) continue;
      budget.take(view);
      views.push(view);
    }
    const [first, ...queued] = views;
    if (first === undefined) throw new QocError("INTERNAL", { message: "a run without an issue" });
    return { ...first, queued };
  };

  const isUnderWay = (path: string): boolean =>
    [...chains.keys()].some(({ issues }) => issues.some((issue) => issue.path === path));

  return {
    start: async (ref, note, caller) => {
      const issue = await findRunnableIssue(desk.workspace.issues, ref);
      // If closing began during the await above, it would not wait for this run.
      if (stopping.signal.aborted) throw new QocError("DESK_DOWN");
      if (isUnderWay(issue.path)) throw new QocError("ISSUE_RUNNING", { issue: issue.path });
      const signal = AbortSignal.any([caller, stopping.signal]);
      const chain: Chain = { actor: "host", issues: [issue] };
      const working = work(chain, note, signal).finally(() => chains.delete(chain));
      chains.set(chain, working);
      return working;
    },
    dry: async (ref) => {
      const issue = await findRunnableIssue(desk.workspace.issues, ref);
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
      const isInstalled = program !== undefined && (await launch.findProgram(program)) !== undefined;
      return { program, isInstalled, hasBubblewrap: (await launch.findProgram("bwrap")) !== undefined };
    },
    queue: async (actor, ref) => {
      const chain = [...chains.keys()].find((running) => running.actor === actor);
      if (chain === undefined) throw new QocError("NO_RUN", { issue: ref });
      const issue = await findRunnableIssue(desk.workspace.issues, ref);
      if (isUnderWay(issue.path)) throw new QocError("ISSUE_RUNNING", { issue: issue.path });
      if (chain.issues.length >= CHAIN_MAX) throw new QocError("QUEUE_FULL", { limit: CHAIN_MAX });
      chain.issues.push(issue);
      return { issue: issue.path, queued: chain.issues.length - 1 };
    },
    endInterrupted: async () => {
      // On a read-only desk the end cannot be recorded, and every start would write the summary again.
      if (desk.readOnly() !== undefined) return;
      await endInterrupted(desk).catch((error: unknown) => desk.log.warn(`interrupted runs: ${messageOf(error)}`));
    },
    close: async () => {
      stopping.abort();
      await Promise.allSettled(chains.values());
    },
  };
}

/** The reason to skip a queued issue, or undefined. `previous` is undefined if the previous run could not start. */
function reasonToSkip(previous: RunView | undefined, signal: AbortSignal, budget: Budget): string | undefined {
  if (signal.aborted) return "the runs were stopped";
  if (previous?.outcome !== "done") return "the previous run failed";
  return budget.isSpent() ? "the earlier runs used up the time or the cost limit" : undefined;
}

/** The time and cost that are left for the runs of a chain. */
interface Budget {
  timeoutMs(): number;
  costUsd(): number;
  isSpent(): boolean;
  take(view: RunView): void;
}

function createBudget(
  clock: Clock,
  { timeoutMs, maxCostUsd }: Pick<AgentSettings, "timeoutMs" | "maxCostUsd">,
): Budget {
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
