/** Finds the issue of a schedule's task. */
import { QocError } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { plainPath } from "../workspace/path-policy.ts";
import type { Desk } from "../trading/desk.ts";
import { refuseAgentIssue } from "./run-issue.ts";

const NUMBER = /^\d+-/;

/**
 * The path of the issue whose file has the stem `task`, with or without its number. An issue that an agent opened
 * cannot make the name of a human's issue ambiguous.
 * @throws ISSUE_NOT_FOUND, ISSUE_BY_AGENT, ID_AMBIGUOUS.
 */
export async function findTask(desk: Desk, task: string): Promise<string> {
  const heads = await desk.workspace.issues.heads();
  const stems = new Map(heads.map(({ path }) => [path, path.slice(LAYOUT.issues.length + 1).replace(/\.md$/, "")]));
  const paths = [...stems.keys()];
  const exact = paths.filter((path) => stems.get(path) === task);
  const numbered = paths.filter((path) => stems.get(path)?.replace(NUMBER, "") === task);
  const matches = [...new Set([...exact, ...numbered])];
  const byHuman: string[] = [];
  let refusal: unknown;
  for (const path of matches) {
    try {
      await refuseAgentIssue(desk, { path });
      byHuman.push(path);
    } catch (error) {
      if (!(error instanceof QocError) || error.code !== "ISSUE_BY_AGENT") throw error;
      refusal = error;
    }
  }
  const [first] = byHuman;
  if (first === undefined) {
    if (refusal !== undefined) throw refusal;
    throw new QocError("ISSUE_NOT_FOUND", { id: task, suggestion: suggestion(task, stems.values()) });
  }
  if (exact[0] !== undefined && byHuman.includes(exact[0])) return exact[0];
  if (byHuman.length === 1) return first;
  const names = byHuman.slice(0, 5).map(plainPath).join(", ");
  throw new QocError("ID_AMBIGUOUS", { id: task, count: byHuman.length, matches: names });
}
