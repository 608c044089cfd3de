/**
 * The agent runs of a desk. At most one run works on an issue, with the runtime of desk.toml. The issues that a run
 * queues follow one after another. All runs end when the desk closes.
 */
import type { ToolDescription } from "../agents/context-bundle.ts";
import { demoRuntime } from "../agents/demo.ts";
import { createRuntime } from "../agents/launch.ts";
import { PROGRAMS } from "../agents/programs.ts";
import type { AgentCall, AgentSettings, RunEndpoint, Runtime } from "../agents/runtime.ts";
import type { LaunchDeps } from "../agents/program-run.ts";
import type { DryRun, Queued, RunReport, Runs, StartOptions } from "./runs.ts";
import { type ReadLog, createReadLog } from "./read-log.ts";
import { type RunView, endInterrupted, findRunnableIssue, refuseAgentIssue, newRunId, runIssue } from "./run-issue.ts";
import { gatherRunContext } from "./gather-context.ts";
import { remainingCostUsd } from "../trading/config/daily-limits.ts";
import type { Desk } from "../trading/desk.ts";
import type { AgentFacts } from "../trading/doctor.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Actor } from "../domain/event.ts";
import type { StartCause } from "../domain/config/schedule-event.ts";
import type { Clock, Progress } from "../domain/ports.ts";
import type { RefusalLog } from "../domain/authority/refusal.ts";
import type { AgentConfig } from "../workspace/config.ts";
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
  /** Resolves once no run is under way. */
  idle(): Promise<void>;
  /** Records the end of runs that were under way when the desk last stopped without closing. */
  endInterrupted(): Promise<void>;
  /** Stops all runs; resolves once their ends are recorded. */
  close(): Promise<void>;
}

/** Issues of one chain, the first included: an agent cannot keep itself busy without end. */
const CHAIN_MAX = 5;

/** The issues that one `qoc run` or one due time of a schedule works on, one after another. */
interface Chain {
  readonly cause: StartCause;
  readonly limits: ChainLimits;
  /** The actor of the run that is under way. */
  actor: Actor;
  readonly issues: Issue[];
  /** The human stops it. */
  readonly stop: AbortController;
}

/** The limits of a chain: those of `[agent]`, or lower ones. */
type ChainLimits = Pick<AgentSettings, "timeoutMs" | "maxCostUsd">;

/** One run of a chain. */
interface ChainedRun {
  readonly cause: StartCause;
  readonly issue: Issue;
  readonly run: string;
  readonly actor: Actor;
  readonly budget: Budget;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export function openAgentRuns(options: AgentRunsOptions): AgentRuns {
  return new DeskAgentRuns(options);
}

class DeskAgentRuns implements AgentRuns {
  readonly #options: AgentRunsOptions;
  readonly #chains = new Map<Chain, Promise<RunReport>>();
  readonly #stopping = new AbortController();

  constructor(options: AgentRunsOptions) {
    this.#options = options;
  }

  /** As they are now: `qoc reload` replaces them. */
  get #settings(): AgentConfig {
    return this.#options.desk.config.agent;
  }

  async start(ref: string, progress: Progress, caller: AbortSignal, options: StartOptions = {}): Promise<RunReport> {
    const issue = await findRunnableIssue(this.#options.desk.workspace.issues, ref);
    // If closing began during the await above, `close` does not wait for this run.
    if (this.#stopping.signal.aborted) throw new QocError("DESK_DOWN");
    if (this.#isUnderWay(issue.path)) throw new QocError("ISSUE_RUNNING", { issue: issue.path });
    const stop = new AbortController();
    const signal = AbortSignal.any([caller, this.#stopping.signal, stop.signal]);
    const { cause = { by: "human" }, timeoutMs = Infinity, maxCostUsd = Infinity } = options;
    const limits = {
      timeoutMs: Math.min(this.#settings.timeoutMs, timeoutMs),
      maxCostUsd: Math.min(this.#settings.maxCostUsd, maxCostUsd),
    };
    const chain: Chain = { actor: "host", issues: [issue], cause, limits, stop };
    const working = this.#runChain(chain, progress, signal).finally(() => this.#chains.delete(chain));
    this.#chains.set(chain, working);
    return working;
  }

  async dry(ref: string): Promise<DryRun> {
    const { desk, tools } = this.#options;
    const issue = await findRunnableIssue(desk.workspace.issues, ref);
    const { bundle } = await gatherRunContext(desk, { run: "run-(dry)", issue, tools });
    return {
      issue: issue.path,
      runtime: this.#settings.runtime,
      wouldRun: true,
      bundle,
      tools: tools.map(({ name }) => name),
    };
  }

  async check(): Promise<AgentFacts> {
    const { launch } = this.#options;
    const { runtime, command } = this.#settings;
    const program = runtime === "demo" ? undefined : (command?.[0] ?? runtime);
    const isInstalled = program !== undefined && (await launch.findProgram(program)) !== undefined;
    return { program, isInstalled, hasBubblewrap: (await launch.findProgram("bwrap")) !== undefined };
  }

  async queue(actor: Actor, ref: string): Promise<Queued> {
    const chain = [...this.#chains.keys()].find((running) => running.actor === actor);
    if (chain === undefined) throw new QocError("NO_RUN", { issue: ref });
    const { desk } = this.#options;
    const issue = await findRunnableIssue(desk.workspace.issues, ref);
    await refuseAgentIssue(desk, issue);
    if (this.#isUnderWay(issue.path)) throw new QocError("ISSUE_RUNNING", { issue: issue.path });
    if (chain.issues.length >= CHAIN_MAX) throw new QocError("QUEUE_FULL", { limit: CHAIN_MAX });
    chain.issues.push(issue);
    return { issue: issue.path, queued: chain.issues.length - 1 };
  }

  async stop(run: string): Promise<void> {
    const [chain, working] = [...this.#chains].find(([{ actor }]) => actor === `agent:${run}`) ?? [];
    if (chain === undefined) throw new QocError("RUN_NOT_RUNNING", { run });
    chain.stop.abort();
    await Promise.allSettled([working]);
  }

  async endInterrupted(): Promise<void> {
    const { desk } = this.#options;
    // On a read-only desk the end cannot be recorded, and every start would write the summary again.
    if (desk.readOnly() !== undefined) return;
    await endInterrupted(desk).catch((error: unknown) => desk.log.warn(`interrupted runs: ${messageOf(error)}`));
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#chains.values());
  }

  async idle(): Promise<void> {
    while (this.#chains.size > 0) await Promise.allSettled(this.#chains.values());
  }

  #isUnderWay(path: string): boolean {
    return [...this.#chains.keys()].some(({ issues }) => issues.some((issue) => issue.path === path));
  }

  async #runChain(chain: Chain, progress: Progress, signal: AbortSignal): Promise<RunReport> {
    const { desk } = this.#options;
    const budget = createBudget(desk.clock, chain.limits);
    const views: RunView[] = [];
    let view: RunView | undefined;
    for (let next = 0; next < chain.issues.length; next++) {
      const issue = chain.issues[next];
      if (issue === undefined) break;
      const skipReason = next === 0 ? undefined : reasonToSkip(view, signal, budget);
      if (skipReason !== undefined) {
        const message = `skipped ${issue.path}: ${skipReason}`;
        progress.line(message);
        desk.log.warn(message);
        continue;
      }
      const run = newRunId(desk);
      chain.actor = `agent:${run}`;
      if (next > 0) progress.line(`starting queued issue ${issue.path}`);
      const cause: StartCause = view === undefined ? chain.cause : { by: "run", run: view.run };
      const running = this.#runOne({ issue, run, actor: chain.actor, cause, budget, progress, signal });
      // If a queued issue was removed meanwhile, the run that queued it has not failed.
      view =
        next === 0
          ? await running
          : await running.catch((error: unknown) => void progress.line(`${issue.path}: ${messageOf(error)}`));
      if (view === undefined) continue;
      budget.take(view);
      views.push(view);
    }
    const [first, ...queued] = views;
    if (first === undefined) throw new QocError("INTERNAL", { message: "a run without an issue" });
    return { ...first, queued };
  }

  async #runOne({ issue, run, actor, cause, budget, progress, signal }: ChainedRun): Promise<RunView> {
    const { desk, tools, callAs } = this.#options;
    // An agent may have changed the issue since it was queued. Only the human starts an issue that an agent wrote.
    if (cause.by !== "human") await refuseAgentIssue(desk, issue);
    // The runs that a scheduled run queues count for the limits a day, too.
    if (cause.by === "run" && desk.state.schedules.runs.has(cause.run)) remainingCostUsd(desk);
    const sources = createReadLog();
    return runIssue({
      desk,
      issue,
      run,
      cause,
      runtime: this.#runtime(budget, sources),
      call: callAs(actor, sources, signal),
      progress,
      signal,
      tools,
      read: (source) => sources.add(source),
    });
  }

  /** The configured runtime, limited to the time and cost that remain. */
  #runtime(budget: Budget, sources: ReadLog): Runtime {
    const { launch, openEndpoint, refusals } = this.#options;
    const program = PROGRAMS.find(({ name }) => name === this.#settings.runtime);
    if (program === undefined) return demoRuntime;
    const settings: AgentSettings = {
      ...this.#settings,
      timeoutMs: budget.timeoutMs(),
      maxCostUsd: budget.costUsd(),
    };
    return createRuntime(program, {
      deps: launch,
      settings,
      openEndpoint: (run) => openEndpoint(run, settings.timeoutMs, sources),
      refusals,
    });
  }
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

function createBudget(clock: Clock, { timeoutMs, maxCostUsd }: ChainLimits): Budget {
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
