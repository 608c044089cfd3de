/** A file that cannot be read, because of its rights or its name, is listed with the reason, and hides no other. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { diskWith } from "../../src/workspace/disk-with.ts";
import { EntityStore } from "../../src/workspace/entities.ts";
import { fileProblem } from "../../src/workspace/file-problem.ts";
import { type Workspace, openWorkspace } from "../../src/workspace/workspace.ts";

const BAD = "bad";
const REASON = "the file cannot be read: your user may not read or write it";

let root: string;
let workspace: Workspace;

function refusal(path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: "EACCES", path });
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "qoc-unreadable-"));
  const real = nodeDisk();
  // Root may read every file, so the disk refuses.
  const disk = diskWith(real, {
    readText: (path, limit) => (path.includes(`/${BAD}.`) ? Promise.reject(refusal(path)) : real.readText(path, limit)),
  });
  workspace = openWorkspace({ disk, root, clock: systemClock, secretFiles: () => [] });
  for (const folder of ["inbox", "inbox/news", "issues", "schedules", "entities"]) {
    mkdirSync(join(root, folder), { recursive: true });
    const ending = folder === "schedules" ? "toml" : "md";
    for (const name of [BAD, "good"]) writeFileSync(join(root, folder, `${name}.${ending}`), "---\ntitle: T\n---\n");
  }
});

const isRoot = process.getuid?.() === 0;
if (isRoot) console.log("skipped: root can read a file without the right to read");

describe("a file that may not be read", () => {
  it("is listed beside the others: inbox, news, issues", async () => {
    expect(await workspace.inbox.list()).toMatchObject([{ kind: "unreadable", title: REASON }, { title: "T" }]);
    expect(await workspace.inbox.countNew()).toBe(2);
    expect(await workspace.news.list(9, () => true)).toMatchObject([{ title: "T" }, { title: REASON }]);
    expect((await workspace.issues.list()).issues).toMatchObject([
      { status: "blocked", problem: REASON },
      { title: "T" },
    ]);
  });

  it("is listed beside the others: entities", async () => {
    const listed = [BAD, "good"].map((name) => ({ path: `entities/${name}.md` }));
    const open = (path: string): Promise<unknown> =>
      path.includes(BAD) ? Promise.reject(refusal(path)) : workspace.files.open(path);
    const files = { list: () => Promise.resolve({ entries: listed, next: null }), open };
    const { entries } = await new EntityStore(files as never, {} as never).list("");
    expect(entries).toMatchObject([{ problem: REASON }, { problem: null }]);
  });

  it.skipIf(isRoot)("is listed beside the others: schedules", async () => {
    chmodSync(join(root, `schedules/${BAD}.toml`), 0);
    const listed = await workspace.schedules.list();
    expect(listed.map(({ problem }) => problem)).toEqual([`schedules/${BAD}.toml: ${REASON}`, undefined]);
  });

  it("is no reason to hide a mistake of the program", () => {
    const mistake = new TypeError("x is not a function");
    expect(() => fileProblem(mistake)).toThrow(mistake);
  });
});

it.runIf(process.platform === "linux")("a name that is not UTF-8 hides no other file of a list", async () => {
  for (const folder of ["inbox", "inbox/news", "issues", "schedules", "entities", "orders/pending"]) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const ending of [".md", ".toml"])
      writeFileSync(Buffer.concat([Buffer.from(`${root}/${folder}/a`), Buffer.of(0xff), Buffer.from(ending)]), "");
  }
  expect(await workspace.inbox.list()).toHaveLength(3);
  expect(await workspace.news.list(9, () => true)).toHaveLength(3);
  for (const list of [workspace.issues.heads(), workspace.schedules.list(), workspace.proposals.list()])
    expect((await list).length).toBeGreaterThan(1);
  expect((await workspace.entities.list("")).entries.length).toBeGreaterThan(1);
});
