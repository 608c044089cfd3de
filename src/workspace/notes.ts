import type { Disk } from "../domain/ports.ts";
import { FileWriter, type WrittenFile } from "./file-write.ts";
import { type Issue, type IssueChange, IssueStore, type NewIssue } from "./issues.ts";
import { type ResearchNote, ResearchStore } from "./research.ts";

export { AGENT_STATUSES, ISSUE_STATUSES, type Issue, statusIn } from "./issues.ts";
export { mayAgentSetStatus as isAgentsChange } from "./issues.ts";

function issues(disk: Disk, root: string): IssueStore {
  return new IssueStore({ disk, root, clock: { now: () => 0 } }, new FileWriter({ disk, root }));
}
export function listIssues(disk: Disk, root: string): Promise<readonly Issue[]> {
  return issues(disk, root).list();
}
export function createIssue(disk: Disk, root: string, issue: NewIssue): Promise<WrittenFile> {
  return issues(disk, root).create(issue);
}
export function listResearch(disk: Disk, root: string): Promise<readonly ResearchNote[]> {
  return new ResearchStore({ disk, root }, new FileWriter({ disk, root })).list();
}
export function writeResearch(
  disk: Disk,
  root: string,
  name: string,
  text: string,
  replaces: string | undefined,
): Promise<WrittenFile> {
  return new ResearchStore({ disk, root }, new FileWriter({ disk, root })).write({ name, text, replaces });
}
export function updateIssueFile(disk: Disk, root: string, change: IssueChange): Promise<WrittenFile> {
  return issues(disk, root).update(change);
}
export function readIssueText(disk: Disk, root: string, path: string): Promise<string | undefined> {
  return issues(disk, root).readText(path);
}
