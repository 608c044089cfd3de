import type { Disk } from "../domain/ports.ts";
import type { WrittenFile } from "./file-write.ts";
import type { IssueChange } from "./issues.ts";
import { readIssueText, updateIssueFile } from "./notes.ts";
export function updateIssue(disk: Disk, root: string, change: IssueChange): Promise<WrittenFile> {
  return updateIssueFile(disk, root, change);
}
export function issueText(root: string, path: string): Promise<string | undefined> {
  return readIssueText(undefined as unknown as Disk, root, path);
}
