/**
 * Reading and writing the workspace: one rule for list, read and search; writes only where the palette says, and never
 * over the unread.
 */
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/domain/digest.ts";
import { openDirectory, openRegularFile } from "../../src/workspace/open-directory.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import type { FileWrite } from "../../src/workspace/file-write.ts";
import { CHARACTERS_MAX, ENTRIES_MAX, type WorkspaceFiles, secretFilesOf } from "../../src/workspace/files.ts";
import { openWorkspace } from "../../src/workspace/workspace.ts";

const disk = nodeDisk();
let base: string;
let root: string;
function put(path: string, text: string): void {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), text);
}
function files(secrets: readonly string[] = [], on = disk): WorkspaceFiles {
  const auth = Object.fromEntries(secrets.map((file, n) => [`k${n}`, { file }]));
  const secretFiles = () => secretFilesOf({ connectors: [{ auth }] as never });
  return openWorkspace({ disk: on, root, clock: { now: Date.now }, secretFiles }).files;
}
function writeFile(file: FileWrite, on = disk): Promise<unknown> {
  return files([], on).write(() => Promise.resolve(file));
}
async function paths(under = "", glob?: string): Promise<readonly string[]> {
  return (await files([join(root, "research/token.txt")]).list({ under, after: "", glob })).entries.map(
    ({ path }) => path,
  );
}

beforeEach(() => {
  base = mkdtempSync(join(realpathSync(tmpdir()), "qoc-files-"));
  root = join(base, "desk");
  put("outside/secret.md", "secret words");
  put("outside/twice.md", "secret words");
  put("desk/desk.toml", "[workspace]\n");
  put("desk/research/aapl.md", "Margins hold.\nSecret Words are elsewhere.\n");
  put("desk/research/deep/er/note.md", "deep");
  put("desk/research/token.txt", "secret words of a venue");
  put("desk/research/server.pem", "secret words of a key");
  put("desk/.qoc/journal/1.ndjson", "secret words");
  put("desk/.git/config", "secret words");
  put("desk/.env", "secret words");
  put("desk/research/.hidden.md", "secret words");
  put("desk/node_modules/x/readme.md", "secret words");
  mkdirSync(join(root, "orders/pending"), { recursive: true });
  symlinkSync(join(base, "outside"), join(root, "research/linked"));
  symlinkSync(join(base, "outside/secret.md"), join(root, "research/link.md"));
  symlinkSync("/dev/zero", join(root, "research/zero.md"));
  symlinkSync(join(base, "outside/gone.md"), join(root, "research/dangling.md"));
  linkSync(join(base, "outside/twice.md"), join(root, "research/hard.md"));
  execFileSync("mkfifo", [join(root, "research/pipe.md")]);
});
afterEach(() => rm(base, { recursive: true, force: true }));

/** Paths outside the readable files, each with its id of the checklist in docs/agents.md. */
const WAYS_OUT: readonly (readonly [id: string, path: string])[] = [
  ["F1 climbs", "../outside/secret.md"],
  ["F1 climbs from within", "research/../../outside/secret.md"],
  ["F1 absolute", "/etc/passwd"],
  ["F1 drive", "C:/secret.md"],
  ["F1 backslash", "research\\..\\secret.md"],
  ["F1 NUL", "research/aapl.md\u0000.txt"],
  ["F1 percent-encoded climb", "research/..%2f..%2foutside%2fsecret.md"],
  ["F1 percent-encoded dots", "research/%2e%2e/secret.md"],
  ["F1 double separator", "research//aapl.md"],
  ["F1 a dot part", "./research/aapl.md"],
  ["F1 trailing dot", "research/aapl.md."],
  ["F1 trailing space", "research/aapl.md "],
  ["F1 trailing dots of a folder", "research../aapl.md"],
  ["F1 look-alike letter", "research/ааpl.md"],
  ["F1 full-width dots", "research/．．/secret.md"],
  ["F1 full-width slash", "research／aapl.md"],
  ["F1 one-dot leader", "research/\u2024\u2024/secret.md"],
  ["F1 right-to-left override", "research/\u202edm.lpaa"],
  ["F1 zero-width", "research/aa\u200bpl.md"],
  ["F1 line break", "research/aapl\n.md"],
  ["F1 a very long name", `research/${"a".repeat(300)}.md`],
  ["F1 a very long path", `research/${"a/".repeat(300)}a.md`],
  ["F1 empty", ""],
  ["F2 symlinked file", "research/link.md"],
  ["F2 symlinked parent", "research/linked/secret.md"],
  ["F2 symlinked parent of its parent", "research/linked/deep/new.md"],
  ["F2 dangling symlink", "research/dangling.md"],
  ["F3 git", ".git/config"],
  ["F3 the desk's state", ".qoc/journal/1.ndjson"],
  ["F3 the desk's state in capitals", ".QOC/journal/1.ndjson"],
  ["F3 the desk's state in mixed case", "research/../.Qoc/journal/1.ndjson"],
  ["F3 node_modules in capitals", "NODE_MODULES/x/readme.md"],
  ["F4 environment file", ".env"],
  ["F4 dot-file", "research/.hidden.md"],
  ["F6 hard link", "research/hard.md"],
  ["F6 FIFO", "research/pipe.md"],
  ["F6 device by a symlink", "research/zero.md"],
];

describe("a way out", () => {
  it.each(WAYS_OUT)("%s: the path is refused for reading", async (_id, path) => {
    await expect(files().read(path)).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it.each(WAYS_OUT)("%s: the path is refused for writing", async (_id, path) => {
    const before = readFileSync(join(base, "outside/secret.md"), "utf8");
    await expect(writeFile({ path, text: "mine" })).rejects.toMatchObject({ code: "PATH_REFUSED" });
    await expect(writeFile({ path, text: "mine", replaces: digestOf(before) })).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
    expect(readFileSync(join(base, "outside/secret.md"), "utf8")).toBe(before);
    expect(readdirSync(join(base, "outside"))).toEqual(["secret.md", "twice.md"]);
  });
});

describe("secrets", () => {
  it("F4 the target of { file = } is not read under any of its names", async () => {
    const hidden = files([join(root, "research/token.txt")]);
    await expect(hidden.read("research/token.txt")).rejects.toMatchObject({ code: "PATH_REFUSED" });
    symlinkSync(join(root, "research/token.txt"), join(base, "token"));
    await expect(files([join(base, "token")]).read("research/token.txt")).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it("F4 key files are not read", async () => {
    await expect(files().read("research/server.pem")).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it("F7 list, read and search apply the same rule", async () => {
    const listed = await paths();
    expect(listed).toEqual(["desk.toml", "research/aapl.md", "research/deep/er/note.md"]);
    const hits = await files([join(root, "research/token.txt")]).search({
      text: "secret words",
      under: "",
      after: "",
    });
    expect(hits.entries).toEqual([{ path: "research/aapl.md", line: 2, text: "Secret Words are elsewhere." }]);
  });
});

describe("a swap between check and use", () => {
  it("F2 a read uses the folder that was checked, even if another folder takes its name", async () => {
    const held = await openDirectory(root, ["research"]);
    if (held === undefined) throw new Error("no folder");
    put("outside/aapl.md", "planted");
    renameSync(join(root, "research"), join(root, "was"));
    symlinkSync(join(base, "outside"), join(root, "research"));
    const opened = await openRegularFile(held, { name: "aapl.md", displayPath: "research/aapl.md", limit: 1000 });
    await held.close();
    expect(Buffer.from(opened?.bytes ?? []).toString()).toContain("Margins hold.");
  });

  it("F2 a write goes into the folder that was checked, even if another folder takes its name", async () => {
    const swapping: typeof disk = {
      ...disk,
      create: async (path, data, mode) => {
        renameSync(join(root, "research"), join(root, "was"));
        symlinkSync(join(base, "outside"), join(root, "research"));
        await disk.create(path, data, mode);
      },
    };
    await writeFile({ path: "research/new.md", text: "mine" }, swapping);
    expect(readdirSync(join(base, "outside"))).toEqual(["secret.md", "twice.md"]);
    expect(readFileSync(join(root, "was/new.md"), "utf8")).toBe("mine");
  });

  it("F2 a symlink that takes the file's place is replaced, not followed", async () => {
    const swapping: typeof disk = {
      ...disk,
      writeAtomic: async (path, data, mode) => {
        renameSync(join(root, "research/aapl.md"), join(root, "was.md"));
        symlinkSync(join(base, "outside/secret.md"), join(root, "research/aapl.md"));
        await disk.writeAtomic(path, data, mode);
      },
    };
    const { digest } = await files().read("research/aapl.md");
    await writeFile({ path: "research/aapl.md", text: "mine", replaces: digest }, swapping);
    expect(readFileSync(join(base, "outside/secret.md"), "utf8")).toBe("secret words");
    expect(readFileSync(join(root, "research/aapl.md"), "utf8")).toBe("mine");
  });
});

describe("reading", () => {
  it("F5 a long file is read in parts that together are the file", async () => {
    const text = Array.from({ length: 5000 }, (_, n) => `line ${n} of a long file`).join("\n");
    put("desk/research/long.md", text);
    let from: string | null = "1";
    let whole = "";
    while (from !== null) {
      const part = await files().read("research/long.md", { from });
      expect(part.text.length).toBeLessThanOrEqual(CHARACTERS_MAX);
      expect(part).toMatchObject({ digest: digestOf(text), bytes: text.length, lines: 5000 });
      whole += part.text;
      from = part.next;
    }
    expect(whole).toBe(text);
  });

  it("F5 a line longer than one response is read in parts, and no character is split", async () => {
    const text = `a${"😀".repeat(CHARACTERS_MAX)}\nend`;
    put("desk/research/one-line.md", text);
    let from: string | null = "1";
    let whole = "";
    while (from !== null) {
      const part = await files().read("research/one-line.md", { from });
      expect(part.text).not.toMatch(/\p{Cs}/u);
      whole += part.text;
      from = part.next;
    }
    expect(whole).toBe(text);
  });

  it.each([
    ["1", 1, "one\n", "2"],
    ["2", 1, "two\n", "3"],
    ["3", 5, "three\n", null],
    ["9", 1, "", null],
  ])("a read from line %s with %i lines returns those lines and the next cursor", async (from, count, text, next) => {
    put("desk/research/three.md", "one\ntwo\nthree\n");
    expect(await files().read("research/three.md", { from, lines: count })).toMatchObject({ text, next, lines: 3 });
  });

  it.each([["0"], ["-1"], ["1:0"], ["x"], ["1:2:3"]])("the cursor %s is refused", async (from) => {
    await expect(files().read("research/aapl.md", { from })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("a binary file is refused, and a missing file is reported", async () => {
    put("desk/research/bin.md", "a\0b");
    await expect(files().read("research/bin.md")).rejects.toMatchObject({ code: "PATH_REFUSED" });
    await expect(files().read("research/none.md")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(files().read("nowhere/none.md")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("listing", () => {
  it.each([
    ["research", undefined, ["research/aapl.md", "research/deep/er/note.md"]],
    ["", "*.toml", ["desk.toml"]],
    ["", "note.*", ["research/deep/er/note.md"]],
    ["", "research/**/*.md", ["research/aapl.md", "research/deep/er/note.md"]],
    ["", "research/*.md", ["research/aapl.md"]],
    ["", "research/?apl.md", ["research/aapl.md"]],
    ["", "*", ["desk.toml", "research/aapl.md", "research/deep/er/note.md"]],
    ["", "{desk,aapl}.{toml,md}", ["desk.toml", "research/aapl.md"]],
    ["", "[an]*.md", ["research/aapl.md", "research/deep/er/note.md"]],
    ["", "**/note.md", ["research/deep/er/note.md"]],
    ["nowhere", undefined, []],
  ])("a list under %j with glob %j returns the readable files that match", async (under, glob, expected) => {
    expect(await paths(under, glob)).toEqual(expected);
  });

  it("F5 a list comes in pages that contain every file once", async () => {
    // Sorted by path, `inbox/archive/…` precedes `inbox/item-…`, in whatever order the walk finds them.
    const names = Array.from(
      { length: ENTRIES_MAX * 2 + 7 },
      (_, n) => `inbox/${n % 2 === 0 ? "archive/" : ""}item-${String(n).padStart(4, "0")}.md`,
    ).toSorted();
    for (const name of names) put(`desk/${name}`, "x");
    const seen: string[] = [];
    let after: string | null = "";
    while (after !== null) {
      const page: { entries: readonly { path: string }[]; next: string | null } = await files().list({
        under: "inbox",
        after,
      });
      expect(page.entries.length).toBeLessThanOrEqual(ENTRIES_MAX);
      seen.push(...page.entries.map(({ path }) => path));
      after = page.next;
    }
    expect(seen).toEqual(names);
  });

  it("a search comes in pages that contain every match once", async () => {
    put("desk/research/many.md", "needle\n".repeat(ENTRIES_MAX + 50));
    put("desk/research/more.md", "a Needle\n");
    const seen: string[] = [];
    let after: string | null = "";
    while (after !== null) {
      const page: { entries: readonly { path: string; line: number }[]; next: string | null } = await files().search({
        text: "NEEDLE",
        under: "",
        after,
      });
      seen.push(...page.entries.map(({ path, line }) => `${path}:${line}`));
      after = page.next;
    }
    expect(new Set(seen).size).toBe(ENTRIES_MAX + 51);
    expect(seen).toHaveLength(ENTRIES_MAX + 51);
  });
});

describe("writing", () => {
  it.each([
    ["issues/004-new.md"],
    ["inbox/a.md"],
    ["orders/pending/a.toml"],
    ["orders/proposed/a.yaml"],
    ["orders/pending/a.json"],
    ["orders/proposed/a.md"],
    ["research/new/deep/a.csv"],
    ["snapshots/a.md"],
  ])("F3 an agent can write %s", async (path) => {
    await writeFile({ path, text: "text" });
    expect(readFileSync(join(root, path), "utf8")).toBe("text");
  });

  it.each([
    ["desk.toml"],
    ["house-rules.md"],
    ["AGENTS.md"],
    [".mcp.json"],
    [".claude/settings.json"],
    ["research/CLAUDE.md"],
    ["research/AGENTS.override.md"],
    ["research/QWEN.md"],
    ["research/jsconfig.json"],
    ["research/crush.json"],
    ["research/deep/CRUSH.local.md"],
    ["research/WARP.md"],
    ["research/AGENT.md"],
    ["research/fastagent.config.yaml"],
    ["research/agents.MD"],
    ["research/package.json"],
    ["issues/Gemini.md"],
    ["research/prices/bars/AAPL.csv"],
    ["research/prices/new.md"],
    ["orders/pending/a.verdict.md"],
    ["orders/pending/a.Verdict.md"],
    ["research/Prices/new.md"],
    ["research/fx/ecb.csv"],
    ["research/FX/ecb.csv"],
    ["research/run.sh"],
    ["snapshots/2026-07-05.toml"],
    ["snapshots/20261121-1248-001.md"],
    ["inbox/2026-11-21-fill-SPX-BUY-9.md"],
    ["inbox/2026-11-21-alert-refused-run-evil.md"],
    ["inbox/archive/2026-11-21-fill-SPX-BUY-9.md"],
    ["inbox/Archive/deep/2026-11-21-ALERT-refused-run-evil.md"],
    ["orders/pending/a.txt"],
    ["orders/pending/deep/a.toml"],
    ["orders/approved/a.toml"],
    ["orders/executed/a.toml"],
    ["orders/a.toml"],
    ["entities/AAPL.md"],
    ["schedules/daily.toml"],
    ["connectors/x.ts"],
    ["issuesx/a.md"],
    ["research"],
  ])("F3 an agent cannot write %s", async (path) => {
    await expect(writeFile({ path, text: "text" })).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it("a write replaces a file only with the digest of the text that was read", async () => {
    const path = "research/aapl.md";
    const { digest } = await files().read(path);
    await expect(writeFile({ path, text: "new" })).rejects.toMatchObject({ code: "FILE_CHANGED" });
    await expect(writeFile({ path, text: "new", replaces: digestOf("else") })).rejects.toMatchObject({
      code: "FILE_CHANGED",
    });
    await expect(writeFile({ path: "research/none.md", text: "new", replaces: digest })).rejects.toMatchObject({
      code: "FILE_CHANGED",
    });
    await writeFile({ path, text: "new", replaces: digest });
    expect(readFileSync(join(root, path), "utf8")).toBe("new");
  });

  it("one of many writers with the same digest succeeds", async () => {
    const shared = files();
    const path = "research/aapl.md";
    const { digest } = await files().read(path);
    const textOf = (n: number): FileWrite => ({ path, text: `by ${n}`, replaces: digest });
    const writers = Array.from({ length: 8 }, (_, n) => shared.write(() => Promise.resolve(textOf(n))));
    const ended = await Promise.allSettled(writers);
    expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("F3 a write leaves no other file behind, and its size is limited", async () => {
    await expect(writeFile({ path: "orders/pending/a.toml", text: "a".repeat(64 * 1024 + 1) })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    await expect(writeFile({ path: "research/a.md", text: "é".repeat(128 * 1024 + 1) })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    await expect(writeFile({ path: "research/a.md", text: "a\0" })).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
    expect(readdirSync(join(root, "orders/pending"))).toEqual([]);
    await writeFile({ path: "orders/pending/a.toml", text: "a".repeat(64 * 1024) });
    expect(readdirSync(join(root, "orders/pending"))).toEqual(["a.toml"]);
  });
});
