/**
 * Runs every session of this folder with the built program, each in its own folder and home. `UPDATE_TRANSCRIPTS=1`
 * rewrites the sessions from the output.
 */
import { existsSync, mkdtempSync, readdirSync, realpathSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requireBuild } from "../support/built.ts";
import {
  type Bindings,
  type RunQoc,
  generalise,
  matches,
  parseTranscript,
  playTranscript,
  printTranscript,
  processRunner,
  wordsOf,
} from "../support/transcript.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "bin/qoc.mjs");
const UPDATE = process.env["UPDATE_TRANSCRIPTS"] === "1";
const sessions = readdirSync(HERE).filter((name) => name.endsWith(".txt"));

let base = "";
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "qoc-session-")));
});
// A desk that stops still writes its history for a moment.
afterEach(() => rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

function desksIn(work: string): readonly string[] {
  return ["", ...readdirSync(work)].map((name) => join(work, name)).filter((folder) => existsSync(join(folder, "desk.toml")));
}

/** `init` picks a port that is free at that moment; another desk may use it before this one starts. */
async function moveToFreePort(work: string): Promise<void> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  for (const folder of desksIn(work)) {
    const file = join(folder, "desk.toml");
    await writeFile(file, (await readFile(file, "utf8")).replace(/^port = \d+$/m, `port = ${port}`));
  }
}

describe("sessions", () => {
  beforeAll(requireBuild);

  it.each(sessions)("the session %s prints the text of its transcript", async (name) => {
    const [work, home, runtime] = [join(base, "w"), join(base, "home"), join(base, "run")];
    for (const folder of [work, home, runtime]) await mkdir(folder, { mode: 0o700 });
    const program = processRunner(BIN, work, { PATH: process.env["PATH"], HOME: home, XDG_RUNTIME_DIR: runtime, TZ: "UTC", LANG: "C.UTF-8" });
    const run: RunQoc = async (words) => {
      const ran = await program(words);
      if (words[0] === "init") await moveToFreePort(work);
      // Printed by a start that takes longer than a second, as on a busy machine.
      return { ...ran, err: ran.err.replace(/^the desk answers; waiting for .*\n/gm, "") };
    };
    const bindings: Bindings = new Map([
      ["<DIR>", work],
      ["<HOME>", home],
    ]);
    try {
      expect(await playTranscript(join(HERE, name), run, { bindings, update: UPDATE })).toEqual([]);
    } finally {
      for (const folder of desksIn(work)) await run(["down", "-C", folder]);
    }
  });
});

describe("the transcript runner", () => {
  const play = async (
    text: string,
    answers: Readonly<Record<string, { out?: string; err?: string; exit?: number }>>,
    update = false,
  ) => {
    const file = join(base, "session.txt");
    await writeFile(file, text);
    const asked: string[] = [];
    const run = async (words: readonly string[]) => {
      asked.push(words.join(" "));
      return { out: "", err: "", exit: 0, ...answers[words[0] ?? ""] };
    };
    const problems = await playTranscript(file, run, { bindings: new Map(), update });
    return { problems, asked, file: await readFile(file, "utf8") };
  };

  it("the transcript runner prints a parsed session unchanged", () => {
    const text = 'What it is about.\n\n$ qoc a\none\n\n  two\n! three\n[exit 3]\n\n$ qoc b "x y"\n\\$ literal\n\\! literal\n';
    expect(parseTranscript(text).steps).toEqual([
      { command: "qoc a", out: ["one", "", "  two"], err: ["three"], exit: 3 },
      { command: 'qoc b "x y"', out: ["$ literal", "! literal"], err: [], exit: 0 },
    ]);
    expect(printTranscript(parseTranscript(text))).toBe(text);
  });

  it("a command is split as by a shell, and bound names are filled in", () => {
    const bindings: Bindings = new Map([["<ID>", "20260705-001"]]);
    const words = ["qoc", "reject", "20260705-001", "-m", "too large", 'a "b"', "--x=<N>"];
    expect(wordsOf(`qoc reject <ID> -m "too large" 'a "b"' --x=<N>`, bindings)).toEqual(words);
  });

  it("a placeholder binds once, and a different text does not match", () => {
    const bindings: Bindings = new Map();
    expect(matches("<ID> and <ID>", "20260705-001 and 20260705-002", bindings)).toBe(false);
    expect(bindings.size).toBe(0);
    expect(matches("<ID> (x) at <TIME>", "20260705-001 (x) at 2026-07-05T01:02:03.004Z", bindings)).toBe(true);
    expect(matches("again <ID>", "again 20260705-002", bindings)).toBe(false);
    expect(matches("again <ID> <ID2>", "again 20260705-001 20260705-002", bindings)).toBe(true);
    expect(matches("qoc help <command>", "qoc help <command>", bindings)).toBe(true);
    expect(matches("a.c", "abc", bindings)).toBe(false);
  });

  it("texts that differ from run to run become placeholders", () => {
    const bindings: Bindings = new Map([["<DIR>", "/tmp/x"]]);
    const digest = `sha256:${"a".repeat(64)}`;
    expect(generalise(`/tmp/x/20260705-001.toml 20260705-002 ${digest} at 2026-07-05T01:02:03Z`, bindings)).toBe(
      "<DIR>/<ID>.toml <ID2> <DIGEST> at <TIME>",
    );
    expect(generalise("20260705-002 2026-07-05", bindings)).toBe("<ID2> 2026-07-05");
  });

  it("a session that prints as written passes, and bound names are used in later commands", async () => {
    const { problems, asked } = await play("$ qoc propose\n<ID> written\n! note\n\n$ qoc show <ID>\n[exit 7]\n", {
      propose: { out: "20260705-009 written\n", err: "note\n" },
      show: { exit: 7 },
    });
    expect(problems).toEqual([]);
    expect(asked).toEqual(["propose", "show 20260705-009"]);
  });

  it.each([
    ["stdout", { out: "two\n", err: "e\n", exit: 1 }, "- one"],
    ["a line too many", { out: "one\ntwo\n", err: "e\n", exit: 1 }, "+ two"],
    ["a line too few", { out: "", err: "e\n", exit: 1 }, "- one"],
    ["stderr", { out: "one\n", err: "f\n", exit: 1 }, "+ ! f"],
    ["the exit code", { out: "one\n", err: "e\n", exit: 0 }, "exit 0, expected 1"],
  ])("a difference in %s is reported", async (_what, answer, words) => {
    const { problems } = await play("$ qoc a\none\n! e\n[exit 1]\n", { a: answer });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });

  it("an update rewrites the session and keeps placeholders that still match", async () => {
    const { problems, file } = await play("About.\n\n$ qoc a\n<N> bytes\nold\n", { a: { out: "17 bytes\n20260705-001\n", exit: 2 } }, true);
    expect(problems).toEqual([]);
    expect(file).toBe("About.\n\n$ qoc a\n<N> bytes\n<ID>\n[exit 2]\n");
  });

  it("a session runs only qoc", async () => {
    const { problems, asked } = await play("$ rm -rf /\n", {});
    expect(problems[0]).toContain("only qoc is run here");
    expect(asked).toEqual([]);
  });
});
