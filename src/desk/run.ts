/** One agent run on one issue: its status is kept, its work goes through the agent's commands, its summary is filed. */
import type { AgentCall, Runtime } from "../agents/runtime.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import { type Issue, listIssues, readIssue, setIssueStatus } from "../workspace/notes.ts";
import { writeRunSummary } from "../workspace/snapshots.ts";
import { type Desk, iso } from "./desk.ts";

export interface RunView {
  readonly run: string;
  readonly issue: string;
  readonly runtime: string;
  readonly outcome: "done" | "failed" | "stopped";
  readonly proposals: readonly string[];
  readonly summary: string;
  readonly path: string;
  readonly seconds: number;
}

/** The issue that the words mean: an id, a path, or the file's stem. */
export const findIssue = async (desk: Desk, words: string): Promise<Issue> => {
  const issues = await listIssues(desk.disk, desk.root);
  const stem = (words.split("/").at(-1) ?? words).replace(/\.md$/, "");
  const found = issues.find((issue) => issue.id === stem || issue.path === words || issue.path.endsWith(`/${stem}.md`));
  if (found !== undefined) return readIssue(desk.disk, desk.root, found.path);
  throw new QocError("ISSUE_NOT_FOUND", { id: words, suggestion: suggestion(stem, issues.map((issue) => issue.id)) });
};

export const runIssue = async (
  desk: Desk,
  issue: Issue,
  runtime: Runtime,
  callAs: (actor: `agent:${string}`) => AgentCall,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<RunView> => {
  const started = desk.clock.now();
  const run = `run-${iso(started).slice(0, 19).replaceAll(/[-:]/g, "")}Z-${desk.ids.random(2)}`;
  await setIssueStatus(desk.disk, desk.root, issue.path, "in-progress");
  await desk.publish({ type: "run.started", run, issue: issue.path, runtime: runtime.name }, { durable: true }).committed;
  const ended = await attempt(() => runtime.work({ run, issue }, callAs(`agent:${run}`), note, signal), signal);
  const seconds = Math.round((desk.clock.now() - started) / 100) / 10;
  const status = ended.outcome !== "done" ? "open" : ended.proposals.length > 0 ? "review" : "done";
  await setIssueStatus(desk.disk, desk.root, issue.path, status);
  const file = await writeRunSummary(desk.disk, desk.root, {
    stamp: iso(started),
    task: issue.id,
    facts: { run, issue: issue.path, runtime: runtime.name, outcome: ended.outcome, seconds: String(seconds), proposals: ended.proposals.join(", ") },
    text: ended.summary,
  });
  desk.publish({ type: "file.written", path: file.path, digest: digestOf(file.text), command: "run", actor: "host" });
  await desk.publish({ type: "run.ended", run, issue: issue.path, outcome: ended.outcome, summary: file.path }, { durable: true }).committed;
  desk.history.request(`run ${run}: ${ended.outcome}`);
  return { run, issue: issue.path, runtime: runtime.name, ...ended, path: file.path, seconds };
};

const attempt = async (work: () => ReturnType<Runtime["work"]>, signal: AbortSignal) => {
  try {
    return { outcome: "done" as const, ...(await work()) };
  } catch (error) {
    return { outcome: signal.aborted ? ("stopped" as const) : ("failed" as const), proposals: [], summary: messageOf(error) };
  }
};
