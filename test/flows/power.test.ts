/** After a killed writer or a failed system call, all acknowledged records are in the journal. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type JournalScan, scanJournal } from "../../src/bus/journal-read.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { openCheckpointed } from "../support/checkpoint-harness.ts";
import { expectWhole } from "../support/whole-fold.ts";

let folder: string;
let dir: string;
let writer: string;
let checkpointWriter: string;
let desks = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "qoc-power-"));
  [writer, checkpointWriter] = await Promise.all([
    bundled("journal-writer", new URL("../support/journal-writer.ts", import.meta.url)),
    bundled("checkpoint-writer", new URL("../support/checkpoint-writer.ts", import.meta.url)),
  ]);
});

/** The program of `test/support` as one file. */
async function bundled(name: string, entry: URL): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "silent",
  });
  return outfile;
}
beforeEach(() => {
  desks += 1;
  dir = join(folder, `journal-${desks}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the writer until it has acknowledged `acks` records, then kills it. Returns every line that it wrote. */
function killedAfter(acks: number, program = writer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, dir, "100000"], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
      if (out.split("\n").length - 1 > acks) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      if (signal === "SIGKILL") resolve(out.split("\n").slice(0, -1));
      else reject(new Error(`the writer ended by itself: ${out}`));
    });
  });
}

function numbersOf(lines: readonly string[]): number[] {
  return lines.filter((line) => /^\d+$/.test(line)).map(Number);
}
function scanned(): Promise<JournalScan> {
  return scanJournal(nodeDisk(), dir);
}
/** Asserts that every acknowledged record is in the journal, and that the journal is one chain without a gap. */
function expectKept(scan: JournalScan, acknowledged: readonly number[]): void {
  expect(scan.corrupt).toBeUndefined();
  expect(scan.events.map(({ seq }) => seq)).toEqual(scan.events.map((_, i) => i + 1));
  expect(scan.head.seq).toBeGreaterThanOrEqual(acknowledged.at(-1) ?? 0);
  expect(acknowledged).toEqual(acknowledged.toSorted((a, b) => a - b));
}

describe("kill -9", () => {
  it("kill -9 at any point loses no acknowledged record, and the next start continues after it", async () => {
    let before = 0;
    for (let round = 0; round < 12; round++) {
      const lines = await killedAfter(Math.floor(Math.random() * 60));
      const acknowledged = numbersOf(lines);
      if (lines[0] !== undefined) expect(Number(lines[0].replace("opened ", ""))).toBeGreaterThanOrEqual(before);
      const scan = await scanned();
      expectKept(scan, acknowledged);
      before = scan.head.seq;
    }
    expect(before).toBeGreaterThan(0);
    expect(readdirSync(dir).length, "segments were rolled as well").toBeGreaterThan(1);
  });
});

describe("kill -9 while checkpoints are written", () => {
  it("at any point leaves the state of the journal, with or without the last checkpoint", async () => {
    let used = 0;
    for (let round = 0; round < 6; round++) {
      await killedAfter(Math.floor(Math.random() * 12), checkpointWriter);
      const desk = await openCheckpointed(nodeDisk(), { root: dir });
      const { events } = await scanJournal(nodeDisk(), `${dir}/journal`);
      expectWhole(desk.state, events);
      used += desk.from === 0 ? 0 : 1;
      await desk.journal.close();
    }
    expect(used).toBeGreaterThan(2);
  });
});

/** Containers may have strace installed and forbid it. */
const canTrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
if (!canTrace) console.warn("SKIPPED: strace cannot run here, so real write and sync errors are not tested");

/** Runs the writer under strace, which makes one system call on the first segment fail. */
function traced(inject: string, form: string): { status: number | null; lines: string[]; trace: string[] } {
  const record = join(folder, `trace-${desks}`);
  const segment = join(dir, "000001.ndjson");
  const args = [
    "-f",
    "-o",
    record,
    "-P",
    segment,
    "-e",
    "trace=write,fdatasync",
    "-e",
    `inject=${inject}`,
    process.execPath,
    writer,
    dir,
    "60",
    form,
  ];
  // strace counts calls per thread; one thread gives one count.
  const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
  const { status, stdout } = spawnSync("strace", args, { encoding: "utf8", timeout: 110_000, env });
  const trace = existsSync(record)
    ? readFileSync(record, "utf8")
        .split("\n")
        .filter((line) => /write\(|fdatasync/.test(line))
    : [];
  return { status, lines: stdout.split("\n").slice(0, -1), trace };
}

describe.skipIf(!canTrace)("a failing system call", () => {
  it.each([
    ["write", "ENOSPC", 1, "written through"],
    ["write", "EIO", 4, "written through"],
    ["write", "ENOSPC", 1, "two-steps"],
    ["write", "EIO", 4, "two-steps"],
    ["fdatasync", "EIO", 1, "two-steps"],
    ["fdatasync", "EIO", 5, "two-steps"],
    ["fdatasync", "ENOSPC", 3, "two-steps"],
  ] as const)(
    "if %s fails with %s at call %i, earlier records stay and no later record is acknowledged or retried (%s)",
    async (call, code, nth, form) => {
      const { status, lines, trace } = traced(`${call}:error=${code}:when=${nth}`, form);
      const acknowledged = numbersOf(lines);
      expect(lines.at(-1)).toBe("failed JOURNAL_FAILED");
      expect(status).toBe(3);
      expect(acknowledged).toHaveLength((nth - 1) * 3);
      const failedAt = trace.findIndex((line) => line.includes("INJECTED"));
      expect(failedAt).toBeGreaterThanOrEqual(0);
      expect(trace.slice(failedAt + 1).filter((line) => !line.includes("resumed"))).toEqual([]);
      expectKept(await scanned(), acknowledged);
      const again = numbersOf(await killedAfter(6));
      expectKept(await scanned(), again);
    },
  );
});
