/** One agent run on one issue: its status is kept, its work goes through the agent's commands, its account is filed. */
import type { ToolDescription } from "../agents/context-bundle.ts";
import type { AgentCall, RunResult, RunUse, Runtime } from "../agents/runtime.ts";
import { dollars } from "../agents/run-meter.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import { plainPath } from "../workspace/path-policy.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { type Issue, type IssueStatus, isShelved, listIssues, readIssue, setIssueStatus } from "../workspace/notes.ts";
import { writeRunSummary } from "../workspace/snapshots.ts";
import { type Desk, iso } from "../trading/desk.ts";
import { runContext } from "./run-context.ts";

export interface RunView {
  readonly run: string;
  readonly issue: string;
  readonly runtime: string;
  readonly outcome: "done" | "failed" | "stopped";
  /** Why it did not end as it should; null: it did. */
  readonly reason: string | null;
  readonly proposals: readonly string[];
  readonly summary: string;
  readonly path: string;
  readonly seconds: number;
  /** null: the runtime does not tell. */
  readonly turns: number | null;
  readonly costUsd: number | null;
}

/**
 * The issue that the words mean: a path, else a file's stem or an id. Whoever writes an issue chooses both, and may choose
 * another's: where two fit, neither is meant. @throws ISSUE_NOT_FOUND, ID_AMBIGUOUS.
 */
export async function findIssue(desk: Pick<Desk, "disk" | "root">, words: string): Promise<Issue> {
  const issues = await listIssues(desk.disk, desk.root);
  const stem = (words.split("/").at(-1) ?? words).replace(/\.md$/, "");
  const named = issues.filter(({ path }) => path === words);
  const fitting =
    named.length > 0 ? named : issues.filter(({ id, path }) => id === stem || path === `${LAYOUT.issues}/${stem}.md`);
  if (fitting.length > 1) {
    const matches = fitting
      .slice(0, 5)
      .map(({ path }) => plainPath(path))
      .join(", ");
    throw new QocError("ID_AMBIGUOUS", { id: words, count: fitting.length, matches });
  }
  if (fitting[0] !== undefined) return readIssue(desk.disk, desk.root, fitting[0].path);
  throw new QocError("ISSUE_NOT_FOUND", {
    id: words,
    suggestion: suggestion(
      stem,
      issues.map((issue) => issue.id),
    ),
  });
}

/** @throws INVALID_INPUT for one that waits for the human, and not for an agent. */
function refuseShelved({ path, status }: Pick<Issue, "path" | "status">): void {
  if (!isShelved(status)) return;
  const file = plainPath(path);
  const message = `${file} is ${status === "draft" ? "a draft" : status}; to have it worked on: qoc issues update ${file} --status open`;
  throw new QocError("INVALID_INPUT", { command: "run", message });
}

/** As `findIssue`, of those that may be worked on. @throws INVALID_INPUT too. */
export async function findWork(desk: Pick<Desk, "disk" | "root">, words: string): Promise<Issue> {
  const issue = await findIssue(desk, words);
  refuseShelved(issue);
  return issue;
}

export function newRunId(desk: Pick<Desk, "clock" | "ids">): string {
  return `run-${iso(desk.clock.now()).slice(0, 19).replaceAll(/[-:]/g, "")}Z-${desk.ids.random(2)}`;
}

export interface RunRequest {
  readonly desk: Desk;
  readonly issue: Issue;
  readonly run: string;
  readonly runtime: Runtime;
  /** Commands as this run's actor, for a runtime inside of the desk. */
  readonly call: AgentCall;
  readonly tools: readonly ToolDescription[];
  /** Hears of each source that the agent is told of before it starts. */
  read(source: string): void;
  note(line: string): void;
  readonly signal: AbortSignal;
}

/** Works on one issue to the end of it. A run that fails is an answer, not an error. */
export async function runIssue({
  desk,
  issue,
  run,
  runtime,
  call,
  tools,
  read,
  note,
  signal,
}: RunRequest): Promise<RunView> {
  const [stamp, started] = [iso(desk.clock.now()), desk.clock.monotonic()];
  const { bundle, sources } = await runContext(desk, run, issue, tools);
  for (const source of sources) read(source);
  const log = runLog(desk, run, started, note);
  // It may have waited in a queue, and been called off meanwhile.
  refuseShelved(await readIssue(desk.disk, desk.root, issue.path));
  await setIssueStatus(desk.disk, desk.root, issue.path, "in-progress");
  await desk.publish({ type: "run.started", run, issue: issue.path, runtime: runtime.name }, { durable: true })
    .committed;
  log.note(`${run} begins; qoc logs --run ${run} -f follows it`);
  const result = await attempt(() => runtime.work({ run, issue, bundle }, call, log.note, signal));
  const proposals = proposalsOf(desk, run);
  const outcome = result.failure === undefined ? "done" : signal.aborted ? "stopped" : "failed";
  const reason = result.failure?.replaceAll(/\s+/g, " ").trim() ?? null;
  const seconds = Math.round((desk.clock.monotonic() - started) / 100) / 10;
  await endIssue(desk, issue, outcome === "done", proposals.length > 0);
  const path = await fileSummary(desk, {
    stamp,
    task: issue.id,
    facts: {
      ...{ run, issue: issue.path, runtime: runtime.name, outcome },
      ...(reason === null ? {} : { reason }),
      ...{ seconds: String(seconds), ...useFacts(result.use), ...result.facts, proposals: proposals.join(", ") },
    },
    text: accountOf(result, log.lines()),
  });
  await desk.publish({ type: "run.ended", run, issue: issue.path, outcome, summary: path }, { durable: true })
    .committed;
  desk.history.request(`run ${run}: ${outcome}`);
  return {
    ...{
      run,
      issue: issue.path,
      runtime: runtime.name,
      outcome,
      reason,
      proposals,
      summary: result.summary,
      path,
      seconds,
    },
    ...{ turns: result.use?.turns ?? null, costUsd: result.use?.costUsd ?? null },
  };
}

/** A disk that takes no account must not leave the run open in the record. */
async function fileSummary(desk: Desk, summary: Parameters<typeof writeRunSummary>[2]): Promise<string> {
  try {
    const file = await writeRunSummary(desk.disk, desk.root, summary);
    desk.publish({ type: "file.written", path: file.path, digest: digestOf(file.text), command: "run", actor: "host" });
    return file.path;
  } catch (error) {
    desk.log.error(`the account of ${summary.facts["run"] ?? ""} could not be filed: ${messageOf(error)}`);
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

/** A desk that died in the middle of a run says so at its next start: whoever waits for that issue is not left waiting. */
export async function endInterrupted(desk: Desk): Promise<void> {
  for (const [run, { issue: path, runtime, at }] of desk.book.runs) {
    const reason = "the desk ended while it lasted";
    await readIssue(desk.disk, desk.root, path).then(
      (issue) => endIssue(desk, issue, false, false),
      (error: unknown) => desk.log.warn(`${path}: ${messageOf(error)}`),
    );
    const proposals = proposalsOf(desk, run);
    const facts = { run, issue: path, runtime, outcome: "failed", reason, proposals: proposals.join(", ") };
    const summary = await fileSummary(desk, {
      stamp: iso(at),
      task: run,
      facts,
      text: `${reason}; qoc logs --run ${run}`,
    });
    await desk.publish({ type: "run.ended", run, issue: path, outcome: "failed", summary }, { durable: true })
      .committed;
  }
}

/** What it proposed is what the book has of it, whatever it says itself. */
function proposalsOf(desk: Desk, run: string): readonly string[] {
  return [...desk.book.orders.values()].filter(({ proposedBy }) => proposedBy === `agent:${run}`).map(({ id }) => id);
}

/** What the human called off stays so. What the agent set itself stands, unless proposals wait for a human: then the issue waits for one too. */
async function endIssue(desk: Desk, issue: Issue, isDone: boolean, hasProposals: boolean): Promise<void> {
  try {
    const own = (await readIssue(desk.disk, desk.root, issue.path)).status;
    if (isShelved(own)) return;
    const status: IssueStatus =
      !isDone || own === "blocked" ? "blocked" : hasProposals || own === "review" ? "review" : "done";
    if (status !== own) await setIssueStatus(desk.disk, desk.root, issue.path, status);
  } catch (error) {
    // Someone removed or broke the file meanwhile, or the disk is full: the run is still to be recorded.
    desk.log.warn(`${issue.path}: its status could not be set: ${messageOf(error)}`);
  }
}

function useFacts(use: RunUse | undefined): Readonly<Record<string, string>> {
  return use === undefined
    ? {}
    : {
        turns: use.turns === null ? "not told" : String(use.turns),
        tool_calls: String(use.toolCalls),
        cost: use.costUsd === null ? "not told" : dollars(use.costUsd),
      };
}

const LOG_LINES_MAX = 400;

/** Every line goes to whoever watches and to the desk's log; the first ones are filed with the account. */
function runLog(desk: Desk, run: string, started: number, watch: (line: string) => void) {
  const lines: string[] = [];
  let more = 0;
  return {
    note: (text: string): void => {
      const line = text.replaceAll(/\s+/g, " ").trim();
      watch(line);
      desk.log.info(line, { run });
      if (lines.length < LOG_LINES_MAX)
        lines.push(`+${((desk.clock.monotonic() - started) / 1_000).toFixed(1)} s  ${line}`);
      else more += 1;
    },
    lines: (): readonly string[] => (more === 0 ? lines : [...lines, `and ${more} more lines; see qoc logs`]),
  };
}

/** The agent's words are quoted and the log is indented, so that neither can pass for the desk's own headings. */
function accountOf(result: RunResult, log: readonly string[]): string {
  const words = result.summary.trim() === "" ? "It said nothing." : quoted(result.summary);
  return ["## In the agent's own words", "", words, "", "## Log", "", ...log.map((line) => `    ${line}`)].join("\n");
}

function quoted(text: string): string {
  return text
    .trim()
    .split(/\r\n?|\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}
