/** One agent run on one issue: sets the issue's status, starts the runtime, writes the run summary. */
import { type DecimalText, decimal, text } from "../domain/decimal.ts";
import type { StartCause } from "../domain/config/schedule-event.ts";
import type { Progress } from "../domain/ports.ts";
import type { ToolDescription } from "../agents/context-bundle.ts";
import type { AgentCall, RunResult, RunUse, Runtime } from "../agents/runtime.ts";
import { dollars } from "../agents/run-meter.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import { plainName } from "../domain/untrusted.ts";
import { plainPath } from "../workspace/path-policy.ts";
import { LAYOUT } from "../workspace/layout.ts";
import {
  AGENT,
  type Issue,
  type IssueStatus,
  type IssueStore,
  agentWhoOpened,
  isShelved,
} from "../workspace/issues.ts";
import type { RunSummary } from "../workspace/snapshots.ts";
import type { Desk } from "../trading/desk.ts";
import { iso } from "../lib/time.ts";
import { gatherRunContext } from "./gather-context.ts";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import { blockquote } from "../lib/markdown.ts";
import { counted } from "../lib/counted.ts";
import { quoteForShell } from "../lib/shell.ts";

export interface RunView {
  readonly run: string;
  readonly issue: string;
  readonly runtime: string;
  readonly outcome: "done" | "failed" | "stopped";
  /** Why the run failed or was stopped; null if it is done. */
  readonly reason: string | null;
  readonly proposals: readonly string[];
  readonly summary: string;
  readonly path: string;
  readonly seconds: number;
  /** null if the runtime does not report it. */
  readonly turns: number | null;
  readonly costUsd: number | null;
}

/**
 * Finds an issue by its path, else by its file's stem or its id. Authors choose stems and ids, so a name can match two
 * issues. @throws ISSUE_NOT_FOUND; ID_AMBIGUOUS if two issues match.
 */
export async function findIssue(store: IssueStore, ref: string): Promise<Issue> {
  const issues = await store.heads();
  const stem = (ref.split("/").at(-1) ?? ref).replace(/\.md$/, "");
  const byPath = issues.filter(({ path }) => path === ref);
  const matching =
    byPath.length > 0 ? byPath : issues.filter(({ id, path }) => id === stem || path === `${LAYOUT.issues}/${stem}.md`);
  if (matching.length > 1) {
    const matches = matching
      .slice(0, 5)
      .map(({ path }) => plainPath(path))
      .join(", ");
    throw new QocError("ID_AMBIGUOUS", { id: ref, count: matching.length, matches });
  }
  if (matching[0] !== undefined) return store.read(matching[0].path);
  throw new QocError("ISSUE_NOT_FOUND", {
    id: ref,
    suggestion: suggestion(
      stem,
      issues.map((issue) => issue.id),
    ),
  });
}

/** @throws INVALID_INPUT if the issue's status says that no agent may work on it. */
function refuseShelved({ path, status }: Pick<Issue, "path" | "status">): void {
  if (!isShelved(status)) return;
  const file = plainPath(path);
  const message = `${file} is ${status === "draft" ? "a draft" : status}; to let an agent work on it: qoc issues update ${quoteForShell(file)} --status open`;
  throw new QocError("INVALID_INPUT", { command: "run", message });
}

/** @throws INVALID_INPUT if the issue is for a person. */
function refuseAssigned({ path, assignedTo }: Pick<Issue, "path" | "assignedTo">): void {
  if (assignedTo.toLowerCase() === AGENT || assignedTo.toLowerCase().startsWith(`${AGENT}:`)) return;
  const message = `${plainPath(path)} is assigned to ${plainName(assignedTo) ?? "a person"}; to let an agent work on it, write assigned_to: agent`;
  throw new QocError("INVALID_INPUT", { command: "run", message });
}

/** Like `findIssue`, and checks that an agent may work on the issue. @throws INVALID_INPUT if not. */
export async function findRunnableIssue(issues: IssueStore, ref: string): Promise<Issue> {
  const issue = await findIssue(issues, ref);
  refuseShelved(issue);
  refuseAssigned(issue);
  return issue;
}

/**
 * Refuses an issue that an agent opened until a human has run or edited it: then its text is no longer exactly what an
 * agent wrote. @throws ISSUE_BY_AGENT.
 */
export async function refuseAgentIssue({ workspace, proposals }: Desk, { path }: Pick<Issue, "path">): Promise<void> {
  const text = await workspace.issues.readText(path);
  const author = text === undefined ? undefined : agentWhoOpened(text);
  if (text === undefined || author === undefined || proposals.authors.of(text) === undefined) return;
  throw new QocError("ISSUE_BY_AGENT", { issue: plainPath(path), author: plainName(author) ?? "an agent" });
}

export function newRunId(desk: Pick<Desk, "clock" | "ids">): string {
  return `run-${iso(desk.clock.now()).slice(0, 19).replaceAll(/[-:]/g, "")}Z-${desk.ids.random(2)}`;
}

export interface IssueRunOptions {
  readonly desk: Desk;
  readonly issue: Issue;
  readonly run: string;
  readonly cause: StartCause;
  readonly runtime: Runtime;
  /** Calls commands as this run's actor, for a runtime that works inside the desk. */
  readonly call: AgentCall;
  readonly tools: readonly ToolDescription[];
  /** Called for each source in the context bundle. */
  read(source: string): void;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Runs an agent on one issue. Resolves also if the run fails: the failure is in the result. */
export async function runIssue({
  desk,
  issue,
  run,
  cause,
  runtime,
  call,
  tools,
  read,
  progress,
  signal,
}: IssueRunOptions): Promise<RunView> {
  const [stamp, started] = [iso(desk.clock.now()), desk.clock.monotonic()];
  const { bundle, sources } = await gatherRunContext(desk, { run, issue, tools });
  for (const source of sources) read(source);
  const log = runLog(desk, run, started, progress);
  // The issue may have waited in a queue, and the human may have changed its status meanwhile.
  refuseShelved(await desk.workspace.issues.read(issue.path));
  await desk.workspace.issues.setStatus(issue.path, "in-progress");
  await desk.commit({ type: "run.started", run, issue: issue.path, runtime: runtime.name, cause });
  log.line(`${run} begins; qoc logs --run ${run} -f follows it`);
  const result = await attempt(() => runtime.run({ run, issue, bundle }, call, log, signal));
  const proposals = proposalsOf(desk, run);
  const outcome = result.failure === undefined ? "done" : signal.aborted ? "stopped" : "failed";
  const reason = result.failure?.replaceAll(/\s+/g, " ").trim() ?? null;
  const seconds = Math.round((desk.clock.monotonic() - started) / 100) / 10;
  await endIssue(desk, issue, outcome === "done", proposals.length > 0);
  const path = await writeSummary(desk, {
    stamp,
    task: issue.id,
    facts: {
      run,
      issue: issue.path,
      cause: causeText(cause),
      runtime: runtime.name,
      outcome,
      reason: reason ?? undefined,
      seconds: String(seconds),
      ...useFacts(result.use),
      ...result.metadata,
      proposals: proposals.join(", "),
    },
    text: summaryText(result, log.lines()),
  });
  const cost = costOf(result.use);
  await desk.commit({ type: "run.ended", run, issue: issue.path, outcome, summary: path, cost });
  desk.history.request(`run ${run}: ${outcome}`);
  return {
    run,
    issue: issue.path,
    runtime: runtime.name,
    outcome,
    reason,
    proposals,
    summary: result.summary,
    path,
    seconds,
    turns: result.use?.turns ?? null,
    costUsd: result.use?.costUsd ?? null,
  };
}

/** What started a run, for its summary. */
export function causeText(cause: StartCause): string {
  if (cause.by === "run") return `queued by ${cause.run}`;
  if (cause.by === "schedule") return `schedule ${cause.schedule}, due ${iso(cause.due)}`;
  return cause.schedule === undefined ? "human" : `human, schedule ${cause.schedule}`;
}

/** In USD to a millionth; undefined if the program reports none. */
function costOf(use: RunUse | undefined): DecimalText | undefined {
  const costUsd = use?.costUsd ?? null;
  return costUsd === null ? undefined : text(decimal(costUsd.toFixed(6)));
}

/** If the summary cannot be written, the run must still be recorded as ended. */
export async function writeSummary(
  desk: Pick<Desk, "log" | "publish" | "workspace">,
  summary: RunSummary,
): Promise<string> {
  try {
    const file = await desk.workspace.snapshots.writeRunSummary(summary);
    desk.publish({ type: "file.written", path: file.path, digest: digestOf(file.text), command: "run", actor: "host" });
    return file.path;
  } catch (error) {
    desk.log.error(`the summary of ${summary.facts["run"] ?? ""} could not be written: ${messageOf(error)}`);
    return "";
  }
}

async function attempt(work: () => Promise<RunResult>): Promise<RunResult> {
  try {
    return await work();
  } catch (error) {
    return { proposals: [], summary: "", failure: messageOf(error) };
  }
}

/** Ends runs that were under way when the desk died, so that their issues do not stay in progress. */
export async function endInterrupted(desk: Desk): Promise<void> {
  for (const [run, { issue: path, runtime, at }] of desk.state.runs) {
    const reason = "the desk stopped during the run";
    await desk.workspace.issues.read(path).then(
      (issue) => endIssue(desk, issue, false, false),
      (error: unknown) => desk.log.warn(`${path}: ${messageOf(error)}`),
    );
    const proposals = proposalsOf(desk, run);
    const facts = { run, issue: path, runtime, outcome: "failed", reason, proposals: proposals.join(", ") };
    const summary = await writeSummary(desk, {
      stamp: iso(at),
      task: run,
      facts,
      text: `${reason}; qoc logs --run ${run}`,
    });
    await desk.commit({ type: "run.ended", run, issue: path, outcome: "failed", summary });
  }
}

/** The proposals of a run by the journal, whatever the run reports. */
function proposalsOf(desk: Pick<Desk, "state">, run: string): readonly string[] {
  return [...desk.state.orders.values()].filter(({ proposedBy }) => proposedBy === `agent:${run}`).map(({ id }) => id);
}

/**
 * A status that the human set to stop the work stays. A status that the agent set stays too, unless its proposals wait
 * for a human: then the issue is up for review.
 */
async function endIssue(
  desk: Pick<Desk, "log" | "workspace">,
  issue: Issue,
  isDone: boolean,
  hasProposals: boolean,
): Promise<void> {
  try {
    const current = (await desk.workspace.issues.read(issue.path)).status;
    if (isShelved(current)) return;
    const status: IssueStatus =
      !isDone || current === "blocked" ? "blocked" : hasProposals || current === "review" ? "review" : "done";
    if (status !== current) await desk.workspace.issues.setStatus(issue.path, status);
  } catch (error) {
    // The file was removed or broken meanwhile, or the disk is full: the end of the run must still be recorded.
    desk.log.warn(`${issue.path}: the status could not be set: ${messageOf(error)}`);
  }
}

function useFacts(use: RunUse | undefined): Readonly<Record<string, string>> {
  return use === undefined
    ? {}
    : {
        turns: use.turns === null ? "not reported" : String(use.turns),
        tool_calls: String(use.toolCalls),
        cost: use.costUsd === null ? "not reported" : dollars(use.costUsd),
      };
}

const LOG_LINES_MAX = 400;

/** Each line goes to the caller and to the desk's log; the first 400 lines go into the run summary. */
function runLog(desk: Pick<Desk, "clock" | "log">, run: string, started: number, watch: Progress) {
  const lines: string[] = [];
  let omitted = 0;
  return {
    line: (message: string): void => {
      const line = message.replaceAll(/\s+/g, " ").trim();
      watch.line(line);
      desk.log.info(line, { run });
      if (lines.length < LOG_LINES_MAX)
        lines.push(`+${((desk.clock.monotonic() - started) / 1_000).toFixed(1)} s  ${line}`);
      else omitted += 1;
    },
    lines: (): readonly string[] =>
      omitted === 0 ? lines : [...lines, `and ${counted(omitted, "more line")}; see qoc logs`],
  };
}

/** The agent's text is quoted and the log is indented, so that neither can imitate the desk's headings. */
function summaryText(result: RunResult, log: readonly string[]): string {
  const summary = result.summary.trim() === "" ? "(no summary)" : blockquote(result.summary);
  return [
    "## Summary by the agent",
    "",
    summary,
    "",
    "## Log",
    "",
    ...log.map((line) => `    ${escapeInvisible(line)}`),
  ].join("\n");
}
