/** Built-in history: commits files, restores them, and runs nothing that someone planted. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  symlinkSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import { recordDeskWrites } from "../../src/workspace/desk-writes.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import type { Revision } from "../../src/workspace/history-revisions.ts";
import { REVISION_LIMITS } from "../../src/workspace/history-stage.ts";
import { type History, historyHeads, openHistory } from "../../src/workspace/history.ts";
import { quietLog } from "../support/quiet-log.ts";

/** What the desk has written since the last revision. */
const written = new Set<string>();
function takeWritten(): ReadonlySet<string> {
  const taken = new Set(written);
  written.clear();
  return taken;
}
/** Writes a file as the desk does. */
function save(root: string, path: string, content: string | Uint8Array): void {
  writeFileSync(join(root, path), content);
  written.add(path);
}
function desk(): string {
  const root = mkdtempSync(join(tmpdir(), "qoc-history-"));
  for (const folder of [".qoc", "research"]) mkdirSync(join(root, folder));
  return root;
}
/** Makes an empty file, and returns where it is. */
function touched(root: string, path: string): string {
  writeFileSync(join(root, path), "");
  return join(root, path);
}
function open(
  root: string,
  { path = process.env["PATH"], log = quietLog(), written: take = takeWritten, limits = REVISION_LIMITS } = {},
): Promise<History> {
  return openHistory({
    root,
    disk: nodeDisk(),
    clock: systemClock,
    log,
    enabled: true,
    limits,
    env: { PATH: path },
    written: take,
    head: () => "7 abc",
  });
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

const hasGit = (() => {
  try {
    execFileSync("git", ["--version"]);
    return true;
  } catch {
    console.warn("skipped: git is not installed");
    return false;
  }
})();

describe.skipIf(!hasGit)("history", () => {
  it("the history keeps each version of a file and returns it, with the journal's head in the commit message", async () => {
    const root = desk();
    const history = await open(root);
    save(root, "research/a.md", "one\n");
    history.request("first");
    await history.flush();
    save(root, "research/a.md", "two\n");
    history.request("second");
    await history.flush();
    expect(textOf(await history.read("HEAD~1", "research/a.md"))).toBe("one\n");
    const git = ["--git-dir", join(root, ".qoc/history.git")];
    expect(execFileSync("git", [...git, "log", "-1", "--format=%B", "desk"]).toString()).toContain(
      "Journal-Head: 7 abc",
    );
    expect((await history.show("HEAD")).text).toContain("-one\n+two\n");
    await expect(history.read("--upload-pack=x", "a")).rejects.toMatchObject({ code: "HISTORY_FAILED" });
    await expect(history.read("HEAD", "../x")).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it("the heads of the newest commits are read, newest first, and planted settings run nothing", async () => {
    const root = desk();
    const heads = ["1 a", '{"seq":2}', undefined];
    const marker = join(root, ".qoc", "ran");
    const history = await openHistory({
      root,
      disk: nodeDisk(),
      clock: systemClock,
      log: quietLog(),
      enabled: true,
      env: { PATH: process.env["PATH"] },
      written: takeWritten,
      head: () => heads[0],
    });
    expect(await historyHeads({ root, disk: nodeDisk(), env: { PATH: process.env["PATH"] } })).toEqual([]);
    for (const name of ["one", "two", "three"]) {
      save(root, `research/${name}.md`, name);
      history.request(name);
      await history.flush();
      heads.shift();
    }
    const program = join(root, ".qoc", "planted.sh");
    writeFileSync(program, `#!/bin/sh\ntouch ${marker}\n`);
    chmodSync(program, 0o755);
    const planted = `[log]\n\tshowSignature = true\n[gpg]\n\tprogram = ${program}\n[core]\n\tfsmonitor = ${program}\n\tpager = ${program}\n`;
    writeFileSync(join(root, ".qoc/history.git/config"), planted);
    const options = { root, disk: nodeDisk(), env: { PATH: process.env["PATH"] } };
    expect(await historyHeads(options)).toEqual(['{"seq":2}', "1 a"]);
    expect(existsSync(marker)).toBe(false);
    // The third commit was held back, because the desk lacked records.
    expect(await history.paths("research")).toEqual(["research/two.md", "research/one.md"]);
    expect(await historyHeads({ ...options, env: { PATH: "/nowhere" } })).toEqual([]);
  });

  it("returns the bytes of a picture as they were, and lists the revisions of a file or of all", async () => {
    const root = desk();
    const history = await open(root);
    const picture = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 37) % 256));
    save(root, "research/p.png", picture);
    history.request("a picture");
    await history.flush();
    writeFileSync(join(root, "research/a.md"), "by hand\n");
    history.touch();
    await history.flush();
    expect(Buffer.from(await history.read("HEAD", "research/p.png")).equals(picture)).toBe(true);
    expect((await history.list(undefined, 10)).map(({ title }) => title)).toEqual([
      "files changed by hand",
      "a picture",
    ]);
    expect(await history.list("research/p.png", 10)).toMatchObject([{ title: "a picture", files: 1 }]);
    expect(await history.list("nothing.md", 10)).toEqual([]);
    const shown = await history.show("HEAD");
    expect(shown.text).toContain("+by hand\n");
    expect(shown.text).not.toContain("Binary files");
    expect((await history.show("HEAD~1")).text).toContain("Binary files /dev/null and b/research/p.png differ");
  });

  it.each(["working-tree-encoding=UTF-16LE", "ident", "text eol=crlf"])(
    "keeps the exact bytes of a file under the attribute %s",
    async (attribute) => {
      const root = desk();
      const history = await open(root);
      save(root, "research/.gitattributes", `* ${attribute}\n`);
      const bytes = Buffer.from("one\r\ntwo\n$Id$ \u00e9\n");
      save(root, "research/a.md", bytes);
      history.touch();
      await history.flush();
      expect(Buffer.from(await history.read("HEAD", "research/a.md")).equals(bytes)).toBe(true);
    },
  );

  it.each([
    ["HEAD~99", "research/a.md", "there is no revision HEAD~99"],
    ["1234567", "research/a.md", "there is no revision 1234567"],
    [
      "HEAD",
      "research/none.md",
      "research/none.md is not in revision HEAD; qoc history list research/none.md names those that have it",
    ],
    ["HEAD", "research", "research is a folder in revision HEAD, or its text is lost"],
  ])("says in words that %s of %s is missing", async (revision, path, message) => {
    const root = desk();
    const history = await open(root);
    save(root, "research/a.md", "one\n");
    history.request("first");
    await history.flush();
    const error = await history.read(revision, path).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: "HISTORY_FAILED", message: `history: ${message}` });
    if (path.endsWith("a.md"))
      await expect(history.show(revision)).rejects.toMatchObject({ message: `history: ${message}` });
  });

  it.each([
    ["is empty", ""],
    ["holds other bytes", "garbage"],
    ["is gone", undefined],
  ])("says in words, without git's own prefix, that a file of the history %s", async (_, content) => {
    const root = desk();
    const history = await open(root);
    for (const text of ["one\n", "two\n"]) {
      save(root, "research/a.md", text);
      history.request(text.trim());
      await history.flush();
    }
    const git = join(root, ".qoc/history.git");
    const first = execFileSync("git", ["--git-dir", git, "rev-parse", "desk~1"]).toString().trim();
    const object = join(git, "objects", first.slice(0, 2), first.slice(2));
    rmSync(object);
    if (content !== undefined) writeFileSync(object, content);
    const answers = await Promise.allSettled([
      history.list(undefined, 10),
      history.show("HEAD~1"),
      history.read("HEAD~1", "research/a.md"),
    ]);
    for (const answer of answers) {
      const { code, message } = (answer as PromiseRejectedResult).reason as { code: string; message: string };
      expect(code).toBe("HISTORY_FAILED");
      expect(message).toMatch(/there is no revision HEAD~1|is not in revision HEAD~1|move \.qoc\/history\.git away/);
      expect(message).not.toMatch(/fatal:|error:/);
    }
  });

  it("a time names the last revision that is not after it", async () => {
    const root = desk();
    const history = await open(root);
    save(root, "research/a.md", "one\n");
    history.request("first");
    await history.flush();
    const [first] = await history.list(undefined, 1);
    const at = Date.parse(first?.at ?? "");
    const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    for (const time of [first?.at ?? "", local, local.replace("T", " "), "2999-01-01"])
      expect(textOf(await history.read(time, "research/a.md"))).toBe("one\n");
    expect((await history.show(local)).text).toContain("+one");
    const before = new Date(at - 1_000).toISOString();
    for (const [time, message] of [
      [before, `there is no revision of ${before} or before`],
      ["2020-01-01", "there is no revision of 2020-01-01 00:00 or before"],
      ["2020-13-01", "2020-13-01 is not a date"],
    ] as const)
      await expect(history.read(time, "research/a.md")).rejects.toMatchObject({
        message: `history: ${message}`,
      });
  });

  it("names one change once in its revision, and lists several", async () => {
    const root = desk();
    const history = await open(root);
    for (const reasons of [["only"], ["first", "second"]]) {
      save(root, "research/a.md", reasons.join());
      for (const reason of reasons) history.request(reason);
      await history.flush();
    }
    expect(await history.show("HEAD~1")).toMatchObject({ title: "only", changes: [] });
    expect(await history.show("HEAD")).toMatchObject({ title: "first and 1 more", changes: ["first", "second"] });
  });

  it("a revision says when, who and what, and has nothing of git's own head", async () => {
    const root = desk();
    const history = await open(root);
    const commit = async (...requests: readonly [string, string?][]): Promise<void> => {
      save(root, "research/a.md", requests.join());
      for (const [reason, by] of requests) history.request(reason, by);
      history.touch();
      await history.flush();
    };
    await commit(["20260705-001: filled"]);
    await commit(["research write a.md", "agent:run-1"], ["snapshot", "human"], ["20260705-002: accepted"]);
    writeFileSync(join(root, "research/a.md"), "mine");
    history.touch();
    await history.flush();
    const listed = await history.list(undefined, 10);
    expect(listed.map(({ who }) => who)).toEqual(["by hand", "agent:run-1, human, desk", "desk"]);
    const shown = await history.show("HEAD~1");
    const { rev, at, who, title } = listed[1] as Revision;
    expect(shown).toMatchObject({ rev, at, who, title });
    expect(shown.changes).toEqual(["research write a.md", "snapshot", "20260705-002: accepted"]);
    expect(shown.text).toMatch(/^ research\/a\.md \| 2 \+-\n/);
    expect(JSON.stringify(shown)).not.toMatch(/Author:|Journal-Head|commit [0-9a-f]{40}|localhost/);
  });

  it("edits of others beside a change of the desk are a revision of their own", async () => {
    const root = desk();
    const writes = recordDeskWrites(nodeDisk(), root);
    const history = await open(root, { written: writes.take });
    const at = (name: string): string => join(root, "research", name);
    for (const name of ["mine.md", "gone.md"]) writeFileSync(at(name), name);
    await writes.disk.writeAtomic(at("a [1].md"), "one");
    await writes.disk.writeAtomic(join(root, ".qoc/state"), "x");
    history.request("snapshot", "human");
    await history.flush();
    writeFileSync(at("mine.md"), "edited");
    rmSync(at("gone.md"));
    await writes.disk.move(at("a [1].md"), at("b.md"));
    await writes.disk.create(at("c.md"), "new");
    history.touch();
    await history.flush();
    await writes.disk.remove(at("c.md"));
    history.request("20260705-001: filled");
    await history.flush();
    const listed = await history.list(undefined, 10);
    expect(listed.map(({ who, title, files }) => [who, title, files])).toEqual([
      ["desk", "20260705-001: filled", 1],
      ["desk", "files that the desk writes", 2],
      ["by hand", "files changed by hand", 2],
      ["human", "snapshot", 1],
      ["by hand", "the files when the history began", 2],
    ]);
  });

  it("what the desk writes while a revision is made is the desk's in the next one", async () => {
    const root = desk();
    let calls = 0;
    const take = (): ReadonlySet<string> => {
      calls += 1;
      // The second call comes after the files were staged.
      if (calls !== 2) return new Set();
      writeFileSync(join(root, "research/late.md"), "late");
      return new Set(["research/late.md"]);
    };
    const history = await open(root, { written: take });
    writeFileSync(join(root, "research/mine.md"), "mine");
    for (let revision = 0; revision < 2; revision += 1) {
      history.touch();
      await history.flush();
    }
    const listed = await history.list(undefined, 10);
    expect(listed.map(({ who, title }) => [who, title])).toEqual([
      ["desk", "files that the desk writes"],
      ["by hand", "the files when the history began"],
    ]);
  });

  it("keeps the other files if one is a repository of its own, and says so once", async () => {
    const root = desk();
    const warned: string[] = [];
    const history = await open(root, { log: { ...quietLog(), warn: (message) => warned.push(message) } });
    execFileSync("git", ["init", "--quiet", join(root, "research/cloned")]);
    for (const text of ["one", "two"]) {
      save(root, "research/a.md", text);
      history.touch();
      await history.flush();
    }
    expect(textOf(await history.read("HEAD", "research/a.md"))).toBe("two");
    expect(warned).toEqual(["some files are not in the history: a repository of its own: research/cloned"]);
    history.touch();
    await history.flush();
    expect(await history.list(undefined, 10)).toHaveLength(2);
  });

  it("leaves out a file of more MiB than the limit, which does not keep the others out, says so, and keeps it before a restore", async () => {
    const root = desk();
    const history = await open(root, { limits: { ...REVISION_LIMITS, fileMib: 1 } });
    truncateSync(touched(root, "research/huge\u202e.bin"), 2 ** 40);
    save(root, "research/a.md", "one");
    history.touch();
    await history.flush();
    expect(textOf(await history.read("HEAD", "research/a.md"))).toBe("one");
    expect(history.problem()).toBe("more than 1 MiB: research/huge\\u{202e}.bin");
    truncateSync(join(root, "research/huge\u202e.bin"), 2 ** 20 + 1);
    await history.keep("research/huge\u202e.bin");
    const listed = await history.list("research/huge\u202e.bin", 2);
    expect(listed.map(({ who, title }) => [who, title])).toEqual([["by hand", "files changed by hand"]]);
    history.touch();
    await history.flush();
    expect(history.problem()).toBe("");
  });

  it("takes a part of very many files at once, those of the desk first, in packs; and nothing after it was closed", async () => {
    const root = desk();
    const history = await open(root, { limits: { ...REVISION_LIMITS, files: 120 } });
    for (let n = 0; n < 121; n += 1) writeFileSync(join(root, "research", `a${n}.md`), `${n}`);
    save(root, "research/z.md", "of the desk");
    history.request("a note");
    await history.flush();
    const counts = async (): Promise<unknown[]> => {
      const listed = await history.list(undefined, 9);
      return listed.map(({ who, files }) => [who, files]);
    };
    expect(await counts()).toEqual([
      ["desk", 1],
      ["by hand", 119],
    ]);
    const objects = join(root, ".qoc/history.git/objects");
    expect(readdirSync(join(objects, "pack")).filter((name) => name.endsWith(".pack"))).toHaveLength(1);
    expect(readdirSync(objects).length).toBeLessThan(20);
    await history.close("the end");
    expect(await counts()).toEqual([
      ["by hand", 2],
      ["desk", 1],
      ["by hand", 119],
    ]);
    writeFileSync(join(root, "research/late.md"), "late");
    history.touch();
    await history.flush();
    expect(await counts()).toHaveLength(3);
  });

  it.runIf(process.platform === "linux")(
    "leaves out a file whose name is not UTF-8, which keeps no other out",
    async () => {
      const root = desk();
      const warned: string[] = [];
      const history = await open(root, { log: { ...quietLog(), warn: (message) => warned.push(message) } });
      const path = Buffer.concat([Buffer.from(`${root}/research/a`), Buffer.of(0xff)]);
      writeFileSync(path, "x");
      // An earlier version staged such a file, and then failed to commit.
      const args = ["--git-dir", join(root, ".qoc/history.git"), "--work-tree", root, "add", "research"];
      execFileSync("git", args);
      writeFileSync(path, "other");
      writeFileSync(Buffer.concat([path, Buffer.from("2")]), "x");
      writeFileSync(join(root, "research/mine.md"), "mine");
      save(root, "research/\u00e9.md", "of the desk");
      history.touch();
      await history.flush();
      expect(textOf(await history.read("HEAD", "research/\u00e9.md"))).toBe("of the desk");
      expect(textOf(await history.read("HEAD", "research/mine.md"))).toBe("mine");
      expect((await history.list(undefined, 9)).map(({ who }) => who)).toEqual(["desk", "by hand"]);
      expect(warned).toEqual([expect.stringMatching(/a name that is not UTF-8: research\/a\ufffd/)]);
    },
  );

  it("removes what a git that was killed has written of a pack", async () => {
    const root = desk();
    await open(root);
    const pack = join(root, ".qoc/history.git/objects/pack");
    writeFileSync(join(pack, "tmp_pack_a1B2c3"), "PACK");
    await open(root);
    expect(readdirSync(pack)).toEqual([]);
  });

  it("the history does not touch the desk's state, packages or the user's own .git", async () => {
    const root = desk();
    execFileSync("git", ["init", "--quiet", root]);
    mkdirSync(join(root, "node_modules"));
    writeFileSync(join(root, "node_modules/x"), "x");
    writeFileSync(join(root, ".qoc/y"), "y");
    save(root, "z", "z");
    const history = await open(root);
    history.request("all");
    await history.flush();
    const tree = execFileSync(
      "git",
      ["--git-dir", join(root, ".qoc/history.git"), "ls-tree", "-r", "--name-only", "HEAD"],
      { encoding: "utf8" },
    );
    expect(tree.trim()).toBe("z");
    expect(execFileSync("git", ["-C", root, "status", "--porcelain"], { encoding: "utf8" })).toContain("?? z");
  });

  it("the history runs no planted hook, monitor or filter, and recovers from a stale lock", async () => {
    const root = desk();
    await open(root);
    const marker = join(root, ".qoc", "ran");
    const git = join(root, ".qoc/history.git");
    mkdirSync(join(git, "hooks"), { recursive: true });
    for (const hook of ["pre-commit", "post-commit", "reference-transaction"]) {
      writeFileSync(join(git, "hooks", hook), `#!/bin/sh\ntouch ${marker}\n`);
      chmodSync(join(git, "hooks", hook), 0o755);
    }
    writeFileSync(
      join(git, "config"),
      `[core]\n\tfsmonitor = "touch ${marker}"\n[filter "evil"]\n\tclean = "touch ${marker}; cat"\n`,
    );
    writeFileSync(join(root, ".gitattributes"), "* filter=evil\n");
    save(root, "research/a.md", "text\n");
    writeFileSync(join(git, "index.lock"), "");
    const history = await open(root);
    history.request("x");
    await history.flush();
    expect(existsSync(marker)).toBe(false);
    expect(textOf(await history.read("HEAD", "research/a.md"))).toBe("text\n");
    expect(readFileSync(join(git, "config"), "utf8")).not.toContain("evil");
  });

  it("a program of the folder with the name of git is not started, whatever relative folders the PATH has", async () => {
    const root = desk();
    const marker = join(root, ".qoc", "ran");
    mkdirSync(join(root, "bin"));
    for (const file of ["git", "bin/git"])
      writeFileSync(join(root, file), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    const history = await open(root, { path: `.::bin:./bin:${process.env["PATH"]}` });
    history.request("first");
    await history.flush();
    expect([history.unavailable, existsSync(marker)]).toEqual([undefined, false]);
  });

  it("a link in place of the git dir is refused, and the repository that it leads to stays as it is", async () => {
    const root = desk();
    const other = mkdtempSync(join(tmpdir(), "qoc-other-"));
    execFileSync("git", ["init", "--quiet", "--initial-branch=main", other]);
    const config = readFileSync(join(other, ".git/config"), "utf8");
    mkdirSync(join(root, ".qoc"), { recursive: true });
    symlinkSync(join(other, ".git"), join(root, ".qoc/history.git"));
    const history = await open(root);
    history.request("first");
    await history.flush();
    expect(history.unavailable).toMatchObject({ code: "HISTORY_LINKED" });
    await expect(history.show("HEAD")).rejects.toMatchObject({ code: "HISTORY_LINKED" });
    expect(readFileSync(join(other, ".git/config"), "utf8")).toBe(config);
    expect(readFileSync(join(other, ".git/HEAD"), "utf8")).toBe("ref: refs/heads/main\n");
  });

  it("a repository that was unpacked in the folder starts no program, also if an earlier revision names its commit", async () => {
    const root = desk();
    const marker = join(root, ".qoc", "ran");
    const cloned = join(root, "research/cloned");
    const git = (gitDir: string, ...args: string[]): string =>
      execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-C", root, "--git-dir", gitDir, ...args], {
        encoding: "utf8",
      });
    const make = (): void => {
      execFileSync("git", ["init", "--quiet", cloned]);
      writeFileSync(join(cloned, "data.csv"), "1\n");
      writeFileSync(join(cloned, ".gitattributes"), "* filter=evil\n");
      git(join(cloned, ".git"), "--work-tree", cloned, "add", ".");
      git(join(cloned, ".git"), "--work-tree", cloned, "commit", "--quiet", "--message", "x");
      const planted = `[filter "evil"]\n\tclean = "touch ${marker}; cat"\n\tprocess = "touch ${marker}"\n`;
      writeFileSync(join(cloned, ".git/config"), planted, { flag: "a" });
      writeFileSync(join(cloned, "data.csv"), "2\n");
    };
    const history = await open(root);
    const own = join(root, ".qoc/history.git");
    make();
    git(own, "--work-tree", root, "add", "research/cloned");
    for (const text of ["one", "two"]) {
      save(root, "research/a.md", text);
      history.touch();
      await history.flush();
    }
    expect(git(own, "ls-tree", "-r", "--name-only", "desk")).toBe("research/a.md\n");
    git(own, "--work-tree", root, "add", "research/cloned");
    await history.keep("research/cloned");
    expect(existsSync(marker)).toBe(false);
    expect(history.problem()).toBe("a repository of its own: research/cloned");
  });

  it("says why no revision is made while git cannot read its own files of the folder", async () => {
    const root = desk();
    const history = await open(root);
    const ignored = touched(root, "research/.gitignore");
    truncateSync(ignored, 2 ** 30);
    save(root, "research/a.md", "one");
    history.touch();
    await history.flush();
    expect(history.problem()).toMatch(/^history: .*allocate/);
    rmSync(ignored);
    history.touch();
    await history.flush();
    expect([history.problem(), textOf(await history.read("desk", "research/a.md"))]).toEqual(["", "one"]);
  });

  it("a planted common folder, a replaced commit and a missing object change no revision and start no program", async () => {
    const root = desk();
    const history = await open(root);
    for (const text of ["one\n", "two\n"]) {
      save(root, "research/a.md", text);
      history.request(text.trim());
      await history.flush();
    }
    const git = join(root, ".qoc/history.git");
    const marker = join(root, ".qoc", "ran");
    const common = join(root, ".qoc", "common");
    cpSync(git, common, { recursive: true });
    writeFileSync(join(common, "config"), `[filter "evil"]\n\tclean = "touch ${marker}; cat"\n`);
    writeFileSync(join(common, "info/attributes"), "* filter=evil\n");
    writeFileSync(join(git, "commondir"), "../common\n");
    const run = (...args: string[]): string =>
      execFileSync("git", args, { env: { PATH: process.env["PATH"], GIT_DIR: git, GIT_COMMON_DIR: git } }).toString();
    run("replace", run("rev-parse", "desk:research/a.md").trim(), run("rev-parse", "desk~1:research/a.md").trim());
    save(root, "research/b.md", "new\n");
    history.request("three");
    await history.flush();
    expect(existsSync(marker)).toBe(false);
    expect(textOf(await history.read("desk", "research/a.md"))).toBe("two\n");
    expect((await history.list("research/b.md", 5)).map(({ title }) => title)).toEqual(["three"]);

    const remote = `[remote "o"]\n\turl = "ext::touch ${marker}"\n\tpromisor = true\n`;
    const planted = `[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = o\n[protocol "ext"]\n\tallow = always\n${remote}`;
    const tip = run("rev-parse", "desk").trim();
    rmSync(join(git, "objects", tip.slice(0, 2), tip.slice(2)));
    writeFileSync(join(git, "config"), planted);
    await historyHeads({ root, disk: nodeDisk(), env: { PATH: process.env["PATH"] } });
    expect(existsSync(marker)).toBe(false);
  });
});

describe.skipIf(!hasGit)("files that were planted in the git dir", () => {
  const run = (root: string, ...args: string[]): string => {
    const env = { PATH: process.env["PATH"], GIT_DIR: join(root, ".qoc/history.git"), GIT_WORK_TREE: root };
    return execFileSync("git", args, { env }).toString().trim();
  };
  const revise = async (history: History, root: string, text: string): Promise<void> => {
    save(root, "research/a.md", text);
    history.request(text);
    await history.flush();
  };

  it("another branch as its HEAD takes no revision out of the list", async () => {
    const root = desk();
    const first = await open(root);
    await revise(first, root, "one");
    await first.close("down");
    writeFileSync(join(root, ".qoc/history.git/HEAD"), "ref: refs/heads/other\n");
    const history = await open(root);
    await revise(history, root, "two");
    expect((await history.list(undefined, 5)).map(({ title }) => title)).toEqual(["two", "one"]);
  });

  it("a list of revisions without parents hides no revision", async () => {
    const root = desk();
    const history = await open(root);
    for (const text of ["one", "two", "three"]) await revise(history, root, text);
    writeFileSync(join(root, ".qoc/history.git/shallow"), `${run(root, "rev-parse", "desk")}\n`);
    expect(await history.list(undefined, 5)).toHaveLength(3);
  });

  it.each(["--assume-unchanged", "--skip-worktree"])("a mark in the index hides no edit: %s", async (mark) => {
    const root = desk();
    const history = await open(root);
    await revise(history, root, "one");
    run(root, "update-index", mark, "research/a.md");
    await revise(history, root, "two");
    expect(textOf(await history.read("desk", "research/a.md"))).toBe("two");
    run(root, "update-index", mark, "research/a.md");
    save(root, "research/a.md", "three");
    await history.keep("research/a.md");
    expect(textOf(await history.read("desk", "research/a.md"))).toBe("three");
  });

  it("an index that calls an edited file unchanged keeps no edit out of the revision before a restore", async () => {
    const root = desk();
    const history = await open(root);
    await revise(history, root, "one");
    const blob = run(root, "rev-parse", "desk:research/a.md");
    save(root, "research/a.md", "an edit");
    // git reads a file again that is as new as its index.
    utimesSync(join(root, "research/a.md"), 1, 1);
    // The entry has the times and the size of the edited file, and the content of the revision.
    run(root, "add", "research/a.md");
    const index = join(root, ".qoc/history.git/index");
    const edited = run(root, "rev-parse", ":research/a.md");
    const bytes = readFileSync(index);
    bytes.set(Buffer.from(blob, "hex"), bytes.indexOf(Buffer.from(edited, "hex")));
    bytes.set(createHash("sha1").update(bytes.subarray(0, -20)).digest(), bytes.length - 20);
    writeFileSync(index, bytes);
    await history.keep("research/a.md");
    expect(textOf(await history.read("desk", "research/a.md"))).toBe("an edit");
  });
});

describe("without git", () => {
  it("a git that does not run counts as missing, and the desk starts", async () => {
    const root = desk();
    const path = join(root, "bin");
    mkdirSync(path);
    writeFileSync(join(path, "git"), "#!/bin/sh\necho developer tools are missing >&2\nexit 1\n", { mode: 0o755 });
    const history = await open(root, { path: `${path}:${process.env["PATH"]}` });
    expect(history.unavailable).toMatchObject({ code: "GIT_MISSING" });
    await expect(history.show("HEAD")).rejects.toMatchObject({ code: "GIT_MISSING" });
  });

  it("without git the history is not available, and reports that git is missing only when it is used", async () => {
    const root = desk();
    const history = await open(root, { path: join(root, "empty") });
    expect(history.unavailable).toMatchObject({ code: "GIT_MISSING" });
    history.request("x");
    await history.flush();
    await expect(history.show("HEAD")).rejects.toMatchObject({ code: "GIT_MISSING" });
  });
});
